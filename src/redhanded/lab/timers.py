"""When a thread that sleeps will wake by itself, as far as the kernel shows it.

``/proc/PID/task/TID/syscall`` holds the system call that a sleeping thread waits in, with its
arguments; the time-out is one of them, or lies where one of them points (proc_pid_syscall(5)). So a
timer that is about to fire can be told from a wait for a message, in any language.
"""

from __future__ import annotations

import math
import os
import platform
import struct
import time
from dataclasses import dataclass
from typing import Literal, NamedTuple

from redhanded.lab.clock import epoch_s

Form = Literal["ms", "timespec", "timeval", "sleep", "futex"]


@dataclass(frozen=True, slots=True)
class Call:
    """Where a system call has its time-out, and in which form."""

    argument: int
    form: Form


X86_64 = {
    7: Call(2, "ms"),  # poll
    23: Call(4, "timeval"),  # select
    35: Call(0, "timespec"),  # nanosleep
    202: Call(3, "futex"),
    230: Call(2, "sleep"),  # clock_nanosleep
    232: Call(3, "ms"),  # epoll_wait
    270: Call(4, "timespec"),  # pselect6
    271: Call(2, "timespec"),  # ppoll
    281: Call(3, "ms"),  # epoll_pwait
    441: Call(3, "timespec"),  # epoll_pwait2
}
AARCH64 = {
    22: Call(3, "ms"),  # epoll_pwait
    72: Call(4, "timespec"),  # pselect6
    73: Call(2, "timespec"),  # ppoll
    98: Call(3, "futex"),
    101: Call(0, "timespec"),  # nanosleep
    115: Call(2, "sleep"),  # clock_nanosleep
    441: Call(3, "timespec"),  # epoll_pwait2
}
CALLS = {"x86_64": X86_64, "aarch64": AARCH64, "arm64": AARCH64}.get(platform.machine(), {})
FOR_EVER_MS = (1 << 31) - 1
TIMER_ABSTIME = 1
FUTEX_WAIT = 0
FUTEX_WAIT_BITSET = 9
FUTEX_COMMAND = 0x7F
FUTEX_CLOCK_REALTIME = 256
FUTEX_PRIVATE = 128
PAIR = struct.Struct("=qq")


def readable(pid: int | str = "self") -> bool:
    """Whether this kernel and machine show what a process waits in."""
    try:
        with open(f"/proc/{pid}/syscall", "rb") as file:
            return bool(CALLS) and bool(file.read(16))
    except OSError:
        return False


class Wait(NamedTuple):
    """What a sleeping thread waits for."""

    wakes_at: float
    """When it wakes by itself, as ``time.monotonic()``; infinite: not, or not known."""
    within: bool
    """Whether nothing but a thread of its own process can wake it: it waits for a futex that is
    private to the process (futex(2)), without a time-out."""


UNKNOWN = Wait(math.inf, False)


def wait(pid: int, thread: str) -> Wait:
    """What a sleeping thread waits for.

    A relative time-out counts from now: look soon after the thread has gone to sleep.
    """
    try:
        file = os.open(f"/proc/{pid}/task/{thread}/syscall", os.O_RDONLY | os.O_CLOEXEC)
        try:
            fields = os.read(file, 256).split()
        finally:
            os.close(file)
        call = CALLS.get(int(fields[0]))
        if call is None:
            return UNKNOWN
        arguments = [int(field, 16) for field in fields[1:7]]
        return Wait(_wakes_at(pid, call, arguments), _within(call, arguments))
    except (OSError, ValueError, IndexError):
        return UNKNOWN


def _within(call: Call, arguments: list[int]) -> bool:
    waits = arguments[1] & FUTEX_COMMAND in (FUTEX_WAIT, FUTEX_WAIT_BITSET)
    private = bool(arguments[1] & FUTEX_PRIVATE)
    return call.form == "futex" and waits and private and arguments[call.argument] == 0


def _wakes_at(pid: int, call: Call, arguments: list[int]) -> float:
    value = arguments[call.argument]
    if call.form == "ms":
        return time.monotonic() + value / 1000.0 if 0 <= value < FOR_EVER_MS else math.inf
    if value == 0:
        return math.inf
    if call.form == "futex" and arguments[1] & FUTEX_COMMAND not in (FUTEX_WAIT, FUTEX_WAIT_BITSET):
        return math.inf
    seconds = _read_time(pid, value, 1e6 if call.form == "timeval" else 1e9)
    if call.form == "sleep" and arguments[1] & TIMER_ABSTIME:
        return _from_clock(seconds, realtime=arguments[0] == time.CLOCK_REALTIME)
    if call.form == "futex" and arguments[1] & FUTEX_COMMAND == FUTEX_WAIT_BITSET:
        return _from_clock(seconds, realtime=bool(arguments[1] & FUTEX_CLOCK_REALTIME))
    return time.monotonic() + seconds


def _from_clock(seconds: float, *, realtime: bool) -> float:
    return seconds - epoch_s() + time.monotonic() if realtime else seconds


def _read_time(pid: int, address: int, parts: float) -> float:
    file = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
    try:
        whole, part = PAIR.unpack(os.pread(file, PAIR.size, address))
    finally:
        os.close(file)
    return float(whole) + float(part) / parts
