"""What logs could not tell, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from redhanded.logs.tally import FileTally, Tally

_SHOWN_MAX = 5


def limits_of(tally: Tally) -> tuple[str, ...]:
    """Cut files, broken lines, undecodable bytes, missing times and zones; one sentence each."""
    return tuple(sentence for name, counts in tally.items() for sentence in _of(name, counts))


def partly(tally: Tally) -> str:
    """What could be read in part only, or not at all, in brackets; nothing if all was read."""
    told = [
        sentence
        for name, counts in tally.items()
        for sentence in ([counts.refused] if counts.refused else _of_bytes(name, counts))
    ]
    return f" ({'; '.join(told[:_SHOWN_MAX])})" if told else ""


def _of(name: str, counts: FileTally) -> Iterator[str]:
    if counts.refused:
        yield f"left out: {counts.refused}"
        return
    yield from _of_bytes(name, counts)
    if counts.broken:
        yield (
            f"{name} holds lines that are cut inside the file (line {_numbers(counts.broken)}): "
            "read in part"
        )
    if counts.shortened:
        yield (
            f"{name} holds {_entries(counts.shortened)} of more than 64 KiB: the lines beyond are "
            "not looked at"
        )
    if counts.duplicates:
        yield (
            f"{name} tells {counts.duplicates:,} exceptions that another entry of the same span "
            "tells too: counted once"
        )
    yield from _of_times(name, counts)


def _of_bytes(name: str, counts: FileTally) -> Iterator[str]:
    if counts.ends_early:
        yield (
            f"{name} could be unpacked in part only ({counts.ends_early}): counts are lower bounds"
        )
    if counts.cut_at is not None:
        yield (
            f"{name} ends in the middle of line {counts.cut_at}: what came after it is missing, "
            "counts from this file are lower bounds"
        )
    if counts.overlong:
        yield (
            f"{name} holds lines over 16 MiB (line {_numbers(counts.overlong)}): only their first "
            "64 KiB were read"
        )
    if counts.undecodable:
        yield (
            f"{name} holds {_lines(counts.undecodable)} with bytes that are not UTF-8: "
            "read with replacement characters"
        )
    if counts.nuls:
        yield f"{name} holds {_lines(counts.nuls)} with NUL bytes: read without them"


def _of_times(name: str, counts: FileTally) -> Iterator[str]:
    if counts.untimed == counts.records:
        yield f"{name} carries no times that could be read: nothing is said of its order or gaps"
    elif counts.untimed:
        yield f"{name} holds {counts.untimed:,} of {counts.records:,} entries without a time"
    if counts.unzoned:
        yield f"{name} gives times without a zone: read as UTC"
    if counts.yearless:
        yield (
            f"{name} gives times without a year: taken from its other lines, or from when the file "
            "was written"
        )
    if counts.dateless:
        yield (
            f"{name} gives times without a date: taken from its other lines, or from when the file "
            "was written"
        )
    if counts.late:
        yield (
            f"{name} holds {_entries(counts.late)} older than one before, by up to "
            f"{counts.late_ms_max / 1000:,.1f} s"
        )


def _numbers(numbers: list[int]) -> str:
    first = ", ".join(map(str, numbers[:_SHOWN_MAX]))
    return f"{first} and more" if len(numbers) > _SHOWN_MAX else first


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count:,} entries"


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count:,} lines"


def no_rate(name: str, unit: str) -> str:
    """Why there is none, where ``name`` stands in the logs only for what went wrong."""
    return (
        f"the logs name {name} only where something is wrong: how many {unit}s there were is not "
        f"known, so there is no rate; for one, log a line with {name} when a {unit} begins"
    )
