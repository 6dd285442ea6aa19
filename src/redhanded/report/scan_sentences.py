"""What a scan says, in sentences that the terminal and documents share."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from redhanded.case.evidence import Location
from redhanded.case.finding import Finding
from redhanded.case.scan import Reported, Scan

_PLACE = re.compile(r"[^\s:()]+:\d+")
_NAME = re.compile(r"^[\w.$#]+(?= )")
FIRST = re.compile(r" \(first: (?P<path>.+)\)$")
"""At the end of a limit that speaks of several files."""
STATES = {"weak": "weak", "suppressed": "accepted", "known": "in the baseline", "new": ""}
HASHED = (".py", ".pyi")
CALLERS_SHOWN = 3


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
    if counts.not_confirmed:
        said.append(f"{counts.not_confirmed} that the lab did not make happen (left out as asked)")
    if counts.elsewhere:
        said.append(f"{counts.elsewhere} that touch nothing changed")
    return tuple(said)


def confirmation(one: Reported) -> str:
    """What the lab said of it; empty where it was not asked."""
    if one.confirmation is None:
        return ""
    if one.confirmation.word == "CONFIRMED":
        return f"made to happen in the lab: {one.confirmation.why}"
    return f"not made to happen in the lab: {one.confirmation.why}"


def replay(scan: Scan, one: Reported, here: Path) -> str:
    """The command that makes it happen again; empty where it was not made to happen."""
    if one.confirmation is None or not one.confirmation.schedule:
        return ""
    target = [] if Path(scan.root) == here else ["--target", opened(scan.root, ".", here)]
    schedule = opened(scan.root, one.confirmation.schedule, here)
    return shlex.join(["redhanded", "replay", "--schedule", schedule, *target])


def confirmed(scan: Scan) -> str:
    """How many were made to happen, of those that were tried; empty where none was."""
    tried = [one.confirmation for one in scan.findings if one.confirmation is not None]
    if not tried:
        return ""
    happened = sum(one.word == "CONFIRMED" for one in tried)
    return f"{happened} of {len(tried)} made to happen in the lab"


def untried(scan: Scan) -> str:
    """Why none of several findings was tried, where that is the same for all; else empty."""
    reasons = {one.confirmation.why for one in scan.findings if one.confirmation is not None}
    several = sum(one.confirmation is not None for one in scan.findings) > 1
    if not several or len(reasons) != 1:
        return ""
    return f"None was made to happen in the lab: {reasons.pop()}"


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
    """What was not read or not followed, told once of many."""
    return told_once(scan.limits)


def told_once(limits: Sequence[str]) -> tuple[str, ...]:
    """Of sentences that differ by the place alone, the first and how many there are."""
    alike: dict[str, list[str]] = {}
    for sentence in limits:
        alike.setdefault(_kind(sentence), []).append(sentence)
    told = []
    for sentences in alike.values():
        more = len(sentences) - 1
        told.append(sentences[0] + (f" (and {more} more like it)" if more else ""))
    return tuple(told)


def _kind(sentence: str) -> str:
    """A sentence without its places, names and details."""
    if FIRST.search(sentence):
        return FIRST.sub("", sentence)  # what was not read, and why: each reason by itself
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


def callers(finding: Finding) -> dict[int, tuple[Location, ...]]:
    """By number of a step (from 0) the calls that lead to it, innermost first, up to the first in
    another file; only where the innermost one has not been told of yet."""
    told: dict[int, tuple[Location, ...]] = {}
    known = {(step.location.path, step.location.line) for step in finding.steps}
    for number, step in enumerate(finding.steps):
        if not step.via or (step.via[-1].path, step.via[-1].line) in known:
            continue
        calls: list[Location] = []
        for call in reversed(step.via[-CALLERS_SHOWN:]):
            calls.append(call)
            if call.path != step.location.path:
                break
        told[number] = tuple(calls)
        known.add((calls[0].path, calls[0].line))
    return told


def called_at(calls: Sequence[Location], shown: Callable[[Location], str] = str) -> str:
    """``called at src/a.js:9, from src/b.js:3``."""
    return f"called at {', from '.join(map(shown, calls))}"


def steps(finding: Finding) -> tuple[str, ...]:
    """The steps, numbered, each with its place and the calls that lead there."""
    called = callers(finding)
    return tuple(
        f"{number + 1}. {step.location} {step.says}"
        + (f" ({called_at(called[number])})" if number in called else "")
        for number, step in enumerate(finding.steps)
    )


def opened_in(words: str, root: str, here: Path) -> str:
    """A sentence in which places of files below ``root`` are written as they can be opened."""

    def written(match: re.Match[str]) -> str:
        path, _, line = match[0].rpartition(":")
        inside = "/" not in path[:1] and (Path(root) / path).is_file()
        return f"{opened(root, path, here)}:{line}" if inside else match[0]

    said = _PLACE.sub(written, words)
    first = FIRST.search(said)
    if first is None or not (Path(root) / first["path"]).exists():
        return said
    return f"{said[: first.start('path')]}{opened(root, first['path'], here)})"


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
