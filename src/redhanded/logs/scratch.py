"""A folder of this process for what it puts on disk meanwhile; gone when the process ends.

There is one, so that an interrupt at the wrong moment leaves nothing: what it kept from being
removed is removed with the folder.
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


def process_folder() -> Path:
    """Made on first call."""
    if not _made:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTS)
        try:
            _made.append(tempfile.TemporaryDirectory(prefix="redhanded-"))
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return Path(_made[0].name)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty folder inside it, for as long as the block lasts."""
    folder = Path(tempfile.mkdtemp(dir=process_folder()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
