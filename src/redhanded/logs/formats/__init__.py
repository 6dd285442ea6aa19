"""Log formats, one per file. To add one: write its file and put it into ``FORMATS``."""

from __future__ import annotations

from typing import Protocol

from redhanded.logs.formats.json_lines import JsonLines
from redhanded.logs.formats.plain_text import PlainText
from redhanded.logs.record import Entry


class LogFormat(Protocol):
    """A way to write log entries."""

    name: str

    def parse(self, line: str) -> Entry | None:
        """The entry that starts on ``line``; None if no entry of this format starts there."""


FORMATS: tuple[LogFormat, ...] = (JsonLines(), PlainText())
"""Tried in this order on each line that may start an entry."""
