"""Log formats, one per file. To add one: write its file and put it into ``FORMATS``.

JSON loggers are dialects of one format: see ``json_dialect.py`` and ``DIALECTS`` in
``json_lines.py``. Documents with many entries are taken apart by ``bundles.py``.
"""

from __future__ import annotations

from typing import Protocol

from redhanded.logs.formats.console import Console
from redhanded.logs.formats.json_lines import JsonLines
from redhanded.logs.formats.klog import Klog
from redhanded.logs.formats.log4j import Log4j
from redhanded.logs.formats.logfmt import Logfmt
from redhanded.logs.formats.nginx_access import NginxAccess
from redhanded.logs.formats.nginx_error import NginxError
from redhanded.logs.formats.plain_text import PlainText
from redhanded.logs.formats.postgres_csvlog import PostgresCsvlog
from redhanded.logs.formats.postgres_stderr import PostgresStderr
from redhanded.logs.formats.python_logging import PythonLogging
from redhanded.logs.formats.redis_server import RedisServer
from redhanded.logs.record import Entry


class LogFormat(Protocol):
    """A way to write log entries."""

    name: str
    starts: str
    """Characters with which its lines may begin; it is asked for no others."""

    def parse(self, line: str) -> Entry | None:
        """The entry that starts on ``line``; None if no entry of this format starts there."""


JSON_LINES = JsonLines()
FORMATS: tuple[LogFormat, ...] = (
    JSON_LINES, PostgresCsvlog(), PostgresStderr(), NginxError(), NginxAccess(), RedisServer(),
    Klog(), PythonLogging(), Log4j(), Logfmt(), PlainText(), Console(),
)  # fmt: skip
"""Tried in this order on each line that may start an entry, strict ones first; syslog is an
envelope, since programs write their own formats into it."""
BY_FIRST: dict[str, tuple[LogFormat, ...]] = {
    first: tuple(known for known in FORMATS if first in known.starts)
    for first in {character for known in FORMATS for character in known.starts}
}
"""First character of a line to the formats that it may be of."""
LENIENT = FORMATS[-2:]
"""Formats that read what stricter ones read better: never tried first."""
