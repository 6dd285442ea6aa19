"""Whether two jobs have to run at the same time for the failure, asked by forcing them apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from redhanded.case.operation import Operation
from redhanded.case.reproduction import Alternative, Counterfactual
from redhanded.case.run import Run
from redhanded.case.schedule import Constraint, Schedule
from redhanded.lab import Lab

Progress = Callable[[int, int | None, str], None]
DELIVERIES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """What was measured before."""

    schedule: Schedule
    run: Run | None
    """A failing one."""
    serial: Run | None
    flips: Sequence[Counterfactual]
    repeats: int
    """Runs of each question."""


def jobs_apart(
    lab: Lab, trials: Trials, fails: Callable[[Run], bool], progress: Progress
) -> tuple[Alternative, ...]:
    """For each role that works: whether it fails with the jobs one after the other, too.

    That two ran at the same time looks necessary, because it is seen together with the failure.
    """
    run, serial = trials.run, trials.serial
    if run is None or serial is None:
        return ()
    found = []
    for process in lab.system.processes:
        apart = _one_after_the_other(process.name, run, serial)
        if apart is None or process.name in {entry.to for entry in lab.system.workload}:
            continue
        demanded = demanded_overlap(process.name, apart, trials.flips)
        if demanded is not None:
            found.append(demanded)
            continue
        constraints = (*trials.schedule.constraints, apart)
        forced = replace(trials.schedule, constraints=constraints)
        runs = []
        for number in range(trials.repeats):
            progress(number + 1, trials.repeats, f"the work of {process.name} forced apart")
            runs.append(lab.follow(forced))
        met = [each for each in runs if each.followed.following == "followed"]
        failures = sum(fails(each) for each in met)
        found.append(_overlap(process.name, len(met), failures))
    return tuple(found)


def demanded_overlap(
    role: str, apart: Constraint, flips: Sequence[Counterfactual]
) -> Alternative | None:
    """The answer where the order itself says that the second job begins before the first has
    ended: its own other way round is the jobs apart. None where it does not say so."""
    tasks = (apart.before.task, apart.after.task)
    for each in flips:
        turned = each.flipped
        if turned is None or {turned.before.role, turned.after.role} != {role}:
            continue
        followed = each.runs - each.infeasible
        if (turned.before.task, turned.after.task) != tasks or followed <= 0:
            continue
        answer = (
            f"Yes: the order that fails demands it; the other way round, with {turned.before} "
            f"before {turned.after}, {each.failures or 'none'} of {followed} runs failed."
        )
        return Alternative(
            question=_question(role),
            answer=answer,
            necessary=each.failures == 0,
            runs=followed,
            failures=each.failures,
        )
    return None


def _question(role: str) -> str:
    return f"Must two jobs of {role} run at the same time?"


def _overlap(role: str, runs: int, failures: int) -> Alternative:
    if runs == 0:
        answer = "Not decided: the jobs could not be forced one after the other."
    elif failures:
        answer = (
            f"No: with the second job begun only after the first had committed, the failure still "
            f"happened in {failures} of {runs} runs. Overlap of {role} processes is not the cause."
        )
    else:
        answer = f"Yes: forced one after the other, none of {runs} runs failed."
    return Alternative(
        question=_question(role),
        answer=answer,
        necessary=runs > 0 and failures == 0,
        runs=runs,
        failures=failures,
    )


def _one_after_the_other(role: str, run: Run, serial: Run) -> Constraint | None:
    """The first task's last database operation before the second one's first, both in ``role``."""
    tasks = sorted({operation.name.task for operation in run.operations if operation.name.task})
    if len(tasks) < DELIVERIES:
        return None
    last = _database_work(serial.operations, role, tasks[0])
    first = _database_work(run.operations, role, tasks[1])
    if not last or not first:
        return None
    return Constraint(before=last[-1].name, after=first[0].name)


def _database_work(operations: Sequence[Operation], role: str, task: str) -> list[Operation]:
    return [
        operation
        for operation in operations
        if operation.name.role == role
        and operation.name.task == task
        and operation.name.protocol == "postgres"
        and operation.touches
        and not operation.ambient
    ]
