"""Says how far a long read is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import count

from redhanded.logs.record import Record


def told(records: Iterable[Record], say: Callable[[str], None], words: str) -> Iterator[Record]:
    """``records``; says ``words`` with their number at 100,000, 200,000, 500,000, a million …"""
    milestones = (step * 10**power for power in count(5) for step in (1, 2, 5))
    milestone = next(milestones)
    for number, record in enumerate(records, start=1):
        if number >= milestone:
            say(f"{words}: {number:,} entries, now in {record.path}")
            milestone = next(milestones)
        yield record
