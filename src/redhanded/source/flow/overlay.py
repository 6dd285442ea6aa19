"""A path that was read and the operations that a lab measured, laid over each other.

They meet at source lines: an operation at the line that sent it, an event at the lines of its call.
A library with a unit of work sends what was added or changed in memory from a later line, where it
flushes: there they meet by table and kind, if neither met anything else. Beyond that nothing is
matched by likeness: an operation whose line is not known is said to be so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from redhanded.case.evidence import Location
from redhanded.case.operation import Operation
from redhanded.source.flow.events import Event, Path

SEEN_BY_THE_LAB = frozenset(("database", "keys", "queue", "network"))
"""What passes a proxy; what stays in the process never does."""
FLUSHED: dict[str, frozenset[str]] = {
    "INSERT": frozenset(("insert", "save")),
    "UPDATE": frozenset(("update", "save")),
    "DELETE": frozenset(("delete",)),
}
"""Statements to the effects that may send them later."""
FLUSHING = frozenset(("sqlalchemy", "sqlmodel", "flask_sqlalchemy"))
"""Libraries with a unit of work."""
SILENT = frozenset(("respond", "verify", "identifier", "clock", "sleep"))
"""Effects that send nothing to a service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """A call that was read and that ran."""

    path: int
    """Index among the paths."""
    event: int
    """`Event.number`."""
    operations: tuple[int, ...]
    """`Operation.index` of what it sent, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """What reading and measuring say of the same deliveries."""

    met: tuple[Met, ...]
    ran_unseen: tuple[int, ...]
    """Operations sent from a line of the program at which no event was seen."""
    seen_idle: tuple[tuple[int, int], ...]
    """Path and event of calls that would pass a proxy and did not run."""
    without_line: tuple[int, ...]
    """Operations whose line is not known; nothing can be said of them."""


def overlay(
    paths: Sequence[Path], operations: Iterable[Operation], files: Iterable[str] | None = None
) -> Overlay:
    """``paths``: the entry's and those of its jobs; ``operations``: of deliveries to that entry.

    ``files``: what belongs to the program; an operation from elsewhere (a library's own file) is
    looked for by the frames above it. None: every file does.
    """
    known = frozenset(files) if files is not None else None
    calls = _by_line(paths)
    met: dict[tuple[int, int], list[int]] = {}
    unseen: list[Operation] = []
    without: list[int] = []
    for operation in operations:
        if operation.ambient or operation.name.protocol in ("delivery", "fault"):
            continue
        frames = _frames(operation, known)
        if not frames:
            without.append(operation.index)
            continue
        places = next((calls[at] for at in frames if at in calls), ())
        for place in places:
            met.setdefault(place, []).append(operation.index)
        if not places:
            unseen.append(operation)
    for operation in list(unseen):
        later = _flushed(operation, paths, met)
        if later is not None:
            met.setdefault(later, []).append(operation.index)
            unseen.remove(operation)
    idle = [
        (place, event.number)
        for place, path in enumerate(paths)
        for event in path.events
        if _is_measured(event) and (place, event.number) not in met
    ]
    return Overlay(
        met=tuple(
            Met(path=path, event=event, operations=tuple(indexes))
            for (path, event), indexes in sorted(met.items())
        ),
        ran_unseen=tuple(each.index for each in unseen),
        seen_idle=tuple(idle),
        without_line=tuple(without),
    )


def _flushed(
    operation: Operation,
    paths: Sequence[Path],
    met: Mapping[tuple[int, int], Sequence[int]],
) -> tuple[int, int] | None:
    """The call that changed a row in memory, which the operation writes."""
    kinds = FLUSHED.get(operation.name.kind, frozenset())
    fitting = (
        (place, event.number)
        for place, path in enumerate(paths)
        for event in path.events
        if (place, event.number) not in met
        and event.effect is not None
        and event.effect.kind in kinds
        and event.effect.library in FLUSHING
        and event.effect.subject == operation.name.target
    )
    return next(fitting, None)


def _frames(operation: Operation, files: frozenset[str] | None) -> list[tuple[str, int]]:
    """The program's lines that led to an operation, innermost first."""
    every: list[Location] = [] if operation.location is None else [operation.location]
    every += operation.stack
    kept = [one for one in every if one.line and (files is None or one.path in files)]
    return list(dict.fromkeys((one.path, one.line) for one in kept))


def _by_line(paths: Sequence[Path]) -> dict[tuple[str, int], tuple[tuple[int, int], ...]]:
    """Path and event of the calls that stand at a line, also at one of several lines.

    Of calls that stand in one another the narrowest count: ``insert(await find())``.
    """
    widths: dict[tuple[str, int], int] = {}
    found: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for place, path in enumerate(paths):
        for event in path.events:
            if event.effect is None or event.effect.kind in SILENT:
                continue
            first = event.location.line
            width = max(event.end_line - first, 0)
            for line in range(first, first + width + 1):
                at = (event.location.path, line)
                if width < widths.get(at, width + 1):
                    widths[at], found[at] = width, []
                if width == widths[at]:
                    found[at].append((place, event.number))
    return {at: tuple(one) for at, one in found.items()}


def _is_measured(event: Event) -> bool:
    return (
        event.effect is not None
        and event.effect.store in SEEN_BY_THE_LAB
        and event.effect.kind not in SILENT
    )
