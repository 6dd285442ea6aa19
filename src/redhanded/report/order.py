"""The failing order as text: one column for each delivery, time downwards, for 80 columns."""

from __future__ import annotations

from redhanded.case.run import Run
from redhanded.case.schedule import Schedule
from redhanded.report.sequence import Interleaving, Step, answered, lay_out, said

MARGIN = 8


def in_columns(run: Run, schedule: Schedule | None, *, width: int = 80) -> tuple[str, ...]:
    """Lines of at most ``width`` characters; empty for a run without operations.

    A step stands in the column of the delivery that caused it: process, operation and answer, and
    below it the source line. On the left ``1 first`` and ``1 then`` mark an ordering constraint.
    """
    if not run.operations:
        return ()
    interleaving = lay_out(run, schedule)
    tasks = sorted({step.operation.name.task for step in interleaving.steps if not step.folded})
    column = max((width - MARGIN) // max(len(tasks), 1), 24)
    lines = [" " * MARGIN + "".join(_fit(task, column) for task in tasks)]
    for step in interleaving.steps:
        if not step.folded:
            lines += _step(step, tasks.index(step.operation.name.task), column)
    if interleaving.hidden:
        lines.append(f"{'':{MARGIN}}({interleaving.hidden} more operations are in the report)")
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


def _step(step: Step, position: int, column: int) -> list[str]:
    operation = step.operation
    marks = ",".join(f"{mark.number} {'first' if mark.first else 'then'}" for mark in step.marks)
    answer = answered(operation)
    words = f"{operation.process} {said(operation)}"
    if operation.name.protocol == "delivery":
        words = said(operation)
    indent = " " * (column * position)
    lines = [f"{marks:<{MARGIN}}{indent}{_fit(words, column)}"]
    place = str(operation.location) if operation.location is not None else ""
    below = f"{place} → {answer}" if answer and not step.failed else place
    if below.strip():
        lines.append(f"{'':{MARGIN}}{indent}  {_fit(below.strip(), column - 2, end=True)}")
    if step.failed:
        lines.append(f"{'FAILS':<{MARGIN}}{indent}  {answer or 'failed'}")
    return lines


def _fit(text: str, width: int, *, end: bool = False) -> str:
    room = width - 2
    if len(text) > room:
        text = "…" + text[1 - room :] if end else text[: room - 1] + "…"
    return f"{text:<{width}}"
