"""What a scan says, in sentences that the terminal and documents share."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from redhanded.case.evidence import Location
from redhanded.case.scan import Reported, Scan

_PLACE = re.compile(r"[^\s:()]+:\d+")
_NAME = re.compile(r"^[\w.$#]+(?= )")
STATES = {"weak": "weak", "suppressed": "accepted", "known": "in the baseline", "new": ""}
HASHED = (".py", ".pyi")


def totals(scan: Scan) -> str:
    """What was read, and how many findings there are."""
    read = f"{counted(scan.files, 'file')}, {counted(scan.entries, 'path')}"
    return f"{read}: {counted(scan.counts.new, 'finding')}"


def not_shown(scan: Scan, shown: Sequence[Reported]) -> tuple[str, ...]:
    """Which findings are not on the screen, and how to see them."""
    here = {state: sum(one.state == state for one in shown) for state in STATES}
    counts = scan.counts
    said = []
    if weak := counts.weak - here["weak"]:
        said.append(f"{weak} below the threshold (--all shows them)")
    if accepted := counts.suppressed - here["suppressed"]:
        said.append(f"{accepted} accepted by a comment")
    if known := counts.known - here["known"]:
        said.append(f"{known} in the baseline")
    if counts.elsewhere:
        said.append(f"{counts.elsewhere} that touch nothing changed")
    return tuple(said)


def how_to_accept(one: Reported) -> str:
    """The comment that suppresses a finding, as it is written in that language."""
    mark = "#" if one.finding.location.path.endswith(HASHED) else "//"
    return f"{mark} redhanded-ignore-next-line {one.finding.rule} -- why it is safe here"


def outcome(scan: Scan) -> str:
    """Whether it fails, and for what."""
    failing = sum(one.fails for one in scan.findings)
    if failing:
        return f"{counted(failing, 'finding')} to look at, exit code 1"
    return "exit code 0"


def limits(scan: Scan) -> tuple[str, ...]:
    """What was not read or not followed; of sentences that differ by the place alone, the first
    and how many there are."""
    alike: dict[str, list[str]] = {}
    for sentence in scan.limits:
        alike.setdefault(_kind(sentence), []).append(sentence)
    told = []
    for sentences in alike.values():
        more = len(sentences) - 1
        told.append(sentences[0] + (f" (and {more} more like it)" if more else ""))
    return tuple(told)


def _kind(sentence: str) -> str:
    """A sentence without its places, names and details."""
    without = _PLACE.sub("…", sentence)
    head, colon, tail = without.partition(": ")
    if head != "…":
        return head
    return f"{colon}{_NAME.sub('…', tail)}"


def gone(scan: Scan) -> tuple[str, ...]:
    """Findings of the baseline that are no longer there."""
    return tuple(
        f"{one.rule} in {one.path}" + (f", {one.function}" if one.function else "")
        for one in scan.gone
    )


def place(scan: Scan, at: Location, here: Path) -> str:
    """A location as it can be opened from the folder where the command was given."""
    return f"{opened(scan.root, at.path, here)}:{at.line}"


def opened(root: str, path: str, here: Path) -> str:
    """A path relative to ``root`` as it can be opened from a folder."""
    whole = Path(root, path)
    return os.path.relpath(whole, here) if whole.is_relative_to(here) else str(whole)


def counted(number: int, what: str) -> str:
    """``1 file``, ``1,000 files``."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
