"""Comments that accept a finding, with a reason.

``// redhanded-ignore RULE -- reason`` speaks of its own line, ``redhanded-ignore-next-line`` of
the next line of code; in Python they begin with ``#``. Without a reason nothing is accepted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from redhanded.case.evidence import Location
from redhanded.case.finding import Finding
from redhanded.case.scan import Remark
from redhanded.source.flow.module import Note

WORD = "redhanded-ignore"
_COMMENT = re.compile(
    rf"{WORD}(?P<next>-next-line)?(?![\w-])\s*:?\s*(?P<rules>[\w.*,\s-]*?)\s*"
    r"(?:(?:--|\u2013|\u2014)\s*(?P<reason>.*))?$",
    re.DOTALL,
)
_NO_CODE = re.compile(r"\s*(?:$|//|#|\*|/\*)")
LOOKED_AHEAD = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """One rule at one line, and why."""

    location: Location
    """Of the comment."""
    line: int
    """Of the findings that it speaks of."""
    rule: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressions:
    """All comments of the files that were read."""

    usable: tuple[Suppression, ...]
    remarks: tuple[Remark, ...]
    """About those that do nothing as they are."""

    def of(self, finding: Finding) -> Suppression | None:
        """The comment that accepts a finding."""
        at = finding.location
        for one in self.usable:
            here = one.location.path == at.path and one.line == at.line
            if here and one.rule == finding.rule:
                return one
        return None

    def unused(self, findings: Iterable[Finding], asked: Collection[str]) -> tuple[Remark, ...]:
        """Comments that speak of nothing that was found by the rules that were asked."""
        used = {one for finding in findings if (one := self.of(finding)) is not None}
        return tuple(
            Remark(
                kind="unused-suppression",
                location=one.location,
                says=f"nothing of {one.rule} is found there any more; the comment can go",
            )
            for one in self.usable
            if one not in used and one.rule in asked
        )


def suppressions(
    files: Iterable[tuple[str, Sequence[Note]]],
    rules: Collection[str],
    text: Callable[[Location], str],
) -> Suppressions:
    """The comments in ``files`` (path and notes); ``rules`` are all names that there are."""
    usable: list[Suppression] = []
    remarks: list[Remark] = []
    for path, notes in files:
        for note in notes:
            if WORD not in note.text:
                continue
            at = Location(path=path, line=note.line)
            parsed = _COMMENT.match(note.text[note.text.index(WORD) :].strip().removesuffix("*/"))
            if parsed is None:
                remarks.append(_unreadable(at))
                continue
            names = [one for one in re.split(r"[,\s]+", parsed["rules"]) if one]
            reason = " ".join((parsed["reason"] or "").split())
            remarks += _wrong(at, names, reason, rules)
            line = _next_line(at, text) if parsed["next"] else note.line
            usable += [
                Suppression(location=at, line=line, rule=one, reason=reason)
                for one in names
                if one in rules and reason
            ]
    return Suppressions(usable=tuple(usable), remarks=tuple(remarks))


def _unreadable(at: Location) -> Remark:
    says = f"this is not read; write: {WORD} RULE -- reason"
    return Remark(kind="unreadable", location=at, says=says)


def _wrong(at: Location, names: Sequence[str], reason: str, rules: Collection[str]) -> list[Remark]:
    if not names:
        says = f"it names no rule, so nothing is suppressed; write: {WORD} RULE -- reason"
        return [Remark(kind="unreadable", location=at, says=says)]
    remarks = []
    if not reason:
        says = f"no reason is given, so nothing is suppressed; write: {WORD} {names[0]} -- reason"
        remarks.append(Remark(kind="no-reason", location=at, says=says))
    for name in names:
        if name not in rules:
            near = get_close_matches(name, rules, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            says = f"there is no rule {name}{hint}"
            remarks.append(Remark(kind="unknown-rule", location=at, says=says))
    return remarks


def _next_line(at: Location, text: Callable[[Location], str]) -> int:
    """The next line with code: comments may go on, or follow each other."""
    for line in range(at.line + 1, at.line + LOOKED_AHEAD):
        if not _NO_CODE.match(text(Location(path=at.path, line=line))):
            return line
    return at.line + 1
