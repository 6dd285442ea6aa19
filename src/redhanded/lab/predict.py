"""From one serial run to the orders that may fail.

The idea of 2AD (Warszawski and Bailis, SIGMOD 2017), with schedules instead of a report: a serial
run shows what each task reads and writes, and an order in which one task has to come both before
and after another is one that no serial run gives. Six patterns are looked for:

- *stale read*: A reads, B writes that, A acts on what it read (a lost update, a check that no
  longer holds, write skew), where A is the first task of the serial run; one constraint, since A
  has read by then. If B is the same request, it need not have written in the serial run.
- *late act*: the same with the second task as the reader; two constraints.
- *half done*: the second task looks at something that the first one changes in two steps.
- *race within a task*: a job that looks for what the process that queued it has not done yet.
- *opposite locks*: two transactions that take the same two locks in another order.
- *lock is taken*: a lock that is only tried for, while the other task has it.

What ``protection`` covers is left out: each prediction costs a trial, and a search follows anyway.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations

from redhanded.case.run import Run
from redhanded.lab.chains import Chain, chains
from redhanded.lab.patterns import Found, Pair, Pattern, Prediction, within

__all__ = ["Pattern", "Prediction", "predict"]


def predict(
    serial: Run,
    *,
    tables: Collection[str] = (),
    deliveries: int,
    locks: bool = False,
    after: Mapping[str, str] | None = None,
) -> tuple[Prediction, ...]:
    """Predictions, most promising first.

    What concerns ``tables`` comes before other things, databases before queues, what is read and
    written at the same place before write skew. Where the symptom speaks of ``locks``, those that
    wait or are refused come first; a refused lock is predicted only then, since it is no failure
    in itself. ``after`` says of a task whose answer it waits for before it begins.
    """
    tasks = chains(serial)
    found: list[Found] = []
    for first, second in combinations(tasks, 2):
        pair = Pair(first, second, frozenset(tables), deliveries)
        found += pair.stale_reads()
        found += pair.stale_catalogue()
        if not second.is_like(first):
            found += pair.late_acts()
            found += pair.half_done()
        found += pair.opposite_locks(-1 if locks else 2)
        if locks:
            found += pair.taken_locks()
    for task in tasks:
        found += within(task, frozenset(tables), deliveries)
    found = [each for each in found if _can_be(each.prediction, tasks, after or {})]
    found.sort(key=lambda each: each.rank)
    kept: dict[tuple[object, ...], Prediction] = {}
    for each in found:
        kept.setdefault(each.alike, each.prediction)
    return tuple(dict.fromkeys(kept.values()))


def _can_be(prediction: Prediction, tasks: Sequence[Chain], after: Mapping[str, str]) -> bool:
    """Whether no task would have to do something before the answer that it waits for.

    What the process that was asked does itself is taken to be done before its answer.
    """
    for constraint in prediction.schedule.constraints:
        late = constraint.after
        waited_for: str | None = after.get(constraint.before.task)
        while waited_for is not None:
            for task in tasks:
                answered_by = task.operations[0].service if task.task == waited_for else None
                if late.task == task.task and any(
                    each.name == late and each.process == answered_by for each in task.operations
                ):
                    return False
            waited_for = after.get(waited_for)
    return True
