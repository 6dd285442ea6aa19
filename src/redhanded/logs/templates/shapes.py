"""The shape of a line: each token that holds a digit becomes one byte.

A block of some thousand lines is worked on as a whole, so that lines which differ in numbers, times
and ids alone cost no more than a look into a dict afterwards.
"""

from __future__ import annotations

import re

import numpy as np

VARIES = b"\x01"
"""Stands for what varies. Where a line itself holds this byte, it varies too."""
SEPARATORS = b" \t\r\n\v\f=:,;()[]{}\"'<>|"
"""Bytes between tokens."""

_SEPARATOR, _WORD, _DIGIT = 0, 1, 2
_KINDS = bytes(
    _SEPARATOR if byte in SEPARATORS else _DIGIT if byte in b"0123456789\x01" else _WORD
    for byte in range(256)
)
_TOKEN = re.compile(rb"[^%b]+" % re.escape(SEPARATORS))
_VARIED = re.compile(rb"[0-9\x01]")


def shapes(block: bytes) -> list[bytes]:
    """The shape of each line of ``block``, whose lines are parted by newlines."""
    return _collapsed(b"\n" + block).split(b"\n")[1:]


def shape(line: bytes) -> bytes:
    """As ``shapes``, of one line, for lines that come alone."""
    return _TOKEN.sub(lambda token: VARIES if _VARIED.search(token[0]) else token[0], line)


def _collapsed(block: bytes) -> bytes:
    """``block``, which starts with a separator, with one byte for each token with a digit.

    A segment is a separator with the token behind it, if there is one.
    """
    kinds = np.frombuffer(block.translate(_KINDS), np.uint8)
    starts = np.flatnonzero(kinds == _SEPARATOR)
    varies = np.maximum.reduceat(kinds, starts) == _DIGIT
    kept = np.repeat(~varies, np.diff(starts, append=len(kinds)))
    kept[starts] = True
    first = starts[varies] + 1
    kept[first] = True
    data = np.frombuffer(block, np.uint8).copy()
    data[first] = VARIES[0]
    return bytes(data[kept])
