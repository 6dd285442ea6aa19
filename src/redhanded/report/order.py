"""The failing order as text: one column for each delivery, time downwards, for 80 columns."""

from __future__ import annotations

from collections.abc import Iterable

from redhanded.case.run import Run
from redhanded.case.schedule import Event, Schedule
from redhanded.report.sequence import Interleaving, Step, answered, lay_out, place

MARGIN = 8


def in_columns(
    run: Run, schedule: Schedule | None, *, width: int = 80, essential: bool = False
) -> tuple[str, ...]:
    """Lines of at most ``width`` characters; empty for a run without operations.

    ``essential`` leaves out what touches neither the table of an operation that is ordered or
    disturbed nor a queue; how many were left out is said below.
    A step stands in the column of the delivery that caused it: process, operation and answer, and
    below it the source line. On the left ``1 first`` and ``1 then`` mark an ordering constraint.
    """
    if not run.operations:
        return ()
    interleaving = lay_out(run, schedule)
    shown = [step for step in interleaving.steps if not step.folded]
    if essential:
        shown = _essential(shown, schedule.events if schedule else ())
    tasks = sorted({step.operation.name.task for step in shown})
    column = max((width - MARGIN) // max(len(tasks), 1), 24)
    lines = [" " * MARGIN + "".join(_fit(task, column) for task in tasks)]
    for step in shown:
        lines += _step(step, tasks.index(step.operation.name.task), column)
    if hidden := len(run.operations) - len(shown):
        lines.append(f"{'':{MARGIN}}({hidden} more operations are in the report)")
    return tuple(line[:width].rstrip() for line in lines)


def constraints_in_words(interleaving: Interleaving) -> tuple[tuple[Step, Step], ...]:
    """For each constraint that the run shows: the step that came first and the one after it."""
    pairs = []
    for number in range(1, len(interleaving.constraints) + 1):
        steps = [
            step for step in interleaving.steps if any(mark.number == number for mark in step.marks)
        ]
        if len(steps) == 2:
            pairs.append((steps[0], steps[1]))
    return tuple(pairs)


def exchanged(interleaving: Interleaving) -> bool:
    """Whether the run has the deliveries the other way round than the schedule names them."""
    named = {frozenset((each.before, each.after)) for each in interleaving.constraints}
    shown = constraints_in_words(interleaving)
    return any(frozenset(step.operation.name for step in pair) not in named for pair in shown)


def _essential(steps: list[Step], events: Iterable[Event]) -> list[Step]:
    disturbed = {name for each in events for name in (each.at, each.other)}

    def key(step: Step) -> bool:
        return bool(step.marks) or step.failed or step.operation.name in disturbed

    tables = {step.words.rpartition(" ")[2] for step in steps if key(step)}
    return [
        step
        for step in steps
        if key(step)
        or step.operation.name.protocol in ("delivery", "fault", "redis")
        or (step.operation.name.protocol == "postgres" and tables & set(step.words.split()[1:]))
    ]


def _step(step: Step, position: int, column: int) -> list[str]:
    operation = step.operation
    marks = ",".join(f"{mark.number} {'first' if mark.first else 'then'}" for mark in step.marks)
    answer = answered(operation)
    words = f"{operation.process} {step.words}"
    if operation.name.protocol == "delivery":
        words = step.words
    indent = " " * (column * position)
    lines = [f"{marks:<{MARGIN}}{indent}{_fit(words, column)}"]
    reply = f" → {answer}" if answer and not step.failed else ""
    below = f"{place(operation, column - 4 - len(reply))}{reply}".strip()
    if below:
        lines.append(f"{'':{MARGIN}}{indent}  {_fit(below, column - 2)}")
    if step.failed:
        lines.append(f"{'FAILS':<{MARGIN}}{indent}  {answer or 'failed'}")
    return lines


def _fit(text: str, width: int) -> str:
    room = width - 2
    if len(text) > room:
        text = text[: room - 1] + "…"
    return f"{text:<{width}}"
