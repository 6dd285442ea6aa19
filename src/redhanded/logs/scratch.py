"""A folder of this process for what it puts on disk meanwhile.

What an interrupt at the wrong moment keeps from being removed is removed with the folder when the
process ends; and there is none while nothing is in it, so that a killed process leaves none either.
"""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_INTERRUPTS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
_made: list[tempfile.TemporaryDirectory[str]] = []
_in_use: list[str] = []


def kept_folder() -> Path:
    """The folder, which stays until the process ends from now on."""
    _in_use.append("")
    return _folder()


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty folder inside it, for as long as the block lasts."""
    folder = tempfile.mkdtemp(dir=_folder())
    _in_use.append(folder)
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _in_use.remove(folder)
        if not _in_use and _made:
            shutil.rmtree(_made[0].name, ignore_errors=True)
            _made.pop().cleanup()


def _folder() -> Path:
    if not _made:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTS)
        try:
            _made.append(tempfile.TemporaryDirectory(prefix="redhanded-"))
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return Path(_made[0].name)
