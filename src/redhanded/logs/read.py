"""Records of log files, streamed, with a tally of what was hard to read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from redhanded.case.errors import InputError
from redhanded.logs.fields import text_fields
from redhanded.logs.files import LogFile
from redhanded.logs.formats import FORMATS
from redhanded.logs.lines import Line, physical_lines
from redhanded.logs.prefixes import strip_prefix
from redhanded.logs.record import Entry, Record

_JOINED_MAX = 64 * 1024
"""Characters kept of an entry with its further lines."""
_FURTHER = re.compile(
    r"^(?:\s|at |Caused by|Traceback \(|\.\.\. |[})\]]|During handling|The above)"
)
_RAISED = re.compile(r"^(?:[a-z_]\w*\.)*[A-Z]\w*(?::|$)")


@dataclass(slots=True)
class FileTally:
    """What reading one file met."""

    records: int = 0
    undecodable: int = 0
    """Lines with bytes that are not UTF-8."""
    broken: list[int] = field(default_factory=list)
    """Numbers of lines inside the file that are cut, the first hundred."""
    cut_at: int | None = None
    """Number of the last line if it is cut in the middle."""
    untimed: int = 0
    unzoned: int = 0
    first_ms: float | None = None
    last_ms: float | None = None
    formats: Counter[str] = field(default_factory=Counter)


Tally = dict[str, FileTally]
"""File name to what was met in it."""


def read(files: Sequence[LogFile], tally: Tally | None = None) -> Iterator[Record]:
    """Every entry of ``files``, file by file, in the order of their lines.

    Lines that continue an entry (stack traces, indented lines) are joined to it. Counts into
    ``tally`` where one is given. Raises ``InputError`` as ``physical_lines`` does, and for a file
    of nothing but blank lines.
    """
    for file in files:
        counts = FileTally()
        if tally is not None:
            tally[file.name] = counts
        for open_entry in _entries(file, counts):
            record = open_entry.record(file)
            _count(counts, record)
            yield record
        if counts.records == 0:
            raise InputError(f"The log {file.name} holds nothing but blank lines; name another.")


def read_line(text: str, path: str, number: int) -> Record:
    """The entry that one line holds, for a line that was fetched alone."""
    bare, source = strip_prefix(text)
    entry = _parse(bare, FileTally()) or Entry(fields=text_fields(bare), message=bare)
    return Record(path=path, line=number, offset=0, text=bare, source=source or path, entry=entry)


@dataclass(slots=True)
class _Open:
    """An entry to which further lines may still belong."""

    line: Line
    entry: Entry
    source: str | None
    texts: list[str]
    timed_format: bool
    """True if entries of its format start with a time, so that other lines continue it."""
    length: int = 0

    def takes(self, text: str) -> bool:
        if _FURTHER.match(text):
            return True
        if self.timed_format:
            return True
        return len(self.texts) > 1 and bool(_RAISED.match(text))

    def add(self, text: str) -> None:
        self.length += len(text)
        if self.length < _JOINED_MAX:
            self.texts.append(text)

    def record(self, file: LogFile) -> Record:
        return Record(
            path=file.name,
            line=self.line.number,
            offset=self.line.offset,
            text=self.texts[0] if len(self.texts) == 1 else "\n".join(self.texts),
            source=self.source or file.name,
            entry=self.entry,
        )


def _entries(file: LogFile, counts: FileTally) -> Iterator[_Open]:
    pending: _Open | None = None
    for line in physical_lines(file):
        text, source = strip_prefix(_decode(line.data, counts))
        if not text.strip():
            continue
        entry = _parse(text, counts)
        if entry is None and pending is not None and pending.takes(text):
            pending.add(text)
            continue
        if pending is not None:
            yield pending
        timed = entry is not None and not text.startswith("{")
        if entry is None:
            entry = Entry(fields=text_fields(text), message=text)
        elif not entry.whole:
            _note_cut(line, counts)
        pending = _Open(line, entry, source, [text], timed)
    if pending is not None:
        yield pending


def _parse(text: str, counts: FileTally) -> Entry | None:
    for known in FORMATS:
        entry = known.parse(text)
        if entry is not None:
            counts.formats[known.name] += 1
            return _unwrap(entry)
    return None


def _unwrap(entry: Entry) -> Entry:
    """Docker's json-file puts the program's own line into ``log``; that line is the entry."""
    inner = entry.fields.get("log")
    if not isinstance(inner, str) or "stream" not in entry.fields:
        return entry
    for known in FORMATS:
        found = known.parse(inner.rstrip("\n"))
        if found is not None:
            return found if found.at_ms is not None else _timed(found, entry)
    return Entry(fields=text_fields(inner), at_ms=entry.at_ms, message=inner.rstrip("\n"))


def _timed(inner: Entry, outer: Entry) -> Entry:
    return Entry(
        fields=inner.fields,
        at_ms=outer.at_ms,
        zoned=outer.zoned,
        level=inner.level,
        message=inner.message,
        whole=inner.whole,
    )


def _decode(data: bytes, counts: FileTally) -> str:
    if data.endswith(b"\r"):
        data = data[:-1]
    try:
        return data.decode()
    except UnicodeDecodeError:
        counts.undecodable += 1
        return data.decode(errors="replace")


def _note_cut(line: Line, counts: FileTally) -> None:
    if not line.ended:
        counts.cut_at = line.number
    elif len(counts.broken) < 100:
        counts.broken.append(line.number)


def _count(counts: FileTally, record: Record) -> None:
    counts.records += 1
    at_ms = record.entry.at_ms
    if at_ms is None:
        counts.untimed += 1
        return
    if not record.entry.zoned:
        counts.unzoned += 1
    if counts.first_ms is None or at_ms < counts.first_ms:
        counts.first_ms = at_ms
    if counts.last_ms is None or at_ms > counts.last_ms:
        counts.last_ms = at_ms
