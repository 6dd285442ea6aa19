"""The source that a compiled file comes from."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

_ENDINGS = (".js", ".ts", ".mjs", ".cjs", ".mts", ".cts", "/index.js", "/index.ts")
_OUTPUT = re.compile(r"^((?:.*/)?)(?:dist|build|lib|out|\.build)/(.*)$")


def source_of(path: str, sources: Iterable[str]) -> str | None:
    """``packages/api/src/main.ts`` for ``packages/api/dist/main``, if that is among ``sources``."""
    known = sources if isinstance(sources, dict | set) else set(sources)
    path = posixpath.normpath(path)
    for place in (path, *_uncompiled(path)):
        bare = re.sub(r"\.[cm]?[jt]s$", "", place)
        for candidate in (place, *(f"{bare}{ending}" for ending in _ENDINGS)):
            if candidate in known:
                return candidate
    return None


def _uncompiled(path: str) -> Iterator[str]:
    found = _OUTPUT.match(path)
    if not found:
        return
    yield f"{found[1]}src/{found[2]}"
    yield f"{found[1]}{found[2]}"
    inner = re.match(r"((?:apps|packages|services)/[^/]+)/(?:src/)?(.*)", found[2])
    if inner:  # One folder of output for all packages.
        yield f"{found[1]}{inner[1]}/src/{inner[2]}"
