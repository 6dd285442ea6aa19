"""What control costs: the same deliveries one after the other, held and not held.

Both sides do the same work on the same running system and end at the same event: the outside world
has its answers, every message was answered, no process runs and no byte is under way. Putting rows
and keys back before a trial is on neither side's clock. Sides take turns in blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from spread import Spread, spread
from wire_count import WireCount, counted, settle

from redhanded.case.errors import LabError
from redhanded.lab import Lab
from redhanded.lab.choices import Choices
from redhanded.lab.clock import monotonic_ms
from redhanded.lab.outside import Exchange, build

Side = Literal["controlled", "natural", "natural, stubs as slow as recorded"]
SIDES: tuple[Side, ...] = ("controlled", "natural", "natural, stubs as slow as recorded")
NATURAL_SEED = 2_000
"""Added to the seed for what the lab does not draw itself, so that no value comes twice."""
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One trial."""

    settled_ms: float
    """From before the first delivery was made until the system was seen at rest."""
    answered_ms: float
    """Until the last message was answered."""
    operations: int
    """Messages on the wire that were answered, deliveries not counted."""
    failed: bool
    reset_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SideCost:
    """All trials of one side."""

    side: Side
    settled_ms: Spread
    answered_ms: Spread
    operations: Spread
    operation_ms: Spread
    """Of each trial, ``settled_ms`` divided by ``operations``."""
    reset_ms: Spread
    """Putting rows and keys back, before the trial and not part of it."""
    failures: int
    timings: tuple[Timing, ...]


def measure(lab: Lab, *, trials: int, block: int, seed: int, say: Progress) -> tuple[SideCost, ...]:
    """``trials`` trials of each side, in turns of ``block``; one more turn first, not counted.

    Raises ``LabError`` for a trial that does not come to rest.
    """
    choices = Choices(seed + NATURAL_SEED)
    timings: dict[Side, list[Timing]] = {side: [] for side in SIDES}
    with counted(lab.running) as count:
        for side in SIDES:
            for _ in range(block):
                _trial(lab, side, count, choices)
        while len(timings[SIDES[-1]]) < trials:
            say(f"trials held and not held: {len(timings[SIDES[0]])} of {trials} each")
            for side in SIDES:
                for _ in range(min(block, trials - len(timings[side]))):
                    timings[side].append(_trial(lab, side, count, choices))
        lab.reset()
    return tuple(of_side(side, tuple(found)) for side, found in timings.items())


def of_side(side: Side, timings: tuple[Timing, ...]) -> SideCost:
    """What these trials of one side say."""
    return SideCost(
        side=side,
        settled_ms=spread([timing.settled_ms for timing in timings]),
        answered_ms=spread([timing.answered_ms for timing in timings]),
        operations=spread([timing.operations for timing in timings]),
        operation_ms=spread([timing.settled_ms / timing.operations for timing in timings]),
        reset_ms=spread([timing.reset_ms for timing in timings]),
        failures=sum(timing.failed for timing in timings),
        timings=timings,
    )


def _trial(lab: Lab, side: Side, count: WireCount, choices: Choices) -> Timing:
    if side == "controlled":
        return _controlled(lab)
    slow = side != "natural"
    lab.running.natural = slow
    try:
        return _natural(lab, count, choices.token())
    finally:
        lab.running.natural = False


def _controlled(lab: Lab) -> Timing:
    begun = monotonic_ms()
    run = lab.serial(2)
    whole = monotonic_ms() - begun
    if not run.quiescent:
        raise LabError("A controlled trial never came to rest, so it cannot be compared.")
    wire = [operation for operation in run.operations if operation.name.protocol != "delivery"]
    return Timing(
        settled_ms=run.duration_ms,
        answered_ms=max(operation.replied_ms or 0.0 for operation in wire),
        operations=len(wire),
        failed=run.failed,
        reset_ms=whole - run.duration_ms,
    )


def _natural(lab: Lab, count: WireCount, unique: str) -> Timing:
    running = lab.running
    begun = monotonic_ms()
    lab.reset()
    running.traffic.forward_all()
    settle(running, count, [])
    lab.stage.trial.failures.clear()
    count.clear()
    started = monotonic_ms()
    for entry in lab.system.workload:
        program = lab.receiver(entry)
        for _ in range(2):
            request = build(entry, unique, running.programs[program].environment)
            exchanges: list[Exchange] = [running.send(program, request)]
            settle(running, count, exchanges)
    ended = monotonic_ms()
    return Timing(
        settled_ms=ended - started,
        answered_ms=count.last_answer_ms - started,
        operations=count.answered,
        failed=bool(lab.stage.trial.failures),
        reset_ms=started - begun,
    )
