"""Source text as formatters leave it alone: no blanks, one kind of quotes, no last commas."""

from __future__ import annotations

import re
from collections.abc import Iterable

_BLANKS = re.compile(r"\s+")
_QUOTES = re.compile(r"[\"'`]")
_LAST_COMMA = re.compile(r",(?=[)\]}])")
_OPEN, _CLOSED = "([{", ")]}"


def shape(text: str) -> str:
    """The text of a line, or of several."""
    bare = _QUOTES.sub('"', _BLANKS.sub("", text))
    return _LAST_COMMA.sub("", bare).rstrip(";,{")


def balanced(lines: Iterable[str]) -> str:
    """The first line, and those after it until what it opens is closed; the first alone where that
    does not come."""
    taken: list[str] = []
    depth = 0
    for line in lines:
        taken.append(line)
        for mark in line:
            depth += (mark in _OPEN) - (mark in _CLOSED)
        if depth <= 0:
            return "\n".join(taken)
    return taken[0] if taken else ""


def call_in(text: str, callee: str) -> str | None:
    """The shape of a call in the lines that it stands on, without what is around it; None where it
    is not found there. ``callee`` is what stands before its arguments."""
    whole, name = shape(text), shape(callee)
    start = whole.find(f"{name}(") if name else -1
    if start < 0:
        return None
    depth = 0
    for place in range(start + len(name), len(whole)):
        if whole[place] in _OPEN:
            depth += 1
        elif whole[place] in _CLOSED:
            depth -= 1
            if depth <= 0:
                return whole[start : place + 1]
    return whole[start:]
