"""Constraints hold operations back; what cannot be met is named and never passed over."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made import candidate, name, step

from redhanded.case.operation import OperationName
from redhanded.case.schedule import Constraint, Schedule
from redhanded.lab.explorers.follow import Follow, same
from redhanded.lab.repertoire import Repertoire

LOOK = name(2, "SELECT")
INSERT = name(1, "INSERT", role="worker")
OTHER = name(1, "SELECT", "prices")
LATE_INSERT = Schedule(constraints=(Constraint(before=LOOK, after=INSERT),), deliveries=2)


def test_what_has_to_come_later_waits() -> None:
    explorer = Follow(LATE_INSERT)
    here = step(candidate(INSERT), candidate(LOOK), current="delivery 1")
    assert explorer.choose(here) == 1


def test_it_goes_once_the_other_was_answered() -> None:
    explorer = Follow(LATE_INSERT)
    here = step(candidate(INSERT), candidate(OTHER), current="delivery 1", answered=[LOOK])
    assert explorer.choose(here) == 0


def test_what_no_constraint_names_goes_on_without_preemption() -> None:
    explorer = Follow(LATE_INSERT)
    here = step(candidate(name(1, "UPDATE")), candidate(LOOK), current="delivery 2")
    assert explorer.choose(here) == 1


def test_nothing_goes_if_all_has_to_wait() -> None:
    assert Follow(LATE_INSERT).choose(step(candidate(INSERT))) is None


def test_giving_up_frees_the_first_and_is_infeasible_even_if_it_comes_later() -> None:
    explorer = Follow(LATE_INSERT)
    here = step(candidate(INSERT))
    assert explorer.choose(here) is None
    assert explorer.give_up(here) == 0
    assert explorer.choose(here) == 0
    followed = explorer.followed([INSERT, LOOK])
    assert followed.following == "infeasible"
    assert followed.missed == LATE_INSERT.constraints
    assert "the other way round" in followed.why


def test_giving_up_keeps_the_other_constraints() -> None:
    schedule = Schedule(
        constraints=(
            Constraint(before=LOOK, after=INSERT),
            Constraint(before=LOOK, after=OTHER),
        )
    )
    explorer = Follow(schedule)
    explorer.give_up(step(candidate(INSERT), candidate(OTHER)))
    assert explorer.choose(step(candidate(OTHER))) is None


def test_followed_needs_both_operations_in_order() -> None:
    assert Follow(LATE_INSERT).followed([LOOK, INSERT]).following == "followed"
    assert Follow(LATE_INSERT).followed([INSERT, LOOK]).following == "infeasible"


@pytest.mark.parametrize(("answered", "missing"), [([LOOK], INSERT), ([INSERT], LOOK), ([], LOOK)])
def test_an_operation_that_never_happened_is_named(
    answered: list[OperationName], missing: OperationName
) -> None:
    followed = Follow(LATE_INSERT).followed(answered)
    assert followed.following == "infeasible"
    assert "never happened" in followed.why and str(missing) in followed.why


def test_a_schedule_without_constraints_is_always_followed() -> None:
    assert Follow(Schedule()).followed([]).following == "followed"


COMMIT = name(1, "COMMIT", "seats+prices", role="worker")


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (COMMIT, True),
        (replace(COMMIT, target="seats"), True),
        (name(1, "INSERT", "seats", role="worker"), True),
        (name(1, "UPDATE", "prices", role="worker"), True),
        (name(1, "INSERT", "guests", role="worker"), False),
        (name(2, "INSERT", "seats", role="worker"), False),
        (name(1, "INSERT", "seats", role="web"), False),
        (name(1, "INSERT", "seats", role="worker", nth=2), False),
        (name(1, "SELECT", "seats", role="worker"), False),
    ],
)
def test_a_commit_and_an_autocommitted_write_are_the_same_effect(
    seen: OperationName, expected: bool
) -> None:
    assert same(COMMIT, seen) is expected
    assert same(seen, COMMIT) is expected


def test_two_different_writes_are_not_the_same_where_neither_commits() -> None:
    assert not same(name(1, "INSERT"), name(1, "UPDATE"))
    assert not same(name(1, "SELECT", "a"), name(1, "SELECT", "b"))


def test_a_name_that_the_program_uses_means_itself_alone() -> None:
    """Its first transaction commits the same table, which is no reason to hold that one back."""
    update = name(1, "UPDATE", "seats", role="worker")
    schedule = Schedule(constraints=(Constraint(before=LOOK, after=update),), deliveries=2)
    here = step(candidate(COMMIT))
    assert Follow(schedule, Repertoire(names={update, COMMIT})).choose(here) == 0
    assert Follow(schedule).choose(here) is None
