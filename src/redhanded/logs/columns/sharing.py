"""Which process reads what: files, and parts of large ones, about the same number of bytes each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from redhanded.case.errors import InputError
from redhanded.logs.columns.blocks import blocks, is_plain
from redhanded.logs.columns.planned import Plans, Read, Tables
from redhanded.logs.columns.slow import REACH_LINES
from redhanded.logs.columns.values import ERROR
from redhanded.logs.files import LogFile
from redhanded.logs.templates.shapes import Places, tokens

SHARE_BYTES_MIN = 8 * 1024 * 1024
"""Less is not worth a process."""
PLANNED_MIN = 0.5
"""Share of lines with a plan in a file's first block below which the record reader reads it all."""
_CUT_BYTES = 1024 * 1024
_COUNT_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Lines of a file; a part that does not begin the file starts where an entry starts."""

    file: LogFile
    place: int
    """Of the file among all that are read."""
    start: int = 0
    end: int | None = None
    line: int = 1
    """Number of the first line."""


def shares(files: Sequence[LogFile], processes: int) -> list[list[Part]]:
    """The files in order, cut into up to ``processes`` shares; the first one is never missing."""
    total = sum(file.size for file in files)
    share_bytes = max(total // max(processes, 1) + 1, SHARE_BYTES_MIN)
    found: list[list[Part]] = [[]]
    left = share_bytes
    for place, file in enumerate(files):
        part = Part(file=file, place=place)
        while len(found) < processes and file.size - part.start > left:
            cut = _cut_or_refused(part, part.start + left)
            if cut is None:
                if found[-1] and left < share_bytes // 2:
                    found.append([])
                    left = share_bytes
                break
            end, part = cut
            found[-1].append(end)
            found.append([])
            left = share_bytes
        found[-1].append(part)
        left -= file.size - part.start
        if left <= 0 and len(found) < processes and place + 1 < len(files):
            found.append([])
            left = share_bytes
    return found


def _cut_or_refused(part: Part, near: int) -> tuple[Part, Part] | None:
    try:
        return _cut(part, near)
    except InputError:
        return None  # said by who reads it


def _cut(part: Part, near: int) -> tuple[Part, Part] | None:
    """``part`` in two, a little behind ``near``; None where there is no place for it."""
    file = part.file
    if not is_plain(file):
        return None
    plans = Plans(Tables())
    if part.start == 0:
        first = next(iter(blocks(file, 0, min(file.size, _CUT_BYTES))), None)
        if first is None or plans.read(tokens(first.data)).known.mean() < PLANNED_MIN:
            return None
    with file.path.open("rb") as raw:
        raw.seek(near)
        data = raw.read(min(_CUT_BYTES, file.size - near))
    begin = data.find(b"\n") + 1
    found = tokens(data[begin : data.rfind(b"\n")] if begin else b"")
    starts = _undisturbed(plans.read(found))
    if not begin or not len(starts):
        return None
    start = near + begin + int(found.lines[starts[0]]) - 1
    line = part.line + _newlines(file, part.start, start)
    ends = Part(file=file, place=part.place, start=part.start, end=start, line=part.line)
    return ends, Part(file=file, place=part.place, start=start, line=line)


def _undisturbed(seen: Read) -> Places:
    """Lines that start entries where no trace reaches from one side to the other: as far as one
    does, nothing before them tells of errors or nothing behind them goes on with a trace."""
    lines = np.arange(len(seen.known))
    unknown = np.append(np.flatnonzero(~seen.known), len(lines) + REACH_LINES)
    behind = unknown[np.searchsorted(unknown, lines)] - lines
    open_ended = np.append(-REACH_LINES, np.flatnonzero(~seen.known | (seen.level >= ERROR)))
    before = lines - open_ended[np.searchsorted(open_ended, lines) - 1]
    free = (behind > REACH_LINES) | ((before > REACH_LINES) & (lines > REACH_LINES))
    free[len(lines) - REACH_LINES :] &= before[len(lines) - REACH_LINES :] > REACH_LINES
    return np.flatnonzero(seen.known & free)


def _newlines(file: LogFile, start: int, end: int) -> int:
    count = 0
    with file.path.open("rb") as raw:
        raw.seek(start)
        while start < end and (data := raw.read(min(_COUNT_BYTES, end - start))):
            count += data.count(b"\n")
            start += len(data)
    return count
