"""Where something was seen: a source line, a log line, an operation on the wire."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A line of a file."""

    path: str
    """Relative to the target's root, with forward slashes; log files as the user named them."""
    line: int
    """Counted from 1; 0 where only the file is known."""
    function: str | None = None
    """The enclosing function, where known."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"

    @property
    def place(self) -> tuple[str, str | None]:
        """The file and the function's own name: stack traces name it with what it was called on
        (``Worker.print``), without its class, or as the source does."""
        return self.path, self.function and self.function.rpartition(".")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One statement that resolves: ``text`` is what stands at ``path``:``line``."""

    path: str
    """Source file, log file, or ``lab`` for an operation that was measured."""
    line: int
    """Counted from 1; for ``lab`` the operation's index in its run."""
    text: str
    """The line itself (log lines redacted and cut at 400 characters), or the measurement."""
    says: str = ""
    """What it shows, in one clause."""
    supports: bool = True
    """False for evidence against."""
    weight: float | None = None
    """What it adds to the score of a hypothesis, or takes away where it is against; None: what was
    measured, and what is not weighed."""
