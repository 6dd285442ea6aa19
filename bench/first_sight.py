"""What the scanner found in a new service when it saw it for the first time.

The figures of first sight are those that an unseen service gives: they are taken once, before
anything is mended because of them, and stand beside the figures of later on the page. What was
kept is never measured anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from part import Row, table

from redhanded.case.document import decode, encode

FILE = "first-sight.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSight:
    """One service, as the scanner of that day saw it."""

    revision: str
    """Of the scanner."""
    safe: tuple[str, ...]
    """Findings on the service as it stands: all of them are wrong."""
    found: dict[str, bool]
    """Title of each mutant, and whether it was found."""


class Fault(Protocol):
    """What is asked of a mutant."""

    @property
    def base(self) -> str: ...
    @property
    def mechanism(self) -> str: ...
    @property
    def title(self) -> str: ...


def kept(service: Path) -> FirstSight | None:
    """None: nothing was kept of this service."""
    path = service / FILE
    return decode(path.read_bytes(), FirstSight) if path.is_file() else None


def keep(service: Path, seen: FirstSight) -> None:
    (service / FILE).write_bytes(encode(seen) + b"\n")


def compared(
    services: Sequence[tuple[str, FirstSight, bool]],
    now: Mapping[Fault, bool],
    loud: Mapping[str, int],
) -> str:
    """First sight and now, by service and by mechanism; ``services``: name, first sight, whether it
    is held back; ``now``: each fault and whether it is found; ``loud``: findings on the safe
    service."""
    first = {
        one: seen.found[one.title]
        for base, seen, _ in services
        for one in now
        if one.base == base and one.title in seen.found
    }
    rows = [
        (
            base,
            "held back" if is_held else "mended on",
            seen.revision,
            _share(one for each, one in first.items() if each.base == base),
            _share(now[each] for each in first if each.base == base),
            f"{len(seen.safe)} / {loud.get(base, 0)}",
        )
        for base, seen, is_held in services
    ]
    held = {base for base, _, is_held in services if is_held}
    sums = [
        _sum("held back", {one: found for one, found in first.items() if one.base in held}, now),
        _sum(
            "mended on", {one: found for one, found in first.items() if one.base not in held}, now
        ),
    ]
    sums = [one for one in sums if one[3] != "0 of 0"]
    header = ("service", "", "first seen by", "first sight", "now", "false findings then / now")
    return "\n\n".join(
        (
            "Services that were written before the scanner had seen any like them. *Held back*: "
            "what is missed there was not looked at; *mended on*: it was, and led to changes.",
            table(header, [*rows, *sums]),
            table(("mechanism", "first sight", "now"), _by_mechanism(first, now)),
        )
    )


def _sum(name: str, first: Mapping[Fault, bool], now: Mapping[Fault, bool]) -> Row:
    return (f"all {name}", "", "", _share(first.values()), _share(now[one] for one in first), "")


def _by_mechanism(first: Mapping[Fault, bool], now: Mapping[Fault, bool]) -> list[Row]:
    names = Counter(one.mechanism for one in first)
    return [
        (
            name,
            _share(found for one, found in first.items() if one.mechanism == name),
            _share(now[one] for one in first if one.mechanism == name),
        )
        for name in sorted(names)
    ]


def _share(found: Iterable[bool]) -> str:
    hits = list(found)
    return f"{sum(hits)} of {len(hits)}"
