"""Become another process the safe way: enter namespaces, drop the user, tie one's life, then exec.

Run as a program, never imported, with nothing but the standard library (it starts in about 30 ms).
It exists because ``preexec_fn`` can deadlock in a process with threads, and because the order
matters: a parent-death signal is forgotten when the user changes (prctl(2)), so it is set after.

    enter.py [--user-namespace PATH] [--net-namespace PATH] [--uid N --gid N]
             [--death-signal N --parent PID] [--orphans adopt] -- PROGRAM ARGUMENT...
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
NOT_STARTED = 127


def main(arguments: list[str]) -> None:
    """Do what the options say, then turn into the program after ``--``; never returns."""
    at = arguments.index("--")
    options = dict(zip(arguments[:at:2], arguments[1:at:2], strict=True))
    program = arguments[at + 1 :]
    try:
        # First, because a change of user or namespace may take /proc/self and our own files away.
        environment = original_environment()
        places = candidates(program[0], environment.get(b"PATH", os.defpath.encode()))
        enter(options)
        restore_signals()
        execute(places, program, environment)
    except OSError as error:
        os.write(2, f"cannot start {program[0]}: {error.strerror or error}\n".encode())
        os._exit(NOT_STARTED)


def candidates(name: str, path: bytes) -> list[bytes]:
    """Where a program may be, as execvp(3) would look for it."""
    if "/" in name:
        return [os.fsencode(name)]
    return [os.path.join(folder, os.fsencode(name)) for folder in path.split(b":")]  # noqa: PTH118


def execute(places: list[bytes], program: list[str], environment: dict[bytes, bytes]) -> None:
    """Turn into the first of ``places`` that is there; the error of the last one if none is."""
    for place in places[:-1]:
        try:  # noqa: SIM105 (contextlib takes a third of this program's start)
            os.execve(place, program, environment)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            pass
    os.execve(places[-1], program, environment)


def enter(options: dict[str, str]) -> None:
    """Namespaces first (they need privileges), then the user, then the death signal."""
    libc = ctypes.CDLL(None, use_errno=True)
    for option, kind in (("--user-namespace", CLONE_NEWUSER), ("--net-namespace", CLONE_NEWNET)):
        if option in options:
            descriptor = os.open(options[option], os.O_RDONLY | os.O_CLOEXEC)
            check(libc.setns(descriptor, kind), options[option])
            os.close(descriptor)
    if "--uid" in options:
        os.setgroups([])
        os.setgid(int(options["--gid"]))
        os.setuid(int(options["--uid"]))
    if "--death-signal" in options:
        check(libc.prctl(PR_SET_PDEATHSIG, int(options["--death-signal"]), 0, 0, 0), "prctl")
        if os.getppid() != int(options["--parent"]):
            os._exit(NOT_STARTED)
    if "--orphans" in options:
        # As for process 1 of a container: what a child leaves behind stays in the family.
        check(libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")


def restore_signals() -> None:
    """Python ignores these at its start, and what is ignored stays ignored across exec."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)


def original_environment() -> dict[bytes, bytes]:
    """The environment as it was handed over; Python may have added LC_CTYPE (PEP 538)."""
    with open("/proc/self/environ", "rb") as file:
        entries = file.read().split(b"\0")
    pairs = (entry.partition(b"=") for entry in entries if b"=" in entry)
    return {name: value for name, _, value in pairs}


def check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


if __name__ == "__main__":
    main(sys.argv[1:])
