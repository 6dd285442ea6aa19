"""redhanded as a user starts it, and what it leaves behind."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from redhanded.lab.embedded.process_table import all_pids, is_alive

ENTRY = (sys.executable, "-c", "from redhanded.cli.main import run; run()")
TIMEOUT_S = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    code: int
    out: str
    err: str


@dataclass(slots=True)
class CommandLine:
    """The real command, in a place of its own in which whatever it leaves behind is seen."""

    target: Path
    cache: Path
    temporary: Path
    environment: dict[str, str]
    mark: str
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)
    in_child: Callable[[], None] | None = None
    """Called in the new process before the command is."""

    def start(self, *arguments: str | Path, **environment: str) -> subprocess.Popen[bytes]:
        output = tempfile.TemporaryFile()  # noqa: SIM115
        process = subprocess.Popen(
            [*ENTRY, *map(str, arguments)],
            cwd=self.target.parent,
            env=self.environment | environment,
            preexec_fn=self.in_child,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=(self.target.parent / f"stderr-{len(self.started)}").open("wb"),
        )
        process.stdout = output
        self.started.append(process)
        return process

    def stderr(self, process: subprocess.Popen[bytes]) -> str:
        """What it has written until now."""
        path = self.target.parent / f"stderr-{self.started.index(process)}"
        return path.read_text(errors="replace")

    def end(self, process: subprocess.Popen[bytes]) -> Ended:
        code = process.wait(TIMEOUT_S)
        assert process.stdout is not None
        process.stdout.seek(0)
        out = process.stdout.read().decode()
        return Ended(code=code, out=out, err=self.stderr(process))

    def run(self, *arguments: str | Path, **environment: str) -> Ended:
        return self.end(self.start(*arguments, **environment))

    def hunt(self, *options: str | Path, command: str = "hunt", **environment: str) -> Ended:
        return self.run(command, self.target, *QUICK, *options, **environment)

    def start_hunt(self, *options: str | Path, **environment: str) -> subprocess.Popen[bytes]:
        return self.start("hunt", self.target, *QUICK, *options, **environment)

    def left(self) -> list[str]:
        """Processes, data folders and temporary files that are still there."""
        found = [f"process {pid}: {_command(pid)}" for pid in all_pids() if self._is_ours(pid)]
        for folder in (self.cache / "run", self.temporary):
            found += [str(path) for path in folder.glob("*")]
        found += [str(path) for path in self.cache.glob("*/*.partial-*")]
        return found

    def lab_processes(self) -> list[int]:
        """Processes of the system under test and its servers."""
        ours = {process.pid for process in self.started}
        return [pid for pid in all_pids() if self._is_ours(pid) and pid not in ours]

    def _is_ours(self, pid: int) -> bool:
        if pid == os.getpid() or not is_alive(pid):
            return False
        seen = b""
        for name in ("environ", "cmdline"):
            with suppress(OSError):
                seen += Path(f"/proc/{pid}/{name}").read_bytes()
        marks = (self.mark, f"REDHANDED_LAB={self.target}", str(self.cache))
        return any(mark.encode() in seen for mark in marks)


Until = Callable[[Callable[[], bool]], None]
PR_CAPBSET_DROP = 24
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
QUICK = ("--quick", "--natural-trials", "2")


def without_reading_everything() -> None:
    """Root keeps its user and loses what lets it read files against their mode, for good: what is
    not in the bounding set is not given back by starting a program."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        if prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            os._exit(99)


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return "ended"
