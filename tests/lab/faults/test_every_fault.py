"""What holds for every fault: it has a name and a reason, and never is a silent pass."""

from __future__ import annotations

from typing import get_args

import pytest
from disturbing import Disturbed, at, happens
from made import name
from small_systems import request

from redhanded.case.operation import Protocol
from redhanded.case.run import Run
from redhanded.case.schedule import FAULT_KINDS, Constraint, EventKind, FaultKind
from redhanded.lab import faults as family
from redhanded.lab import shrink as shrinking
from redhanded.lab.faults import FAULTS, Fault, fault_of
from redhanded.lab.trial import names_of

each = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.kind)
PAYMENT = request("/pay", {"payment": "{unique}"}, deliveries=1)
WORKLOAD = (PAYMENT, request("/note", deliveries=1))
PLACES: dict[Protocol, tuple[str, str]] = {
    "postgres": ("INSERT", "payments"),
    "redis": ("SET", "second"),
    "delivery": ("POST", "/note"),
}


def event_kinds() -> set[str]:
    """``EventKind`` is a union of literals."""
    return {kind for part in get_args(EventKind) for kind in get_args(part)}


def test_there_is_one_fault_for_each_kind_of_event() -> None:
    assert sorted(fault.kind for fault in FAULTS) == sorted(event_kinds())
    assert set(FAULT_KINDS) == set(get_args(FaultKind)) <= event_kinds()
    assert all(fault_of(fault.kind) is fault for fault in FAULTS)


@each
def test_it_has_a_file_of_its_own_that_says_why_it_happens(fault: Fault) -> None:
    module = getattr(family, fault.kind.replace(" ", "_"))
    assert fault is module.FAULT
    assert module.__doc__ and ".\n\n" in f"{module.__doc__}\n\n"


@each
def test_it_says_what_it_can_happen_to(fault: Fault) -> None:
    assert fault.protocols and set(fault.protocols) <= set(get_args(Protocol)) - {"fault"}


@each
def test_it_applies_only_to_what_it_can_happen_to(fault: Fault, node: Disturbed) -> None:
    run = node.serial(*WORKLOAD)
    applied = [each for each in run.operations if fault.applies(each, run)]
    assert {each.name.protocol for each in applied} <= set(fault.protocols)


@each
def test_where_its_operation_never_comes_the_run_is_infeasible(
    fault: Fault, node: Disturbed
) -> None:
    node.serial(*WORKLOAD)
    event = happens(fault.kind, name(1, "SELECT", "nowhere"), other=other_of(fault))
    run = node.follow(event)
    assert run.followed.following == "infeasible"
    assert run.followed.events_missed == (event,)
    assert run.followed.why == f"{fault.kind} did not happen: its operation never came"
    assert run.answers == (200, 200)


@pytest.mark.parametrize(
    ("fault", "protocol"),
    [
        pytest.param(fault, protocol, id=f"{fault.kind} at {protocol}")
        for fault in FAULTS
        for protocol in PLACES
        if protocol not in fault.protocols
    ],
)
def test_what_it_cannot_happen_to_goes_on_as_ever(
    fault: Fault, protocol: Protocol, node: Disturbed
) -> None:
    place = at(node.serial(*WORKLOAD), *PLACES[protocol])
    event = happens(fault.kind, place, other=other_of(fault))
    run = node.follow(event)
    assert run.followed.events_missed == (event,)
    assert "that cannot happen to" in run.followed.why and place.target in run.followed.why
    assert run.answers == (200, 200)
    assert not [each for each in run.operations if each.name.protocol == "fault"]


def other_of(fault: Fault) -> object:
    return name(2, "SELECT", "nowhere") if fault.kind == "overlap" else None


def test_a_trial_without_an_event_is_undisturbed(node: Disturbed) -> None:
    serial = node.serial(*WORKLOAD)
    run = node.follow()
    assert names_of(run) == names_of(serial) and run.followed.following == "followed"


def test_what_is_not_needed_is_taken_out_of_a_schedule(
    node: Disturbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lost answer alone leaves a payment without its receipt."""
    monkeypatch.setattr(shrinking, "RUNS_EACH", 1)
    serial = node.serial(*WORKLOAD)
    pay, receipt = at(serial, "INSERT", "payments"), at(serial, "INSERT", "receipts")
    needed = happens("reply lost", pay)
    first, second = at(serial, "SET", "first"), at(serial, "SET", "second")
    schedule = node.schedule(
        happens("connection reset", second),
        needed,
        happens("delivered twice", at(serial, "POST", "/note")),
        constraints=(
            Constraint(before=first, after=pay),
            Constraint(before=at(serial, "POST", "/pay"), after=first),
        ),
    )

    def unpaid(_run: Run) -> bool:
        counts = "SELECT (SELECT count(*) FROM payments) > (SELECT count(*) FROM receipts)"
        return node.rows(counts) == [(True,)]

    assert unpaid(node.lab.follow(schedule))
    smallest, _ = shrinking.shrink(schedule, node.lab.follow, unpaid)
    assert smallest.parts == (needed,)
    without = smallest.demanding(())
    assert [unpaid(node.lab.follow(without)) for _ in range(5)] == [False] * 5
    assert receipt in names_of(node.lab.follow(without))
