"""Rows of comma-separated values that span several lines, put together again."""

from __future__ import annotations

import re

from redhanded.logs.envelopes.line_envelope import DIGITS, Unwrapped
from redhanded.logs.formats.rows import cells
from redhanded.logs.times import epoch_ms

_POSTGRES_ROW = re.compile(r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [A-Z+\-\d]{1,6},(?:"|,|\d)')
_LINES_MAX = 10_000
"""Lines of one row; a quote that never closes does not swallow the file."""
_HEADER_MAX = 4_096
_TIME_NAMES = ("@timestamp", "timestamp", "date", "time", "datetime")
_MESSAGE_NAMES = ("@message", "message", "content", "log", "msg")
_SOURCE_NAMES = ("@logstream", "logstream", "service", "host", "source")


class _Row:
    """A row that is not complete yet: its quotes do not match."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._odd = False

    @property
    def open(self) -> bool:
        return bool(self._parts)

    def add(self, line: str) -> str | None:
        """The whole row if ``line`` completes it."""
        self._odd ^= bool(line.count('"') % 2)
        if not self._odd and not self._parts:
            return line
        self._parts.append(line)
        if self._odd and len(self._parts) < _LINES_MAX:
            return None
        whole = "\n".join(self._parts)
        self._parts, self._odd = [], False
        return whole


class PostgresRows:
    """PostgreSQL's csvlog: statements and details hold newlines."""

    name = "rows over several lines"
    starts = DIGITS

    def __init__(self) -> None:
        self._row = _Row()

    def unwrap(self, line: str) -> Unwrapped | None:
        if not self._row.open and not (line.count('"') % 2 and _POSTGRES_ROW.match(line)):
            return None
        whole = self._row.add(line)
        return Unwrapped(text=whole or "", partial=whole is None, row=True)


class CsvExport:
    """A table whose first line names its columns, a time and a message among them: CloudWatch
    Insights, Datadog, and what a database or a spreadsheet wrote."""

    name = "CSV export"
    starts = ""

    def __init__(self) -> None:
        self._columns: list[str] | None = None
        self._begun = False
        self._row = _Row()

    def unwrap(self, line: str) -> Unwrapped | None:
        if not self._begun:
            self._begun = True
            self._columns = _columns(line)
            return Unwrapped(text="") if self._columns else None
        if self._columns is None:
            return None
        whole = self._row.add(line)
        if whole is None:
            return Unwrapped(text="", partial=True)
        named = dict(zip(self._columns, cells(whole), strict=False))
        if not named:
            return Unwrapped(text=whole, row=True)
        moment = epoch_ms(_first(named, _TIME_NAMES))
        others = {
            name: value
            for name, value in named.items()
            if value and name not in (*_TIME_NAMES, *_MESSAGE_NAMES, "@ptr")
        }
        return Unwrapped(
            text=_first(named, _MESSAGE_NAMES),
            source=_first(named, _SOURCE_NAMES) or None,
            at_ms=moment[0] if moment else None,
            zoned=moment[1] if moment else True,
            fields=others,
        )


def _columns(line: str) -> list[str] | None:
    if len(line) > _HEADER_MAX:
        return None
    names = cells(line)
    lowered = [name.strip().lower() for name in names]
    timed = any(name in lowered for name in _TIME_NAMES)
    says = any(name in lowered for name in _MESSAGE_NAMES)
    return lowered if timed and says and len(names) > 1 else None


def _first(named: dict[str, str], names: tuple[str, ...]) -> str:
    return next((named[name] for name in names if named.get(name)), "")
