"""What the lab makes of one specimen: told start commands, workload and symptom, and nothing else.

The service by itself, with realistic gaps and with all entries at the same instant; the search for
an order that fails, once for each seed; the smallest schedule; replays of it on fresh servers; and
the same search and the same natural runs on the safe twin.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from machine import Machine, describe
from spread import Spread, spread

from redhanded.case.schedule import Schedule
from redhanded.case.system import System
from redhanded.contract import read
from redhanded.lab import Lab, open_lab
from redhanded.lab.clock import monotonic_ms
from redhanded.lab.natural import run_naturally
from redhanded.lab.optimum import optimum
from redhanded.lab.predict import predict
from redhanded.lab.predict_events import predict_events, predict_faults
from redhanded.lab.search import Budget, Search, search
from redhanded.lab.shrink import smallest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "specimens"))
from catalogue import Specimen, lay_out

REPLAYS_PER_SERVER = 25
WARM = 20
"""Replays in processes that go on running."""
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is spent on one specimen."""

    seeds: int
    natural: int
    """Trials with realistic gaps, and as many at the same instant; half as many of the twin."""
    replays: int
    new_processes: bool
    """Before each replay; servers are new every 25 replays either way."""
    loaded: int
    """Replays while every core has something else to do."""
    budget: Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Natural:
    """A service left to itself."""

    trials: int
    gaps: int
    """Failures with realistic gaps."""
    instant: int
    """Failures with everything at the same instant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was measured on one specimen."""

    specimen: str
    redis: bool
    choices: tuple[str, ...]
    natural: Natural
    twin_natural: Natural
    trials: tuple[int | None, ...]
    """Controlled trials to the first failure, by seed; None: not found."""
    means: str
    predicted: int
    """Raw predictions from one serial run of the faulty service, as far as they were forced."""
    confirmed: int
    """Those among them that failed."""
    constraints: int | None
    """And events, of the smallest schedule."""
    optimal: int | None
    """Fewest constraints that are enough; None where too many operations conflict to try all."""
    shrink_runs: int
    shrink_s: float
    replays: int
    replayed: int
    replay_ms: Spread | None
    """Of one replay, after its new processes were started if there are new ones."""
    warm_ms: Spread | None
    """The same in processes that go on running."""
    loaded: int
    loaded_failed: int
    twin: str
    """How far the search went on the twin, or what it found."""
    twin_quiet: bool
    twin_predicted: int
    twin_confirmed: int
    """Raw predictions of the twin's serial run that failed: false ones."""
    schedule: tuple[str, ...]


def measure(specimen: Specimen, effort: Effort, *, say: Progress) -> tuple[Found, Machine]:
    """All of it, and where; what the lab refuses is raised as ``LabError``."""
    load = os.getloadavg()
    with tempfile.TemporaryDirectory(prefix="bench-specimen-") as name:
        folder = Path(name)
        faulty = read(lay_out(specimen, folder / "faulty"))
        safe = read(lay_out(specimen, folder / "safe", twin=True))
        searches: list[Search] = []
        for seed in range(effort.seeds):
            say(f"{specimen.name}: search {seed + 1} of {effort.seeds}")
            with _lab(faulty, folder, seed) as lab:
                searches.append(_search(lab, effort, seed))
                if seed == 0:
                    machine = describe(lab, load)
                    natural = _natural(lab, specimen, effort.natural, say)
                    predicted, confirmed = _predictions(lab, searches[0])
                    first = searches[0].schedule
                    began = monotonic_ms()
                    again = searches[0].again
                    small = first and smallest(first, lab.follow, failed=again)
                    shrink_s = (monotonic_ms() - began) / 1000.0
                    schedule = None if small is None or not small.confirmed else small.schedule
                    optimal = _optimal(lab, schedule)
                    _, warm = _follow(lab, schedule, WARM, new_processes=False)
        replayed, times = _replays(faulty, folder, schedule, effort, specimen.name, say)
        with _busy(effort.loaded if schedule is not None else 0):
            loaded, _ = _replay(faulty, folder, schedule, effort.loaded, new_processes=False)
        say(f"{specimen.name}: the twin")
        with _lab(safe, folder, 0) as lab:
            quiet = _search(lab, effort, 0)
            twin_predicted, twin_confirmed = _predictions(lab, quiet)
            twin_natural = _natural(lab, specimen, effort.natural // 2, say)
    found = Found(
        specimen=specimen.name,
        redis=specimen.redis,
        choices=specimen.choices,
        natural=natural,
        twin_natural=twin_natural,
        trials=tuple(each.trials if each.run is not None else None for each in searches),
        means=searches[0].means or "",
        predicted=predicted,
        confirmed=confirmed,
        constraints=None if schedule is None else len(schedule.parts),
        optimal=optimal,
        shrink_runs=small.runs if small is not None else 0,
        shrink_s=round(shrink_s, 2),
        replays=effort.replays if schedule is not None else 0,
        replayed=replayed,
        replay_ms=spread(times) if times else None,
        warm_ms=spread(warm) if warm else None,
        loaded=effort.loaded if schedule is not None else 0,
        loaded_failed=loaded,
        twin=_told(quiet),
        twin_quiet=quiet.run is None,
        twin_predicted=twin_predicted,
        twin_confirmed=twin_confirmed,
        schedule=() if schedule is None else tuple(str(each) for each in schedule.parts),
    )
    return found, machine


@contextmanager
def _lab(system: System, folder: Path, seed: int) -> Iterator[Lab]:
    with (
        tempfile.TemporaryDirectory(prefix="lab-", dir=folder) as place,
        open_lab(system, folder=Path(place), seed=seed) as lab,
    ):
        yield lab


def _search(lab: Lab, effort: Effort, seed: int) -> Search:
    deliveries = max(entry.deliveries for entry in lab.system.workload)
    faults = lab.system.faults or ()
    return search(lab, deliveries=deliveries, faults=faults, budget=effort.budget, seed=seed)


def _predictions(lab: Lab, found: Search) -> tuple[int, int]:
    """Raw predictions of the serial run that were forced, and how many of them failed."""
    if found.serial is None:
        return 0, 0
    deliveries = max(entry.deliveries for entry in lab.system.workload)
    serial, may = found.serial, lab.system.faults or ()
    predicted = (
        *predict(serial, deliveries=deliveries, after=lab.waits_for(deliveries)),
        *predict_events(serial, deliveries=deliveries),
        *predict_faults(serial, may, deliveries=deliveries),
    )
    runs = [lab.follow(each.schedule) for each in predicted]
    return len(runs), sum(run.failed for run in runs)


def _natural(lab: Lab, specimen: Specimen, trials: int, say: Progress) -> Natural:
    counts = []
    for name, gaps in (("realistic gaps", specimen.gaps_ms), ("the same instant", (0.0,))):
        say(f"{specimen.name}: {trials} natural trials, {name}")
        run = run_naturally(lab, name=name, trials=trials, gaps_ms=gaps, per_second=None, seed=1)
        counts.append(run.failures)
    return Natural(trials=trials, gaps=counts[0], instant=counts[1])


def _replays(
    system: System,
    folder: Path,
    schedule: Schedule | None,
    effort: Effort,
    name: str,
    say: Progress,
) -> tuple[int, list[float]]:
    failed, times = 0, []
    for begun in range(0, effort.replays, REPLAYS_PER_SERVER):
        if schedule is None:
            break
        say(f"{name}: replay {begun} of {effort.replays}")
        count = min(REPLAYS_PER_SERVER, effort.replays - begun)
        more, took = _replay(system, folder, schedule, count, new_processes=effort.new_processes)
        failed += more
        times += took
    return failed, times


def _replay(
    system: System, folder: Path, schedule: Schedule | None, count: int, *, new_processes: bool
) -> tuple[int, list[float]]:
    if schedule is None or not count:
        return 0, []
    with _lab(system, folder, 7) as lab:
        return _follow(lab, schedule, count, new_processes=new_processes)


def _follow(
    lab: Lab, schedule: Schedule | None, count: int, *, new_processes: bool
) -> tuple[int, list[float]]:
    failed, times = 0, []
    for _ in range(count if schedule is not None else 0):
        if new_processes:
            lab.restart()
        began = monotonic_ms()
        run = lab.follow(schedule or Schedule())
        times.append(monotonic_ms() - began)
        failed += run.failed and run.followed.following == "followed"
    return failed, times


def _optimal(lab: Lab, schedule: Schedule | None) -> int | None:
    """Fewest constraints and events, found by trying all sets of fewer than the schedule has."""
    if schedule is None or not schedule.parts:
        return None
    run = lab.follow(schedule)
    try:
        size_max = len(schedule.parts) - 1
        found = optimum(run, schedule.deliveries, lab.follow, size_max, schedule.events)
    except ValueError:
        return None
    return len(schedule.parts if found is None else found.parts)


@contextmanager
def _busy(wanted: int) -> Iterator[None]:
    """Gives every core something else to do."""
    command = [sys.executable, "-c", "while True: pass"]
    cores = len(os.sched_getaffinity(0)) if wanted else 0
    running = [subprocess.Popen(command) for _ in range(cores)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def _told(found: Search) -> str:
    if found.run is not None:
        return f"{found.means}: {found.run.failures[0].text[:80]}"
    covered = found.coverage
    bound = covered.exhausted
    how = f"all orders with at most {bound} preemptions" if bound is not None else "not exhausted"
    return f"{found.trials} trials, {how}, {covered.random} at random"
