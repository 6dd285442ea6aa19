"""What collectors put around lines, one kind per file, nested in any order.

To add one: write its file and put its class into ``ENVELOPES``. Packed bytes are in
``compression.py`` and ``archive.py``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from redhanded.logs.envelopes.colours import without_escapes
from redhanded.logs.envelopes.compose import Compose
from redhanded.logs.envelopes.continuous_integration import GitHub, GitLab
from redhanded.logs.envelopes.cri import Cri
from redhanded.logs.envelopes.docker_json import DockerJson
from redhanded.logs.envelopes.journald import Journald
from redhanded.logs.envelopes.kubectl import Kubectl, Stern
from redhanded.logs.envelopes.line_envelope import TIME, LineEnvelope, Unwrapped
from redhanded.logs.envelopes.quoted_rows import CsvExport, PostgresRows
from redhanded.logs.envelopes.stamps import CollectorStamp, Heroku, may_be_stamped
from redhanded.logs.envelopes.syslog import Syslog3164, Syslog5424
from redhanded.logs.record import Scalar

ENVELOPES: tuple[Callable[[], LineEnvelope], ...] = (
    DockerJson, Journald, Cri, GitLab, GitHub, Heroku, Syslog5424, Syslog3164, CollectorStamp,
    Kubectl, Compose, Stern, PostgresRows,
)  # fmt: skip
"""Tried in this order at each depth, the one that fitted the line before first. A table
(``CsvExport``) is told by a file's first line alone."""

_ROWS = frozenset((CsvExport.name, PostgresRows.name))
"""Envelopes that put pieces together themselves, one at a time."""
_DEPTH_MAX = 6
_PIECES_CHARACTERS_MAX = 16 * 1024 * 1024
"""Of a line that comes in pieces; what is beyond is left out."""
_WAITING_CHARACTERS_MAX = 4 * _PIECES_CHARACTERS_MAX
"""Of all such lines of a file."""
_STREAMS_MAX = 4096


@dataclass(slots=True)
class Bare:
    """A line as its program wrote it."""

    text: str
    number: int
    """Of the physical line that holds it, or its first piece."""
    offset: int
    source: str | None = None
    stream: str = ""
    """Lines that may belong together have the same one."""
    at_ms: float | None = None
    """As the outermost envelope that knows says; None without envelopes that know."""
    zoned: bool = True
    lacks: str = ""
    level: str | None = None
    fields: dict[str, Scalar] = field(default_factory=dict)
    envelopes: tuple[str, ...] = ()
    """Names, the outermost first."""
    apart: bool = False
    row: bool = False
    appends: bool = False
    ended: bool = True


class Opener:
    """Takes the lines of one file out of their envelopes and puts pieces together."""

    def __init__(self) -> None:
        self._all = tuple(make() for make in ENVELOPES)
        self._by_first: dict[str, tuple[LineEnvelope, ...]] = {}
        self._last: list[LineEnvelope | None] = [None] * (_DEPTH_MAX + 1)
        self._table = CsvExport()
        self._waiting: dict[tuple[int, str | None, str], _Pieces] = {}
        self._waiting_characters = 0
        self.seen: Counter[tuple[str, ...]] = Counter()
        """Nestings of envelopes, with their lines."""
        self.shortened = 0
        """Lines whose later pieces were left out."""

    def open(self, text: str, number: int, offset: int, *, ended: bool = True) -> Bare | None:
        """The line inside ``text``; None while pieces of it are still to come."""
        if number == 1:
            self._last[0] = self._table
        return self.open_within(Bare(text, number, offset, ended=ended))

    def open_within(self, bare: Bare) -> Bare | None:
        """As ``open``, for a line of which something is known already."""
        for depth in range(_DEPTH_MAX):
            bare.text = without_escapes(bare.text)
            unwrapped, name = self._unwrap(bare.text, depth)
            if unwrapped is None:
                break
            bare = _inside(bare, unwrapped, name)
            key = (depth, name, "") if name in _ROWS else (depth, bare.source, bare.stream)
            if unwrapped.partial or (self._waiting and key in self._waiting):
                whole = self._pieced(key, bare, more=unwrapped.partial)
                if whole is None:
                    return None
                bare = whole
            if unwrapped.row and "\n" in bare.text:
                break
        self.seen[bare.envelopes] += 1
        return bare

    def rest(self) -> Iterator[Bare]:
        """Lines of which the last piece never came, at the end of the file."""
        for pieces in self._waiting.values():
            bare = pieces.whole()
            self.seen[bare.envelopes] += 1
            yield bare
        self._waiting.clear()

    def _unwrap(self, text: str, depth: int) -> tuple[Unwrapped | None, str]:
        last = self._last[depth]
        if last is not None:
            found = last.unwrap(text)
            if found is not None:
                return found, last.name
        first = text[:1]
        if text[10:11] == "T" and "0" <= first <= "9":
            if not may_be_stamped(text):
                return None, ""
            first = TIME
        for one in self._by_first.get(first) or self._candidates(first):
            if one is not last:
                found = one.unwrap(text)
                if found is not None:
                    self._last[depth] = one
                    return found, one.name
        return None, ""

    def _candidates(self, first: str) -> tuple[LineEnvelope, ...]:
        found = tuple(one for one in self._all if first and first in one.starts)
        self._by_first[first] = found
        return found

    def _pieced(self, key: tuple[int, str | None, str], bare: Bare, *, more: bool) -> Bare | None:
        pieces = self._waiting.get(key)
        if pieces is None:
            if len(self._waiting) >= _STREAMS_MAX:
                return bare
            pieces = self._waiting[key] = _Pieces(bare)
        else:
            pieces.add(bare.text, room=self._waiting_characters < _WAITING_CHARACTERS_MAX)
        if more:
            self._waiting_characters += len(bare.text)
            return None
        del self._waiting[key]
        self._waiting_characters = max(0, self._waiting_characters - pieces.length)
        self.shortened += pieces.shortened
        if key[1] in _ROWS:
            bare.number, bare.offset = pieces.first.number, pieces.first.offset
            return bare
        return pieces.whole()


class _Pieces:
    """A line of which more is to come."""

    def __init__(self, first: Bare) -> None:
        self.first = first
        self._texts = [first.text]
        self.length = len(first.text)
        self.shortened = False

    def add(self, text: str, *, room: bool) -> None:
        self.length += len(text)
        if room and self.length <= _PIECES_CHARACTERS_MAX:
            self._texts.append(text)
        else:
            self.shortened = True

    def whole(self) -> Bare:
        self.first.text = "".join(self._texts)
        return self.first


def _inside(bare: Bare, unwrapped: Unwrapped, name: str) -> Bare:
    source = bare.source
    if unwrapped.source is not None and unwrapped.source != source:
        source = unwrapped.source if source is None else f"{source} {unwrapped.source}"
    inner_time = unwrapped.at_ms is not None
    return Bare(
        text=unwrapped.text,
        number=bare.number,
        offset=bare.offset,
        source=source,
        stream=f"{bare.stream}/{unwrapped.stream}" if unwrapped.stream else bare.stream,
        at_ms=unwrapped.at_ms if inner_time else bare.at_ms,
        zoned=unwrapped.zoned if inner_time else bare.zoned,
        lacks=unwrapped.lacks if inner_time else bare.lacks,
        level=unwrapped.level or bare.level,
        fields={**bare.fields, **unwrapped.fields} if unwrapped.fields else bare.fields,
        envelopes=(*bare.envelopes, name),
        apart=unwrapped.apart,
        row=unwrapped.row,
        appends=unwrapped.appends,
        ended=bare.ended,
    )
