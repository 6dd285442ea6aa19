"""Run a transaction again that PostgreSQL turns away; where that is what it lacks, at SERIALIZABLE.

PostgreSQL ends one of two transactions that wait for each other, and at REPEATABLE READ and
SERIALIZABLE one of two that get in each other's way. It wants it to be run again as a whole
(manual, section 13.5).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from redhanded.case.evidence import Location
from redhanded.case.fix import FixPart
from redhanded.case.operation import Operation
from redhanded.hunt.repair import transaction_again
from redhanded.hunt.repair.python import transaction_again as python
from redhanded.hunt.repair.region import Runner
from redhanded.hunt.repair.remedy import Ground, part
from redhanded.source import edit

name = "transaction-retry"
RETRIED = frozenset({"opposite-lock-order", "transaction-not-retried"})
ALONE = RETRIED | {"wrong-isolation-level"}
"""Against these the other remedies are none, whatever they find to edit."""
SERIALIZABLE = frozenset(
    {
        "wrong-isolation-level",
        "stale-read",
        "check-then-create",
        "quota-check",
        "read-modify-write",
    }
)
_CONTROL = frozenset({"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SET", "EMPTY"})
_FOUND_OR_MADE = re.compile(r"(?:get|find|first)_?or_?(?:create|new)", re.IGNORECASE)
_AGAIN = (
    "Everything in it is done again then, on rows as they are by then; what it does beside the "
    "database would be done twice."
)
_RETRIED = (
    "Run the transaction again that PostgreSQL turns away",
    f"PostgreSQL ends one of two transactions that get in each other's way, at {{lines}}. {_AGAIN}",
)
_SERIALIZED = (
    "Run the transaction at SERIALIZABLE, and again when PostgreSQL turns it away",
    "What is read is no longer so when the write that rests on it is committed, at {lines}. At "
    "SERIALIZABLE PostgreSQL sees that, and turns one of the two away (40001). The level counts "
    f"between transactions that have it: those that write the same rows elsewhere need it too. "
    f"{_AGAIN}",
)

_Known: TypeAlias = tuple[Callable[[str], bool], "_Finds", "_Writes"]
_Finds: TypeAlias = Callable[[Ground, Sequence[Location]], tuple[Runner, ...]]
"""Of frames, innermost first, what runs a transaction around them, the best first."""
_Writes: TypeAlias = Callable[[Ground, str, Sequence[int], bool], str | None]
"""The file with what runs the transactions at some first lines written anew."""
_LANGUAGES: tuple[_Known, ...] = (
    (edit.is_python, python.found, python.rewritten),
    (edit.is_script, transaction_again.found, transaction_again.rewritten),
)


def parts(ground: Ground) -> tuple[FixPart, ...]:
    """Part ``s``, where everything that the cause names is seen to stand in transactions that can
    be run twice."""
    mechanism = ground.cause.mechanism
    if mechanism not in RETRIED | SERIALIZABLE or ground.constraint is not None:
        return ()
    lines: dict[str, list[int]] = {}
    for operations in _transactions(ground):
        runner = _around(ground, operations)
        if runner is None or _does_more(ground, runner, operations):
            return ()
        lines.setdefault(runner.path, []).append(runner.line)
    files: dict[str, str] = {}
    for path, found in lines.items():
        writes = next((writes for knows, _, writes in _LANGUAGES if knows(path)), None)
        wanted = sorted(set(found))
        serializable = mechanism in SERIALIZABLE
        text = writes(ground, path, wanted, serializable) if writes is not None else None
        if text is None:
            return ()
        files[path] = text
    if not files:
        return ()
    title, why = _SERIALIZED if mechanism in SERIALIZABLE else _RETRIED
    listed = ", ".join(dict.fromkeys(str(each.location) for each in ground.cause.locations))
    said = why.format(lines=listed)
    return (part(ground, key="s", remedy=name, title=title, why=said, files=files),)


def _transactions(ground: Ground) -> list[list[Operation]]:
    """The operations of each transaction of the failing run that a line of the cause is part of;
    none where a line that matters is part of none."""
    run = ground.reproduction.run
    groups: dict[tuple[str, str, int, int], list[Operation]] = {}
    for each in run.operations if run else ():
        if each.transaction is not None and each.name.protocol == "postgres":
            key = (each.process, each.service, each.connection, each.transaction)
            groups.setdefault(key, []).append(each)
    places = {(each.path, each.line) for each in ground.cause.locations}
    seen = [_places(operations) for operations in groups.values()]
    if not places or places - set().union(*seen):
        return []
    return [one for one in groups.values() if _places(one) & places]


def _places(operations: Iterable[Operation]) -> set[tuple[str, int]]:
    return {(at.path, at.line) for each in operations for at in _frames(each)}


def _frames(operation: Operation) -> Iterator[Location]:
    """The lines that led to it, innermost first."""
    if operation.location is not None and operation.location not in operation.stack:
        yield operation.location
    yield from operation.stack


def _around(ground: Ground, operations: Iterable[Operation]) -> Runner | None:
    """What runs a transaction, around all of its statements.

    Where a statement's own lines do not show it, the others of its transaction do; not in Python,
    where a session begins one by itself with whatever comes first.
    """
    common: list[Runner] | None = None
    for each in operations:
        frames = [at for at in _frames(each) if (ground.root / at.path).is_file()]
        for knows, finds, _ in _LANGUAGES:
            known = [at for at in frames if knows(at.path)]
            if not known or each.name.kind in _CONTROL:
                continue
            found = finds(ground, known)
            if not found and edit.is_script(known[0].path):
                continue
            common = [at for at in found if common is None or at in common]
    return common[0] if common else None


def _does_more(ground: Ground, runner: Runner, operations: Sequence[Operation]) -> bool:
    """Whether the failing run shows that what runs a transaction writes beside it, too."""
    run, one = ground.reproduction.run, operations[0]
    inside = {each.index for each in operations}
    return any(
        each.name.access == "write"
        and each.index not in inside
        and each.name.kind not in _CONTROL
        and not _finds_what_it_made(ground, each)
        and (each.process, each.name.task) == (one.process, one.name.task)
        and any(
            at.path == runner.path and runner.line <= at.line <= runner.last for at in _frames(each)
        )
        for each in (run.operations if run else ())
    )


def _finds_what_it_made(ground: Ground, operation: Operation) -> bool:
    """Whether it adds only what is not there, so that another run does nothing."""
    if "ON CONFLICT" in operation.text.upper():
        return True
    places = {(at.path, at.line) for at in _frames(operation)}
    return any(
        (each.location.path, each.location.line) in places
        for each in ground.code.accesses
        if _FOUND_OR_MADE.search(each.method)
    )
