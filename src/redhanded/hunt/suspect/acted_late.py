"""What was done on the strength of a read that no longer held: how it is told."""

from __future__ import annotations

from collections.abc import Callable

from redhanded.case.operation import Operation
from redhanded.hunt.suspect.stale import Stale, isolation, stale_reads
from redhanded.hunt.suspect.telling import (
    Explained,
    at_line,
    refused_with,
    step_at,
    thing,
    who,
)
from redhanded.hunt.suspect.trail import Trail, meet
from redhanded.lab import protection

_REMOVING = frozenset({"DEL", "UNLINK", "GETDEL"})


def acted_on_stale(failing: Trail, passing: Trail | None) -> Explained | None:
    """A read, somebody else's change of it, and what was done in spite of that."""
    known = stale_reads(failing, passing)
    for each in known:
        removal = _removal(each, failing)
        if removal is not None:
            return _old_value_kept(each, removal, failing)
    if not known:
        return None
    found = known[0]
    ways: tuple[tuple[bool, Callable[[Stale, Trail], Explained]], ...] = (
        (_skewed(found, failing), _write_skew),
        (_creates(found), _both_create),
        (found.same_thing and _replaces(found.write), _lost_update),
    )
    tell = next((way for fits, way in ways if fits), _late_act)
    return tell(found, failing)


def _removal(found: Stale, failing: Trail) -> Operation | None:
    """What removed the key that the write fills, between the read and the write."""
    if found.write.name.protocol != "redis" or found.read.name.protocol != "postgres":
        return None
    for each in failing.operations:
        if (
            found.read.index < each.index < found.write.index
            and each.name.kind in _REMOVING
            and (each.process, each.name.task) != (found.write.process, found.write.name.task)
            and meet(each, found.write, "write")
        ):
            return each
    return None


def _creates(found: Stale) -> bool:
    """Whether the write adds what the read had looked for."""
    kinds = found.write.name.kind, found.change.name.kind
    adds = kinds[0].startswith(("INSERT", "CREATE", "COPY")) or _hidden_insert(found.write)
    alike = kinds[0] == kinds[1] or found.read.rows == 0
    same = found.same_place or kinds[0].startswith("CREATE")
    return adds and alike and same and not protection.guarded_by_key(found.write)


def _replaces(write: Operation) -> bool:
    """Whether it writes over what is there: any write but a plain INSERT."""
    return write.name.kind != "INSERT" or protection.guarded_by_key(write)


def _hidden_insert(write: Operation) -> bool:
    """Whether an INSERT stands in a function that the statement makes and calls."""
    return "INSERT INTO" in write.fingerprint.upper()


def _skewed(found: Stale, failing: Trail) -> bool:
    """Whether both looked at the same in snapshots of their own and wrote different rows."""
    levels = {isolation(failing, each) for each in (found.write, found.change)}
    in_snapshots = levels == {"repeatable read"}
    together = failing.in_transaction_of(found.change)
    both = any(
        each.name.access == "read" and meet(found.write, each, "read")
        for each in together
        if each.index < found.change.index
    )
    return in_snapshots and both and found.write.failure is None


def _write_skew(found: Stale, failing: Trail) -> Explained:
    place = thing(found.read, found.change)
    return Explained(
        mechanism="wrong-isolation-level",
        title="Two transactions look at the same rows and each writes another one",
        sentence=(
            f"{who(found.read, found.change)} and {who(found.change, found.read)} each look at "
            f"{place} in a snapshot of their own{at_line(found.read, failing)} and then write a "
            f"row that the other does not see{at_line(found.write, failing)}; REPEATABLE READ lets "
            "both commit, since neither overwrites what the other wrote."
        ),
        places=_three(found),
    )


def _both_create(found: Stale, failing: Trail) -> Explained:
    place = thing(found.read, found.change)
    return Explained(
        mechanism="check-then-create",
        title="A look comes too early, and what is there by now is created again",
        sentence=(
            f"{who(found.read, found.change)} looks at {place}{at_line(found.read, failing)} "
            f"before it can see what {who(found.change, found.read)} adds with "
            f"{step_at(found.change, failing)}, and adds its own with "
            f"{step_at(found.write, failing)}{refused_with(found.write)}."
        ),
        places=_three(found),
    )


def _lost_update(found: Stale, failing: Trail) -> Explained:
    place = thing(found.read, found.change)
    other = who(found.change, found.read)
    return Explained(
        mechanism="read-modify-write",
        title="An update is lost",
        sentence=(
            f"{who(found.read, found.change)} reads {place}{at_line(found.read, failing)}, {other} "
            f"changes it meanwhile with {step_at(found.change, failing)}, and "
            f"{who(found.write, found.change)} writes it from what was read before, with "
            f"{step_at(found.write, failing)}: what {other} wrote is lost"
            f"{refused_with(found.write)}."
        ),
        places=_three(found),
    )


def _late_act(found: Stale, failing: Trail) -> Explained:
    place = thing(found.read, found.change)
    return Explained(
        mechanism="stale-read",
        title="What was read has changed before it is acted on",
        sentence=(
            f"{who(found.read, found.change)} reads {place}{at_line(found.read, failing)}, "
            f"{who(found.change, found.read)} changes it with {step_at(found.change, failing)}, "
            f"and {who(found.write, found.change)} goes on with what was read before: "
            f"{step_at(found.write, failing)}{refused_with(found.write)}."
        ),
        places=_three(found),
    )


def _old_value_kept(found: Stale, removal: Operation, failing: Trail) -> Explained:
    place = thing(found.read, found.change)
    other = who(found.change, found.read)
    return Explained(
        mechanism="cache-set-after-invalidation",
        title="An old value is cached after the change has removed it",
        sentence=(
            f"{who(found.read, found.change)} reads {place}{at_line(found.read, failing)}; then "
            f"{other} changes it{at_line(found.change, failing)} and removes {removal.name.target}"
            f"{at_line(removal, failing)}; after that {who(found.write, found.change)} stores "
            f"under {found.write.name.target} what it had read{at_line(found.write, failing)}, and "
            "nothing removes it again."
        ),
        places=(
            ("look-up", found.read),
            ("change", found.change),
            ("change", removal),
            ("write", found.write),
        ),
    )


def _three(found: Stale) -> tuple[tuple[str, Operation], ...]:
    return (("look-up", found.read), ("change", found.change), ("write", found.write))
