"""The findings that were there before: a file that is kept beside the code.

It holds no line numbers and is sorted, so that it changes only when findings come or go.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from redhanded.case.errors import InputError
from redhanded.case.finding import Finding
from redhanded.case.scan import Known
from redhanded.hunt.scan.fingerprints import Fingerprint

BASELINE_VERSION = 1
HOW = "redhanded scan --write-baseline FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What stands in the file."""

    findings: tuple[Known, ...]
    version: int = BASELINE_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Findings against a baseline."""

    known: frozenset[str]
    """Fingerprints of findings that the baseline has."""
    gone: tuple[Known, ...]


def read(path: Path) -> Baseline:
    """Raises ``InputError`` for a file that is not there or no baseline."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"the baseline {path} cannot be read: {error.strerror}; write one with `{HOW}`"
        ) from None
    try:
        found = msgspec.json.decode(text, type=Baseline)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} is not a baseline of redhanded: {error}; write one with `{HOW}`"
        ) from None
    if found.version != BASELINE_VERSION:
        raise InputError(
            f"{path} is a baseline of version {found.version}, read is {BASELINE_VERSION}; "
            f"write it anew with `{HOW}`"
        )
    return found


def write(path: Path, findings: Iterable[Known]) -> None:
    """Replaces the file in one step. Raises ``InputError`` where it cannot be written."""
    ordered = sorted(findings, key=lambda one: (one.path, one.rule, one.function, one.fingerprint))
    value = msgspec.to_builtins(Baseline(findings=tuple(ordered)))
    text = json.dumps(value, indent=1, ensure_ascii=True) + "\n"
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise InputError(f"the baseline {path} cannot be written: {error.strerror}") from None


def known(finding: Finding, fingerprint: Fingerprint) -> Known:
    """A finding as the file keeps it."""
    return Known(
        fingerprint=fingerprint.whole,
        moved=fingerprint.moved,
        rule=finding.rule,
        path=finding.location.path,
        subject=finding.subject,
        function=finding.location.function or "",
    )


def compare(old: Sequence[Known], now: Sequence[Fingerprint]) -> Compared:
    """Which findings are old, and which old ones are gone.

    First by the whole fingerprint; what is left over on both sides, by the one without the path:
    a file was renamed.
    """
    left = {one.fingerprint: one for one in old}
    found = {one.whole for one in now if left.pop(one.whole, None) is not None}
    by_moved = {one.moved: one.fingerprint for one in left.values()}
    for one in now:
        if one.whole not in found and (before := by_moved.pop(one.moved, None)) is not None:
            left.pop(before)
            found.add(one.whole)
    return Compared(known=frozenset(found), gone=tuple(left.values()))
