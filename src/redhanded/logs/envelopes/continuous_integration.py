"""What GitHub Actions and GitLab put before the lines of a job."""

from __future__ import annotations

import re

from redhanded.logs.envelopes.line_envelope import LETTERS, TIME, Unwrapped
from redhanded.logs.times import epoch_ms

_GITLAB = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (?P<stream>\d\d[OE])(?P<more>\+?) ?"
)
_SECTION = re.compile(r"section_(?:start|end):\d+:[\w.\[\]=,-]*\r?")
_GITHUB = re.compile(
    r"(?:(?P<job>[^\t\n]{1,200})\t(?P<step>[^\t\n]{1,200})\t)?\ufeff?"
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z) ?"
)
_COMMAND = re.compile(r"##\[(?P<level>error|warning|debug|notice)\]")


class GitLab:
    """``2025-01-02T10:00:00.123456Z 00O …``; ``00O+`` continues the line before."""

    name = "GitLab"
    starts = TIME

    def unwrap(self, line: str) -> Unwrapped | None:
        match = _GITLAB.match(line)
        if match is None:
            return None
        moment = epoch_ms(match["time"])
        return Unwrapped(
            text=_SECTION.sub("", line[match.end() :]),
            stream=match["stream"],
            at_ms=moment[0] if moment else None,
            appends=bool(match["more"]),
        )


class GitHub:
    """``2025-01-02T10:00:00.1234567Z …``; ``gh run view --log`` puts job and step before it."""

    name = "GitHub Actions"
    starts = "\ufeff" + TIME + LETTERS

    def unwrap(self, line: str) -> Unwrapped | None:
        if "\t" not in line and line[:1].isalpha():
            return None
        match = _GITHUB.match(line)
        if match is None:
            return None
        text = line[match.end() :]
        moment = epoch_ms(match["time"])
        told = _COMMAND.match(text)
        job = match["job"]
        return Unwrapped(
            text=text[told.end() :] if told else text,
            source=f"{job}/{match['step']}" if job else None,
            at_ms=moment[0] if moment else None,
            level={"warning": "warn", "notice": "info"}.get(told["level"], told["level"])
            if told
            else None,
        )
