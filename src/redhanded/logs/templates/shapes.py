"""The shape of a line: each token that holds a digit becomes one byte.

A block of some thousand lines is worked on as a whole, so that lines which differ in numbers, times
and ids alone cost no more than a look into a dict afterwards.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]

VARIES = b"\x01"
"""Stands for what varies. Where a line itself holds this byte, it varies too."""
SEPARATORS = b" \t\r\n\v\f=:,;()[]{}\"'<>|\\"
"""Bytes between tokens. Escapes in JSON stay what they are, since a backslash is one. Points that
follow each other part tokens too: they lead from a name to its value."""

_SEPARATOR, _WORD, _DIGIT = 0, 1, 2
_NEWLINE = 0x0A
_KINDS = bytes(
    _SEPARATOR if byte in SEPARATORS else _DIGIT if byte in b"0123456789\x01" else _WORD
    for byte in range(256)
)
_POINT = 0x2E
_TOKEN = re.compile(rb"(?:[^%b.]|(?<!\.)\.(?!\.))+" % re.escape(SEPARATORS))
_VARIED = re.compile(rb"[0-9\x01]")


class Tokens(NamedTuple):
    """The lines of a block, with what varies in them."""

    data: Bytes
    """The block, with a newline in front of it."""
    shapes: list[bytes]
    """Of each line."""
    lines: Places
    """Where each line starts in ``data``."""
    first: Places
    """Place in ``starts`` of the first varying token that starts in this line or a later one."""
    starts: Places
    """Where each varying token starts in ``data``."""
    ends: Places
    """Behind its last byte."""


def shapes(block: bytes) -> list[bytes]:
    """The shape of each line of ``block``, whose lines are parted by newlines."""
    segments = _segments(block)
    return _collapsed(segments)


def tokens(block: bytes) -> Tokens:
    """As ``shapes``, with the places of lines and varying tokens."""
    segments = _segments(block)
    varying = np.flatnonzero(segments.varies)
    starts = segments.bounds[:-1]
    lines = np.flatnonzero(segments.data[starts] == _NEWLINE)
    return Tokens(
        data=segments.data,
        shapes=_collapsed(segments),
        lines=starts[lines] + 1,
        first=np.searchsorted(varying, lines),
        starts=starts[varying] + 1,
        ends=segments.bounds[varying + 1],
    )


def shape(line: bytes) -> bytes:
    """As ``shapes``, of one line, for lines that come alone."""
    return _TOKEN.sub(lambda token: VARIES if _VARIED.search(token[0]) else token[0], line)


def varying(line: bytes) -> list[bytes]:
    """The tokens that ``shape`` leaves out."""
    return [token for token in _TOKEN.findall(line) if _VARIED.search(token)]


class _Segments(NamedTuple):
    """Separators, each with the token behind it if there is one."""

    data: Bytes
    bounds: Places
    """Where each starts, and the end of the last."""
    varies: NDArray[np.bool_]


def _segments(block: bytes) -> _Segments:
    data = b"\n" + block
    kinds = np.frombuffer(data.translate(_KINDS) + b"\0", np.uint8)
    if b".." in data:
        points = np.frombuffer(data, np.uint8) == _POINT
        twice = points[1:] & points[:-1]
        kinds = kinds.copy()
        kinds[:-2][twice] = _SEPARATOR
        kinds[1:-1][twice] = _SEPARATOR
    bounds = np.flatnonzero(kinds == _SEPARATOR)
    varies = np.maximum.reduceat(kinds, bounds)[:-1] == _DIGIT
    return _Segments(np.frombuffer(data, np.uint8), bounds, varies)


def _collapsed(segments: _Segments) -> list[bytes]:
    """The lines with one byte in place of each varying token."""
    data, bounds, varies = segments
    starts = bounds[:-1]
    kept = np.repeat(~varies, bounds[1:] - starts)
    kept[starts] = True
    first = starts[varies] + 1
    kept[first] = True
    changed = data.copy()
    changed[first] = VARIES[0]
    return bytes(changed[kept]).split(b"\n")[1:]
