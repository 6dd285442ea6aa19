"""What is common to what collectors put around a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from redhanded.logs.record import Scalar

TIME = "\x01"
"""In ``LineEnvelope.starts``: lines that begin with an ISO time with its ``T``."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"


class Unwrapped(NamedTuple):
    """A line without one envelope."""

    text: str
    """What was inside; it may hold newlines where the envelope escapes them."""
    source: str | None = None
    """Who wrote it: a container, a service, a host with its process."""
    stream: str = ""
    """Lines of one source and stream follow each other; others may come between them."""
    at_ms: float | None = None
    zoned: bool = True
    lacks: str = ""
    """See ``Entry.lacks``."""
    level: str | None = None
    partial: bool = False
    """True if the next piece of the same source and stream continues this very line."""
    appends: bool = False
    """True if this piece continues the line before it."""
    fields: Mapping[str, Scalar] = {}
    """What else the envelope says of the writer."""
    apart: bool = False
    """True if programs hand in one entry at a time, so that only traces span several lines."""
    row: bool = False
    """True if newlines in ``text`` belong to one record of a format, not to several lines."""


class LineEnvelope(Protocol):
    """A way to wrap lines. One object serves one file and may keep what it needs from its lines."""

    name: str
    starts: str
    """Characters with which wrapped lines may begin; ``TIME`` for ISO times."""

    def unwrap(self, line: str) -> Unwrapped | None:
        """``line`` without the envelope; None if it is not in this one."""
