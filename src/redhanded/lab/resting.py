"""How a system comes to rest after a message was let through."""

from __future__ import annotations

from collections.abc import Callable

from redhanded.lab.clock import monotonic_ms
from redhanded.lab.held import Held
from redhanded.lab.running import RunningSystem

LOCK_LOOK_MS = 2.0
"""A statement that has no answer after this long is looked up in ``pg_blocking_pids``."""
PIECE_WAIT_MS = 50.0
"""The beginning of an answer is delivered after this long: the client may have to go on (COPY)."""
REST_TIMEOUT_MS = 10_000.0
ANSWER_TIMEOUT_MS = 5_000.0
TIMER_SLACK_S = 0.001
LOOK_AGAIN_S = 0.00002
"""After this a thread that ran is looked at again: looking all the time would take a processor from
those that are looked at. The kernel adds up to 50 µs."""


class Rest:
    """Waits until nothing runs, nothing is under way and no timer is about to fire."""

    def __init__(self, running: RunningSystem, meanwhile: Callable[[], None]) -> None:
        self.running = running
        self._meanwhile = meanwhile
        """Done while a process works on an answer."""

    def come(self, started_ms: float) -> bool:
        """False if that did not happen within ten seconds of ``started_ms``."""
        traffic, pump, watch = self.running.traffic, self.running.pump, self.running.watch
        watch.begin_step()
        while monotonic_ms() - started_ms <= REST_TIMEOUT_MS:
            if traffic.in_flight is not None:
                if not self._wait_for_answer():
                    return False
                self._meanwhile()
                continue
            owes = traffic.owes()
            if pump.turn(0.001 if owes else 0.0) or owes:
                continue
            if traffic.notices.owed():
                pump.turn(0.001)
                continue
            if not watch.at_rest(pump.quiet):
                if watch.somebody_runs:
                    pump.wait(LOOK_AGAIN_S)
                continue
            if pump.turn(0.0) or self._wait_for_timer():
                continue
            if traffic.locked and self._unlocked():
                continue
            return True
        return False

    def _wait_for_timer(self) -> bool:
        due_s = self.running.watch.due_soon()
        if due_s is None:
            return False
        set_now = self.running.watch.wait_for_timers()
        self.running.traffic.causes.only_timers(
            name
            for name, program in self.running.programs.items()
            if program.launched.pid not in set_now
        )
        self.running.pump.turn(due_s + TIMER_SLACK_S)
        return True

    def _wait_for_answer(self) -> bool:
        traffic, pump = self.running.traffic, self.running.pump
        held = traffic.in_flight
        sent = looked = monotonic_ms()
        while held is not None and traffic.in_flight is held:
            pump.turn(0.001)
            if held.protocol == "postgres" and monotonic_ms() - looked > LOCK_LOOK_MS:
                if traffic.in_flight is held and self._blocked(held):
                    traffic.lock_found(held)
                looked = monotonic_ms()
            if held.kept and monotonic_ms() - sent > PIECE_WAIT_MS:
                traffic.deliver_kept(held)
            if monotonic_ms() - sent > REST_TIMEOUT_MS:
                traffic.in_flight = None
                return False
        return True

    def _blocked(self, held: Held) -> bool:
        admin = self.running.servers[held.service].admin
        pid = getattr(held.channel.stream, "backend_pid", None) if held.channel else None
        if admin is None or pid is None:
            return False
        row = admin.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", (pid,)).fetchone()
        return bool(row and row[0])

    def _unlocked(self) -> bool:
        """Waits for the answer of statements that no lock holds back any more."""
        moved = False
        for held in list(self.running.traffic.locked):
            deadline = monotonic_ms() + ANSWER_TIMEOUT_MS
            while held.state == "locked" and not self._blocked(held):
                self.running.pump.turn(0.001)
                moved = True
                if monotonic_ms() > deadline:
                    return moved
        return moved
