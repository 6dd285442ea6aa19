"""What the fields of a whole log hold: which of them are identifiers, and of what."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from redhanded.logs.identifiers import Identifier

DISTINCT_MAX = 100_000
"""Distinct values remembered per field; enough to tell an identifier from a category."""
FIELDS_MAX = 128
_LINES_PER_VALUE_MAX = 200
"""A value that stands in more lines than this names a part of the system, not one piece of work."""

_WORK_WORDS = ("job", "task", "message", "delivery", "workitem", "work")
_REQUEST_WORDS = ("req", "correlation", "operation", "transaction")
_TRACE_WORDS = ("trace",)
_PART_WORDS = ("span", "attempt", "execution", "lock", "token", "connection")


@dataclass(slots=True)
class FieldProfile:
    """What was seen under one canonical name."""

    lines: int = 0
    values: set[int] = field(default_factory=set)
    """Hashes, at most 100,000."""
    request_lines: int = 0
    """Lines about an HTTP request that have it."""
    request_values: set[int] = field(default_factory=set)
    names: Counter[str] = field(default_factory=Counter)
    numeric: int = 0

    @property
    def name(self) -> str:
        """The spelling that the log uses most, the simplest one first."""
        return min(self.names, key=lambda name: (-self.names[name], len(name), name))


@dataclass(slots=True)
class Profile:
    """All fields, filled line by line."""

    fields: dict[str, FieldProfile] = field(default_factory=dict)
    lines: int = 0
    request_lines: int = 0

    def add(self, found: Mapping[str, Identifier], *, is_request: bool) -> None:
        self.lines += 1
        self.request_lines += is_request
        for key, identifier in found.items():
            seen = self.fields.get(key)
            if seen is None:
                if len(self.fields) >= FIELDS_MAX:
                    continue
                seen = self.fields[key] = FieldProfile()
            _see(seen, identifier, is_request=is_request)


def value_hash(value: str) -> int:
    """63 bits that stand for ``value``, the same in every process; never 0."""
    digest = hashlib.blake2b(value.encode(errors="surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest) >> 1) or 1


def identifying(profile: Profile) -> tuple[str, ...]:
    """The fields whose values behave like identifiers: many of them, each in few lines."""
    return tuple(key for key, seen in profile.fields.items() if _identifies(key, seen))


def request_field(profile: Profile) -> str | None:
    """The identifier that stands in most lines about HTTP requests, new with nearly each of them;
    None if there is none."""
    best: tuple[int, int, str] | None = None
    for key in identifying(profile):
        seen = profile.fields[key]
        if seen.request_lines < 0.5 * profile.request_lines or not seen.request_lines:
            continue
        if len(seen.request_values) < 0.5 * min(seen.request_lines, DISTINCT_MAX):
            continue
        rank = (-likeness(key)[1], len(seen.request_values), key)
        if best is None or rank > best:
            best = rank
    return best[2] if best else None


def likeness(key: str) -> tuple[int, int]:
    """How much a name sounds like that of a job and of a request: 0 is most, 9 is a part of one.

    Only orders fields that do equally well by their values.
    """
    if key.endswith(_PART_WORDS) and not key.endswith("block"):
        return 9, 9
    work = 0 if any(word in key for word in _WORK_WORDS) else 3
    request = 0 if any(word in key for word in _REQUEST_WORDS) else 3
    if any(word in key for word in _TRACE_WORDS):
        return 2, 1
    return (work, 5) if work == 0 else ((1, 0) if request == 0 else (work, request))


def _see(seen: FieldProfile, identifier: Identifier, *, is_request: bool) -> None:
    value = value_hash(identifier.value)
    seen.lines += 1
    seen.names[identifier.name] += 1
    seen.numeric += identifier.value.isdigit()
    if len(seen.values) < DISTINCT_MAX:
        seen.values.add(value)
    if is_request:
        seen.request_lines += 1
        if len(seen.request_values) < DISTINCT_MAX:
            seen.request_values.add(value)


def _identifies(key: str, seen: FieldProfile) -> bool:
    distinct = len(seen.values)
    if distinct < 2:
        return False
    if distinct < DISTINCT_MAX and seen.lines > _LINES_PER_VALUE_MAX * distinct:
        return False
    if seen.numeric < 0.5 * seen.lines or min(likeness(key)) < 3:
        return True
    return distinct >= 10 or any(name.lower().endswith("id") for name in seen.names)
