"""Moves lab time to the next timer, where a trial would have to wait for it.

From timer to timer, so that each fires at its time and in its order. A consumer that waits at a
service for so long and no longer waits in lab time too.

Housekeeping never ends, so a trial whose work is answered needs a reason to go on: in the first
trial work came after such a time, or this one did what the first ones did not (a retry, say).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from redhanded.lab.families import Thread
from redhanded.lab.held import Held
from redhanded.lab.running import RunningSystem

PATIENCE_MS = 200_000.0
"""So much lab time goes by after the last thing that somebody could choose, not more."""
MARGIN = 1.25
MARGIN_MS = 1_000.0
EXACT_JUMPS = 100
"""So many timers in a row that nothing came of are gone to one by one."""
COARSE_MS = PATIENCE_MS / 100.0
"""After these a jump is at least this long: timers in between fire late, as on a busy machine."""
POLLS = 3
"""What comes after so many jumps of a trial is no sign that more will come."""
TURN_S = 0.005
JUMPS_MAX = 1_000
"""In one trial."""


class Jumps:
    """How far the clock was moved, in one trial and in all."""

    def __init__(self, running: RunningSystem, all_answered: Callable[[], bool]) -> None:
        self.moved_ms = 0.0
        """In the current trial."""
        self._running = running
        self._all_answered = all_answered
        self._trials = 0
        self._idle_ms = 0.0
        """Moved since something came that is no poll."""
        self._fruitless = 0
        self._seen = 0
        self._answered = False
        """Whether all was, before the last jump."""
        self._late = False
        """Whether something came after it."""
        self._times: Counter[tuple[str, str, str]] = Counter()
        """After how many jumps of the trial something came."""
        self._count = 0
        self._all_ms: list[float] = []
        """Of the trials in which it was moved."""
        self._cut = False
        """Whether the current trial was not moved as far as it might have been."""
        self._cut_short = 0
        self._longest_ms = 0.0
        """Of the waits after which work came in the first trial although all was answered."""
        self._usual: set[tuple[str, str, str]] = set()
        """What was done in the first trials: role, kind and target."""

    @property
    def _alone(self) -> bool:
        """Whether waiting in real time is of no use: all that is known to wait is on lab time."""
        clock = self._running.clock
        return clock is not None and not clock.has_strangers

    def begin(self) -> None:
        """A trial begins: consumers that wait begin to wait now."""
        self._close()
        self._trials += 1
        self.moved_ms, self._idle_ms = 0.0, 0.0
        self._fruitless = self._count = self._seen = 0
        self._answered = self._late = self._cut = False
        self._times.clear()
        if self._running.clock is not None:
            for held in self._running.traffic.parked:
                held.arrived_ms = min(held.arrived_ms, 0.0)

    def let_pass(self, left_s: float, polls: Callable[[Mapping[Thread, float]], bool]) -> bool:
        """To the next timer, or some milliseconds of real time; False if nothing is due by then.

        ``polls`` says of threads that are about to wake whether they do so in vain.
        """
        if self.jump(left_s * 1000.0):
            return True
        waking = {} if self._alone else self._running.watch.waking(left_s)
        if not self._running.traffic.locked and (not waking or polls(waking)):
            return False
        self._running.pump.turn(min(left_s, TURN_S))
        return True

    def go_on(self) -> bool:
        """Jumps if more work may come by a timer; False if the clock was not moved.

        Where all was answered, what a timer sends is nobody's going on.
        """
        if self._running.clock is None:
            return False
        answered, learning = self._all_answered(), self._trials == 1
        self._running.traffic.paused = not answered
        # What an application's line sent is work, whoever's it may be.
        done = [held for held in self._running.traffic.done if held.stack or not held.ambient]
        self._look_at([_what(held) for held in done], learning)
        self._answered = answered
        if not answered:
            return self.jump()
        if learning:
            self._usual |= {_what(held) for held in done}
        unusual = any(held.failure or _what(held) not in self._usual for held in done)
        known_ms = self._longest_ms * MARGIN + MARGIN_MS if self._longest_ms else 0.0
        if self.jump(PATIENCE_MS if learning or unusual else known_ms - self._idle_ms):
            return True
        if not self._late:
            self._usual |= {_what(held) for held in done}
        return False

    def _look_at(self, done: list[tuple[str, str, str]], learning: bool) -> None:
        """What came since the last jump; a poll that comes again and again is no work."""
        came, self._seen = set(done[self._seen :]), len(done)
        if any(self._times[each] < POLLS for each in came):
            self._late = self._late or self._answered
            if self._answered and learning:
                self._longest_ms = max(self._longest_ms, self._idle_ms)
            self._idle_ms, self._fruitless = 0.0, 0
        if self._count:
            self._times.update(came)

    def jump(self, within_ms: float = PATIENCE_MS) -> bool:
        """To the next timer, if there is one so soon; False if the clock was not moved.

        The system has to be at rest. What is due then runs: let it come to rest again.
        """
        within_ms = min(within_ms, PATIENCE_MS - self._idle_ms)
        if self._running.clock is None or within_ms <= 0:
            return False
        if self._count == 0:
            self._running.look_for_other_clocks()
        due_ms = self._next_due_ms()
        if due_ms is None or due_ms > within_ms:
            return False
        if self._count == JUMPS_MAX:
            self._cut_short += not self._cut
            self._cut = True
            return False
        by_ms = due_ms if self._fruitless < EXACT_JUMPS else max(due_ms, COARSE_MS)
        before = self._running.clock.offset_ms
        self._running.advance_clock(by_ms)
        moved_ms = self._running.clock.offset_ms - before
        self.moved_ms += moved_ms
        self._idle_ms += moved_ms
        self._fruitless += 1
        self._count += 1
        return True

    def sentences(self) -> list[str]:
        """What does not follow the clock, and how far it was moved, for the limits of a lab."""
        clock = self._running.clock
        found = list(clock.limits) if clock is not None else []
        moved = [*self._all_ms, *([self.moved_ms] if self.moved_ms else [])]
        if moved:
            found.append(
                f"Lab time was moved in {len(moved)} trial{'s' * (len(moved) != 1)} instead of "
                f"waiting for timers, by up to {max(moved) / 1000.0:.1f} s in one."
            )
        if self._cut_short:
            found.append(
                f"In {self._cut_short} of them it was moved {JUMPS_MAX} times and then no further: "
                "timers that are due after that did not fire."
            )
        return found

    def _close(self) -> None:
        if self.moved_ms:
            self._all_ms.append(self.moved_ms)

    def _next_due_ms(self) -> float | None:
        """Until the first timer of a process, or until a consumer has waited as long as it will."""
        clock, traffic = self._running.clock, self._running.traffic
        found = [clock.next_due_ms()] if clock is not None else []
        now_ms = traffic.now_ms()
        found += [
            held.arrived_ms + held.blocking.timeout_s * 1000.0 - now_ms + 1.0
            for held in traffic.heads()
            if held.unit is not None and held.blocking is not None and held.blocking.timeout_s
        ]
        return min((max(due_ms, 1.0) for due_ms in found if due_ms is not None), default=None)


def _what(held: Held) -> tuple[str, str, str]:
    return (held.role, held.kind, held.target)
