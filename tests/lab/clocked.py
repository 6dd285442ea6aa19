"""Programs on a clock that the test moves, without servers or a lab around them."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from redhanded.lab.lab_clock import LabClock
from redhanded.lab.pump import Pump
from redhanded.lab.quiescence import Watch
from redhanded.lab.tracers import clock_environment

PROGRAMS = Path(__file__).with_name("clocks")
PATIENCE_S = 15.0


class Clocked:
    """A program that does what it is told by lines and says what happens in lines."""

    def __init__(self, clock: LabClock, pump: Pump, *command: str) -> None:
        self.pump = pump
        self.lines: list[str] = []
        self._text = b""
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=clock_environment(os.environ, clock.folder),
            cwd=PROGRAMS,
        )
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        self._watch = Watch(None)
        self._watch.follow([self.process.pid])
        self.until("ready")

    def ask(self, line: str) -> None:
        """Does not wait until it is done."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def tell(self, line: str) -> list[str]:
        """What it said until it had done it, and all that it started waits."""
        self.ask(line)
        said = self.until("done")
        self.rest()
        return said

    def rest(self) -> None:
        """Until nothing of it runs."""
        eventually(lambda: self._watch.at_rest() or None, self.pump, "it never came to rest")

    def until(self, last: str) -> list[str]:
        """What it said, up to and with a line that begins so; they are not given again."""

        def place() -> int | None:
            self._read()
            begins = (place for place, line in enumerate(self.lines) if line.startswith(last))
            return next(begins, None)

        found = eventually(place, self.pump, f"{last!r} was not said, but {self.lines}")
        said, self.lines = self.lines[: found + 1], self.lines[found + 1 :]
        return said

    def silent(self) -> bool:
        """Whether it has said nothing more for a moment."""
        end = time.monotonic() + 0.1
        while time.monotonic() < end:
            self.pump.turn(0.01)
            self._read()
        return not self.lines

    def _read(self) -> None:
        assert self.process.stdout is not None
        *lines, self._text = (self._text + (self.process.stdout.read() or b"")).split(b"\n")
        self.lines += [line.decode() for line in lines]

    def end(self) -> None:
        self._watch.close()
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def eventually(look: Callable[[], int | None], pump: Pump, otherwise: str) -> int:
    deadline = time.monotonic() + PATIENCE_S
    while (found := look()) is None:
        assert time.monotonic() < deadline, otherwise
        pump.turn(0.005)
    return found
