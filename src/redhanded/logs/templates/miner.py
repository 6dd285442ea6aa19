"""Learns templates from lines as they come, and merges what several miners learned.

Lines become shapes, shapes become masks (``masks.py``), and each distinct mask has an id.
``finish`` then merges masks that differ in values only (``merging.py``). What it gives depends on
the lines alone: on neither their order nor how they were shared out between miners.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.templates.masks import VARIES, joined, mask, shown
from redhanded.logs.templates.merging import merge_alike
from redhanded.logs.templates.shapes import shape, shapes

Ids = NDArray[np.int32]

MASKS_MAX = 2000
"""Distinct masks that are told apart among lines of the same number of spaces."""
SPACES_MAX = 48
"""Lines with more spaces are treated alike."""
WORDS_KEPT = (16, 8, 4, 2, 0)
"""Where there are more masks, lines are told apart by this many first words, and then fewer."""
SHAPES_MAX = 200_000
SHAPE_BYTES_MAX = 32 * 1024 * 1024
"""Shapes whose mask is remembered, so that it is made once; both only cost time."""
LINE_BYTES_MAX = 16 * 1024
"""Of a line's shape that are looked at."""

_WORD = re.compile(r"[^\s=:,;()\[\]{}\"'<>|\x01]*[^\W\d_][^\s=:,;()\[\]{}\"'<>|\x01]*")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Templates:
    """What was learned."""

    texts: tuple[str, ...]
    """With ``<*>`` for what varies; the most frequent first, then by text."""
    counts: NDArray[np.int64]
    """Lines of each."""
    of_id: Ids
    """The miner's id to the place in ``texts``."""
    limits: tuple[str, ...]
    """What could not be told apart, in sentences."""


class Miner:
    """Bounded memory: about ``MASKS_MAX`` masks for each number of spaces; ``limits`` say where
    that was not enough."""

    def __init__(self, *, masks_max: int = MASKS_MAX) -> None:
        self._masks_max = masks_max
        self._becomes: list[int] = []
        """Id to the one that was there before it of a coarser mask, itself if there was none."""
        self._kinds: dict[int, _Kind] = {}
        self._counts = np.zeros(1024, np.int64)
        self._remembered = _Remembered(self)

    def ids(self, block: bytes) -> Ids:
        """The id of each line of ``block``, whose lines are parted by newlines."""
        found = shapes(block)
        given = np.fromiter(map(self._remembered.__getitem__, found), np.int32, len(found))
        self.count(given)
        return given

    def id_of(self, line: bytes) -> int:
        """As ``ids``, of one line, without counting it."""
        return self._remembered[shape(line)]

    def count(self, given: Ids) -> None:
        """Counts one line for each of the ids that this miner gave."""
        if len(given):
            self._reserve()
            counted = np.bincount(given)
            self._counts[: len(counted)] += counted

    def merge(self, other: Miner) -> Ids:
        """Takes over what ``other`` learned; gives this miner's id for each of the other's."""
        for spaces, theirs in other._kinds.items():
            kind = self._kind(spaces)
            if theirs.step > kind.step:
                kind.step = theirs.step
                self._retell(kind)
        places = np.zeros(len(other._becomes), np.int32)
        counts = np.zeros(len(other._becomes), np.int64)
        counts[: len(other._counts)] = other._counts[: len(counts)]
        for spaces, theirs in other._kinds.items():
            kind = self._kind(spaces)
            for text, given in theirs.ids.items():
                places[given] = self._id(text, kind)
        mapped = places[other._resolved()]
        self._reserve()
        np.add.at(self._counts, mapped, counts)
        return mapped

    def finish(self) -> Templates:
        """The templates of all lines so far; more lines may come afterwards."""
        resolved = self._resolved()
        counts = np.zeros(len(resolved), np.int64)
        np.add.at(counts, resolved, self._counts[: len(resolved)])
        living = [
            (text, given) for kind in self._kinds.values() for text, given in kind.ids.items()
        ]
        merged = merge_alike({text for text, _ in living})
        totals: dict[str, int] = dict.fromkeys(merged.values(), 0)
        for text, given in living:
            totals[merged[text]] += int(counts[given])
        order = sorted(totals, key=lambda text: (-totals[text], text))
        position = {text: place for place, text in enumerate(order)}
        of_id = np.zeros(len(resolved), np.int32)
        for text, given in living:
            of_id[given] = position[merged[text]]
        return Templates(
            texts=tuple(shown(text) for text in order),
            counts=np.array([totals[text] for text in order], np.int64),
            of_id=of_id[resolved],
            limits=tuple(self._limits()),
        )

    def _limits(self) -> Iterator[str]:
        for spaces, kind in sorted(self._kinds.items()):
            if kind.step:
                words = WORDS_KEPT[kind.step - 1]
                told = f"by their first {words} words" if words else "not at all"
                more = " or more" if spaces == SPACES_MAX else ""
                yield (
                    f"lines with {spaces}{more} spaces hold over {self._masks_max:,} templates: "
                    f"told apart {told}"
                )

    def _learn(self, found: bytes) -> int:
        text = mask(found[:LINE_BYTES_MAX].decode(errors="replace"))
        return self._id(text, self._kind(min(text.count(" "), SPACES_MAX)))

    def _kind(self, spaces: int) -> _Kind:
        return self._kinds.setdefault(spaces, _Kind())

    def _id(self, text: str, kind: _Kind) -> int:
        text = kind.told(text)
        given = kind.ids.get(text)
        if given is None:
            given = kind.ids[text] = len(self._becomes)
            self._becomes.append(given)
            while len(kind.ids) > self._masks_max:
                kind.step += 1
                self._retell(kind)
        return given

    def _retell(self, kind: _Kind) -> None:
        """Puts the masks of ``kind`` under those that its step leaves apart; ids stay valid."""
        before, kind.ids = kind.ids, {}
        for text, given in before.items():
            self._becomes[given] = kind.ids.setdefault(kind.told(text), given)

    def _resolved(self) -> Ids:
        """Each id to the one that its lines count for now."""
        becomes = np.array(self._becomes, np.int32)
        while (becomes != (further := becomes[becomes])).any():
            becomes = further
        return becomes

    def _reserve(self) -> None:
        if len(self._becomes) > len(self._counts):
            more = max(len(self._becomes) - len(self._counts), len(self._counts))
            self._counts = np.concatenate((self._counts, np.zeros(more, np.int64)))


class _Kind:
    """Lines with the same number of spaces."""

    __slots__ = ("ids", "step")

    def __init__(self) -> None:
        self.step = 0
        """0 for whole masks, else one more than the place in ``WORDS_KEPT``."""
        self.ids: dict[str, int] = {}
        """Its masks to their ids."""

    def told(self, text: str) -> str:
        """``text`` as far as the step keeps it; what one step cuts the next would cut as well."""
        if not self.step:
            return text
        kept = WORDS_KEPT[self.step - 1]
        if not kept:
            return VARIES
        for count, word in enumerate(_WORD.finditer(text)):
            if count == kept:
                return joined(text[: word.start()] + VARIES)
        return text


class _Remembered(dict[bytes, int]):
    """Shapes to ids; forgets everything when it is full."""

    __slots__ = ("_bytes", "_miner")

    def __init__(self, miner: Miner) -> None:
        super().__init__()
        self._miner = miner
        self._bytes = 0

    def __missing__(self, found: bytes) -> int:
        if len(self) >= SHAPES_MAX or self._bytes > SHAPE_BYTES_MAX:
            self.clear()
            self._bytes = 0
        given = self[found] = self._miner._learn(found)
        self._bytes += len(found)
        return given

    def __reduce__(self) -> tuple[type[_Remembered], tuple[Miner]]:
        return _Remembered, (self._miner,)
