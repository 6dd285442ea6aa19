"""How long until the failure is seen: in predicted orders, and left to itself.

Controlled: one serial run, then the predictions made from it, one trial each, until one fails.
Natural, nothing held and the stubs as slow as recorded, until the symptom shows or the trials are
used up: as many requests delivered twice as in the log, at its pace and with the gaps of its
failures; all of them delivered twice so; and all of them twice at the same instant, one trial after
the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from wire_count import WireCount, counted, settle

from redhanded.case.run import OutputLine, Run
from redhanded.case.symptom import Symptom
from redhanded.lab import Lab
from redhanded.lab.choices import Choices
from redhanded.lab.clock import monotonic_ms
from redhanded.lab.outside import Exchange, Request, build
from redhanded.lab.predict import predict

DELIVERIES = 2
PREDICTIONS_MAX = 24
SHARE_STEPS = 100_000
NATURAL_SEED = 1_000
"""Added to the seed for what the lab does not draw itself, so that no value comes twice."""
PER_SECOND_MAX = 40.0
"""As the hunt does: a log that is denser than this is followed at this pace."""
PER_SECOND_UNKNOWN = 10.0
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstFailure:
    """One attempt to see the failure."""

    how: str
    seed: int
    runs: int
    """Trials begun up to the first failure, it included; the serial run of the controlled side is
    one of them."""
    seconds: float
    failed: bool
    """False: the trials were used up."""


def measure(
    lab: Lab, symptom: Symptom, *, seed: int, natural_trials: int, say: Progress
) -> tuple[FirstFailure, ...]:
    """One attempt of each kind on a lab that was opened with ``seed``."""
    gaps_ms = symptom.gap_ms or (0.0,)
    pace = min(symptom.requests_per_s or PER_SECOND_UNKNOWN, PER_SECOND_MAX)
    say(f"first failure, seed {seed}: predicted orders")
    controlled = _predicted(lab, symptom, seed)
    choices = Choices(seed + NATURAL_SEED)
    share = twice_share(symptom)
    found = [controlled]
    for how, share_here, gaps_here, pace_here in (
        (f"natural, {share:.1%} delivered twice, {pace:.0f} a second", share, gaps_ms, pace),
        (f"natural, all delivered twice, {pace:.0f} a second", 1.0, gaps_ms, pace),
        ("natural, all delivered twice at the same instant", 1.0, (0.0,), None),
    ):
        say(f"first failure, seed {seed}: {how}")
        load = _Load(lab, natural_trials, share_here, gaps_here, pace_here, seed, choices)
        found.append(load.first_failure(how))
    return tuple(found)


def twice_share(symptom: Symptom) -> float:
    """Of all that was requested, the share that was soon requested again, by the log.

    The log's properties count both requests of a pair; 1 where it does not say.
    """
    for difference in symptom.differences:
        if "again within" in difference.property:
            in_pairs = difference.failing_with + difference.others_with
            requests = difference.failing + difference.others
            return in_pairs / 2 / (requests - in_pairs / 2)
    return 1.0


def _predicted(lab: Lab, symptom: Symptom, seed: int) -> FirstFailure:
    started = monotonic_ms()
    serial = lab.serial(DELIVERIES)
    runs, failed = 1, shows_symptom(serial)
    if not failed:
        tables = {symptom.table} if symptom.table else set()
        predictions = predict(serial, tables=tables, deliveries=DELIVERIES)
        for prediction in predictions[:PREDICTIONS_MAX]:
            runs += 1
            failed = shows_symptom(lab.follow(prediction.schedule))
            if failed:
                break
    return FirstFailure(
        how="controlled, predicted from one serial run",
        seed=seed,
        runs=runs,
        seconds=(monotonic_ms() - started) / 1000.0,
        failed=failed,
    )


def shows_symptom(run: Run) -> bool:
    """Whether it failed as was asked for, not in some other way."""
    return any(failure.kind == "symptom" for failure in run.failures)


class _Load:
    """Deliveries as the outside world sends them, until the symptom shows."""

    def __init__(
        self,
        lab: Lab,
        trials: int,
        share: float,
        gaps_ms: Sequence[float],
        per_second: float | None,
        seed: int,
        choices: Choices,
    ) -> None:
        self._lab = lab
        self._trials = trials
        self._share = share
        self._gaps_ms = tuple(gaps_ms)
        self._per_second = per_second
        self._choices = choices
        self._seed = seed
        self._open: list[Exchange] = []
        self._begun = 0
        self._seen_ms: float | None = None

    def first_failure(self, how: str) -> FirstFailure:
        lab, running = self._lab, self._lab.running
        lab.reset()
        before = running.on_line
        running.on_line = self._line
        running.natural = True
        running.traffic.forward_all()
        with counted(running) as count:
            started = monotonic_ms()
            try:
                self._run(started, count)
            finally:
                runs = self._begun
                ended = self._seen_ms or monotonic_ms()
                settle(running, count, self._open)
                running.on_line = before
                running.natural = False
        lab.reset()
        return FirstFailure(
            how=how,
            seed=self._seed,
            runs=runs,
            seconds=(ended - started) / 1000.0,
            failed=self._seen_ms is not None,
        )

    def _run(self, started: float, count: WireCount) -> None:
        pump = self._lab.running.pump
        while self._seen_ms is None and self._begun < self._trials:
            if self._per_second is None:
                self._begin()
                settle(self._lab.running, count, self._open)
                continue
            due_ms = started + 1000.0 * self._begun / self._per_second
            if monotonic_ms() >= due_ms:
                self._begin()
            pump.turn(max(0.0, min(0.02, (due_ms - monotonic_ms()) / 1000.0)))
        if self._seen_ms is None:
            settle(self._lab.running, count, self._open)

    def _begin(self) -> None:
        self._open = [exchange for exchange in self._open if not exchange.ended]
        unique = self._choices.token()
        gap_ms = self._gaps_ms[self._choices.index(len(self._gaps_ms))]
        twice = self._choices.index(SHARE_STEPS) < self._share * SHARE_STEPS
        deliveries = DELIVERIES if twice else 1
        self._begun += 1
        for entry in self._lab.system.workload:
            program = self._lab.receiver(entry)
            environment = self._lab.running.programs[program].environment
            request = build(entry, unique, environment)
            for number in range(deliveries):
                send = partial(self._send, program, request)
                if number and gap_ms:
                    self._lab.running.pump.after(number * gap_ms / 1000.0, send)
                else:
                    send()

    def _send(self, program: str, request: Request) -> None:
        self._open.append(self._lab.running.send(program, request))

    def _line(self, line: OutputLine) -> None:
        wanted = self._lab.symptom.log
        if self._seen_ms is None and wanted and wanted.lower() in line.text.lower():
            self._seen_ms = monotonic_ms()
