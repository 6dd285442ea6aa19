"""The clock that all processes of a system share: real time and one offset, which the lab moves.

The preloads (``tracers/clock.cjs``, ``tracers/python/lab_time``) connect to a unix socket in the
lab's folder. Each line that is sent is the offset; the answer says that it was taken, that what was
due fires, and when the next timer of that process is due. Nothing polls: who is not told sleeps.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from redhanded.lab.clock import monotonic_ms
from redhanded.lab.embedded.process_table import descendants
from redhanded.lab.pump import READ, Pump

ANSWER_TIMEOUT_MS = 1_000.0
BACKLOG = 512
READ_ONLY = 0o444

NOT_MOVED = (
    "Lab time: the clocks and timers of Node and Python processes are real time and one offset, "
    "which the lab moves forward. Not moved are PostgreSQL's now(), what Redis keeps by its own "
    "clock (times to live, leases), time-outs of sockets and of kept HTTP connections, and what "
    "waits in C code (in Python: Lock.acquire, Thread.join and SimpleQueue.get with a time-out)."
)


@dataclass(slots=True, kw_only=True)
class Member:
    """A process, or a worker thread of one, that is on the lab's clock."""

    connection: socket.socket
    language: str = ""
    pid: int = 0
    taken_ns: int = -1
    """The offset that it has last answered with."""
    owes: bool = False
    silent: bool = False
    """It did not answer in time, and is not waited for until it does."""
    due_ms: float | None = None
    """Until its next timer, when it last answered; None: it has none."""
    not_moved: str = ""
    """Modules of it whose timers are not moved."""
    text: bytes = b""


class LabClock:
    """The offset, and the processes that follow it."""

    def __init__(self, folder: Path, pump: Pump) -> None:
        self.folder = folder
        self.offset_ns = 0
        """Never goes back as long as the lab is open."""
        self.members: dict[int, Member] = {}
        self.limits: dict[str, None] = {NOT_MOVED: None}
        self.has_strangers = False
        """Whether anything ran that does not follow this clock."""
        self._pump = pump
        folder.mkdir(parents=True, exist_ok=True)
        self._file = os.open(folder / "offset", os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC)
        os.fchmod(self._file, READ_ONLY)
        self._write()
        self._listener = _listen(folder)
        pump.add(self._listener, lambda _event: self._accept(), select.EPOLLIN)

    def advance(self, by_ms: float) -> None:
        """Moves the clock forward by whole milliseconds; every process has taken it afterwards.

        What is due in a process then runs: let the system come to rest. One that does not answer
        within a second is named in ``limits`` and not waited for until it does.
        """
        if by_ms < 0:
            raise ValueError(f"time does not go back: {by_ms} ms")
        self.offset_ns += -int(-by_ms // 1) * 1_000_000
        self._write()
        self._ask()

    def next_due_ms(self) -> float | None:
        """Until the soonest timer of all processes; None if there is none."""
        self._ask()
        return min(
            (max(each.due_ms, 0.0) for each in self.members.values() if each.due_ms is not None),
            default=None,
        )

    @property
    def offset_ms(self) -> float:
        return self.offset_ns / 1e6

    def look_around(self, roots: Mapping[str, int], wait_ms: float = 0.0) -> None:
        """Names in ``limits`` what runs below ``roots`` (name to process id) without the clock.

        Processes that only wait for another one of theirs, as a shell does, are left out. Those
        that have just started are given ``wait_ms`` to tell of themselves.
        """
        deadline = monotonic_ms() + wait_ms
        self._ask()
        while (strangers := self._strangers(roots)) and monotonic_ms() < deadline:
            self._pump.turn(0.01)
        self.has_strangers = self.has_strangers or bool(strangers)
        for stranger in strangers:
            self.limits[
                f"Lab time: {stranger} is not on the lab's clock: it is neither Node nor Python "
                "3.8 or later, or it was started without the environment of its parent."
            ] = None

    def _strangers(self, roots: Mapping[str, int]) -> list[str]:
        known = {member.pid for member in self.members.values()}
        return [
            f"{program} (of {name})"
            for name, root in roots.items()
            for pid in (root, *descendants(root))
            if pid not in known and not descendants(pid) and (program := _program(pid))
        ]

    def close(self) -> None:
        for member in tuple(self.members.values()):
            self._leave(member)
        self._pump.drop(self._listener)
        self._listener.close()
        os.close(self._file)
        for name in ("socket", "offset"):
            (self.folder / name).unlink(missing_ok=True)

    def _write(self) -> None:
        os.pwrite(self._file, struct.pack("=q", self.offset_ns), 0)

    def _ask(self) -> None:
        """Tells every process the offset, and waits until each has answered."""
        self._accept()
        for member in tuple(self.members.values()):
            self._tell(member)
        deadline = monotonic_ms() + ANSWER_TIMEOUT_MS
        while waited := [
            each for each in self.members.values() if each.owes and each.pid and not each.silent
        ]:
            if monotonic_ms() > deadline:
                for member in waited:
                    member.silent = True
                    self.limits[
                        f"Lab time: a {member.language} process ({_program(member.pid)}) did not "
                        f"take the new time within {ANSWER_TIMEOUT_MS / 1000:.0f} s, since it did "
                        "something else all the while; its clock lagged behind."
                    ] = None
                return
            self._pump.turn(0.001)

    def _tell(self, member: Member) -> None:
        member.owes = True
        try:
            member.connection.send(b"%d\n" % self.offset_ns)
        except BlockingIOError:
            member.silent = True
        except OSError:
            self._leave(member)

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                connection, _ = self._listener.accept()
                connection.setblocking(False)
                member = Member(connection=connection)
                self.members[connection.fileno()] = member
                self._pump.add(connection, partial(self._ready, member), READ)
                self._hear(member)

    def _ready(self, member: Member, _event: int) -> None:
        self._hear(member)

    def _hear(self, member: Member) -> None:
        try:
            data = member.connection.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._leave(member)
            return
        *lines, member.text = (member.text + data).split(b"\n")
        for line in lines:
            self._read(member, line.decode())

    def _read(self, member: Member, line: str) -> None:
        first, second, *more = line.split(" ")
        if not member.pid:
            member.language, member.pid = first, int(second)
            # It may have looked at the offset before this one was written.
            self._tell(member)
            return
        member.taken_ns = int(first)
        member.due_ms = None if second == "-" else float(second)
        if member.taken_ns == self.offset_ns:
            member.owes = member.silent = False
        if more and more[0] and more[0] != member.not_moved:
            member.not_moved = more[0]
            self.limits[
                f"Lab time: in a {member.language} process ({_program(member.pid)}) the timers of "
                f"{more[0].replace(',', ' and ')} are not moved."
            ] = None

    def _leave(self, member: Member) -> None:
        if self.members.pop(member.connection.fileno(), None) is not None:
            self._pump.drop(member.connection)
            member.connection.close()


def _listen(folder: Path) -> socket.socket:
    """A socket in ``folder``, by a path that is short enough whatever the folder's is."""
    (folder / "socket").unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        listener.bind(f"/proc/self/fd/{descriptor}/socket")
    finally:
        os.close(descriptor)
    listener.setblocking(False)
    listener.listen(BACKLOG)
    return listener


def _program(pid: int) -> str:
    """How a process was started, in short; empty if it is gone."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    return b" ".join(words).decode("utf-8", "replace").strip()[:80]
