"""Lines that say the value which a database refused, or what stands beside that value.

Where no line of a failing job shares an identifier with other work, the error itself still names
the row that was there (``Key (reference)=(r_17) already exists``). A statement that says this value
twice before the failure was come by twice.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from redhanded.logs.fetch import Place
from redhanded.logs.files import LogFile
from redhanded.logs.read import read
from redhanded.logs.record import Record
from redhanded.logs.templates import template

_TOKEN = re.compile(r"[\w-]{6,}")
_VALUE = re.compile(r"(?=.*\d)[\w-]{6,128}")
_BESIDE_MAX = 20
"""Lines on which a word beside the value may stand; one of more is the name of something else."""
_REPEATED_MAX = 0.5
"""Of a statement that says most things twice anyway, a repetition says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """One failure: what its error names, and when it was."""

    values: tuple[str, ...]
    at_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """A statement that says the value twice before the failure."""

    value: str
    statement: str
    """Without its values."""
    first: Place
    second: Place
    gap_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Echoes:
    """What was found for all failures."""

    by_failure: dict[str, Echo]
    gaps_ms: tuple[float, ...]
    """Between any two lines of these statements that say the same, also where nothing failed."""


def is_telling(value: str) -> bool:
    """Whether a value can be told from other words of a line."""
    return _VALUE.fullmatch(value) is not None


def echoes(files: Sequence[LogFile], failures: Mapping[str, Refused]) -> Echoes:
    """The failures of which such a statement is known, with the earliest one; reads twice."""
    values = {value for each in failures.values() for value in each.values if is_telling(value)}
    if not values:
        return Echoes(by_failure={}, gaps_ms=())
    lines = _Lines(values)
    for record in read(files):
        lines.meet(record)
    lines.follow()
    for record in read(files):
        lines.meet(record, again=True)
    found = {}
    for name, failure in failures.items():
        told = [echo for value in failure.values if (echo := lines.echo(value, failure.at_ms))]
        if told:
            found[name] = told[0]
    masks = dict.fromkeys(each.statement for each in found.values())
    gaps = tuple(gap for mask in masks for gap in lines.gaps_ms[mask])
    return Echoes(by_failure=found, gaps_ms=gaps)


class _Lines:
    def __init__(self, values: Iterable[str]) -> None:
        self._values = frozenset(values)
        self._beside: dict[str, set[str]] = defaultdict(set)
        """Words to the values that they stand beside."""
        self._leads: dict[str, str] = {}
        self._said: dict[str, dict[tuple[str, int], Record]] = defaultdict(dict)
        self._by_word: dict[str, list[Record]] = defaultdict(list)
        self._messages: dict[str, Counter[int]] = defaultdict(Counter)
        self._last_ms: dict[int, float] = {}
        self.gaps_ms: dict[str, list[float]] = defaultdict(list)
        """Statement to the times between lines that say the same."""

    def meet(self, record: Record, *, again: bool = False) -> None:
        message = record.entry.message.partition("\n")[0]
        if record.entry.at_ms is None or record.entry.level in ("warn", "error", "fatal"):
            return
        words = set(_TOKEN.findall(message))
        if again:
            mask, said = template(message), hash(message)
            self._messages[mask][said] += 1
            if said in self._last_ms:
                self.gaps_ms[mask].append(abs(record.entry.at_ms - self._last_ms[said]))
            self._last_ms[said] = record.entry.at_ms
            for word in words & self._leads.keys():
                self._by_word[word].append(record)
            return
        for value in words & self._values:
            self._said[value][record.path, record.line] = record
            for word in words - self._values:
                if any(map(str.isdigit, word)):
                    self._beside[word].add(value)

    def follow(self) -> None:
        """Words beside one value alone lead to more lines about it."""
        self._leads = {
            word: next(iter(values)) for word, values in self._beside.items() if len(values) == 1
        }

    def echo(self, value: str, before_ms: float) -> Echo | None:
        said = dict(self._said[value])
        for word, its in self._leads.items():
            records = self._by_word[word]
            if its == value and len(records) <= _BESIDE_MAX:
                said |= {(each.path, each.line): each for each in records}
        groups: dict[str, list[tuple[float, Place]]] = defaultdict(list)
        for place, record in said.items():
            at_ms = record.entry.at_ms
            if at_ms is not None and at_ms <= before_ms:
                groups[template(record.entry.message.partition("\n")[0])].append((at_ms, place))
        pairs = []
        for mask, lines in groups.items():
            if len(lines) > 1 and self._is_rare(mask):
                earlier, later = sorted(lines)[-2:]
                pairs.append((earlier, later, mask))
        if not pairs:
            return None
        (first_ms, first), (second_ms, second), mask = min(pairs)
        return Echo(
            value=value, statement=mask, first=first, second=second, gap_ms=second_ms - first_ms
        )

    def _is_rare(self, mask: str) -> bool:
        counts = self._messages[mask]
        again = sum(1 for count in counts.values() if count > 1)
        return again <= _REPEATED_MAX * max(len(counts), 1)
