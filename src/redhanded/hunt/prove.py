"""Whether the fix holds: every subset of its parts, the new test, all orders on the new code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from redhanded.case import wording
from redhanded.case.errors import LabError
from redhanded.case.fix import Counted, Proof, SubsetResult
from redhanded.case.run import Run
from redhanded.case.schedule import Schedule
from redhanded.case.system import SymptomPattern, System
from redhanded.lab import Command, Finished, Lab, Rhythm, open_lab, open_services, wait_for_any
from redhanded.lab.clock import monotonic_ms
from redhanded.lab.explorers.systematic import Exploration
from redhanded.lab.natural import run_naturally

PREEMPTIONS = 2
SUBSET_PREEMPTIONS = 1
DELIVERIES = 2
LANES = 3
"""Tests that run side by side, each on servers of its own: they mostly wait."""
LOOK_S = 0.02

Step = Callable[[str], None]
Progress = Callable[[int, int | None, str], None]
Files = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is spent; ``--quick`` lowers each number and says so."""

    forced: int = 5
    early: int = 10
    late: int = 3
    subset_orders: int = 60
    test_before: int = 20
    test_after: int = 50
    test_planted: int = 20
    serial_planted: int = 3
    orders: int = 2000
    seconds: float = 60.0
    """Longest time of the exploration of the fixed system, from when it serves."""


QUICK = Effort(
    forced=2,
    early=4,
    late=1,
    subset_orders=12,
    test_before=2,
    test_after=4,
    test_planted=2,
    serial_planted=1,
    orders=120,
    seconds=12.0,
)


@dataclass(slots=True, kw_only=True)
class Ground:
    """Where and on what the proof is made."""

    system: System
    root: Path
    folder: Path
    symptom: SymptomPattern
    schedule: Schedule
    seed: int
    allow_existing: bool = False
    rhythm: Rhythm | None = None
    """Of the first lab that was opened here."""


def compare(
    ground: Ground,
    subsets: Sequence[tuple[tuple[str, ...], Files]],
    effort: Effort,
    progress: Progress,
) -> tuple[SubsetResult, ...]:
    """Every subset of the parts under the forced order, an early and a late redelivery."""
    results = []
    for number, (parts, files) in enumerate(subsets, 1):
        label = " + ".join(parts) or "nothing"
        progress(number, len(subsets), f"the system with {label}")
        results.append(_one_subset(ground, parts, files, effort, number))
    return tuple(results)


def _one_subset(
    ground: Ground, parts: tuple[str, ...], files: Files, effort: Effort, number: int
) -> SubsetResult:
    try:
        with _lab(ground, f"subset-{number}", files, strict=True) as lab:
            return _measure_subset(lab, ground.schedule, parts, effort)
    except LabError as error:
        return SubsetResult(parts=parts, outcome="not run", error=str(error)[:600])


@contextmanager
def _lab(ground: Ground, name: str, files: Files, *, strict: bool) -> Iterator[Lab]:
    """Only the first one learns by waiting what the system does by timers."""
    with open_lab(
        ground.system,
        folder=ground.folder / name,
        root=ground.root,
        files=files,
        symptom=ground.symptom,
        seed=ground.seed,
        strict=strict,
        allow_existing=ground.allow_existing,
        rhythm=ground.rhythm,
    ) as lab:
        if ground.rhythm is None:
            ground.rhythm = lab.rhythm
        yield lab


def _measure_subset(
    lab: Lab, schedule: Schedule, parts: tuple[str, ...], effort: Effort
) -> SubsetResult:
    forced = [lab.follow(schedule) for _ in range(effort.forced)]
    late = [lab.serial(DELIVERIES) for _ in range(effort.late)]
    missed = [run.followed.missed[0] for run in forced if run.followed.missed]
    explored, found = 0, [run for run in (*forced, *late) if run.failed]
    if not found:
        exploration = lab.explore(
            deliveries=DELIVERIES,
            bound=SUBSET_PREEMPTIONS,
            limit=effort.subset_orders,
            stop_at_failure=True,
        )
        explored, found = exploration.explored, list(exploration.failing)
    early = run_naturally(
        lab,
        name="simultaneous",
        trials=effort.early,
        gaps_ms=(0.0,),
        per_second=None,
        seed=3,
        strict=True,
    )
    failed = bool(found) or early.failures > 0
    return SubsetResult(
        parts=parts,
        outcome="fails" if failed else "holds",
        forced=_of(forced),
        early=f"failed {early.failures}/{early.trials}"
        if early.failures
        else f"passed {early.trials}/{early.trials}",
        late=_of(late),
        infeasible_constraint=missed[0] if missed else None,
        unclear=tuple(dict.fromkeys(each for run in forced for each in run.followed.unclear)),
        explored=explored,
        error=_first_error(found) or (wording.brief(early.sample) if early.sample else None),
    )


def _of(runs: Sequence[Run]) -> str:
    failed = sum(run.failed for run in runs)
    if failed:
        return f"failed {failed}/{len(runs)}"
    infeasible = sum(run.followed.following == "infeasible" for run in runs)
    if infeasible:
        return f"infeasible {infeasible}/{len(runs)}"
    return f"passed {len(runs)}/{len(runs)}"


def _first_error(runs: Sequence[Run]) -> str | None:
    for run in runs:
        for failure in run.failures:
            return f"{failure.kind}: {wording.essence(failure, run)}"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """The states of the source that the proof compares."""

    fixed: Files
    """Without the new test."""
    test: Files
    """The new test alone."""
    planted: Files | None
    test_command: str | None
    own_command: str | None


def test(ground: Ground, trees: Trees, effort: Effort, progress: Progress) -> dict[str, Counted]:
    """The new test on the old, the fixed and the planted code; the target's own on the fixed."""
    counted: dict[str, Counted] = {}
    states: list[tuple[str, Files, str | None, int]] = [
        ("before", trees.test, trees.test_command, effort.test_before),
        ("after", {**trees.fixed, **trees.test}, trees.test_command, effort.test_after),
    ]
    if trees.planted is not None:
        planted = {**trees.planted, **trees.test}
        states.append(("planted", planted, trees.test_command, effort.test_planted))
    states.append(("own_tests", trees.fixed, trees.own_command, 1))
    for name, files, command, runs in states:
        if command is not None and runs:
            counted[name] = _run_tests(ground, name, files, command, runs, progress)
    return counted


def _run_tests(
    ground: Ground, name: str, files: Files, command: str, runs: int, progress: Progress
) -> Counted:
    words = {
        "before": "the new test on the old code",
        "after": "the new test on the fixed code",
        "planted": "the new test on a planted check-then-create",
        "own_tests": "the project's own tests on the fixed code",
    }
    finished = _in_lanes(
        ground,
        name,
        files,
        command.removeprefix("npx "),
        runs,
        lambda done: progress(done, runs, words[name]),
    )
    failed = [each for each in finished if each.code != 0]
    shown = (failed or finished)[0]
    return Counted(runs=runs, failed=len(failed), sample="\n".join(shown.lines[-15:])[:2000])


def _in_lanes(
    ground: Ground,
    name: str,
    files: Files,
    command: str,
    runs: int,
    on_done: Callable[[int], None],
) -> list[Finished]:
    """Runs a command ``runs`` times, each lane one at a time on servers of its own."""
    finished: list[Finished] = []
    begun = 0
    with ExitStack() as opened:
        lanes = [
            opened.enter_context(
                open_services(
                    ground.system,
                    folder=ground.folder / f"tests-{name}-{lane}",
                    root=ground.root,
                    files=files,
                    allow_existing=ground.allow_existing,
                )
            )
            for lane in range(1, min(LANES, runs) + 1)
        ]
        current: list[Command | None] = [None] * len(lanes)
        opened.callback(_end_all, current)
        while len(finished) < runs:
            for place, lane in enumerate(lanes):
                running = current[place]
                if running is None and begun < runs:
                    current[place] = lane.begin(command)
                    begun += 1
                elif running is not None and (ended := running.look()) is not None:
                    current[place] = None
                    finished.append(ended)
                    on_done(len(finished))
                lane.turn()
            wait_for_any(lanes, LOOK_S)
    return finished


def _end_all(commands: Sequence[Command | None]) -> None:
    for command in commands:
        if command is not None:
            command.end()


def serial_planted(ground: Ground, files: Files, effort: Effort) -> Counted:
    """One delivery at a time on the planted code: what a test without concurrency would see."""
    with _lab(ground, "planted", files, strict=False) as lab:
        runs = [lab.serial(DELIVERIES) for _ in range(effort.serial_planted)]
    return Counted(runs=len(runs), failed=sum(run.failed for run in runs))


def explore(ground: Ground, files: Files, effort: Effort, progress: Progress) -> Exploration:
    """All orders of the fixed system with two deliveries within the bound."""
    with _lab(ground, "fixed", files, strict=True) as lab:
        started = monotonic_ms()

        def on_run(number: int, _run: Run) -> bool:
            progress(number, None, "orders of the fixed system")
            return monotonic_ms() - started < effort.seconds * 1000

        return lab.explore(
            deliveries=DELIVERIES, bound=PREEMPTIONS, limit=effort.orders, on_run=on_run
        )


def conclude(
    counted: Mapping[str, Counted],
    planted_serial: Counted | None,
    exploration: Exploration,
    subset: SubsetResult | None,
) -> Proof:
    """The proof and the sentence that says what has been shown and what has not."""
    nothing = Counted(runs=0, failed=0)
    before, after = counted.get("before", nothing), counted.get("after", nothing)
    planted, own = counted.get("planted", nothing), counted.get("own_tests", nothing)
    bound = (
        f"{DELIVERIES} deliveries, all orders with at most {exploration.bound} preemptions after "
        "dynamic partial-order reduction"
    )
    proven = (
        before.runs > 0
        and before.failed == before.runs
        and after.runs > 0
        and after.failed == 0
        and own.failed == 0
        and not exploration.failing
        and subset is not None
        and subset.outcome == "holds"
    )
    return Proof(
        before=before,
        after=after,
        planted=planted,
        planted_serial=planted_serial or nothing,
        own_tests=own,
        explored=exploration.explored,
        equivalent=exploration.equivalent,
        failures=len(exploration.failing),
        exhausted=exploration.exhausted,
        bound=bound,
        statement=_statement(before, after, exploration, proven),
        proven=proven,
    )


def _statement(before: Counted, after: Counted, exploration: Exploration, proven: bool) -> str:
    tested = (
        f"the new test failed {before.failed} of {before.runs} times on the old code and "
        f"{after.failed} of {after.runs} times on the fixed code; "
        if before.runs
        else ""
    )
    shown = (
        f"Shown: {tested}of the fixed system "
        f"{exploration.explored} order{'s' if exploration.explored != 1 else ''} of {DELIVERIES} "
        f"deliveries with at most {exploration.bound} preemptions were run and "
        f"{len(exploration.failing)} failed"
    )
    how_far = (
        ", which is all of them within that bound after reduction."
        if exploration.exhausted
        else "; the bound was not exhausted."
    )
    not_shown = (
        " Not shown: more preemptions, more than two deliveries, moved clocks, lost connections, "
        "killed processes, and what happens inside one process between two messages."
    )
    return shown + how_far + ("" if proven else " This is not a proof.") + not_shown
