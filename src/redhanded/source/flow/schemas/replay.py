"""A migration written in a program, run for the steps it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from redhanded.source.flow.schemas.changes import (
    AddColumn,
    AlterColumn,
    Change,
    DropColumn,
    DropNamed,
    DropTable,
    DropUnique,
    Perhaps,
    Unread,
)
from redhanded.source.flow.schemas.evaluation import CALLS_MAX, Evaluation, Step
from redhanded.source.flow.schemas.running import run
from redhanded.source.flow.schemas.sql import is_harmless, sql_changes
from redhanded.source.flow.schemas.sql_text import UNKNOWN_WORD
from redhanded.source.flow.schemas.tool import sql_of
from redhanded.source.flow.values import Library, Made, Procedure, Value

Read = Callable[[Step], Iterable[Change] | None]
"""The changes of a call; None: it is none of the tool's."""
Dropping = DropNamed | DropUnique | DropColumn | DropTable
"""What takes a constraint away."""


def recorded(
    evaluation: Evaluation,
    starts: Iterable[tuple[Procedure, tuple[Value, ...]]],
    read: Read,
    *,
    enters: bool = True,
) -> list[Change]:
    """The changes of these functions, called with these arguments, in order.

    ``enters``: functions that a step is given run after it; False: ``read`` has run them.
    """
    found: list[Change] = []

    def seen(step: Step) -> Value | None:
        changes = read(step)
        if changes is None:
            return None
        for one in changes:
            is_unknown = getattr(one, "table", None) == "" and not isinstance(one, DropNamed)
            if is_unknown and isinstance(one, AddColumn | AlterColumn):
                continue  # constraints stay as they are
            if is_unknown:
                said = f"{step.method} of a computed table"
                found.append(Unread(text=said, location=step.location))
            elif evaluation.conditions and isinstance(one, Dropping):
                said = f"{step.method} under a condition"
                found.append(Perhaps(change=one, text=said, location=step.location))
            else:
                found.append(one)
        for given in step.arguments if enters else ():
            if isinstance(given, Procedure):
                run(evaluation, given, ())
        made = Made(step.arguments, step.keywords, step.location)
        return Library(step.callee.package, (*step.callee.steps, made), step.callee.through)

    evaluation.seen, evaluation.calls = seen, 0
    try:
        for procedure, arguments in starts:
            run(evaluation, procedure, arguments)
        if evaluation.calls >= CALLS_MAX:
            found.append(Unread(text=f"more than {CALLS_MAX} calls"))
    finally:
        evaluation.seen = None
    return found


def statement(step: Step, given: Value | None) -> Iterator[Change]:
    """SQL that a migration executes."""
    text = sql_of(given)
    if text is None:
        yield Unread(text=f"{step.method} of computed SQL", location=step.location)
    elif not (is_harmless(text) and ";" not in text.strip().rstrip(";")):
        for change in sql_changes(text, step.location, is_file=False):
            yield _named(change, text)


def _named(change: Change, text: str) -> Change:
    """Of a statement that could not be read, its written part for people."""
    if isinstance(change, Unread):
        return replace(change, text=text.replace(UNKNOWN_WORD, "…")[:200])
    return change
