"""What is under way on the wire of a system whose messages are not held.

A trial is over when its work is: the outside world has its answers, every message that a process
sent has been answered, and the system is at rest. The lab knows that of a controlled trial because
it released each message itself; here the same is counted while everything passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redhanded.case.errors import LabError
from redhanded.lab.clock import monotonic_ms
from redhanded.lab.outside import Exchange
from redhanded.lab.proxy import Channel
from redhanded.lab.resting import LOOK_AGAIN_S
from redhanded.lab.running import RunningSystem
from redhanded.lab.wire.unit import Answer, Unit

SETTLE_TIMEOUT_MS = 30_000.0
WAIT_S = 0.001


class WireCount:
    """Messages that were sent on and answered since the last ``clear``."""

    def __init__(self) -> None:
        self.answered = 0
        self.last_answer_ms = 0.0
        self._open: set[tuple[Channel, int]] = set()
        self._consumers: set[tuple[Channel, int]] = set()

    @property
    def under_way(self) -> bool:
        """Whether an answer is due; a consumer that waits for a job is not work."""
        return bool(self._open)

    def clear(self) -> None:
        self.answered = 0
        self.last_answer_ms = 0.0

    def sent(self, channel: Channel, unit: Unit) -> None:
        if unit.held and not unit.silent:
            waits = unit.waits or unit.blocking is not None
            (self._consumers if waits else self._open).add((channel, unit.serial))

    def waits(self, channel: Channel, serial: int) -> None:
        """A consumer waits at the server that was sent there before, and called back once."""
        self._consumers.add((channel, serial))

    def came(self, channel: Channel, answer: Answer) -> None:
        if answer.serial is None or not answer.complete:
            return
        place = (channel, answer.serial)
        if place in self._open or place in self._consumers:
            self._open.discard(place)
            self._consumers.discard(place)
            self.answered += 1
            self.last_answer_ms = monotonic_ms()

    def lost(self, channel: Channel) -> None:
        for places in (self._open, self._consumers):
            places.difference_update([place for place in places if place[0] is channel])


@contextmanager
def counted(running: RunningSystem) -> Iterator[WireCount]:
    """Counts the messages of ``running`` inside the block, held or not."""
    traffic, count = running.traffic, WireCount()
    arrived, answered, closed = traffic.arrived, traffic.answered, traffic.closed
    passed, passed_back = traffic.passed, traffic.passed_back

    def on_arrived(channel: Channel, unit: Unit) -> None:
        count.sent(channel, unit)
        arrived(channel, unit)

    def on_passed(channel: Channel, unit: Unit) -> None:
        count.sent(channel, unit)
        passed(channel, unit)

    def came(channel: Channel, answer: Answer) -> None:
        state = traffic.states.get(channel)
        if state is not None and answer.serial is not None and answer.serial in state.blocked:
            count.waits(channel, answer.serial)
        count.came(channel, answer)

    def on_answered(channel: Channel, answer: Answer) -> None:
        came(channel, answer)
        answered(channel, answer)

    def on_passed_back(channel: Channel, answer: Answer) -> None:
        came(channel, answer)
        passed_back(channel, answer)

    def on_closed(channel: Channel) -> None:
        count.lost(channel)
        closed(channel)

    traffic.arrived = on_arrived  # type: ignore[method-assign]
    traffic.answered = on_answered  # type: ignore[method-assign]
    traffic.passed = on_passed  # type: ignore[method-assign]
    traffic.passed_back = on_passed_back  # type: ignore[method-assign]
    traffic.closed = on_closed  # type: ignore[method-assign]
    try:
        yield count
    finally:
        del traffic.arrived, traffic.answered, traffic.closed
        del traffic.passed, traffic.passed_back


def settle(running: RunningSystem, count: WireCount, exchanges: list[Exchange]) -> None:
    """Until the work is over; ``LabError`` if it is not within half a minute.

    Looks no more often than a controlled trial does: while an answer is due it waits for it, and
    only then looks whether anything still runs.
    """
    pump, watch = running.pump, running.watch
    deadline = monotonic_ms() + SETTLE_TIMEOUT_MS
    while monotonic_ms() < deadline:
        running.traffic.catch_up()
        due = count.under_way or pump.pending() or any(not exchange.ended for exchange in exchanges)
        if pump.turn(WAIT_S if due else 0.0) or due:
            continue
        if watch.at_rest():
            if not pump.turn(0.0):
                return
        elif watch.somebody_runs:
            pump.wait(LOOK_AGAIN_S)
    raise LabError(
        f"The work of a natural trial was not over within {SETTLE_TIMEOUT_MS / 1000:.0f} s, so it "
        "cannot be compared. Run the bench again on a machine that does nothing else."
    )
