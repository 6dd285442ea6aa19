"""Files that are read whole: only plain ones, and only of a size that a person may have written.

A tree may hold a pipe under the name of a manifest, or a link to a device that never ends: to open
the one waits for ever, to read the other takes all memory.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

MOST_BYTES = 20_000_000
"""Lock files are the largest that are wanted."""


def plain_bytes(path: Path, most_bytes: int = MOST_BYTES) -> bytes | None:
    """What a file holds; None where it cannot be read, is no file, or is larger."""
    try:
        # Not to wait for somebody who writes into a pipe.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > most_bytes:
            return None
        with os.fdopen(handle, "rb", closefd=False) as stream:
            return stream.read(most_bytes)
    except OSError:
        return None
    finally:
        os.close(handle)


def plain_text(path: Path, most_bytes: int = MOST_BYTES) -> str | None:
    """The same as UTF-8; what is no UTF-8 is replaced."""
    found = plain_bytes(path, most_bytes)
    return None if found is None else found.decode("utf-8", "replace")
