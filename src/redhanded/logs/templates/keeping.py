"""What a miner learned, as plain values: to be stored, or sent to another machine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.templates.miner import Miner


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """Masks with their counts; a mask's place is its id."""

    masks: tuple[str, ...]
    kinds: tuple[int, ...]
    """Of each mask, the number of spaces that its lines have."""
    counts: tuple[int, ...]
    steps: tuple[tuple[int, int], ...]
    """Kinds with the step at which their masks are told apart."""


def learned(miner: Miner) -> tuple[Learned, NDArray[np.int32]]:
    """What ``miner`` knows now, and of each of its ids the new one, dense and by text."""
    living = sorted(
        (text, spaces, given)
        for spaces, kind in miner._kinds.items()
        for text, given in kind.ids.items()
    )
    resolved = miner._resolved()
    totals = np.zeros(len(resolved), np.int64)
    np.add.at(totals, resolved, miner._counts[: len(resolved)])
    place = np.zeros(len(resolved), np.int32)
    for position, (_, _, given) in enumerate(living):
        place[given] = position
    value = Learned(
        masks=tuple(text for text, _, _ in living),
        kinds=tuple(spaces for _, spaces, _ in living),
        counts=tuple(int(totals[given]) for _, _, given in living),
        steps=tuple(sorted((spaces, kind.step) for spaces, kind in miner._kinds.items())),
    )
    return value, place[resolved]


def miner_of(value: Learned) -> Miner:
    """A miner that knows the same; its ids are the places in ``value``."""
    miner = Miner()
    for spaces, step in value.steps:
        miner._kind(spaces).step = step
    for given, (text, spaces) in enumerate(zip(value.masks, value.kinds, strict=True)):
        # Two masks may have become one when what was secret in them was taken out.
        miner._becomes.append(miner._kind(spaces).ids.setdefault(text, given))
    miner._reserve()
    miner._counts[: len(value.counts)] = value.counts
    return miner
