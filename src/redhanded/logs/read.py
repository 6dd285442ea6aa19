"""Records of log files, streamed, with a tally of what was hard to read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from redhanded.case.errors import InputError
from redhanded.logs.assembly import Assembly, Open
from redhanded.logs.documents import Documents
from redhanded.logs.envelopes import Bare, Opener
from redhanded.logs.fields import text_fields
from redhanded.logs.files import LogFile
from redhanded.logs.formats import BY_FIRST, JSON_LINES, LENIENT, LogFormat, otlp
from redhanded.logs.formats.bundles import Piece, may_hold_entries, pieces
from redhanded.logs.lines import Condition, Line, physical_lines
from redhanded.logs.record import Entry, Record
from redhanded.logs.tally import FileTally, Tally, listed
from redhanded.logs.years import Years

__all__ = ["FileTally", "LineReader", "Tally", "read", "read_line"]

_LATE_MS = 1_000.0
_SOURCES_MAX = 10_000
_EXCEPTIONS_MAX = 100_000
"""Exceptions remembered to see whether they are told twice."""
_DOCUMENT_ENDS = ("{", "[")
_OPEN_ENDED = frozenset(("console", "logfmt", "JSON lines"))


def read(files: Sequence[LogFile], tally: Tally | None = None) -> Iterator[Record]:
    """Every entry of ``files``, file by file, in the order of their first lines.

    Lines are taken out of their envelopes, and lines that continue an entry (stack traces, indented
    lines, details) are joined to it. Counts into ``tally`` where one is given. A file that cannot
    be read is left out, and ``tally`` says so, if others can be. Raises ``InputError`` as
    ``physical_lines`` does if none can, and if there is nothing but blank lines.
    """
    told = _Told()
    refused: InputError | None = None
    records = 0
    for file in files:
        counts = FileTally()
        if tally is not None:
            tally[file.name] = counts
        try:
            yield from LineReader(file, counts, told).records()
        except InputError as error:
            refused = refused or error
            counts.refused = str(error)
        if counts.records == 0 and not counts.refused:
            blank = InputError(f"The log {file.name} holds nothing but blank lines; name another.")
            refused = refused or blank
            counts.refused = str(blank)
        records += counts.records
    if refused is not None and (records == 0 or len(files) == 1):
        raise refused


def read_line(text: str, path: str, number: int) -> Record:
    """The entry that one line holds, for a line that was fetched alone."""
    bare = Opener().open(text, number, 0) or Bare(text, number, 0)
    found, _ = _parse(bare.text, None)
    entry = _complete(found, bare) if found else _plain_entry(bare)
    return Record(
        path=path, line=number, offset=0, text=bare.text, source=bare.source or path, entry=entry
    )


class _Told:
    """Exceptions seen, to leave out what a span and a log record both tell."""

    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[str, ...], list[int]] = OrderedDict()

    def again(self, entry: Entry) -> bool:
        """Whether the other kind of report has told this occurrence already."""
        key = otlp.exception_key(entry)
        if key is None:
            return False
        counts = self._counts.setdefault(key, [0, 0])
        if len(self._counts) > _EXCEPTIONS_MAX:
            self._counts.popitem(last=False)
        kind = int(otlp.is_span_event(entry))
        counts[kind] += 1
        return counts[kind] <= counts[1 - kind]


class LineReader:
    """Reads one file: all of it, or the lines that it is given, in their order."""

    def __init__(self, file: LogFile, counts: FileTally, told: _Told | None = None) -> None:
        self._file, self._counts, self._told = file, counts, told or _Told()
        self._opener = Opener()
        self._assembly = Assembly()
        self._documents: dict[tuple[str | None, str], Documents] = {}
        self._last: dict[tuple[str | None, str], LogFormat] = {}
        self._may_hold: dict[tuple[str, ...], bool] = {}
        self._years = Years(written_ms=_written_ms(file))
        self._newest: dict[str, float] = {}
        self._number = 0

    def records(self) -> Iterator[Record]:
        condition = Condition()
        for line in physical_lines(self._file, condition):
            yield from self.feed(line)
        yield from self.end()
        self._conclude(condition)

    def feed(self, line: Line) -> Iterator[Record]:
        """The entries that are complete now."""
        self._number = line.number
        text = _decoded(line, self._counts)
        bare = self._opener.open(text, line.number, line.offset, ended=line.ended)
        if bare is not None:
            self._take(bare)
            while (one := self._assembly.ready(line.number)) is not None:
                yield self._record(one)

    def end(self) -> Iterator[Record]:
        """The entries that were still open when the lines ended."""
        for bare in self._opener.rest():
            self._take(bare)
        for documents in self._documents.values():
            for bare in documents.rest():
                self._line(bare)
        while (one := self._assembly.ready(self._number, all_of_them=True)) is not None:
            yield self._record(one)

    def _take(self, bare: Bare) -> None:
        if bare.appends and self._assembly.append(bare):
            return
        key = (bare.source, bare.stream)
        documents = self._documents.get(key)
        if documents is None:
            if bare.text[-1:] not in _DOCUMENT_ENDS or len(self._documents) >= _SOURCES_MAX:
                self._line(bare)
                return
            documents = self._documents[key] = Documents(_is_json)
        may_begin = not self._assembly.takes_any(bare)
        for complete in documents.feed(bare, may_begin=may_begin):
            self._line(complete)

    def _line(self, bare: Bare) -> None:
        text = bare.text
        if not text or text.isspace():
            self._assembly.blank(bare)
            return
        further: list[str] = []
        if "\n" in text and not bare.row and text[0] not in "{[":
            text, *further = text.split("\n")
            bare.text = text
        if text[0] == "{":
            self._object(bare)
            return
        if text[0] == "[" and self._array(bare):
            return
        one = self._place(bare)
        for line in further:
            one.add(line, bare.number)

    def _place(self, bare: Bare) -> Open:
        """Where the line belongs: it starts an entry, goes on with one, or stands for itself."""
        key = (bare.source, bare.stream)
        entry, known = _parse(bare.text, self._last.get(key))
        belongs = known is not None and known.name == "console" and self._assembly.expects(bare)
        if entry is not None and known is not None and not belongs:
            if known not in LENIENT:
                self._last[key] = known
            return self._start(bare, entry, known)
        taken = self._assembly.go_on(bare)
        if taken is not None:
            return taken
        if bare.envelopes:
            self._counts.formats[bare.envelopes[-1]] += 1
        return self._assembly.plain(bare, self._timed(_plain_entry(bare)))

    def _start(self, bare: Bare, entry: Entry, known: LogFormat) -> Open:
        if not entry.whole:
            self._note_cut(bare)
        name = JSON_LINES.latest if known is JSON_LINES else known.name
        self._counts.formats[name] += 1
        timed = entry.at_ms is not None and known.name not in _OPEN_ENDED
        return self._assembly.start(bare, self._timed(_complete(entry, bare)), timed=timed)

    def _object(self, bare: Bare) -> None:
        """A line that is an object, or begins like one."""
        value = JSON_LINES.decode(bare.text)
        if not isinstance(value, dict):
            self._place(bare)
            return
        names = tuple(value)
        may_hold = self._may_hold.get(names)
        if may_hold is None:
            if len(self._may_hold) >= _SOURCES_MAX:
                self._may_hold.clear()
            may_hold = self._may_hold[names] = may_hold_entries(names)
        found = pieces(value, JSON_LINES) if may_hold else None
        if found is None:
            self._start(bare, JSON_LINES.entry(value), JSON_LINES)
            return
        for piece in found:
            self._piece(bare, piece)

    def _array(self, bare: Bare) -> bool:
        """Takes an array of objects apart; False for what is none."""
        text = bare.text
        if text[1:2] not in "{[\n " or not text.endswith("]"):
            return False
        found = pieces(JSON_LINES.decode(text), JSON_LINES)
        for piece in found or ():
            self._piece(bare, piece)
        return found is not None

    def _piece(self, bare: Bare, piece: Piece) -> None:
        inner = replace(bare, text=piece.text, source=piece.source or bare.source, row=False)
        if piece.at_ms is not None:
            inner.at_ms, inner.zoned, inner.lacks = piece.at_ms, True, ""
        if piece.entry is None:
            opened = self._opener.open_within(inner)
            if opened is not None:
                self._line(opened)
        elif self._told.again(piece.entry):
            self._counts.duplicates += 1
        else:
            self._counts.formats[piece.format] += 1
            self._assembly.start(inner, self._timed(_complete(piece.entry, inner)))

    def _timed(self, entry: Entry) -> Entry:
        """The entry with its year and date, however it was written."""
        if entry.at_ms is None:
            return entry
        if not entry.lacks:
            self._years.dated(entry.at_ms)
            return entry
        return replace(entry, at_ms=self._years.complete(entry.at_ms, entry.lacks), lacks="")

    def _note_cut(self, bare: Bare) -> None:
        if not bare.ended:
            self._counts.cut_at = bare.number
        else:
            listed(self._counts.broken, bare.number)

    def _record(self, one: Open) -> Record:
        entry = one.finished()
        numbers = one.numbers
        follows = numbers[-1] - numbers[0] == len(numbers) - 1
        record = Record(
            path=self._file.name,
            line=one.bare.number,
            offset=one.bare.offset,
            text=one.texts[0] if len(one.texts) == 1 else "\n".join(one.texts),
            source=one.bare.source or self._file.name,
            entry=entry,
            lines=() if follows else tuple(numbers),
        )
        self._counts.shortened += one.shortened
        self._count(record)
        return record

    def _count(self, record: Record) -> None:
        counts = self._counts
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
        newest = self._newest.get(record.source)
        if newest is not None and newest - at_ms > _LATE_MS:
            counts.late += 1
            counts.late_ms_max = max(counts.late_ms_max, newest - at_ms)
        elif newest is None and len(self._newest) >= _SOURCES_MAX:
            return
        elif newest is None or at_ms > newest:
            self._newest[record.source] = at_ms

    def _conclude(self, condition: Condition) -> None:
        counts, packed = self._counts, condition.packed
        counts.yearless, counts.dateless = self._years.yearless, self._years.dateless
        for nesting, lines in self._opener.seen.items():
            for name in nesting:
                counts.envelopes[name] += lines
        counts.shortened += self._opener.shortened
        for kind in packed.kinds:
            counts.envelopes[kind] += 1
        wrong = packed.damaged or (f"truncated {packed.ends_early}" if packed.ends_early else "")
        if wrong:
            counts.ends_early = (
                f"{wrong} after byte {condition.bytes_read} of the uncompressed text"
            )


def _parse(text: str, last: LogFormat | None) -> tuple[Entry | None, LogFormat | None]:
    """The entry that starts on the line, and its format; ``last`` is tried first."""
    if last is not None and (entry := last.parse(text)) is not None:
        return entry, last
    for known in BY_FIRST.get(text[0], ()):
        if known is not last and (entry := known.parse(text)) is not None:
            return entry, known
    return None, None


def _complete(entry: Entry, bare: Bare) -> Entry:
    """The entry with what only its envelope says."""
    if bare.fields:
        for name, value in bare.fields.items():
            entry.fields.setdefault(name, value)
    if bare.at_ms is not None and (entry.at_ms is None or (entry.lacks and not bare.lacks)):
        level = entry.level or bare.level
        return replace(entry, at_ms=bare.at_ms, zoned=bare.zoned, lacks=bare.lacks, level=level)
    if entry.level is None and bare.level is not None and not entry.continues:
        return replace(entry, level=bare.level)
    return entry


def _plain_entry(bare: Bare) -> Entry:
    return Entry(
        fields={**text_fields(bare.text), **bare.fields},
        at_ms=bare.at_ms,
        zoned=bare.zoned,
        lacks=bare.lacks,
        level=bare.level,
        message=bare.text,
    )


def _is_json(text: str) -> bool:
    return JSON_LINES.decode(text) is not None


def _decoded(line: Line, counts: FileTally) -> str:
    data = line.data
    if data.endswith(b"\r"):
        data = data[:-1]
    if line.overlong:
        listed(counts.overlong, line.number)
    if b"\0" in data:
        counts.nuls += 1
        data = data.strip(b"\0").replace(b"\0", b"\xef\xbf\xbd")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        counts.undecodable += 1
        text = data.decode(errors="replace")
    return text.removeprefix("\ufeff") if line.number == 1 else text


def _written_ms(file: LogFile) -> float:
    try:
        return file.path.stat().st_mtime * 1000
    except OSError:
        return 0.0
