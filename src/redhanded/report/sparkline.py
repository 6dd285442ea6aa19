"""Counts over time in one line of text."""

from __future__ import annotations

from collections.abc import Sequence

_BLOCKS = "▁▂▃▄▅▆▇█"
NOTHING = "·"


def sparkline(counts: Sequence[int], *, width: int) -> str:
    """One character for each count, ``·`` for none; neighbours are added up to fit ``width``."""
    step = max(1, -(-len(counts) // width))
    added = [sum(counts[start : start + step]) for start in range(0, len(counts), step)]
    most = max(added, default=0)
    return "".join(_block(count, most) for count in added)


def _block(count: int, most: int) -> str:
    if count <= 0:
        return NOTHING
    return _BLOCKS[min(len(_BLOCKS) - 1, (len(_BLOCKS) * count - 1) // most)]
