"""The workload without any control: what happens by itself, and how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median

from redhanded.case.errors import LabError
from redhanded.case.reproduction import NaturalRun
from redhanded.case.run import OutputLine
from redhanded.case.system import Invariant
from redhanded.lab.choices import Choices
from redhanded.lab.clock import monotonic_ms
from redhanded.lab.error_lines import shows
from redhanded.lab.invariants import broken, rows_against, says_whose, visit_naturally
from redhanded.lab.late import Late
from redhanded.lab.outside import Answering
from redhanded.lab.precedence import precedence, uninterrupted
from redhanded.lab.trial import Lab
from redhanded.lab.workload import Planned

SETTLE_LIMIT_S = 10.0
RESTS_WANTED = 3


def run_naturally(
    lab: Lab,
    *,
    name: str,
    trials: int,
    gaps_ms: Sequence[float],
    per_second: float | None,
    seed: int,
    strict: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> NaturalRun:
    """Sends ``trials`` groups of deliveries, each with the next of ``gaps_ms`` between deliveries.

    ``per_second`` groups begin each second (None: the next begins when the last one is done). A
    trial fails once, however many lines it logs: by the symptom, or by an invariant. One after the
    other, each trial starts from the same rows and keys, and invariants are checked when it is
    done; overlapping ones are checked at the end, by invariants that say whose trial they are
    about. With ``strict`` an error line that serial runs do not write counts too.

    Nothing of the lab may decide which delivery is faster: those of the same instant are connected
    before the first of them is sent, tracers do not look for lines, what went by is read after each
    trial, and what passes on or sends has precedence where that is allowed.
    """
    _begin_anew(lab)
    world = _World(lab, name, trials, gaps_ms, per_second, seed, strict, on_progress)
    return _left_alone(world)


def run_until_failure(
    lab: Lab,
    *,
    name: str,
    trials: int,
    seconds: float,
    gaps_ms: Sequence[float],
    seed: int,
    late_ms: float = 0.0,
) -> NaturalRun:
    """The same, one after the other, until a trial fails: it is the last one.

    After ``seconds`` no further one begins. With ``late_ms`` each delivery, and each message from
    a process to a service, comes late by a time of its own, drawn from 0 to that.
    """
    _begin_anew(lab)
    world = _World(lab, name, trials, gaps_ms, None, seed, False, None)
    world.until_s = seconds
    if late_ms:
        world.late_ms = late_ms
        world.late = Late(lab.running.pump, world.choices, late_ms)
    return _left_alone(world)


def _begin_anew(lab: Lab) -> None:
    lab.draw_values()
    lab.learn_serial_orders()
    lab.reset()


def _left_alone(world: _World) -> NaturalRun:
    running = world.lab.running
    before = running.on_line
    running.on_line = world.line
    running.natural = True
    running.trace(heard=False)
    running.traffic.forward_all()
    running.traffic.let_come(world.late)
    world.consumers = running.traffic.consumers()
    running.traffic.lookers.follow(running.traffic.causes.polls)
    running.traffic.notices.begin()
    world.started_ms = monotonic_ms()
    try:
        with precedence():
            world.run()
    finally:
        running.traffic.let_come(None)
        running.on_line = before
        running.natural = False
        running.trace(heard=True)
    result = world.result((monotonic_ms() - world.started_ms) / 1000.0)
    if world.is_stuck:
        world.lab.restart()  # What still waits in its processes would hold rows of the next trial.
    return result


class _World:
    until_s: float | None = None
    """Where it is said, the first failure ends it, or so much time."""
    late: Late | None = None
    late_ms = 0.0
    started_ms = 0.0

    def __init__(
        self,
        lab: Lab,
        name: str,
        trials: int,
        gaps_ms: Sequence[float],
        per_second: float | None,
        seed: int,
        strict: bool,
        on_progress: Callable[[int, int], None] | None,
    ) -> None:
        self.lab = lab
        self.name = name
        self.trials = trials
        self.gaps_ms = list(gaps_ms) or [0.0]
        self.per_second = per_second
        self.choices = Choices(seed)
        self.strict = strict
        self.on_progress = on_progress
        self.open: list[Answering] = []
        self.followed: set[tuple[int, str]] = set()
        """Trial and task of what was begun because something else was answered."""
        self.given_up = False
        """What is under way is ended by us."""
        self.failed: set[int] = set()
        self.unplaced = 0
        self.sample = ""
        self.shown = False
        """Whether some trial failed otherwise than by breaking an invariant."""
        self.broke: set[str] = set()
        self.tokens: dict[str, int] = {}
        self.begun = 0
        self.seen = len(lab.running.traffic.wire_failures)
        self.unchecked: list[str] = []
        self.consumers: Counter[str] = Counter()
        """How many of each process waited for work before there was any."""
        self.left_over = ""
        self.is_stuck = False
        """Not all of it was done when it was given up."""

    def run(self) -> None:
        pump = self.lab.running.pump
        if self.per_second is not None:
            for trial in range(self.trials):
                pump.after(trial / self.per_second, partial(self._begin, trial))
            while self.begun < self.trials:
                pump.turn(0.02)
                self.open = [exchange for exchange in self.open if not exchange.ended]
            if not self._settle():
                self.left_over = "; what was not answered in time was ended with its processes"
                self.is_stuck = True
            self._look_at_the_wire()
            self._check_overlapping()
            return
        for trial in range(self.trials):
            if self._over():
                return
            if trial:
                self._put_back()
            self._begin(trial)
            self._settle()
            self._look_at_the_wire()
            if trial not in self.failed:
                self._check(trial)

    def _over(self) -> bool:
        if self.until_s is None or not self.begun:
            return False
        spent_s = (monotonic_ms() - self.started_ms) / 1000.0
        return bool(self.failed or self.unplaced) or spent_s > self.until_s

    def _put_back(self) -> None:
        """Same rows and keys as before; without invariants a transaction may be left open."""
        try:
            self.lab.put_back()
        except LabError:
            if self.lab.system.invariants:
                raise
            self.left_over = "; a transaction was left open, so rows of earlier trials stayed"

    def result(self, seconds: float) -> NaturalRun:
        gaps = _range(self.gaps_ms)
        pace = (
            f"{self.per_second:.3g} started per second"
            if self.per_second is not None
            else "one after the other"
        )
        unchecked = (
            f"; not checked: {', '.join(dict.fromkeys(self.unchecked))}" if self.unchecked else ""
        )
        died = self.lab.running.died()
        ended = f"; {died.partition('. ')[0]}" if died is not None else ""
        late = f", each message late by up to {self.late_ms:g} ms" if self.late else ""
        return NaturalRun(
            name=self.name,
            trials=self.begun,
            failures=min(self.begun, len(self.failed) + self.unplaced),
            seconds=round(seconds, 3),
            how=f"deliveries {gaps} ms apart, {pace}, nothing held{late}{unchecked}"
            f"{self.left_over}{ended}",
            sample=self.sample,
            broke=() if self.shown else tuple(sorted(self.broke)),
        )

    def line(self, line: OutputLine) -> None:
        shown = shows(self.lab.symptom.log, line.text)
        if not shown and not (self.strict and self.lab.is_unusual(line.text)):
            return
        self._show(line.text)

    def _show(self, text: str) -> None:
        """Counts a failure for the trial that it names, else for the only one under way."""
        self.sample, self.shown = self.sample or text[:2000], True
        for token, trial in self.tokens.items():
            if token in text:
                self.failed.add(trial)
                return
        if self.per_second is None and self.begun:
            self.failed.add(self.begun - 1)
        else:
            self.unplaced += 1

    def _begin(self, trial: int) -> None:
        unique = self.choices.token()
        self.tokens[unique] = trial
        self.begun += 1
        gap = self.gaps_ms[trial % len(self.gaps_ms)]
        if trial:
            self.lab.draw_values()
        plan = self.lab.plan(unique)
        self._get_ready(plan)
        at_ms = 0.0
        with uninterrupted():
            for number, planned in enumerate(plan):
                if planned.entry.after is None:
                    at_ms += self._gap_ms(planned, gap) if number else 0.0
                    late_ms = self.late.draw_ms() if self.late else 0.0
                    self._later(at_ms + late_ms, trial, planned, plan)
        if self.on_progress is not None:
            self.on_progress(self.begun, self.trials)

    def _get_ready(self, plan: list[Planned]) -> None:
        """Connects what is sent at the same instant, so that only sending is left to be done.

        Else the first would be worked on while the next is still being connected: for longer than
        its first query takes.
        """
        if any(self.gaps_ms) or self.per_second is not None:
            return
        for planned in plan:
            if planned.entry.after is None:
                planned.get_ready()
        self._rest(1)

    def _gap_ms(self, planned: Planned, gap: float) -> float:
        """Its entry's own, unless all is to come at the same instant."""
        own = planned.entry.gap_ms
        return gap if own is None or not any(self.gaps_ms) else own

    def _later(self, delay_ms: float, trial: int, planned: Planned, plan: list[Planned]) -> None:
        if delay_ms:
            send = partial(self._send, trial, planned, plan)
            self.lab.running.pump.after(delay_ms / 1000.0, send)
        else:
            self._send(trial, planned, plan)

    def _send(self, trial: int, planned: Planned, plan: list[Planned]) -> None:
        exchange = planned.begin()
        self.open.append(exchange)
        exchange.on_end = partial(self._answered, trial, planned, plan)
        if exchange.ended:
            self._answered(trial, planned, plan)

    def _answered(self, trial: int, planned: Planned, plan: list[Planned]) -> None:
        planned.take()
        status = planned.exchange.status if planned.exchange is not None else None
        wanted = self.lab.symptom.status
        if wanted is not None and status == wanted:
            self._fail(trial, f"HTTP status {wanted}")
        expected = planned.entry.expect if planned.entry.run is not None else status
        if expected not in (None, status) and not self.given_up:
            self._fail(trial, f"{planned.entry.name} ended with {status}")
        at_ms, begun = 0.0, 0
        with uninterrupted():
            for later in () if self.given_up else plan:
                if (
                    later.entry.after == planned.entry.name
                    and (trial, later.task) not in self.followed
                ):
                    self.followed.add((trial, later.task))
                    gap = self.gaps_ms[trial % len(self.gaps_ms)] if begun else 0.0
                    begun += 1
                    at_ms += self._gap_ms(later, gap)
                    self._later(at_ms, trial, later, plan)

    def _fail(self, trial: int, text: str, *, broken: bool = False) -> None:
        """``broken``: by an invariant, whose name comes first in ``text``."""
        self.sample = self.sample or text[:2000]
        self.shown = self.shown or not broken
        self.broke |= {text.partition(":")[0]} if broken else set()
        self.failed.add(trial)

    def _look_at_the_wire(self) -> None:
        """Errors of the database that are the symptom."""
        failures = self.lab.running.traffic.wire_failures
        wanted = self.lab.symptom.sqlstate
        for _process, failure in failures[self.seen :]:
            if wanted is not None and failure.code == wanted:
                self._show(failure.message)
        self.seen = len(failures)

    def _check(self, trial: int) -> None:
        unique = next(token for token, number in self.tokens.items() if number == trial)
        for failure in self.lab.broken(unique, visit_naturally(self.lab.running))[:1]:
            self._fail(trial, failure.text, broken=True)
        serial = [each.name for each in self.lab.system.invariants if each.serial]
        if serial and not self.lab.knows_serial_orders():
            self.unchecked += serial

    def _check_overlapping(self) -> None:
        """Counts what is told of one trial among others: by its value, asked for or in a row."""
        running, invariants = self.lab.running, self.lab.system.invariants
        asked = [each for each in invariants if says_whose(each)]
        for token, trial in self.tokens.items() if asked else ():
            if trial not in self.failed:
                for failure in broken(running, asked, token, visit_naturally(running))[:1]:
                    self._fail(trial, failure.text, broken=True)
        for invariant in invariants:
            if invariant not in asked and not (invariant.sql and self._count_rows(invariant)):
                self.unchecked.append(invariant.name)

    def _count_rows(self, invariant: Invariant) -> bool:
        """False if a row cannot be told to be any trial's."""
        told = True
        for row in rows_against(self.lab.running, invariant):
            mine = [trial for token, trial in self.tokens.items() if token in row]
            told = told and bool(mine)
            for trial in mine:
                self._fail(trial, f"{invariant.name}: {row}", broken=True)
        return told

    def _settle(self) -> bool:
        """Until all was answered and at rest a few times in a row; whether all was answered."""
        self._rest(RESTS_WANTED)
        answered, self.given_up = all(exchange.ended for exchange in self.open), True
        for exchange in self.open:
            exchange.close()
        self.given_up = False
        self.open.clear()
        return answered

    def _rest(self, times: int) -> None:
        """Until nothing waits for an answer and the system was at rest so often in a row."""
        running, traffic = self.lab.running, self.lab.running.traffic
        deadline = monotonic_ms() + SETTLE_LIMIT_S * 1000
        rests = 0
        while rests < times and monotonic_ms() < deadline:
            if running.pump.turn(0.002, idle=False):
                rests = 0
                continue  # To look at processes takes time in which the next message would wait.
            waiting = any(not exchange.ended for exchange in self.open)
            quiet = not waiting and not running.pump.pending() and running.watch.at_rest()
            quiet = quiet and self._wait_for_work() and not traffic.still_to_look()
            quiet = quiet and not (traffic.lookers.any and traffic.notices.owed_now())
            quiet = quiet and not traffic.owes()
            rests = rests + 1 if quiet and not running.pump.turn(0.001, idle=False) else 0
        if not self._wait_for_work():
            self.consumers &= traffic.consumers()
        traffic.catch_up()

    def _wait_for_work(self) -> bool:
        """Whether all consumers that waited at first do so again: a job that takes its time looks
        as if there were nothing to do. One that has not come back in time is not asked again."""
        return self.consumers <= self.lab.running.traffic.consumers()


def _range(gaps: Sequence[float]) -> str:
    low, high = min(gaps), max(gaps)
    if low == high:
        return f"{low:.3g}"
    return f"{low:.0f} to {high:.0f} (median {median(gaps):.0f})"
