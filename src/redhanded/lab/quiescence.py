"""Whether a system has come to rest, by looking and not by waiting.

A system is at rest when every thread of every process of it sleeps, none of them ran between two
looks, none has a timer that is about to fire (``timers``), and no byte is under way in the sockets
of its namespace (proc_pid_stat(5), sched-stats in the kernel's documentation, sock_diag(7)).
Descendants are looked up anew at each look, so workers that fork are seen.
"""

from __future__ import annotations

import contextlib
import math
import os
import socket
import time
from collections.abc import Callable

from redhanded.lab.families import Family, Nap, Thread
from redhanded.lab.sockets import waiting_bytes
from redhanded.lab.timers import wait

STUCK_LOOKS = 40
"""Looks after which bytes that nobody reads are taken for a paused reader, not for work to come."""
SOON_S = 0.01
"""A timer that fires within this is work to come."""
OLDER_SOON_S = 0.003
"""One that was set before the step is only waited for if it would fire in the midst of the next."""
OVERDUE_S = 0.5
"""A thread that still sleeps so long after its timer was due does not wait for that timer."""
SAME_TIMER_S = 0.003
FRUITLESS = 12
"""Timers of one thread in a row, in one step, that nothing came of: the step goes on without it."""
POLLS = 3
"""Steps in which that happened: the thread is not waited for any more."""
LIVELY_LOOKS = 200
"""A thread that ran within so many looks is asked in each first look whether it ran again."""
STATE_BYTES = 96
"""Of a ``stat`` file: number, name and state are in them."""
AWAKE = (b"R", b"D", b"W")
"""Runs, or waits for a processor or a disk."""
GONE = (b"Z", b"X")


class Watch:
    """Looks at processes and sockets; keeps ``/proc`` files open, since opening costs most."""

    def __init__(self, netlink: socket.socket | None) -> None:
        self._netlink = netlink
        self._roots: list[int] = []
        self._files: dict[Thread, tuple[int, int, int]] = {}
        self._naps: dict[Thread, Nap] = {}
        self._known: dict[int, Family] = {}
        self._ran_at: dict[Thread, int] = {}
        """The look that last found that a thread had run."""
        self._looks = 0
        self._rested: dict[int, Family] = {}
        """As they were when all was last seen at rest."""
        self._timers: dict[Thread, Nap] = {}
        """Those that wake by themselves."""
        self._fruitless: dict[Thread, int] = {}
        self._root_of: dict[int, int] = {}
        self._polls: dict[Thread, int] = {}
        self._before: dict[Thread, Nap] = {}
        """Those that were set before the step."""
        self._step_began = time.monotonic()
        self._seen_at: dict[Thread, float] = {}
        """When a thread was last seen awake, or to have run since the look before."""
        self._stuck = 0
        self._ended = False
        """Whether the last look came upon a thread that has ended since the one before: its
        children may be with a process that was looked at before it."""
        self._awake: Thread | None = None
        """The thread that was last seen running: the one to ask first."""
        self.somebody_runs = False
        """Whether the last look ended at a thread that did not sleep."""

    def follow(self, pids: list[int]) -> None:
        """Watch these processes and all their descendants from now on."""
        self._roots = list(pids)
        self._known.clear()
        self._rested = {}

    def at_rest(self, quiet: Callable[[], bool] = lambda: True) -> bool:
        """Two looks; False if anything ran, runs, or is under way between them.

        What slept at both and has not run in between slept all the while; so all slept together
        when the first look ended. What has not run may still have been woken, by one that was
        looked at later: its state tells. ``quiet`` says whether the lab itself has nothing to
        read, which costs less to know than what waits in sockets.
        """
        before = self._look()
        return before is not None and quiet() and self._sockets_empty() and self._unmoved()

    def next_timer(self, within_s: float) -> float | None:
        """Seconds until a thread that slept at the last look wakes by itself; None: not so soon."""
        soonest = min(self.waking(within_s).values(), default=None)
        return None if soonest is None else max(soonest - time.monotonic(), 0.0)

    def waking(self, within_s: float) -> dict[Thread, float]:
        """All threads of which that is so, and when they wake (``time.monotonic()``)."""
        now = time.monotonic()
        set_ = self._set_timers(now)
        return {nap.thread: nap.wakes_at for nap in set_ if nap.wakes_at - now <= within_s}

    def due_soon(self) -> float | None:
        """Seconds until the first timer that is waited for fires; None: there is none."""
        now = time.monotonic()
        due = [nap.wakes_at - now for nap in self._set_timers(now) if self._is_soon(nap, now)]
        return max(min(due), 0.0) if due else None

    def _is_soon(self, nap: Nap, now: float) -> bool:
        return nap.wakes_at - now <= (SOON_S if self._is_new(nap) else OLDER_SOON_S)

    def _is_new(self, nap: Nap) -> bool:
        """Whether the current step set it."""
        before = self._before.get(nap.thread)
        return before is None or not nap.is_same_timer(before, SAME_TIMER_S)

    def begin_step(self) -> None:
        """Something is about to be delivered: timers that are set from now on are its doing."""
        self._before = dict(self._timers)
        self._step_began = time.monotonic()
        self._fruitless.clear()

    def wait_for_timers(self) -> set[int]:
        """Counts what is due soon as fruitless until the next step.

        Gives the followed processes in which this step set it; the others' timers are older.
        """
        now = time.monotonic()
        new = set()
        for nap in self._set_timers(now):
            if not self._is_soon(nap, now):
                continue
            if self._is_new(nap):
                new.add(self._root_of.get(nap.thread[0], 0))
            if not nap.counted:
                nap.counted = True
                count = self._fruitless[nap.thread] = self._fruitless.get(nap.thread, 0) + 1
                if count == FRUITLESS:
                    self._polls[nap.thread] = self._polls.get(nap.thread, 0) + 1
        return new

    def fired(self, root: int) -> bool:
        """Whether a timer of this process or its descendants, set before the step, may be due."""
        now = time.monotonic()
        return any(
            nap.wakes_from <= now
            for (pid, _), nap in self._before.items()
            if self._root_of.get(pid) == root
        )

    @property
    def pollers(self) -> tuple[int, ...]:
        """Processes whose timers are not waited for, since they fire all the time."""
        often = {pid for (pid, _), count in self._polls.items() if count >= POLLS}
        return tuple(sorted({self._root_of[pid] for pid in often}))

    def _set_timers(self, now: float) -> list[Nap]:
        """Threads with a timer that is worth waiting for."""
        return [
            nap
            for thread, nap in self._timers.items()
            if nap.wakes_at > now - OVERDUE_S
            and self._fruitless.get(thread, 0) < FRUITLESS
            and self._polls.get(thread, 0) < POLLS
        ]

    def close(self) -> None:
        for files in self._files.values():
            for file in files:
                os.close(file)
        self._files.clear()

    def _sockets_empty(self) -> bool:
        if self._netlink is None or waiting_bytes(self._netlink) == 0:
            self._stuck = 0
            return True
        self._stuck += 1
        return self._stuck > STUCK_LOOKS

    def _unmoved(self) -> bool:
        """Whether no thread has run since the first look or is about to.

        The state comes first: one that waited for a processor until then has run by the time that
        it is seen to sleep. Where no thread of a process has run since all was at rest, those that
        only it can wake sleep as they did then.
        """
        files, pread = self._files, os.pread
        try:
            for pid, family in self._seen.items():
                same = self._rested.get(pid) is family
                for key in family.reachable if same else family.ran:
                    stat, schedstat, _ = files[key]
                    awake = _state(pread(stat, STATE_BYTES, 0)) in AWAKE
                    if awake or pread(schedstat, 128, 0) != family.ran[key]:
                        self._known.pop(pid, None)
                        return False
        except (OSError, KeyError):
            self._known.clear()
            return False
        self._rested = self._seen
        return True

    def _look(self) -> dict[Thread, bytes] | None:
        """Run time and turns of each thread, or None as soon as one does not sleep.

        Where no thread of a process has run since the last look, there are the same threads and
        children as then; whether one was woken since is for the second look to see. So is whether
        one ran that has not for long: those are not asked here.
        """
        seen: dict[Thread, bytes] = {}
        self._seen: dict[int, Family] = {}
        self._ended = False
        self._looks += 1
        if self._awake is not None and self._thread(self._awake, {}) is None:
            return None
        self.somebody_runs = False
        pending = [(root, root) for root in self._roots]
        while pending:
            pid, root = pending.pop()
            known = self._known.get(pid)
            unchanged = known is not None and self._unchanged(known, seen, adopts=pid == root)
            if unchanged is None:
                return None
            if known is not None and unchanged:
                self._seen[pid] = known
                pending.extend((child, root) for child in known.children)
                continue
            self._root_of[pid] = root
            family = self._family(pid, seen)
            if family is None:
                self._known.pop(pid, None)
                return None
            if family.ran:
                self._known[pid] = self._seen[pid] = family
            elif pid != root:
                self._forget_children()
                return None
            pending.extend((child, root) for child in family.children)
        if self._ended:
            return None
        self._forget(seen)
        return seen

    def _family(self, pid: int, seen: dict[Thread, bytes]) -> Family | None:
        """The threads of a process, none if it is gone; None if one of them does not sleep.

        They are listed once more in the end: a thread that was started in between, by one that
        slept again when its turn came, is in the second list. One that has not run for long is
        taken to be as it was; if it has run since, the second look sees it.
        """
        family = Family({}, {}, [], [], [])
        before = None if self._may_adopt(pid) else self._known.get(pid)
        idle = before.ran.keys() - before.lively if before is not None else set()
        threads = self._listed(pid)
        for thread in threads:
            key = (pid, thread)
            if before is not None and key in idle:
                seen[key] = before.ran[key]
                children: bytes | None = before.forked[key]
            else:
                children = self._thread(key, seen)
            if children is None:
                return None
            if key in seen:
                family.ran[key], family.forked[key] = seen[key], children
                if self._ran_at.get(key, 0) > self._looks - LIVELY_LOOKS:
                    family.lively.append(key)
                nap = self._naps.get(key)
                if nap is None or not nap.within:
                    family.reachable.append(key)
            family.children.extend(int(child) for child in children.split())
        return family if self._listed(pid) == threads else None

    def _listed(self, pid: int) -> list[str]:
        """The threads of a process; none if it is gone."""
        try:
            return os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 (three times as fast here)
        except OSError:
            return []

    def _forget_children(self) -> None:
        """What a process leaves behind belongs to another one, which may not have run since."""
        self._known.clear()
        self._rested = {}
        for nap in self._naps.values():
            nap.children = None

    def _unchanged(self, family: Family, seen: dict[Thread, bytes], *, adopts: bool) -> bool | None:
        """Whether no lively one of these threads has run since it was looked at; fills ``seen``.

        None if one does not sleep. A process that ``adopts`` orphans gets new children without
        running; one that has no children has nobody below it who could leave an orphan.
        """
        for key in family.lively:
            if self._is_awake(key):
                self._found_awake(key)
                return None
            if self._read(key, 1, 128) != family.ran[key]:
                return False
        if adopts and family.children:
            for key, children in family.forked.items():
                if self._read(key, 2, 4096) != children:
                    return False
        seen.update(family.ran)
        return True

    def _found_awake(self, key: Thread) -> None:
        self._awake, self.somebody_runs = key, True
        self._seen_at[key] = time.monotonic()

    def _is_awake(self, key: Thread) -> bool:
        """Whether a known thread does not sleep."""
        try:
            return _state(os.pread(self._files[key][0], STATE_BYTES, 0)) in AWAKE
        except (OSError, KeyError):
            return False

    def _read(self, key: Thread, file: int, length: int) -> bytes | None:
        """Of a known thread, one of its files; None if it is gone."""
        try:
            return os.pread(self._files[key][file], length, 0)
        except (OSError, KeyError):
            return None

    def _thread(self, key: Thread, seen: dict[Thread, bytes]) -> bytes | None:
        """The processes that this thread forked, or None if it does not sleep."""
        try:
            files = self._files.get(key) or self._open(key)
            state = _state(os.pread(files[0], STATE_BYTES, 0))
            seen[key] = os.pread(files[1], 128, 0)
            if state in AWAKE:
                self._found_awake(key)
                return None
            # A thread that has not run since has not forked and not set a timer either.
            nap = self._naps.get(key)
            if nap is None or nap.ran != seen[key]:
                children = os.pread(files[2], 4096, 0)
                waits, now = wait(*key), time.monotonic()
                slept_s = now - max(self._seen_at.get(key, 0.0), self._step_began)
                self._seen_at[key] = now
                wakes_from = waits.wakes_at - slept_s
                nap = Nap(key, seen[key], children, waits.wakes_at, wakes_from, waits.within)
                self._naps[key] = nap
                self._ran_at[key] = self._looks
                self._timers.pop(key, None)
                if nap.wakes_at != math.inf:
                    self._timers[key] = nap
                self._ended |= state in GONE
            elif nap.children is None or self._may_adopt(key[0]):
                nap.children = os.pread(files[2], 4096, 0)
        except OSError:
            self._drop(key)
            self._awake = None
            return b""
        return nap.children or b""

    def _may_adopt(self, pid: int) -> bool:
        """Whether orphans may have become its children: it is followed, and has some already."""
        known = self._known.get(pid)
        return pid in self._roots and (known is None or bool(known.children))

    def _open(self, key: Thread) -> tuple[int, int, int]:
        folder = f"/proc/{key[0]}/task/{key[1]}"
        opened: list[int] = []
        try:
            for name in ("stat", "schedstat", "children"):
                opened.append(os.open(f"{folder}/{name}", os.O_RDONLY | os.O_CLOEXEC))
        except OSError:
            for file in opened:
                os.close(file)
            raise
        self._files[key] = (opened[0], opened[1], opened[2])
        return self._files[key]

    def _forget(self, seen: dict[Thread, bytes]) -> None:
        if len(self._files) > len(seen):
            for key in [key for key in self._files if key not in seen]:
                self._drop(key)

    def _drop(self, key: Thread) -> None:
        self._naps.pop(key, None)
        self._seen_at.pop(key, None)
        self._timers.pop(key, None)
        self._ran_at.pop(key, None)
        self._fruitless.pop(key, None)
        self._polls.pop(key, None)
        for file in self._files.pop(key, ()):
            with contextlib.suppress(OSError):
                os.close(file)


def _state(stat: bytes) -> bytes:
    """Of a thread, by its ``stat`` file: one letter."""
    name_end = stat.rfind(b")")
    return stat[name_end + 2 : name_end + 3]
