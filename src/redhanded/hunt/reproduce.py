"""Catch the failure: left to itself, in the order that is predicted, and without that order."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from redhanded.case.errors import InputError, LabError
from redhanded.case.inert import inert
from redhanded.case.reproduction import Counterfactual, NaturalRun, Reproduction
from redhanded.case.run import Run
from redhanded.case.schedule import FAULT_KINDS, Constraint, Event, Schedule
from redhanded.case.symptom import Symptom
from redhanded.case.system import Delivery
from redhanded.hunt import unseen
from redhanded.hunt.jobs_apart import DELIVERIES, Trials, jobs_apart
from redhanded.lab import Lab
from redhanded.lab.natural import run_naturally
from redhanded.lab.refusal import refusal
from redhanded.lab.search import BOUNDS, FORCING, Budget, OnRun, Search
from redhanded.lab.search import search as find_order
from redhanded.lab.shrink import flip, shrink

PREEMPTIONS = max(BOUNDS)
PER_SECOND = 10.0
GAP_MS_MAX = 2000.0
PER_SECOND_MAX = 60.0
"""Requests; the log's own pace where it has one."""
LOCKS = re.compile(r"\b(dead|try)?-?lock|could not serialize|\b40P01\b|\b55P03\b", re.IGNORECASE)
"""Words of a symptom that is about waiting for each other, or about being turned away."""

Step = Callable[[str], None]
Progress = Callable[[int, int | None, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is spent; ``--quick`` lowers each number and says so."""

    natural_trials: int = 200
    simultaneous_trials: int = 60
    predictions: int = 24
    replays: int = 100
    flips: int = 20
    orders: int = 1500
    random: int = 100
    """Random orders, after all those within the bound."""
    faults: int = 40
    """Trials with one fault each: first where the contract says what may happen, else last."""
    seconds: float = 120.0
    """Longest time of one search through the orders."""


QUICK = Effort(
    natural_trials=60,
    simultaneous_trials=20,
    predictions=12,
    replays=20,
    flips=5,
    orders=200,
    random=20,
    faults=4,
    seconds=20.0,
)


def watch_nature(
    lab: Lab, symptom: Symptom, effort: Effort, progress: Progress
) -> tuple[NaturalRun, NaturalRun]:
    """The workload with the log's gaps and pace, and with all deliveries at the same instant.

    The log's gaps are those between all requests that repeat an earlier one, not only those that
    led to a failure; long ones are cut at ``GAP_MS_MAX``, when the first one's work is long done.
    """
    fixed = tuple(entry.gap_ms for entry in lab.system.workload if entry.gap_ms is not None)
    gaps = fixed or tuple(min(gap, GAP_MS_MAX) for gap in symptom.repeat_gap_ms)
    sent_per_trial = sum(entry.deliveries for entry in lab.system.workload)
    pace = min(symptom.requests_per_s or PER_SECOND, PER_SECOND_MAX) / sent_per_trial
    natural = run_naturally(
        lab,
        name="log",
        trials=effort.natural_trials,
        gaps_ms=gaps or (0.0,),
        per_second=pace,
        seed=1,
        on_progress=lambda done, total: progress(done, total, "with the log's gaps and pace"),
    )
    simultaneous = run_naturally(
        lab,
        name="simultaneous",
        trials=effort.simultaneous_trials,
        gaps_ms=(0.0,),
        per_second=None,
        seed=2,
        on_progress=lambda done, total: progress(done, total, "all at the same instant"),
    )
    return natural, simultaneous


def hunt(
    lab: Lab,
    symptom: Symptom,
    natural: Sequence[NaturalRun],
    effort: Effort,
    step: Step,
    progress: Progress,
) -> tuple[Reproduction, tuple[str, ...]]:
    """``search``, and what is to be said of it.

    A text that only a program outside the lab writes is not found. Where invariants were broken in
    ``natural`` runs of it instead, a second search is for these.
    """
    found = search(lab, symptom, effort, step, progress)
    shown = any(run.failures and not run.broke for run in natural)
    if found.schedule is not None or symptom.invariants or shown:
        return found, ()
    broken = tuple(sorted({name for run in natural for name in run.broke}))
    if not broken:
        why = unseen.says_so(lab.running.root, lab.system, symptom)
        return replace(found, unseen=bool(why)), (why,) if why else ()
    failures, trials = sum(run.failures for run in natural), sum(run.trials for run in natural)
    names = " and ".join(broken)
    wanted = repr(inert(symptom.text)) if symptom.text else "the symptom"
    step(f"nothing showed {wanted}, but {names} did not hold: searching for that")
    said = (
        f"No process of the lab showed {wanted}. Left to itself the system broke "
        f"{names} in {failures} of {trials} trials, so that is what was searched for then; whether "
        "it is what the log shows is for you to judge."
    )
    return search(lab, replace(symptom, invariants=broken), effort, step, progress), (said,)


def search(
    lab: Lab, symptom: Symptom, effort: Effort, step: Step, progress: Progress
) -> Reproduction:
    """Serial run, predictions, all orders within the bound, random ones; shrunk, flipped, replayed.

    Raises ``InputError`` where the workload is never answered or calls outside the lab, and
    ``LabError`` where the system never comes to rest.
    """
    step("one serial run, then the orders that it predicts, then every order and random ones")
    found = find_order(
        lab,
        deliveries=_deliveries(lab),
        tables={symptom.table} if symptom.table else set(),
        faults=FAULT_KINDS if lab.system.faults is None else lab.system.faults,
        faults_last=lab.system.faults is None,
        locks=LOCKS.search(lab.symptom.log or lab.symptom.sqlstate or "") is not None,
        budget=Budget(
            predictions=effort.predictions,
            systematic=effort.orders,
            random=effort.random,
            faults=effort.faults,
            seconds=effort.seconds,
        ),
        wanted=lambda run: same_error(run, symptom),
        on_run=_watching(lab, progress),
    )
    bound = _bound(found, _deliveries(lab))
    if found.run is None:
        return Reproduction(
            trials_to_first_failure=None,
            explored=found.trials + 1,
            exhausted=found.coverage.exhausted == PREEMPTIONS,
            happened=tuple(sorted(found.coverage.happened)),
            bound=bound,
        )
    schedule = found.schedule or Schedule(deliveries=_deliveries(lab))
    step("shrinking: fewest deliveries, fewest constraints")
    shrunk, _ = shrink(
        schedule, lab.follow, lambda run: same_error(run, symptom), failed=found.again
    )
    return _measure(
        lab,
        symptom,
        shrunk,
        Reproduction(
            trials_to_first_failure=max(1, found.trials),
            shrunk_from=len(schedule.parts),
            run=found.run,
            bound=bound,
            seconds_to_first_failure=found.seconds,
        ),
        effort,
        found.serial,
        progress,
    )


def _watching(lab: Lab, progress: Progress) -> OnRun:
    """Shows each trial, and ends a search whose trials are worth nothing."""

    def on_run(number: int, what: str, run: Run) -> None:
        progress(number, None, what)
        if number == 1:
            check(run, lab.system.workload)
        elif what.startswith(FORCING):
            check(run)

    return on_run


def _bound(found: Search, deliveries: int) -> str:
    """How far the search went that found it, or did not."""
    if found.means in ("serial", "predicted") or (found.means == "fault" and found.trials < 50):
        return "one prediction at a time"
    orders = (
        f"{deliveries} deliveries, all orders with at most {PREEMPTIONS} preemptions after "
        "partial-order reduction"
    )
    covered = found.coverage
    more = [f"{covered.random} random ones"] if covered.random else []
    more += [f"{covered.timers} with a timer meanwhile"] if covered.timers else []
    more += [f"{covered.faults} with one fault each"] if covered.faults else []
    return f"{orders}, and {', '.join(more)}" if more else orders


def check(run: Run, workload: Sequence[Delivery] = ()) -> None:
    """What makes a trial worthless is an error, not a result.

    With ``workload``, the answers are looked at too: of a serial run, in which all must be good.
    """
    if run.egress:
        raise InputError(
            f"A process called {', '.join(run.egress)}, which is outside the lab. It was not "
            "reached. Point it at a stub ([stubs.NAME] in redhanded.toml)."
        )
    if not run.quiescent:
        raise LabError(
            "The system never came to rest within 10 s of a released operation (a busy loop?), so "
            "no order can be stated for it."
        )
    silent = [failure.text for failure in run.failures if "no answer" in failure.text]
    if silent:
        raise InputError(
            f"The workload was not answered, even with one delivery after the other: {silent[0]}. "
            "Check [[workload]] `to` and `request` in redhanded.toml and the process's last lines."
        )
    if (refused := refusal(run, workload)) is not None:
        raise InputError(refused)


def _deliveries(lab: Lab) -> int:
    return max(DELIVERIES, *(entry.deliveries for entry in lab.system.workload))


def same_error(run: Run, symptom: Symptom) -> bool:
    """Whether a run failed as was asked for: the same text and, where known, constraint, or the
    same invariant."""
    for failure in run.failures:
        if failure.kind == "invariant" and failure.text.partition(":")[0] in symptom.invariants:
            return True
        if failure.kind != "symptom" or symptom.invariants:
            continue
        if symptom.constraint is None or failure.constraint in (None, symptom.constraint):
            return True
        if symptom.constraint in failure.text:
            return True
    return False


def _measure(
    lab: Lab,
    symptom: Symptom,
    schedule: Schedule,
    so_far: Reproduction,
    effort: Effort,
    serial: Run | None,
    progress: Progress,
) -> Reproduction:
    """Replays the smallest schedule, flips each constraint, takes suspected conditions away."""
    replayed: list[Run] = []
    for number in range(effort.replays):
        progress(number + 1, effort.replays, "replaying the smallest order")
        replayed.append(lab.follow(schedule))
    caught = [run for run in replayed if run.failed and same_error(run, symptom)]
    # Of the like, one without operations that an earlier trial left behind.
    clean = sorted(caught, key=lambda run: sum(not each.name.task for each in run.operations))
    run = clean[0] if clean else so_far.run
    flips, passing = _flip_each(lab, schedule, effort, progress)
    without, undisturbed = _leave_out_each(lab, schedule, effort, progress)
    error = next((failure for failure in run.failures if failure.constraint), None) if run else None
    return replace(
        so_far,
        schedule=schedule,
        replays=len(replayed),
        replays_failed=len(caught),
        counterfactuals=(*flips, *without),
        alternatives=jobs_apart(
            lab,
            Trials(schedule=schedule, run=run, serial=serial, flips=flips, repeats=effort.flips),
            lambda run: run.failed and same_error(run, symptom),
            progress,
        ),
        same_error=bool(caught),
        constraint=error.constraint if error else None,
        run=run,
        passing=passing or undisturbed,
    )


def _flip_each(
    lab: Lab, schedule: Schedule, effort: Effort, progress: Progress
) -> tuple[tuple[Counterfactual, ...], Run | None]:
    results = []
    passing: Run | None = None
    for place, constraint in enumerate(schedule.constraints):
        flipped, dropped = flip(schedule, place)
        runs = []
        for number in range(effort.flips):
            progress(number + 1, effort.flips, f"the other way round: {constraint.flipped()}")
            runs.append(lab.follow(flipped))
        passing = passing or next((run for run in runs if not run.failed), None)
        results.append(
            Counterfactual(
                flipped=constraint.flipped(),
                dropped=dropped,
                runs=len(runs),
                failures=sum(run.failed for run in runs),
                infeasible=sum(run.followed.following == "infeasible" for run in runs),
            )
        )
    return tuple(results), passing


def _leave_out_each(
    lab: Lab, schedule: Schedule, effort: Effort, progress: Progress
) -> tuple[tuple[Counterfactual, ...], Run | None]:
    """The same order without one of its events."""
    results = []
    passing: Run | None = None
    for event in schedule.events:
        calm = schedule.demanding(_calm(schedule.parts, event))
        runs = []
        for number in range(effort.flips):
            progress(number + 1, effort.flips, f"without: {event}")
            runs.append(lab.follow(calm))
        passing = passing or next((run for run in runs if not run.failed), None)
        results.append(
            Counterfactual(
                without=event,
                runs=len(runs),
                failures=sum(run.failed for run in runs),
                infeasible=sum(run.followed.following == "infeasible" for run in runs),
            )
        )
    return tuple(results), passing


def _calm(parts: Sequence[Constraint | Event], event: Event) -> list[Constraint | Event]:
    """The parts without the event; a lease that may end by itself is kept from doing so."""
    kept = [part for part in parts if part != event]
    return [*kept, replace(event, kind="lease kept")] if event.kind == "lease ended" else kept
