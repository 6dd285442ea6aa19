"""Whether a system has come to rest, by looking and not by waiting.

A system is at rest when every thread of every process of it sleeps, none of them ran between two
looks, and no byte is under way in the sockets of its namespace (proc_pid_stat(5), sched-stats in
the kernel's documentation, sock_diag(7)). Descendants are looked up anew at each look, so workers
that fork are seen.
"""

from __future__ import annotations

import contextlib
import os
import socket

from redhanded.lab.sockets import waiting_bytes

STUCK_LOOKS = 40
"""Looks after which bytes that nobody reads are taken for a paused reader, not for work to come."""


class Watch:
    """Looks at processes and sockets; keeps ``/proc`` files open, since opening costs most."""

    def __init__(self, netlink: socket.socket | None) -> None:
        self._netlink = netlink
        self._roots: list[int] = []
        self._files: dict[tuple[int, str], tuple[int, int, int]] = {}
        self._forked: dict[tuple[int, str], tuple[bytes, bytes]] = {}
        self._stuck = 0
        self._awake: tuple[int, str] | None = None
        """The thread that ran at the last look: the one to ask first."""

    def follow(self, pids: list[int]) -> None:
        """Watch these processes and all their descendants from now on."""
        self._roots = list(pids)

    def at_rest(self) -> bool:
        """Two looks; False if anything ran, runs, or is under way between them."""
        before = self._look()
        if before is None or not self._sockets_empty():
            return False
        return self._look() == before

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

    def _look(self) -> dict[tuple[int, str], bytes] | None:
        """Run time and turns of each thread, or None as soon as one does not sleep."""
        seen: dict[tuple[int, str], bytes] = {}
        if self._awake is not None and self._thread(self._awake, {}) is None:
            return None
        pending = list(self._roots)
        while pending:
            pid = pending.pop()
            try:
                threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 (three times as fast here)
            except OSError:
                continue
            for thread in threads:
                children = self._thread((pid, thread), seen)
                if children is None:
                    return None
                pending.extend(int(child) for child in children.split())
        self._forget(seen)
        return seen

    def _thread(self, key: tuple[int, str], seen: dict[tuple[int, str], bytes]) -> bytes | None:
        """The processes that this thread forked, or None if it does not sleep."""
        try:
            files = self._files.get(key) or self._open(key)
            state = os.pread(files[0], 512, 0)
            seen[key] = os.pread(files[1], 128, 0)
            # A thread that has not run since has not forked either.
            known = self._forked.get(key)
            if known is None or known[0] != seen[key]:
                known = self._forked[key] = (seen[key], os.pread(files[2], 4096, 0))
            children = known[1]
        except OSError:
            self._drop(key)
            self._awake = None
            return b""
        name_end = state.rfind(b")")
        if state[name_end + 2 : name_end + 3] in (b"R", b"D", b"W"):
            self._awake = key
            return None
        return children

    def _open(self, key: tuple[int, str]) -> tuple[int, int, int]:
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

    def _forget(self, seen: dict[tuple[int, str], bytes]) -> None:
        if len(self._files) > len(seen):
            for key in [key for key in self._files if key not in seen]:
                self._drop(key)

    def _drop(self, key: tuple[int, str]) -> None:
        self._forked.pop(key, None)
        for file in self._files.pop(key, ()):
            with contextlib.suppress(OSError):
                os.close(file)
