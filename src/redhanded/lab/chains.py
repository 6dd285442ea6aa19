"""What each task of a serial run did, in its own order, and what it would do if it came first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from redhanded.case.operation import Operation
from redhanded.case.run import Run
from redhanded.lab.dependence import dependent
from redhanded.lab.explorers import Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """One task of a serial run."""

    task: str
    request: tuple[str, str]
    """Method and path of its delivery; empty where it had none."""
    operations: tuple[Operation, ...]
    """In the order in which they were released, housekeeping left out."""
    causes: dict[int, frozenset[int]]
    """Index of an operation to those of all that led to it."""

    def leads(self, earlier: Operation, later: Operation) -> bool:
        """Whether ``later`` may act on what ``earlier`` gave.

        Either it was caused by it, however indirectly, or the same process sent it afterwards.
        """
        if earlier.index >= later.index:
            return False
        return earlier.index in self.causes[later.index] or earlier.process == later.process

    def is_like(self, other: Chain) -> bool:
        """Whether both go the same way, as far as the shorter one goes."""
        mine, theirs = self._way(), other._way()
        shared = min(len(mine), len(theirs))
        same_request = self.request == other.request
        return same_request or (shared > 0 and mine[:shared] == theirs[:shared])

    def _way(self) -> list[tuple[str, str, str]]:
        return [
            (each.name.role, each.name.kind, each.fingerprint)
            for each in self.operations
            if each.name.protocol != "delivery" and each.touches
        ]

    def may_do(self, first: Chain) -> tuple[Operation, ...]:
        """Its operations, and those that it would do in the place of ``first``.

        A request that is handled by the same code may have found its work done by the first; coming
        first itself, it does what that one did. The values are those of the first then.
        """
        if not self.is_like(first):
            return self.operations
        known = {operation.name for operation in self.operations}
        imagined = (
            replace(operation, name=replace(operation.name, task=self.task))
            for operation in first.operations
        )
        more = [operation for operation in imagined if operation.name not in known]
        return (*self.operations, *more)


def chains(run: Run) -> tuple[Chain, ...]:
    """The tasks of a run in the order in which they began."""
    found: dict[str, list[Operation]] = {}
    for operation in run.operations:
        if operation.name.task and not operation.ambient:
            found.setdefault(operation.name.task, []).append(operation)
    parents = {operation.index: operation.parent for operation in run.operations}
    return tuple(
        Chain(
            task=task,
            request=_request(operations),
            operations=tuple(operations),
            causes={each.index: _causes(each.index, parents) for each in operations},
        )
        for task, operations in found.items()
    )


def depend(one: Operation, other: Operation) -> bool:
    """Whether swapping two operations of different tasks may be seen; see ``dependence``."""
    return dependent(candidate_of(one), candidate_of(other))


def candidate_of(operation: Operation) -> Candidate:
    """A finished operation as an explorer saw it before it was released."""
    return Candidate(
        name=operation.name,
        process=operation.process,
        touches=operation.touches,
        uncommitted=operation.transaction is not None and operation.name.kind != "COMMIT",
        cause=operation.parent,
    )


def writes(operation: Operation) -> frozenset[str]:
    """The tables and keys that it writes."""
    return frozenset(touch.resource for touch in operation.touches if touch.access == "write")


def _request(operations: Sequence[Operation]) -> tuple[str, str]:
    first = operations[0].name
    return (first.kind, first.target) if first.protocol == "delivery" else ("", "")


def _causes(index: int, parents: dict[int, int | None]) -> frozenset[int]:
    found = set()
    parent = parents.get(index)
    while parent is not None and parent not in found:
        found.add(parent)
        parent = parents.get(parent)
    return frozenset(found)
