"""Files to counts that can be added up: whatever the shards, the sums are the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redhanded.case.errors import InputError
from redhanded.logs.cluster.grouping import Grouping, grouped
from redhanded.logs.fetch import fetch, shown
from redhanded.logs.files import LogFile
from redhanded.logs.index.building import read_file
from redhanded.logs.index.rows import IndexedFile
from redhanded.logs.templates import Miner
from redhanded.logs.templates.keeping import Learned, learned, miner_of

WINDOWS_MAX = 4096
"""Windows of time are doubled in length until there are no more than this."""
EXAMPLES_MAX = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """The first entry of a template, by name of the file and line."""

    path: str
    line: int
    text: str
    """Redacted, cut at 400 characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What some files hold. Arrays over pairs of a window and a template have length m."""

    templates: Learned
    severity: tuple[int, ...]
    """Of each template the worst: 3 fatal, 2 error, 1 warn, 0 nothing bad."""
    first_ms: tuple[float, ...]
    """Of each template; NaN without times."""
    examples: tuple[Example | None, ...]
    """Of each template that may be a failure, and of others as far as there is room."""
    window: NDArray[Any]
    """The begin in milliseconds divided by two to the power of ``shift``."""
    template: NDArray[Any]
    entries: NDArray[Any]
    """Of each pair."""
    shift: int
    total: int
    """Entries, those without a time too."""
    size_bytes: int
    files: int
    limits: tuple[str, ...]
    """Files that could not be read, and why."""


def count_files(files: Iterable[LogFile], *, grouping: Grouping | None = None) -> Counts:
    """Reads each file once and counts it; one that cannot be read is a limit of the result."""
    return added(count_file(file, grouping=grouping) for file in files)


def count_file(file: LogFile, *, grouping: Grouping | None = None) -> Counts:
    """One file; ``grouping`` counts pairs, DuckDB where it is installed if none is given."""
    try:
        part = read_file(file)
    except InputError as error:
        return _nothing(limits=(f"not counted: {error}",))
    columns = part.columns
    timed = np.flatnonzero(~np.isnan(columns.at_ms))
    times = columns.at_ms[timed].astype(np.int64)
    shift = _shift_for(times, 0)
    count = grouping or grouped()
    window, template, entries = count(times >> shift, columns.template[timed])
    templates = len(part.facts.templates.masks)
    worst, first = np.zeros(templates, np.int64), np.full(templates, np.nan)
    np.maximum.at(worst, columns.template, columns.severity)
    np.fmin.at(first, columns.template, columns.at_ms)
    return Counts(
        templates=part.facts.templates,
        severity=tuple(worst.tolist()),
        first_ms=tuple(first.tolist()),
        examples=_examples(file, part, worst),
        window=window,
        template=template,
        entries=entries,
        shift=shift,
        total=len(columns),
        size_bytes=file.size,
        files=1,
        limits=part.facts.limits,
    )


def added(parts: Iterable[Counts]) -> Counts:
    """The counts of all parts together, in any order and any nesting."""
    known = list(parts)
    if not known:
        return _nothing()
    miner = Miner()
    given = [miner.merge(miner_of(part.templates)) for part in known]
    templates, place = learned(miner)
    homes = [place[ids] for ids in given]
    shift = max(part.shift for part in known)
    window = np.concatenate([part.window >> (shift - part.shift) for part in known])
    more = _shift_for(window, 0)
    window = window >> more
    template = np.concatenate(
        [home[part.template] for home, part in zip(homes, known, strict=True)]
    )
    entries = np.concatenate([part.entries for part in known])
    window, template, entries = _summed(window, template, entries)
    size = len(templates.masks)
    worst, first = np.zeros(size, np.int64), np.full(size, np.nan)
    examples: list[Example | None] = [None] * size
    for home, part in zip(homes, known, strict=True):
        np.maximum.at(worst, home, np.asarray(part.severity, np.int64))
        np.fmin.at(first, home, np.asarray(part.first_ms, float))
        for number, example in zip(home.tolist(), part.examples, strict=True):
            examples[number] = _earlier(examples[number], example)
    return Counts(
        templates=templates,
        severity=tuple(worst.tolist()),
        first_ms=tuple(first.tolist()),
        examples=tuple(examples),
        window=window,
        template=template,
        entries=entries,
        shift=shift + more,
        total=sum(part.total for part in known),
        size_bytes=sum(part.size_bytes for part in known),
        files=sum(part.files for part in known),
        limits=tuple(sorted({limit for part in known for limit in part.limits})),
    )


def _nothing(limits: tuple[str, ...] = ()) -> Counts:
    none = np.zeros(0, np.int64)
    return Counts(
        templates=Learned(masks=(), kinds=(), counts=(), steps=()),
        severity=(), first_ms=(), examples=(), window=none, template=none, entries=none,
        shift=0, total=0, size_bytes=0, files=0, limits=limits,
    )  # fmt: skip


def _shift_for(windows: NDArray[Any], shift: int) -> int:
    """By how much more windows have to be halved in number, so that there are 4,096 at most."""
    distinct = np.unique(windows >> shift)
    while len(distinct) > WINDOWS_MAX:
        shift += 1
        distinct = np.unique(distinct >> 1)
    return shift


def _summed(
    window: NDArray[Any], template: NDArray[Any], entries: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    order = np.lexsort((template, window))
    window, template, entries = window[order], template[order], entries[order]
    new = np.ones(len(window), bool)
    new[1:] = (window[1:] != window[:-1]) | (template[1:] != template[:-1])
    begins = np.flatnonzero(new)
    if not len(begins):
        return window, template, entries
    return window[begins], template[begins], np.add.reduceat(entries, begins)


def _earlier(one: Example | None, other: Example | None) -> Example | None:
    if one is None or other is None:
        return one or other
    return min(one, other, key=lambda example: (example.path, example.line))


def _examples(file: LogFile, part: IndexedFile, worst: NDArray[Any]) -> tuple[Example | None, ...]:
    """The first entry of each template, of bad ones before others if there are too many."""
    columns = part.columns
    present, rows = np.unique(columns.template, return_index=True)
    ranked = sorted(
        zip(present.tolist(), rows.tolist(), strict=True), key=lambda one: -worst[one[0]]
    )
    chosen = dict(ranked[:EXAMPLES_MAX])
    places = {number: (file.name, int(columns.line[row])) for number, row in chosen.items()}
    texts = fetch([file], places.values())
    return tuple(
        Example(path=file.name, line=places[number][1], text=shown(texts.get(places[number], "")))
        if number in places
        else None
        for number in range(len(worst))
    )
