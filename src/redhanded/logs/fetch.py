"""Single lines of log files, as evidence to show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from redhanded.case.inert import inert
from redhanded.logs.files import LogFile
from redhanded.logs.lines import physical_lines
from redhanded.logs.redact import redact

SHOWN_MAX = 400
"""Characters of a line that evidence shows."""

Place = tuple[str, int]
"""File name and line number."""


def fetch(files: Sequence[LogFile], places: Iterable[Place]) -> dict[Place, str]:
    """The whole line at each place, as it stands there; places that do not exist are left out.

    Of a line over 16 MiB its first 64 KiB.
    """
    wanted: dict[str, set[int]] = defaultdict(set)
    for path, number in places:
        wanted[path].add(number)
    found: dict[Place, str] = {}
    for file in files:
        numbers = wanted.get(file.name)
        if not numbers:
            continue
        last = max(numbers)
        for line in physical_lines(file):
            if line.number in numbers:
                text = line.data.decode(errors="replace").rstrip("\r")
                found[file.name, line.number] = text
            if line.number >= last:
                break
    return found


def shown(text: str, *, redacted: bool = True) -> str:
    """A line as it may be shown and stored: redacted, inert and cut at 400 characters."""
    clean = inert(redact(text[: 16 * SHOWN_MAX]) if redacted else text[: 2 * SHOWN_MAX])
    return clean if len(clean) <= SHOWN_MAX else clean[: SHOWN_MAX - 1] + "…"
