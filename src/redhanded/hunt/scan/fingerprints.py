"""What a finding is known by when lines move: for baselines, and for pages that track findings.

A fingerprint is made of the rule, the file, the function, the subject and the line's own text
without blanks, never of line numbers. Findings that are equal in all of these are numbered in the
order in which they stand.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from redhanded.case.evidence import Location
from redhanded.case.finding import Finding

DIGITS = 16
_BLANKS = re.compile(r"\s+")
_QUOTES = re.compile(r"[\"'`]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """With and without the path of the file."""

    whole: str
    moved: str


def fingerprints(
    findings: Sequence[Finding], text: Callable[[Location], str]
) -> tuple[Fingerprint, ...]:
    """One for each finding, all different; ``text`` gives a source line."""
    whole: dict[int, str] = {}
    moved: dict[int, str] = {}
    seen: Counter[tuple[str, ...]] = Counter()
    for place in sorted(range(len(findings)), key=lambda one: _order(findings[one])):
        finding = findings[place]
        parts = _parts(finding, text)
        for into, key in ((whole, (*parts, finding.location.path)), (moved, parts)):
            seen[key] += 1
            into[place] = _hashed(*key, str(seen[key]))
    return tuple(
        Fingerprint(whole=whole[place], moved=moved[place]) for place in range(len(findings))
    )


def _parts(finding: Finding, text: Callable[[Location], str]) -> tuple[str, ...]:
    at = finding.location
    return (finding.rule, at.function or "", finding.subject, shape(text(at)))


def shape(line: str) -> str:
    """A line's text as formatters leave it alone: no blanks, one kind of quotes, no last mark."""
    return _QUOTES.sub('"', _BLANKS.sub("", line)).rstrip(";,{")


def _order(finding: Finding) -> tuple[str, int, str, str]:
    return (finding.location.path, finding.location.line, finding.message, finding.entry)


def _hashed(*parts: str) -> str:
    whole = "\x00".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(whole).hexdigest()[:DIGITS]
