"""What the processes write: lines with their time, and whether one shows the symptom."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

from redhanded.case.run import OutputLine
from redhanded.lab.pump import Pump

LINE_BYTES_MAX = 1 << 20
TAIL_LINES = 200


class Output:
    """Reads one process's output without ever waiting for it.

    Files below one of ``roots`` are named as the project knows them. Where a tree lies is no word
    of the program's, and may hold words of the symptom: the lab's is in a case that is named by it.
    """

    def __init__(
        self,
        pump: Pump,
        process: str,
        descriptor: int,
        on_line: Callable[[OutputLine], None],
        *,
        roots: Iterable[Path] = (),
    ) -> None:
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._pump = pump
        self._process = process
        self._file = os.fdopen(descriptor, "rb", buffering=0, closefd=True)
        self._rest = b""
        self._on_line = on_line
        self._places = _places(roots)
        self.now_ms: Callable[[], float] = lambda: 0.0
        os.set_blocking(descriptor, False)
        pump.add(self._file, self._ready)

    def close(self) -> None:
        if not self._file.closed:
            self._pump.drop(self._file)
            self._file.close()

    def drain(self) -> None:
        """Reads what is there."""
        if not self._file.closed:
            self._ready(0)

    def _ready(self, _event: int) -> None:
        try:
            data = self._file.read(1 << 18)
        except OSError:
            data = b""
        if data is None:
            return
        if not data:
            self._line(self._rest)
            self._rest = b""
            self.close()
            return
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()[:LINE_BYTES_MAX]
        for line in lines:
            self._line(line)

    def _line(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip("\r")
        if self._places is not None:
            text = self._places.sub("", text)
        if text:
            self.tail.append(text)
            self._on_line(OutputLine(process=self._process, text=text, at_ms=self.now_ms()))


def _places(roots: Iterable[Path]) -> re.Pattern[str] | None:
    """The folders as they stand before the name of a file, and not in the midst of another path."""
    folders = {str(each) for root in roots for each in (root, root.resolve())} - {"/"}
    if not folders:
        return None
    named = "|".join(re.escape(each) for each in sorted(folders, key=len, reverse=True))
    return re.compile(rf"(?<![\w./-])(?:file://)?(?:{named})/")
