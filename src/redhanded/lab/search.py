"""Finds an order that fails without being told where: from the cheapest guess to the widest net.

One serial run; what it predicts, each order once, ends of leases and overlaps inside statements
with them; faults where the environment is said to make them; all orders within a growing bound of
preemptions, the serial orders among them read for predictions too; then random orders, half of them
by partial order sampling and half by PCT with three constraints. Every controlled trial counts,
also one whose order could not be met. What fails in a search becomes a schedule: the dependent
operations of the failing run in their order, shrunk to those that are needed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from redhanded.case.run import Run
from redhanded.case.schedule import EventKind, Schedule
from redhanded.lab.choices import Choices
from redhanded.lab.clock import monotonic_ms
from redhanded.lab.explorers import Explorer, Straight, Taken
from redhanded.lab.explorers.metrics import Counts, Metrics
from redhanded.lab.explorers.pct import Pct
from redhanded.lab.explorers.pos import Pos
from redhanded.lab.explorers.replay import Replay
from redhanded.lab.explorers.systematic import Exploration, explore
from redhanded.lab.predict import Prediction, predict
from redhanded.lab.predict_events import predict_events, predict_faults, predict_timers
from redhanded.lab.stating import Stated, stated_of

Means = Literal["serial", "predicted", "fault", "systematic", "random"]
Stop = Literal["failure", "trials", "seconds"]
BOUNDS = (0, 1, 2)
PCT_DEPTH = 3
CHANCES = 6
"""Failures that are repeated to see whether they come again."""
FORCING = "forcing: "
"""What a trial of a prediction is for begins so."""
LIMIT = 1_000_000
"""Orders within one bound; what a search is allowed counts trials over all of them."""


class Played(Protocol):
    """A run and the choices it made."""

    @property
    def run(self) -> Run: ...
    @property
    def trace(self) -> tuple[Taken, ...]: ...


class Trials(Protocol):
    """Something that can be run again and again: a lab."""

    def play(self, explorer: Explorer, deliveries: int | None = None) -> Played: ...

    def follow(self, schedule: Schedule) -> Run: ...

    def waits_for(self, deliveries: int | None) -> Mapping[str, str]:
        """Tasks that begin only when another one's delivery was answered, and that one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How far a search goes where nothing fails."""

    predictions: int = 24
    systematic: int = 400
    """Trials of all bounds together."""
    random: int = 200
    faults: int = 40
    """Trials with a fault in them, of all kinds together."""
    seconds: float = 120.0
    """Of the whole search; a trial that has begun is finished."""


@dataclass(slots=True, kw_only=True)
class Coverage:
    """What was tried, in numbers."""

    predicted: int = 0
    """Raw predictions, all of them."""
    forced: int = 0
    """Those among them that were tried."""
    infeasible: int = 0
    """Those among the tried whose order could not be met; they prove nothing."""
    faults: int = 0
    """Trials in which a fault was to happen."""
    faults_missed: int = 0
    """Those among them in which it could not be made to happen."""
    by_chance: int = 0
    """Failures that did not come again, so that no order or event of the lab's is their reason."""
    timers: int = 0
    """Trials that waited for a timer."""
    timers_missed: int = 0
    """Those among them in which none fired in time that mattered."""
    systematic: list[Exploration] = field(default_factory=list)
    """One of each bound, in the order of bounds; the larger bound's orders include the smaller
    one's, which are run once."""
    random: int = 0
    unsettled: int = 0
    """Trials in which the system did not come to rest: they count for nothing."""
    happened: set[EventKind] = field(default_factory=set)
    """Kinds of events that happened in some trial because they were to."""
    counts: Counts = field(default_factory=Counts)
    """Over all trials in which an explorer was chosen here."""

    @property
    def exhausted(self) -> int | None:
        """The largest bound of preemptions within which nothing is left; None if not even 0."""
        done = [each.bound for each in self.systematic if each.exhausted]
        return max(done, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What was found, or how far it went."""

    stopped: Stop
    trials: int
    """Controlled trials, the first serial one not counted; up to and including the first failure
    where there is one, what it took to state its order not counted."""
    seconds: float
    coverage: Coverage
    run: Run | None = None
    """The first that failed."""
    means: Means | None = None
    """How it was found."""
    schedule: Schedule | None = None
    """One under which the failure was seen again; None also where none of those tried did it."""
    again: int = 0
    """Runs in a row, just before, in which it failed under ``schedule``."""
    prediction: Prediction | None = None
    serial: Run | None = None


Wanted = Callable[[Run], bool]
OnRun = Callable[[int, str, Run], None]
"""Is told the number of each trial, what it was for, and what came of it; may raise."""


def search(
    trials: Trials,
    *,
    deliveries: int,
    tables: Collection[str] = (),
    locks: bool = False,
    faults: Collection[EventKind] = (),
    faults_last: bool = False,
    budget: Budget | None = None,
    seed: int = 0,
    wanted: Wanted = lambda run: run.failed,
    on_run: OnRun = lambda _number, _what, _run: None,
) -> Search:
    """Searches until ``wanted`` holds for a run or the budget is spent.

    ``tables`` are those that the symptom names, ``locks`` whether it speaks of locks, ``faults``
    what the environment may do; with ``faults_last`` only where no order fails. A failing
    order that was searched for is turned into a schedule at the end; that takes further trials,
    which ``trials`` does not count.
    """
    state = _Going(trials, deliveries, budget or Budget(), seed, wanted, on_run)
    state.tables, state.locks = frozenset(tables), locks
    state.faults, state.faults_last = tuple(faults), faults_last
    for _ in state.stages():
        if state.found is not None or state.out_of_time():
            break
    return state.result()


class _Going:
    """A search under way."""

    def __init__(
        self,
        trials: Trials,
        deliveries: int,
        budget: Budget,
        seed: int,
        wanted: Wanted,
        on_run: OnRun,
    ) -> None:
        self.lab, self.deliveries, self.budget = trials, deliveries, budget
        self.tables: frozenset[str] = frozenset()
        self.locks = False
        self.faults: tuple[EventKind, ...] = ()
        self.faults_last = False
        self.wanted, self.on_run = wanted, on_run
        self.choices = Choices(seed)
        self.started = monotonic_ms()
        self.coverage = Coverage()
        self.trials = 0
        self.found: _Seen | None = None
        self.by_chance: _Seen | None = None
        """The first that failed and did not fail again."""
        self.serial: Run | None = None
        self._tried: set[Schedule] = set()
        self._orders: dict[tuple[str, ...], tuple[Run, tuple[Taken, ...]]] = {}
        """What was run systematically, by prefix: a larger bound begins with the same orders."""
        self._ordered = 0
        """Trials of the systematic search."""
        self._steps = 1

    def stages(self) -> Iterator[None]:
        """The search in its order; whoever asks for the next stage has looked at the last."""
        self.serial = self._play(Straight(), "one delivery and all its work after the other")[0]
        self._steps = max(1, len(self.serial.order))
        if not self._note(self.serial, "serial") and self.serial.failed:
            # By chance: what it predicts is read from one that did not fail.
            self.serial = self._play(Straight(), "the same again")[0]
        yield
        self._predictions(self.serial)
        yield
        if not self.faults_last:
            self._faults(self.serial)
            yield
        for bound in BOUNDS:
            self._systematic(bound)
            yield
        self._timers(self.serial)
        yield
        self._random()
        yield
        if self.faults_last:
            self._faults(self.serial)
            yield

    def out_of_time(self) -> bool:
        return monotonic_ms() - self.started > self.budget.seconds * 1000.0

    def result(self) -> Search:
        """What fails by chance alone is given without a schedule."""
        seen = self.found or self.by_chance
        stated = seen.stated if seen is not None else None
        ended_ms, trials = (seen.at_ms, seen.trials) if seen else (monotonic_ms(), self.trials)
        stopped: Stop = "seconds" if self.out_of_time() else "trials"
        return Search(
            stopped="failure" if seen is not None else stopped,
            trials=max(0, trials - 1),
            seconds=round((ended_ms - self.started) / 1000.0, 3),
            coverage=self.coverage,
            run=seen.run if seen is not None else None,
            means=seen.means if seen is not None else None,
            schedule=stated.schedule if stated is not None else None,
            again=stated.runs if stated is not None else 0,
            prediction=seen.prediction if seen is not None else None,
            serial=self.serial,
        )

    def _predictions(self, run: Run) -> None:
        """Forces what a serial run predicts, unless it was tried already."""
        orders = predict(
            run,
            tables=self.tables,
            deliveries=self.deliveries,
            locks=self.locks,
            after=self.lab.waits_for(self.deliveries),
        )
        events = predict_events(run, tables=self.tables, deliveries=self.deliveries)
        new = [each for each in (*orders, *events) if each.schedule not in self._tried]
        self.coverage.predicted += len(new)
        for prediction in new:
            if self.coverage.forced >= self.budget.predictions or self.out_of_time():
                return
            forced = self._force(prediction)
            self.coverage.forced += 1
            self.coverage.infeasible += forced.followed.following == "infeasible"
            if self._note(forced, "predicted", prediction):
                return

    def _timers(self, run: Run) -> None:
        """Timers that fire while something is under way."""
        for prediction in predict_timers(run, deliveries=self.deliveries):
            if self.found is not None or self.out_of_time():
                return
            forced = self._force(prediction)
            self.coverage.timers += 1
            self.coverage.timers_missed += bool(forced.followed.events_missed)
            self._note(forced, "predicted", prediction)

    def _faults(self, run: Run) -> None:
        """One fault at a time, wherever it may matter in a serial run."""
        for prediction in predict_faults(run, self.faults, deliveries=self.deliveries):
            if self.coverage.faults >= self.budget.faults or self.out_of_time():
                return
            forced = self._force(prediction)
            self.coverage.faults += 1
            self.coverage.faults_missed += bool(forced.followed.events_missed)
            if self._note(forced, "fault", prediction):
                return

    def _force(self, prediction: Prediction) -> Run:
        self._tried.add(prediction.schedule)
        forced = self.lab.follow(prediction.schedule)
        missed = forced.followed.events_missed
        happened = [each for each in prediction.schedule.events if each not in missed]
        self.coverage.happened |= {each.kind for each in happened}
        self._ran(forced, FORCING + prediction.why)
        return forced

    def _systematic(self, bound: int) -> None:
        if self._ordered >= self.budget.systematic:
            return

        def play(explorer: Explorer) -> tuple[Run, tuple[Taken, ...]]:
            assert isinstance(explorer, Replay)
            known = self._orders.get(explorer.prefix)
            if known is not None:
                return known
            played = self._play(explorer, f"all orders with at most {bound} preemptions")
            self._ordered += 1
            if not explorer.diverged:
                self._orders[explorer.prefix] = played
            return played

        def on_run(_number: int, run: Run) -> bool:
            spent = self._ordered >= self.budget.systematic
            return not (self._note(run, "systematic") or spent or self.out_of_time())

        self.coverage.systematic.append(explore(play, bound=bound, limit=LIMIT, on_run=on_run))
        if bound == 0:
            for run, _ in tuple(self._orders.values())[1:]:
                if self.found is None:
                    self._predictions(run)

    def _random(self) -> None:
        for number in range(self.budget.random):
            if self.found is not None or self.out_of_time():
                return
            pct = number % 2 == 1
            explorer: Explorer = (
                Pct(self.choices, depth=PCT_DEPTH, steps=self._steps) if pct else Pos(self.choices)
            )
            run, _ = self._play(explorer, "random orders")
            self.coverage.random += 1
            self._note(run, "random")

    def _play(self, explorer: Explorer, what: str) -> tuple[Run, tuple[Taken, ...]]:
        played = self.lab.play(Metrics(explorer, self.coverage.counts), self.deliveries)
        self._ran(played.run, what)
        return played.run, played.trace

    def _ran(self, run: Run, what: str) -> None:
        self.trials += 1
        self.coverage.unsettled += not run.quiescent
        self.on_run(self.trials, what, run)

    def _note(self, run: Run, means: Means, prediction: Prediction | None = None) -> bool:
        """Whether the search is over with this run: it failed, and fails again."""
        failed = run.quiescent and run.failed and self.wanted(run)
        if self.found is not None or not failed:
            return self.found is not None
        seen = _Seen(run, means, self.trials, monotonic_ms(), prediction)
        self.by_chance = self.by_chance or seen
        if self.coverage.by_chance < CHANCES:
            seen.stated = stated_of(
                self.lab,
                run,
                self.deliveries,
                self.wanted,
                serial=means == "serial",
                forced=prediction.schedule if prediction is not None else None,
            )
        if seen.stated is not None:
            self.found = seen
        else:
            self.coverage.by_chance += 1
        return self.found is not None


@dataclass(slots=True)
class _Seen:
    """A run that failed, and when."""

    run: Run
    means: Means
    trials: int
    at_ms: float
    prediction: Prediction | None
    stated: Stated | None = None
