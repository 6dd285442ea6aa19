"""What one language's stack traces look like, line by line."""

from __future__ import annotations

from typing import Protocol


class TraceFormat(Protocol):
    """Tells which lines begin a trace and which go on with one."""

    name: str

    def begins(self, line: str) -> bool:
        """Whether a trace may begin on ``line`` (the exception's own line, or a heading)."""

    def alone(self, line: str) -> bool:
        """Whether a trace that begins on ``line`` stands for itself, even right after an entry of
        the program's logger (a crash)."""

    def sure(self, line: str, last: str) -> bool:
        """Whether no other trace goes on with such a line, once ``follows`` has said yes."""

    def follows(self, line: str, last: str, *, blank: bool, begun: bool) -> bool:
        """Whether ``line`` goes on with a trace whose last line that is not blank was ``last``;
        ``blank`` says whether blank lines stand between, ``begun`` whether the trace is known to
        be one of this format."""
