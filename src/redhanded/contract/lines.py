"""On which line of a TOML file a key stands; ``tomllib`` does not say."""

from __future__ import annotations

import re
from collections.abc import Sequence

KeyPath = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(
    r"^\s*((?:[\w-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[\w-]+|\"[^\"]*\"|'[^']*'))*)\s*="
)
_PART = re.compile(r"[\w-]+|\"[^\"]*\"|'[^']*'")


def line_of(text: str, path: Sequence[str | int]) -> int:
    """Line (from 1) of the key at ``path``, or of the nearest thing around it that has a line.

    Array tables count: ``("workload", 1, "sign")`` is in the second ``[[workload]]``.
    """
    lines = _lines_of_keys(text)
    wanted = tuple(path)
    while wanted:
        if wanted in lines:
            return _inside_line(text, lines[wanted], tuple(path)[len(wanted) :])
        wanted = wanted[:-1]
    return 1


def _lines_of_keys(text: str) -> dict[KeyPath, int]:
    """Every header and every key that begins a line, with the line it stands on."""
    found: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _split(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                found.setdefault(table, number)
                table = (*table, counts[table])
            else:
                table = _within_array(table, counts)
            for length in range(1, len(table) + 1):
                found.setdefault(table[:length], number)
        elif key := _KEY.match(line):
            path = table + _split(key[1])
            for length in range(len(table) + 1, len(path) + 1):
                found.setdefault(path[:length], number)
    return found


def _within_array(table: KeyPath, counts: dict[KeyPath, int]) -> KeyPath:
    """``[workload.sign]`` below ``[[workload]]`` belongs to its last entry."""
    for length in range(len(table), 0, -1):
        head = table[:length]
        if head in counts:
            return (*head, counts[head], *table[length:])
    return table


def _split(dotted: str) -> KeyPath:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def _inside_line(text: str, start: int, rest: KeyPath) -> int:
    """An inline table over several lines: the line that holds the last named key."""
    names = [part for part in rest if isinstance(part, str)]
    if not names:
        return start
    pattern = re.compile(rf"(?:^|[{{,\s\"']){re.escape(names[-1])}[\"']?\s*=")
    for number, line in enumerate(text.splitlines()[start - 1 :], start=start):
        if pattern.search(line):
            return number
        if number > start and _HEADER.match(line):
            break
    return start
