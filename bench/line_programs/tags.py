"""Names the line that an operation comes from inside the operation itself."""

from __future__ import annotations

import itertools
import os

_numbers = itertools.count(1)


def tag(name: str) -> str:
    """Unique, in forked processes too; the line to be found has the comment ``line: name``."""
    return f"@{name}-{os.getpid()}{next(_numbers):05}@"
