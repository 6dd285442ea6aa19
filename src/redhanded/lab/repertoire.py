"""What a program was seen to send: each statement of each task, whatever it is spelled like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from redhanded.case.operation import Operation, OperationName
from redhanded.lab.likeness import anatomies

COMMIT = "COMMIT"
Identity = tuple[object, ...]
"""Equal for operations of one process that are the same statement or command."""


@dataclass(slots=True)
class Repertoire:
    """What a program was seen to send."""

    names: set[OperationName] = field(default_factory=set)
    """In any run."""
    usual: dict[str, dict[tuple[Identity, int], OperationName]] = field(default_factory=dict)
    """By task, in causal order: in runs of one delivery after the other."""
    statements: dict[Identity, int] = field(default_factory=dict)
    """Of these, and how often a task sends each at most."""
    roles: set[str] = field(default_factory=set)

    def saw(self, operations: Iterable[Operation], *, serial: bool) -> tuple[Operation, ...]:
        """Keeps the operations of a finished run; gives them with all that their marks can say."""
        seen = tuple(operations)
        known = {operation.index: operation.name for operation in seen}
        done = [_with_cause(operation, known) for operation in seen]
        self.names.update(known.values())
        if serial:
            self._learn(each.name for each in done if each.name.task and not each.ambient)
        counts: dict[Identity, int] = {}
        for name in known.values():
            same = identity(name)
            counts[same] = max(counts.get(same, self.statements.get(same, 0)), nth(name))
        return tuple(self._with_counts(each, counts) for each in done)

    def _learn(self, names: Iterable[OperationName]) -> None:
        for name in names:
            same, number = identity(name), nth(name)
            self.usual.setdefault(name.task, {}).setdefault((same, number), name)
            self.statements[same] = max(self.statements.get(same, 0), number)
            self.roles.add(name.role)

    def lacks(self, names: Iterable[OperationName]) -> bool:
        """Whether one of ``names`` was usual where they were found, and is not known here."""
        return any(name.mark and name.mark.usual and not self.sends(name) for name in names)

    def sends(self, name: OperationName) -> bool:
        """Whether some task usually sends this very statement."""
        return identity(name) in self.statements

    def by_task(self, task: str) -> list[list[OperationName]]:
        """Usual operations of each task, ``task`` first."""
        rest = [list(names.values()) for other, names in self.usual.items() if other != task]
        return [list(self.usual.get(task, {}).values()), *rest]

    def _with_counts(self, operation: Operation, counts: Mapping[Identity, int]) -> Operation:
        name, mark = operation.name, operation.name.mark
        if mark is None:
            return operation
        mark = replace(mark, repetitions=counts[identity(name)], usual=self.sends(name))
        return replace(operation, name=replace(name, mark=mark))


def identity(name: OperationName) -> Identity:
    """What a name says, but for the task and how often it was sent there."""
    if name.protocol != "postgres":
        return (name.role, name.protocol, name.kind, name.target, name.access)
    target = "" if name.kind == COMMIT and name.mark is not None else name.target
    said = (name.role, name.kind, target, name.access)
    return (*said, anatomies(name.mark.statement)) if name.mark is not None else said


def nth(name: OperationName) -> int:
    """Counts within the task what has its identity, from 1."""
    if name.mark is None or name.protocol != "postgres":
        return name.occurrence
    return name.mark.repetition


def _with_cause(operation: Operation, known: Mapping[int, OperationName]) -> Operation:
    name, parent = operation.name, operation.parent
    if name.mark is None or parent is None or parent not in known:
        return operation
    cause = known[parent]
    mark = replace(name.mark, cause=f"{cause.role} {cause.kind} {cause.target}".strip())
    return replace(operation, name=replace(name, mark=mark))
