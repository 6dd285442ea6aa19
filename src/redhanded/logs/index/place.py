"""Where indexes are kept if nobody says where."""

from __future__ import annotations

import os
from pathlib import Path


def usual_folder() -> Path:
    """In the user's cache: logs may stand where nothing may be written, and what is kept is no
    one else's business."""
    cache = os.environ.get("XDG_CACHE_HOME", "")
    home = Path(cache) if cache.startswith("/") else Path("~/.cache").expanduser()
    return home / "redhanded" / "logs"
