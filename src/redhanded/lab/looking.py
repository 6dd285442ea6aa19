"""Waits for workers that look for jobs from time to time; see ``polls``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from redhanded.lab.clock import monotonic_ms
from redhanded.lab.jumps import Jumps
from redhanded.lab.polls import PAUSE_MAX_MS
from redhanded.lab.running import RunningSystem

REST_MS = 2_000.0
"""Before the first trial, as long as timers are about to fire."""
TURN_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """What a lab learns in its first trial by waiting, where no worker looks for jobs by a timer.

    For further labs of the same system with a few lines changed; where workers look, each lab
    learns for itself, since a look is known by its line.
    """

    pause_ms: float
    """The longest pause that the application makes within its work; 0 if it makes none."""


class Looking:
    """When it is time to wait for a look."""

    def __init__(self, running: RunningSystem, jumps: Jumps, settle: Callable[[], None]) -> None:
        self._running, self._jumps, self._settle = running, jumps, settle

    def learn(self) -> None:
        """Sees what comes again and again while nobody asks for anything."""
        running = self._running
        deadline = monotonic_ms() + REST_MS
        self._settle()
        while monotonic_ms() < deadline:
            if running.watch.next_timer(PAUSE_MAX_MS / 1000.0) is None:
                return
            running.pump.turn(TURN_S)
            self._settle()

    def wait(self) -> bool:
        """Lets workers look for a job that was queued; False if there is none, or nobody looks."""
        causes = self._running.traffic.causes
        if not (unpolled := causes.unpolled()):
            return False
        deadline = monotonic_ms() + max(unpolled.values())
        while (left_ms := deadline - monotonic_ms()) > 0:
            if not self._jumps.let_pass(left_ms / 1000.0, lambda _waking: False):
                break
            self._settle()
            if not causes.unpolled():
                return True
        causes.polls.stop_expecting(causes.done)
        return False
