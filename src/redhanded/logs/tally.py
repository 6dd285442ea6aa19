"""What reading a log met that was hard to read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

_LISTED_MAX = 100


@dataclass(slots=True)
class FileTally:
    """What reading one file met."""

    records: int = 0
    undecodable: int = 0
    """Lines with bytes that are not UTF-8."""
    nuls: int = 0
    """Lines with NUL bytes."""
    broken: list[int] = field(default_factory=list)
    """Numbers of lines inside the file that are cut, the first hundred."""
    overlong: list[int] = field(default_factory=list)
    """Numbers of lines of which only the first part was read, the first hundred."""
    shortened: int = 0
    """Entries of so many lines that only the first were kept."""
    cut_at: int | None = None
    """Number of the last line if it is cut in the middle."""
    ends_early: str = ""
    """Why packed bytes could be unpacked in part only, with how far they went."""
    refused: str = ""
    """Why nothing of the file was read, where other files were."""
    untimed: int = 0
    unzoned: int = 0
    yearless: int = 0
    dateless: int = 0
    late: int = 0
    """Entries older than one before them from the same source, by more than a second."""
    late_ms_max: float = 0.0
    duplicates: int = 0
    """Exceptions told by a span that a log record had told already, or the other way round."""
    first_ms: float | None = None
    last_ms: float | None = None
    formats: Counter[str] = field(default_factory=Counter)
    envelopes: Counter[str] = field(default_factory=Counter)


Tally = dict[str, FileTally]
"""File name to what was met in it."""


def listed(numbers: list[int], number: int) -> None:
    """Adds ``number`` to a list of which a hundred are kept."""
    if len(numbers) < _LISTED_MAX:
        numbers.append(number)
