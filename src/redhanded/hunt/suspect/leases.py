"""Leases that are shorter than the work they guard: ended by the lab, or by themselves."""

from __future__ import annotations

from redhanded.case.operation import Operation
from redhanded.case.schedule import Event
from redhanded.hunt.suspect.stale import Stale, stale_reads
from redhanded.hunt.suspect.telling import Explained, at_line, refused_with, step_at, thing, who
from redhanded.hunt.suspect.trail import Trail, happened_at, meet, same_work
from redhanded.lab import protection


def lease_ended(event: Event, failing: Trail, passing: Trail | None) -> Explained | None:
    """The lab let the lifetime of a lease end while its holder was at work."""
    happened = happened_at(event, failing)
    taken = [each for each in failing.operations if _takes(each, event)]
    mine = [
        each
        for each in taken
        if each.name.task == event.at.task and (happened is None or each.index < happened.index)
    ]
    if not mine:
        return None
    lease = mine[-1]
    again = [each for each in taken if each.index > lease.index and not same_work(each, lease)]
    for each in stale_reads(failing, passing):
        if each.read.name.task == event.at.task and each.read.index > lease.index:
            return _guarded(each, lease, again[0] if again else None, failing)
    at = failing.named(event.at)
    taking = _taking(lease, failing)
    second = f"{who(again[0])} takes it too" if again else "others may take it"
    if at is None:
        return _too_short(f"{taking}, whose lifetime ends: {second}.", ("lease", lease))
    told = f"{taking}, whose lifetime ends while it is at {step_at(at, failing)}: {second}."
    return _too_short(told, ("lease", lease), ("look-up", at))


def lease_over(failing: Trail, passing: Trail | None) -> Explained | None:
    """A lease that a second task could take before the first one had given it back."""
    for found in stale_reads(failing, passing):
        acted = failing.acted_at(found.write) or 0
        for lease in _leases_before(found.read, failing):
            for again in _leases_before(found.change, failing):
                if lease.index < again.index < acted and _taken_over(lease, again, failing):
                    return _guarded(found, lease, again, failing)
    return None


def _taken_over(lease: Operation, again: Operation, failing: Trail) -> bool:
    """Whether it is the same lease for somebody else, and nobody gave it back in between."""
    between = failing.operations[lease.index + 1 : again.index]
    given_back = (
        each for each in between if meet(each, lease, "write") and not protection.is_lease(each)
    )
    same = meet(again, lease, "write") and not same_work(lease, again)
    return same and next(given_back, None) is None


def _leases_before(operation: Operation, failing: Trail) -> list[Operation]:
    """Those that its own work has taken, the last one only: it was tried until it was free."""
    taken = [
        each
        for each in failing.operations
        if each.index < operation.index
        and protection.is_lease(each)
        and same_work(each, operation)
        and failing.leads(each, operation)
    ]
    return taken[-1:]


def _takes(operation: Operation, event: Event) -> bool:
    """Whether it takes the lease that ends."""
    same = (operation.service, operation.name.target) == (event.service, event.target)
    return same and protection.is_lease(operation)


def _taking(lease: Operation, failing: Trail) -> str:
    return f"{who(lease)} takes the lease {lease.name.target}{at_line(lease, failing)}"


def _guarded(found: Stale, lease: Operation, again: Operation | None, failing: Trail) -> Explained:
    second = f"{who(again)} takes it too" if again is not None else "others may take it"
    told = (
        f"{_taking(lease, failing)} and reads {thing(found.read, found.change)}"
        f"{at_line(found.read, failing)}; its lifetime ends, {second}, and "
        f"{step_at(found.change, failing)} of {who(found.change)} comes before "
        f"{step_at(found.write, failing)} of {who(found.write)}{refused_with(found.write)}."
    )
    return _too_short(told, ("lease", lease), ("look-up", found.read), ("write", found.write))


def _too_short(told: str, *places: tuple[str, Operation]) -> Explained:
    return Explained(
        mechanism="lease-shorter-than-work",
        title="A lease ends before the work that it guards",
        sentence=told,
        places=places,
    )
