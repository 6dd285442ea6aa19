"""One line of JSON per thing that a driver gave, so that two runs can be compared."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

URL = os.environ["DATABASE_URL"]
LONG_BYTES = int(os.environ.get("LONG_BYTES", "2000000"))
"""Of the row that is longer than any buffer."""


def show(name: str, value: Any) -> None:
    print(json.dumps([name, value], default=repr), flush=True)


def digest(data: bytes | str | memoryview) -> str:
    """What is too long to be shown."""
    raw = data.encode() if isinstance(data, str) else bytes(data)
    return f"{len(raw)} bytes, {hashlib.sha256(raw).hexdigest()[:16]}"
