"""How long a system is waited for that a fault has disturbed.

It opens connections anew, and tries again what failed, each after a time of its own choosing. That
is part of the trial if it comes soon. Threads that only look now and then, as an idle server does,
are not waited for.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from redhanded.lab.clock import monotonic_ms
from redhanded.lab.families import Thread
from redhanded.lab.quiescence import SAME_TIMER_S

RECOVERY_MAX_MS = 2_000.0
"""New attempts are not seen that come later after the fault, or after what was done since."""
RECOVERIES_MAX_MS = 10_000.0
"""Nor are those that come so long after the fault, whatever was done since."""
HOPE_MS = 1_250.0
"""So long they are waited for in any case: a second is a usual pause before a new attempt, and of a
thread with several timers only the nearest one is known."""
LOOKS = 2
"""A thread that has set its timer again so often, and nothing came of it, is taken to poll."""


@dataclass(slots=True)
class Recovery:
    """What is left of it in one trial."""

    began_ms: float | None = None
    """When the last fault happened, or the last thing was done after it."""
    _happened_ms: float = 0.0
    _wakes_at: dict[Thread, float] = field(default_factory=dict)
    _looks: dict[Thread, int] = field(default_factory=dict)
    _sent: int = 0

    def begin(self) -> None:
        self.began_ms = self._happened_ms = monotonic_ms()

    def go_on(self) -> None:
        """Something is done: what is tried again after that is waited for, too."""
        now = monotonic_ms()
        if self.began_ms is not None and now < self._happened_ms + RECOVERIES_MAX_MS:
            self.began_ms = now

    @property
    def left_ms(self) -> float:
        """How long it may take from now on; 0 where nothing was disturbed."""
        if self.began_ms is None:
            return 0.0
        return max(0.0, self.began_ms + RECOVERY_MAX_MS - monotonic_ms())

    def hopeless(self, waking: Mapping[Thread, float], sent: int) -> bool:
        """Whether nothing can be expected of threads that wake at these times.

        ``sent``: how many messages have been let through until now; with another one all is open.
        """
        if sent != self._sent:
            self._sent = sent
            self._wakes_at.clear()
            self._looks.clear()
        for thread, wakes_at in waking.items():
            before = self._wakes_at.get(thread, wakes_at)
            if wakes_at - before > SAME_TIMER_S and before <= time.monotonic():
                self._looks[thread] = self._looks.get(thread, 0) + 1
            self._wakes_at[thread] = wakes_at
        if self.left_ms > RECOVERY_MAX_MS - HOPE_MS:
            return False
        return all(self._looks.get(thread, 0) >= LOOKS for thread in waking)
