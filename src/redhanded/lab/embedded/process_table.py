"""Which processes there are, who descends from whom, and when one has ended (procfs, pidfd).

Nothing here starts or ends anything.
"""

from __future__ import annotations

import contextlib
import functools
import os
import select
import time
from collections.abc import Iterator
from pathlib import Path

CHILDREN_LISTED = Path(f"/proc/self/task/{os.getpid()}/children").exists()
"""Whether this kernel lists children (CONFIG_PROC_CHILDREN); otherwise all processes are read."""


def descendants(pid: int) -> tuple[int, ...]:
    """Children of ``pid``, their children and so on, without ``pid``; zombies included."""
    children = _children_listed if CHILDREN_LISTED else _children_by_parent
    found: list[int] = []
    pending = [pid]
    while pending:
        born = [child for child in children(pending.pop()) if child not in found]
        found += born
        pending += born
    return tuple(found)


def session(leader: int) -> tuple[int, ...]:
    """All processes of a session, the leader included if it is there."""
    return tuple(pid for pid, fields in _all_processes() if fields[3] == str(leader))


def is_alive(pid: int) -> bool:
    """Whether it exists and is not a zombie."""
    fields = stat_fields(pid)
    return fields is not None and fields[0] not in "ZX"


def wait_for_exit(pid: int, *, timeout_s: float) -> bool:
    """Wait until a process, ours or not, has ended (pidfd_open(2)); False if it has not by then."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(max(0.0, timeout_s) * 1000))
    finally:
        os.close(descriptor)


def wait_for_all(pids: set[int], *, timeout_s: float) -> None:
    """Wait until all have ended, at most ``timeout_s`` seconds together."""
    deadline = time.monotonic() + timeout_s
    for pid in pids:
        wait_for_exit(pid, timeout_s=deadline - time.monotonic())


def _children_listed(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (thread / "children").read_text().split())
    return found


def _children_by_parent(pid: int) -> list[int]:
    """From a table of all processes that is read again only after a process or thread was born.

    The last field of /proc/loadavg is the id given out last (proc_loadavg(5)): one read of 5 µs
    instead of one per process. What died since, or lost its parent, is then still in the table.
    """
    last_born = Path("/proc/loadavg").read_bytes().rsplit(None, 1)[-1]
    return [child for child in _parents(last_born).get(pid, ()) if stat_fields(child) is not None]


@functools.lru_cache(maxsize=1)
def _parents(_last_born: bytes) -> dict[int, list[int]]:
    children: dict[int, list[int]] = {}
    for pid, fields in _all_processes():
        children.setdefault(int(fields[1]), []).append(pid)
    return children


def _all_processes() -> Iterator[tuple[int, list[str]]]:
    for pid in all_pids():
        if (fields := stat_fields(pid)) is not None:
            yield pid, fields


def all_pids() -> tuple[int, ...]:
    """All processes that we can see."""
    return tuple(int(name) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208


def stat_fields(pid: int) -> list[str] | None:
    """Fields of /proc/PID/stat from the state on (proc_pid_stat(5)), or None if there is no such.

    Index 0 the state, 1 the parent, 2 the group, 3 the session, 19 the start time in ticks.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    return text[text.rindex(")") + 2 :].split()


def start_ticks(pid: int) -> int | None:
    """When a process was started, in clock ticks since boot."""
    fields = stat_fields(pid)
    return int(fields[19]) if fields else None
