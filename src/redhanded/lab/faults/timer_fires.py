"""A timer fires while an operation is under way, and what it sends comes right after.

Heartbeats, renewals and retries are sent by whoever does not know yet that the work is done: the
operation is held up, as by a slow network or a paused process, until a timer has sent something
that touches the same things; then it goes first.
"""

from __future__ import annotations

import time

from redhanded.case.operation import Operation
from redhanded.case.run import Run
from redhanded.lab.clock import monotonic_ms
from redhanded.lab.faults.fault import WIRE, Fault, Place, record
from redhanded.lab.held import Held

WAIT_MAX_MS = 1_500.0
"""Timers that are due later are not waited for; so long one that is due may take to send."""
TURN_S = 0.005


def _applies(_operation: Operation, _run: Run) -> bool:
    """It is tried where much is written at once, see ``predict_events``."""
    return False


def _begin(place: Place) -> None:
    early = _early(place)
    beside = next((other for other in early if _meets(place.held, other)), None)
    sent = beside or _wait_for_timer(place, early)
    if place.held.state == "lost":
        # Its client has a shorter time-out than the timers that were waited for.
        place.missed[place.event] = "its connection ended while it was held up"
        return
    if sent is None:
        place.missed[place.event] = (
            f"no timer sent anything within {WAIT_MAX_MS / 1000:g} s that touches the same things"
        )
    else:
        by = "" if sent is beside else "a timer of "
        text = f"{by}{sent.process} sends {sent.kind} {sent.target} meanwhile"
        record(place, sent.target, text)
    place.release(place.held)


def _wait_for_timer(place: Place, early: list[Held]) -> Held | None:
    """What a timer sent that depends on the operation; other housekeeping goes on as ever.

    Nothing is answered meanwhile, so whatever comes now was sent by a timer. It may have to wait
    behind the operation, on the same connection.
    """
    traffic, held = place.running.traffic, place.held
    before = [*traffic.parked]
    deadline = monotonic_ms() + WAIT_MAX_MS + _last_due_ms(place)
    traffic.causes.next_step()
    while monotonic_ms() < deadline and held.state == "parked":
        place.running.pump.turn(TURN_S)
        traffic.deliver_ready()
        for other in traffic.parked:
            if other not in before and other.blocking is None and _meets(held, other):
                return other
        for other in traffic.heads():
            by_timer = other.ambient or other not in before or other in early
            if other is not held and by_timer and other.blocking is None:
                traffic.release(other)
    return None


def _last_due_ms(place: Place) -> float:
    """Until the last of the timers that are waited for fires; 0 where none is known."""
    due = place.running.watch.waking(WAIT_MAX_MS / 1000.0).values()
    return max((wakes_at - time.monotonic() for wakes_at in due), default=0.0) * 1000.0


def _early(place: Place) -> list[Held]:
    """What the process has under way on other connections: a timer that fired just before may have
    sent it, and does not fire again until that is answered."""
    held = place.held
    return [
        other
        for other in place.running.traffic.parked
        if other.process == held.process
        and other.connection != held.connection
        and other.blocking is None
    ]


def _meets(held: Held, other: Held) -> bool:
    return any(mine.conflicts(theirs) for mine in held.touches for theirs in other.touches)


FAULT = Fault(
    kind="timer fires",
    protocols=WIRE,
    applies=_applies,
    begin=_begin,
)
