"""What was read, was changed by somebody else, and was acted on nevertheless."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from redhanded.case.operation import Operation
from redhanded.hunt.suspect.trail import Trail, changed, effects, meet
from redhanded.lab import protection

_MINOR = frozenset({"EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT", "PERSIST"})
_CONTROL = frozenset({"BEGIN", "SET"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """Three operations of the failing run, in the order in which they took effect."""

    read: Operation
    change: Operation
    """Somebody else's write of what was read, which others saw only after that."""
    write: Operation
    """What rests on the read, and took effect after the change."""

    @property
    def same_thing(self) -> bool:
        """Whether what was read is what was written."""
        return meet(self.write, self.read, "read")

    @property
    def same_place(self) -> bool:
        """Whether it is the same table or key, be it another row."""
        read = {touch.resource for touch in self.read.touches}
        written = {touch.resource for touch in self.write.touches if touch.access == "write"}
        return bool(read & written)


def stale_reads(failing: Trail, passing: Trail | None) -> list[Stale]:
    """What explains the run best first; empty where nothing was acted on that had changed.

    What happens in the passing run too is no explanation. What was refused goes first, then what
    writes the thing that was read, then what came first.
    """
    found = [each for each in _all(failing) if not _as_well(each, passing)]
    return sorted(found, key=_order)


def _order(found: Stale) -> tuple[bool, bool, bool, bool, bool, int, int]:
    return (
        found.write.failure is None,
        not found.same_thing,
        not found.same_place,
        found.write.name.kind in _MINOR,
        found.write.location is None,
        found.write.index,
        -found.read.index,
    )


def _all(failing: Trail) -> Iterator[Stale]:
    changes = [
        (seen, each)
        for each in effects(failing.operations)
        if changed(each) and (seen := failing.seen_at(each)) is not None
    ]
    reads = [each for each in failing.operations if _looks(each)]
    for write in effects(failing.operations):
        acted = failing.acted_at(write)
        mine = (*failing.in_transaction_of(write), *failing.before(write))
        if acted is None or (write.failure is None and protection.guarded(write, mine)):
            continue
        for read in _last_of_each(failing, reads, write):
            since = _snapshot(failing, read)
            for seen, change in changes:
                if since < seen < acted and _others(failing, read, change, write):
                    yield Stale(read=read, change=change, write=write)


def _others(failing: Trail, read: Operation, change: Operation, write: Operation) -> bool:
    """Whether somebody else changed what was read, not in consequence of the read."""
    apart = (change.process, change.name.task) != (read.process, read.name.task)
    return (
        apart
        and change is not write
        and not failing.leads(read, change)
        and meet(change, read, "read")
    )


def _looks(operation: Operation) -> bool:
    return (
        operation.name.access == "read"
        and operation.name.protocol in ("postgres", "redis")
        and bool(operation.touches)
        and operation.failure is None
        and not operation.ambient
    )


def _last_of_each(failing: Trail, reads: list[Operation], write: Operation) -> list[Operation]:
    """Of reads of the same thing the last one before the write: it supersedes the others.

    Not one that the same line sent: a library looks at what it is about to write, to see what is
    different, and writes what the program has read before.
    """
    last: dict[tuple[object, ...], Operation] = {}
    for read in reads:
        if read.index < write.index and failing.leads(read, write):
            thing = (read.service, read.name.kind, read.name.target, read.touches)
            of_one_line = read.location is not None and read.location == write.location
            if not (of_one_line and thing in last):
                last[thing] = read
    return list(last.values())


def _snapshot(failing: Trail, read: Operation) -> int:
    """Where in the order the state was that a read saw: in a snapshot, that of its transaction."""
    together = failing.in_transaction_of(read)
    if read.transaction is None or isolation(failing, read) == "read committed":
        return read.index
    return min(each.index for each in together if each.name.kind not in _CONTROL)


def isolation(failing: Trail, operation: Operation) -> str:
    """The level of its transaction."""
    return protection.level(operation, failing.in_transaction_of(operation))


def _as_well(found: Stale, passing: Trail | None) -> bool:
    """Whether the passing run has the same three in the same order."""
    if passing is None:
        return False
    read, change, write = (
        passing.named(each.name) for each in (found.read, found.change, found.write)
    )
    if read is None or change is None or write is None:
        return False
    seen, acted = passing.seen_at(change), passing.acted_at(write)
    return seen is not None and acted is not None and _snapshot(passing, read) < seen < acted
