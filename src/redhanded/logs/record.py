"""One entry of a log, whatever format it was written in."""

from __future__ import annotations

from dataclasses import dataclass

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a format reads from the first line of an entry."""

    fields: dict[str, Scalar]
    """Flat: nested names are joined by dots."""
    at_ms: float | None = None
    """Epoch."""
    zoned: bool = True
    """False if the time came without a zone and was read as UTC."""
    level: str | None = None
    """trace, debug, info, warn, error or fatal."""
    message: str = ""
    whole: bool = True
    """False if the line is cut and only parts of it could be read."""
    lacks: str = ""
    """``year`` or ``date`` where the time came without; ``at_ms`` is then within 1972, or within
    the first day of 1970, until the reader completes it."""
    writer: str = ""
    """The process, thread or connection that wrote it, where the line names one."""
    continues: bool = False
    """True for a line that belongs to the last entry of the same writer, though it starts like an
    entry (PostgreSQL's DETAIL)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An entry at its place in its file."""

    path: str
    """The log file as the user named it."""
    line: int
    """Of its first physical line, counted from 1."""
    offset: int
    """Of its first byte; in compressed files of the uncompressed text."""
    text: str
    """All its lines, undecodable bytes replaced."""
    source: str
    """The stream that wrote it: the file, or a container's name in a combined log."""
    entry: Entry
    lines: tuple[int, ...] = ()
    """Number of the physical line behind each line of ``text``; empty if they follow each other
    from ``line`` on."""

    def line_at(self, index: int) -> int:
        """The physical line behind line ``index`` of ``text``, counted from 0."""
        if not self.lines:
            return self.line + index
        return self.lines[min(index, len(self.lines) - 1)]
