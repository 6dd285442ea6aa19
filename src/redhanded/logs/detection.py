"""Which envelopes and formats the lines of a sample have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from redhanded.logs.envelopes import Opener
from redhanded.logs.formats import BY_FIRST, JSON_LINES


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """What a sample of lines looks like."""

    envelopes: tuple[tuple[tuple[str, ...], int], ...]
    """Nestings, the outermost name first (empty: none), with their lines; the frequent first."""
    formats: tuple[tuple[str, int], ...]
    """Names of formats, those of JSON's dialects for objects, with the entries that start; the
    frequent first."""
    others: int
    """Lines that start no entry of a known format: traces, plain console."""

    @property
    def only(self) -> tuple[tuple[str, ...], str] | None:
        """The nesting and the format, if all lines that start an entry share them."""
        if len(self.envelopes) != 1 or len(self.formats) != 1:
            return None
        return self.envelopes[0][0], self.formats[0][0]


def detect(lines: Sequence[str]) -> Detected:
    """Tells envelopes and formats of ``lines`` (without their ends, from a file's beginning) by
    their content."""
    opener = Opener()
    formats: Counter[str] = Counter()
    others = 0
    for number, line in enumerate(lines, 1):
        bare = opener.open(line, number, 0)
        if bare is None or not bare.text.strip():
            continue
        name = format_of(bare.text)
        if name is None:
            others += 1
        else:
            formats[name] += 1
    nestings = Counter({nesting: count for nesting, count in opener.seen.items() if count})
    return Detected(
        envelopes=tuple(nestings.most_common()),
        formats=tuple(formats.most_common()),
        others=others,
    )


def format_of(text: str) -> str | None:
    """Name of the format of an entry that starts on a line without envelopes; None if none does."""
    for known in BY_FIRST.get(text[:1], ()):
        if known.parse(text) is not None:
            return JSON_LINES.latest if known is JSON_LINES else known.name
    return None
