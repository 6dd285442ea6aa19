"""Identifiers that several parts of a system count for themselves: job 7 of one queue is not job 7
of another."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.timeline import Timeline

SEEN_MIN = 5
"""Lines that have to speak for it."""
AGREE_MIN = 0.5


def without_other_counters(
    timeline: Timeline, identity: str, things: Sequence[str], home: Collection[tuple[str, int]]
) -> Timeline:
    """The same without ``identity`` on the lines of processes that mean something else by it than
    those that wrote the lines ``home`` (file and line).

    They do where one and the same value goes with other things: job 7 is about licence A in the one
    and about licence B in the other, and licence B stands in the one as well, with another job.
    """
    named = timeline.identifiers[identity]
    is_home = _of_home(timeline, home)
    ours = is_home & (named != 0)
    same, other = np.zeros(len(timeline.processes)), np.zeros(len(timeline.processes))
    for key in things:
        column = timeline.identifiers[key]
        mine = ours & (column != 0)
        theirs = (
            ~is_home & (column != 0) & np.isin(named, named[mine]) & np.isin(column, column[mine])
        )
        agrees = np.isin(_pairs(named[theirs], column[theirs]), _pairs(named[mine], column[mine]))
        process = timeline.process[theirs]
        seen = np.bincount(process, minlength=len(same))
        agreeing = np.bincount(process[agrees], minlength=len(same))
        enough = seen >= SEEN_MIN
        same += enough & (agreeing >= AGREE_MIN * seen)
        other += enough & (agreeing < AGREE_MIN * seen)
    apart = np.flatnonzero((other > 0) & (same == 0))
    if not len(apart):
        return timeline
    kept = np.where(np.isin(timeline.process, apart), 0, named)
    return replace(timeline, identifiers={**timeline.identifiers, identity: kept}, _by_value={})


def _of_home(timeline: Timeline, home: Collection[tuple[str, int]]) -> NDArray[np.bool_]:
    """The rows of the processes that wrote these lines."""
    files = {name: place for place, name in enumerate(timeline.files)}
    wanted = [(files[path], line) for path, line in home if path in files]
    written = np.zeros(len(timeline.line), dtype=bool)
    for file in {one for one, _ in wanted}:
        lines = [line for one, line in wanted if one == file]
        written |= (timeline.file == file) & np.isin(timeline.line, lines)
    return np.isin(timeline.process, np.unique(timeline.process[written]))


def _pairs(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number for each pair; overflow wraps around, which is as good."""
    with np.errstate(over="ignore"):
        return (left * np.int64(1_000_003)) ^ right
