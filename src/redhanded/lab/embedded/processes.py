"""Start processes so that they never outlive redhanded, and end them with all their descendants.

Every process gets a session of its own (Ctrl-C on the terminal does not reach it) and a
parent-death signal (prctl(2)): the kernel ends it when redhanded is killed. That signal fires when
the *thread* that started it ends, so one thread that lives as long as we do starts them all.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from redhanded.case.errors import LabError
from redhanded.lab.embedded.interrupts import uninterrupted
from redhanded.lab.embedded.process_table import descendants, is_alive, session, wait_for_all
from redhanded.lab.embedded.records import LAB_VARIABLE, record

ENTER = (sys.executable, "-I", "-S", str(Path(__file__).with_name("enter.py")))
GRACE_S = 5.0
KILL_TIMEOUT_S = 10.0


class Enterable(Protocol):
    """A namespace that processes can be started in."""

    @property
    def options(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """A process of the system under test that was started."""

    pid: int
    """Its process, session and process group id."""

    what: str
    """What it is, for people: a process's name or its command line."""

    stdout: int | None
    """Where its output and errors can be read, a file descriptor the caller closes."""

    process: subprocess.Popen[bytes] = field(repr=False, compare=False)
    """The handle that collects its exit code."""


def launch(
    command: str | Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    namespace: Enterable | None = None,
    stdout: int | None = None,
    extra_fds: Sequence[int] = (),
    folder: Path | None = None,
    what: str = "",
) -> Launched:
    """Start a command (a string goes through /bin/sh) with exactly ``env``; do not wait for it.

    Output and errors go to ``stdout``, or to a new pipe whose reading end is in the result. With
    ``folder`` the start is recorded there, so that `reap` finds the process after a ``kill -9``.
    What its children leave behind when they end becomes its own child, as in a container.
    LabError if the folder or the program cannot be used; a command the shell does not know shows as
    exit code 127 and a line in the output.
    """
    arguments = ["/bin/sh", "-c", command] if isinstance(command, str) else list(command)
    what = what or (command if isinstance(command, str) else " ".join(command))
    marked = dict(env) | ({LAB_VARIABLE: str(folder.resolve())} if folder else {})
    reader, writer = (None, stdout) if stdout is not None else os.pipe()
    try:
        process = spawn(
            arguments,
            options=("--orphans", "adopt", *(namespace.options if namespace else ())),
            death_signal=signal.SIGKILL,
            cwd=cwd,
            env=marked,
            stdout=writer,
            extra_fds=extra_fds,
        )
    except OSError as error:
        if reader is not None:
            os.close(reader)
        raise LabError(
            f"cannot start {what!r} in {cwd}: {error.strerror or error}; "
            "check the command and the folder it runs in"
        ) from error
    finally:
        if stdout is None:
            os.close(writer)
    if folder is not None:
        record(folder, pid=process.pid, what=what)
    return Launched(pid=process.pid, what=what, stdout=reader, process=process)


def terminate(launched: Launched, grace_s: float = GRACE_S) -> int:
    """End a process and all its descendants; its exit code, negative for a signal.

    SIGTERM to its group, and after ``grace_s`` seconds SIGKILL to whatever of the family is left,
    also to what has left the group or the session; SIGKILL alone if it is given no time.
    """
    family = set(descendants(launched.pid)) | set(session(launched.pid))
    if launched.process.returncode is not None and not family:
        return launched.process.returncode
    if grace_s:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(launched.pid, signal.SIGTERM)
        wait_for_all(family | {launched.pid}, timeout_s=grace_s)
    deadline = time.monotonic() + KILL_TIMEOUT_S
    while time.monotonic() < deadline:
        family |= set(descendants(launched.pid)) | set(session(launched.pid))
        alive = {pid for pid in family | {launched.pid} if is_alive(pid)}
        if not alive:
            break
        for pid in alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_for_all(alive, timeout_s=deadline - time.monotonic())
    return launched.process.wait()


def exit_code(launched: Launched) -> int | None:
    """None while it runs; then its exit code, negative for a signal."""
    return launched.process.poll()


def spawn(
    arguments: Sequence[str],
    *,
    options: Sequence[str] = (),
    death_signal: signal.Signals,
    cwd: Path | str = "/",
    env: Mapping[str, str] | None = None,
    stdout: int = subprocess.DEVNULL,
    extra_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start through `enter`, in a session of its own and tied to this process's life."""
    tie = ("--death-signal", str(int(death_signal)), "--parent", str(os.getpid()))

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*ENTER, *options, *tie, "--", *arguments],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            pass_fds=tuple(extra_fds),
            start_new_session=True,
        )

    with uninterrupted():
        return _starter(os.getpid()).submit(start).result()


@functools.cache
def _starter(_pid: int) -> ThreadPoolExecutor:
    """The thread that starts processes; a new one in a forked child, where ours does not run."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="starter")
