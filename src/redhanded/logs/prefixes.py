"""What container tools put before a line."""

from __future__ import annotations

import re

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_COMPOSE = re.compile(r"^(?P<source>[A-Za-z][\w.-]*)\s*\|\s?")
_CRI = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) (?:stdout|stderr) [FP] ")
_STAMP_BEFORE_JSON = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) (?=\{)")


def strip_prefix(line: str) -> tuple[str, str | None]:
    """The line as its program wrote it, without colours, and the container's name if one is given.

    Knows ``docker compose logs`` (``web-1  | …``), Kubernetes' CRI files and ``docker logs -t``.
    """
    if line.startswith("{"):
        return line, None
    if "\x1b" in line:
        line = _ANSI.sub("", line)
    if match := _COMPOSE.match(line):
        inner, _ = strip_prefix(line[match.end() :])
        return inner, match["source"]
    match = _CRI.match(line) or _STAMP_BEFORE_JSON.match(line)
    return (line[match.end() :] if match else line), None
