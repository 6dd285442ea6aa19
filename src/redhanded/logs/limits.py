"""What logs could not tell, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from redhanded.logs.read import FileTally, Tally

_SHOWN_MAX = 5


def limits_of(tally: Tally) -> tuple[str, ...]:
    """Cut files, broken lines, undecodable bytes, missing times and zones; one sentence each."""
    return tuple(sentence for name, counts in tally.items() for sentence in _of(name, counts))


def _of(name: str, counts: FileTally) -> Iterator[str]:
    if counts.cut_at is not None:
        yield (
            f"{name} ends in the middle of line {counts.cut_at}: what came after it is missing, "
            "counts from this file are lower bounds"
        )
    if counts.broken:
        first = ", ".join(map(str, counts.broken[:_SHOWN_MAX]))
        more = " and more" if len(counts.broken) > _SHOWN_MAX else ""
        yield f"{name} holds lines that are cut inside the file (line {first}{more}): read in part"
    if counts.undecodable:
        yield (
            f"{name} holds {_lines(counts.undecodable)} with bytes that are not UTF-8: "
            "read with replacement characters"
        )
    if counts.untimed == counts.records:
        yield f"{name} carries no times that could be read: nothing is said of its order or gaps"
    elif counts.untimed:
        yield f"{name} holds {counts.untimed:,} of {counts.records:,} entries without a time"
    if counts.unzoned:
        yield f"{name} gives times without a zone: read as UTC"


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count:,} lines"
