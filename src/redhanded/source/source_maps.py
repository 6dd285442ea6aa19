"""From a line of a compiled script to the line it was written in, by its source map.

Source map, revision 3 (ECMA-426): mappings are base64 VLQ, one group for each generated line.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from redhanded.case.evidence import Location

COMPILED = (".js", ".cjs", ".mjs")
BYTES_MAX = 20_000_000
_DIGITS = {
    digit: place
    for place, digit in enumerate(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    )
}


def written_at(root: Path, place: Location) -> Location:
    """The place in the source; the same one where no map beside the script tells of it.

    A stack in a log has no use for columns here: the line's first segment counts.
    """
    if not place.path.endswith(COMPILED):
        return place
    found = _lines(root / f"{place.path}.map").get(place.line)
    if found is None:
        return place
    source, line = found
    path = posixpath.normpath(posixpath.join(posixpath.dirname(place.path), source))
    if path.startswith("../") or not (root / path).is_file():
        return place
    return replace(place, path=path, line=line)


@lru_cache(maxsize=256)
def _lines(path: Path) -> dict[int, tuple[str, int]]:
    """Generated line to source and its line, all from 1; empty for what is no map."""
    try:
        if path.stat().st_size > BYTES_MAX:
            return {}
        known = json.loads(path.read_text(encoding="utf-8"))
        sources = [posixpath.join(known.get("sourceRoot") or "", one) for one in known["sources"]]
        return dict(_first_of_each(str(known["mappings"]), sources))
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return {}


def _first_of_each(mappings: str, sources: list[str]) -> Iterator[tuple[int, tuple[str, int]]]:
    source, line = 0, 0
    for number, group in enumerate(mappings.split(";"), 1):
        first = True
        for segment in group.split(","):
            fields = list(_numbers(segment))
            if len(fields) < 4:
                continue
            source, line = source + fields[1], line + fields[2]
            if first:
                yield number, (sources[source], line + 1)
                first = False


def _numbers(segment: str) -> Iterator[int]:
    value, shift = 0, 0
    for digit in segment:
        bits = _DIGITS[digit]
        value += (bits & 31) << shift
        shift += 5
        if not bits & 32:
            yield -(value >> 1) if value & 1 else value >> 1
            value, shift = 0, 0
