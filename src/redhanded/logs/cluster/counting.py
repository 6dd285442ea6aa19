"""Files to counts that can be added up: whatever the shards, the sums are the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redhanded.case.errors import InputError
from redhanded.logs.cluster.grouping import Grouping, grouped
from redhanded.logs.columns import LEVELS, ColumnReader, Rows, stream
from redhanded.logs.fetch import fetch, shown
from redhanded.logs.files import LogFile
from redhanded.logs.index.ranges import is_plain
from redhanded.logs.read import read
from redhanded.logs.redact import redact
from redhanded.logs.severity import badness, sounds_bad
from redhanded.logs.templates import Miner
from redhanded.logs.templates.keeping import Learned, learned, miner_of
from redhanded.logs.templates.masks import shown as shown_mask

WINDOWS_MAX = 4096
"""Windows of time are doubled in length until there are no more than this."""
EXAMPLES_MAX = 20_000
BLOCKS_MAX = 64
"""Blocks of which the pairs are held before they are added up."""
LINE_BYTES_MAX = 64 * 1024
_BADNESS = np.array([badness(level) for level in LEVELS], np.int64)


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
    """One file, block by block in constant memory; ``grouping`` counts pairs, DuckDB where it is
    installed if none is given."""
    reader = ColumnReader()
    seen = _Seen(grouping or grouped())
    try:
        for rows in stream(reader, [file]):
            seen.add(rows)
        if not seen.total:
            next(read([file]), None)
    except InputError as error:
        return _nothing(limits=(f"not counted: {error}",))
    miner = reader.tables.miner
    known, place = learned(miner)
    size = len(known.masks)
    worst, first = np.zeros(size, np.int64), np.full(size, np.nan)
    at = np.full(size, np.iinfo(np.int64).max)
    for ids, batch_worst, batch_first, batch_at in seen.templates():
        np.maximum.at(worst, place[ids], batch_worst)
        np.fmin.at(first, place[ids], batch_first)
        np.minimum.at(at, place[ids], batch_at)
    window, template, entries, shift = seen.pairs(place)
    return Counts(
        templates=_redacted(known),
        severity=tuple(
            int(level) if level >= 0 else sounds_bad(shown_mask(mask))
            for level, mask in zip(worst - 1, known.masks, strict=True)
        ),
        first_ms=tuple(first.tolist()),
        examples=_examples(file, seen.places, at, worst),
        window=window,
        template=template,
        entries=entries,
        shift=shift,
        total=seen.total,
        size_bytes=file.size,
        files=1,
        limits=(),
    )


class _Seen:
    """What the blocks of a file add up to."""

    def __init__(self, grouping: Grouping) -> None:
        self._grouping = grouping
        self._pairs: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]] = []
        self._templates: dict[int, list[float]] = {}
        self._shift = 0
        self.places: dict[int, tuple[int, int]] = {}
        """Number of an entry to its line and offset, for the first one of each template."""
        self.total = 0

    def add(self, rows: Rows) -> None:
        """Counts a block."""
        ids, index = np.unique(rows.template, return_index=True)
        worst = np.full(len(ids), -1, np.int64)
        first = np.full(len(ids), np.nan)
        where = np.searchsorted(ids, rows.template)
        np.maximum.at(worst, where, np.where(rows.level >= 0, _BADNESS[rows.level], -1))
        np.fmin.at(first, where, rows.at_ms)
        for number, row in enumerate(index.tolist()):
            given = int(ids[number])
            known = self._templates.get(given)
            if known is None:
                self._templates[given] = [worst[number], first[number], self.total + row]
                self.places[self.total + row] = (int(rows.line[row]), int(rows.offset[row]))
            else:
                known[0] = max(known[0], worst[number])
                known[1] = float(np.fmin(known[1], first[number]))
        timed = np.flatnonzero(~np.isnan(rows.at_ms))
        windows = rows.at_ms[timed].astype(np.int64) >> self._shift
        self._pairs.append(self._grouping(windows, rows.template[timed]))
        self.total += len(rows)
        if len(self._pairs) >= BLOCKS_MAX:
            self._together()

    def templates(
        self,
    ) -> Iterator[tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]]:
        """Ids of the miner, the worst level of each plus one (0 without a level), first time, and
        the number of the first entry."""
        if self._templates:
            ids = np.array(list(self._templates), np.int64)
            facts = np.array(list(self._templates.values()), float)
            yield ids, facts[:, 0].astype(np.int64) + 1, facts[:, 1], facts[:, 2].astype(np.int64)

    def pairs(self, place: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], int]:
        """Windows, templates as numbered by ``place``, and entries; and the shift of windows."""
        self._together()
        window, template, entries = self._pairs[0]
        return *_summed(window, place[template], entries), self._shift

    def _together(self) -> None:
        none = np.zeros(0, np.int64)
        window, template, entries = (
            np.concatenate([none, *(pair[at] for pair in self._pairs)]) for at in range(3)
        )
        more = _shift_for(window, 0)
        self._shift += more
        self._pairs = [_summed(window >> more, template, entries)]


def _redacted(known: Learned) -> Learned:
    """Masks that leave this machine hold nothing secret."""
    return replace(known, masks=tuple(redact(mask) for mask in known.masks))


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


def _examples(
    file: LogFile, places: dict[int, tuple[int, int]], at: NDArray[Any], worst: NDArray[Any]
) -> tuple[Example | None, ...]:
    """The first entry of each template, of bad ones before others if there are too many."""
    order = np.argsort(-worst, kind="stable")[:EXAMPLES_MAX]
    chosen = {int(number): places[int(at[number])] for number in order if int(at[number]) in places}
    texts = _texts(file, sorted(set(chosen.values())))
    return tuple(
        Example(path=file.name, line=chosen[number][0], text=texts.get(chosen[number], ""))
        if number in chosen
        else None
        for number in range(len(worst))
    )


def _texts(file: LogFile, places: list[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """The lines at places (line, offset), as they may be shown."""
    if not is_plain(file):
        found = fetch([file], [(file.name, line) for line, _ in places])
        return {place: shown(found.get((file.name, place[0]), "")) for place in places}
    texts = {}
    with file.path.open("rb") as stream:
        for line, offset in places:
            stream.seek(offset)
            data = stream.readline(LINE_BYTES_MAX)
            texts[line, offset] = shown(data.decode(errors="replace").rstrip("\r\n"))
    return texts
