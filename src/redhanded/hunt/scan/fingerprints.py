"""What a finding is known by when lines move: for baselines, and for pages that track findings.

A fingerprint is made of the rule, the file, the function, the subject and the text of the call
whatever its formatting, never of line numbers. Findings that are equal in all of these are numbered
in the order in which they stand.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from redhanded.case.finding import Finding

DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """With and without the path of the file."""

    whole: str
    moved: str


def fingerprints(
    findings: Sequence[Finding], shape: Callable[[Finding], str]
) -> tuple[Fingerprint, ...]:
    """One for each finding, all different; ``shape`` gives the text of what it is about."""
    whole: dict[int, str] = {}
    moved: dict[int, str] = {}
    seen: Counter[tuple[str, ...]] = Counter()
    for place in sorted(range(len(findings)), key=lambda one: _order(findings[one])):
        finding = findings[place]
        parts = _parts(finding, shape(finding))
        for into, key in ((whole, (*parts, finding.location.path)), (moved, parts)):
            seen[key] += 1
            into[place] = _hashed(*key, str(seen[key]))
    return tuple(
        Fingerprint(whole=whole[place], moved=moved[place]) for place in range(len(findings))
    )


def _parts(finding: Finding, shape: str) -> tuple[str, ...]:
    return (finding.rule, finding.location.function or "", finding.subject, shape)


def _order(finding: Finding) -> tuple[str, int, str, str]:
    return (finding.location.path, finding.location.line, finding.message, finding.entry)


def _hashed(*parts: str) -> str:
    whole = "\x00".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(whole).hexdigest()[:DIGITS]
