"""A scan as workflow commands of GitHub Actions, which show beside the lines of a pull request.

A step shows ten of each kind, so the first of the ranking come first.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from redhanded.case.scan import Reported, Scan
from redhanded.report.sarif import prefix
from redhanded.report.scan_sentences import confirmation, steps

ESCAPED = {"%": "%25", "\r": "%0D", "\n": "%0A"}
ESCAPED_PROPERTY = ESCAPED | {":": "%3A", ",": "%2C"}


def commands(scan: Scan) -> tuple[str, ...]:
    """One line for each finding and each remark."""
    top = prefix(scan)
    found = [_command(one, top) for one in scan.findings]
    for remark in scan.remarks:
        found.append(
            command(
                "notice",
                remark.says,
                file=str(PurePosixPath(top, remark.location.path)),
                line=str(max(remark.location.line, 1)),
                title="redhanded: a comment that suppresses nothing",
            )
        )
    return tuple(found)


def _command(one: Reported, top: str) -> str:
    finding = one.finding
    level = "error" if one.fails else "warning" if one.state == "new" else "notice"
    within = (f"In the package {finding.package}.",) if finding.package else ()
    said = (*within, finding.message, *steps(finding), *filter(None, [confirmation(one)]))
    return command(
        level,
        "\n".join(said),
        file=str(PurePosixPath(top, finding.location.path)),
        line=str(max(finding.location.line, 1)),
        title=f"{one.title} ({finding.rule}, {one.score:.2f})",
    )


def command(level: str, message: str, **properties: str) -> str:
    """One workflow command, escaped."""
    given = ",".join(
        f"{name}={_escaped(value, ESCAPED_PROPERTY)}" for name, value in properties.items()
    )
    return f"::{level} {given}::{_escaped(message, ESCAPED)}"


def _escaped(text: str, marks: dict[str, str]) -> str:
    return "".join(marks.get(mark, mark) for mark in text)
