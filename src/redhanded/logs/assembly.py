"""Entries from lines: each line starts an entry or belongs to one that is still open."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from redhanded.logs.envelopes import Bare
from redhanded.logs.record import Entry
from redhanded.logs.traces import begun, going_on, is_chain, is_crash, is_frame
from redhanded.logs.traces.trace_format import TraceFormat

JOINED_MAX = 64 * 1024
"""Characters kept of an entry with its further lines."""
_OPEN_MAX = 512
"""Entries that wait for lines; the oldest is given out when there are more."""
_WAITING_CHARACTERS_MAX = 32 * 1024 * 1024
"""Of all entries that wait."""
_AGE_MAX = 200
"""Lines after which nothing is added to an entry that others have followed."""
_TRACES_MAX = 8
_HELD_MAX = 24
"""Lines between an error and its first frame: a message of several lines."""
_HELD_LINES_MAX = 60
"""Lines after which what is held is let go."""
_NEAR_MAX = 8
_BLANKS_MAX = 50
_WRITERS_MAX = 256
_FURTHER = re.compile(r"\s|[})\]]|at |\.\.\. ")
_CALM = frozenset(("info", "debug", "trace"))
_HEADING = re.compile(r"(?:\s*\+ )?(?:Exception Group )?Traceback \(")


@dataclass(slots=True, eq=False)
class Open:
    """An entry to which lines may still be added."""

    bare: Bare
    entry: Entry
    texts: list[str]
    numbers: list[int]
    plain: bool = False
    """True if no format knows its first line."""
    timed: bool = False
    """True if entries of its format start with a time, so that other lines continue it."""
    trace: TraceFormat | None = None
    framed: bool = False
    """True once it holds a frame."""
    closed: bool = False
    held: bool = False
    """True while it may turn out to belong to the error before it."""
    merged: bool = False
    length: int = 0
    shortened: bool = False

    @property
    def last(self) -> str:
        """Its last line."""
        return self.texts[-1]

    def add(self, text: str, number: int) -> None:
        """A further line. Beyond 64 Ki characters only the last one is remembered, so that it is
        still seen what goes on with it."""
        self.length += len(text)
        if self.length < JOINED_MAX:
            self.texts.append(text)
            self.numbers.append(number)
        else:
            self.shortened = True
            self.texts[-1] = text if len(text) < JOINED_MAX else text[:JOINED_MAX]

    def finished(self) -> Entry:
        """The entry; a trace without a logger's line around it is an error by its exception."""
        if not self.plain or self.trace is None:
            return self.entry
        message = self.entry.message
        if _HEADING.match(message):
            message = next(
                (line for line in reversed(self.texts) if line and not line[0].isspace()), message
            )
        return replace(self.entry, level=self.entry.level or "error", message=message)


@dataclass(slots=True)
class _Stream:
    """Lines that follow each other: of one container, process or file."""

    current: Open | None = None
    traces: list[Open] = field(default_factory=list)
    """Older entries with a trace or an error's level, the latest first."""
    held: list[Open] = field(default_factory=list)
    header: Open | None = None
    """An error before ``held``."""
    blanks: list[int] = field(default_factory=list)
    writers: dict[str, Open] = field(default_factory=dict)


class Assembly:
    """Joins the lines of one file. Give it lines with ``start`` and ``go_on``, take entries with
    ``ready``; they come in the order of their first lines."""

    def __init__(self) -> None:
        self._order: deque[Open] = deque()
        self._characters = 0
        self._streams: dict[tuple[str | None, str], _Stream] = {}

    def takes_any(self, bare: Bare) -> bool:
        """Whether the open entry of this line's stream takes lines of any form."""
        stream = self._streams.get((bare.source, bare.stream))
        if stream is None or stream.current is None or stream.current.closed:
            return False
        return stream.current.timed or stream.current.trace is not None

    def blank(self, bare: Bare) -> None:
        """A line with nothing in it; it counts if the next line goes on."""
        stream = self._streams.get((bare.source, bare.stream))
        if stream is not None and len(stream.blanks) < _BLANKS_MAX:
            stream.blanks.append(bare.number)

    def append(self, bare: Bare) -> bool:
        """Adds the text to the last line of the stream; False if there is none."""
        stream = self._streams.get((bare.source, bare.stream))
        if stream is None or stream.current is None or stream.current.closed:
            return False
        stream.current.texts[-1] += bare.text
        return True

    def expects(self, bare: Bare) -> bool:
        """Whether a trace that is open in this line's stream goes on with it, though it might start
        an entry by its form."""
        stream = self._streams.get((bare.source, bare.stream))
        if stream is None or stream.current is None or stream.current.trace is None:
            return False
        one, blank = stream.current, bool(stream.blanks)
        known = one.trace
        return known is not None and known.follows(bare.text, one.last, blank=blank, begun=True)

    def start(self, bare: Bare, entry: Entry, *, timed: bool = False, plain: bool = False) -> Open:
        """A line that starts an entry."""
        stream = self._stream(bare)
        before = stream.writers.get(entry.writer) if entry.continues else None
        if before is not None and not before.closed:
            before.add(bare.text, bare.number)
            before.entry.fields.update(entry.fields)
            stream.current = before
            stream.blanks.clear()
            return before
        texts = [bare.text]
        one = Open(
            bare, entry, texts, [bare.number], plain=plain, timed=timed, length=len(bare.text)
        )
        self._follow(stream, one)
        self._order.append(one)
        self._characters += len(bare.text)
        if entry.writer and timed:
            self._by_writer(stream, entry.writer, one)
        return one

    def go_on(self, bare: Bare) -> Open | None:
        """A line that no format knows: added to the entry it belongs to, None if there is none."""
        stream = self._stream(bare)
        text, blank = bare.text, bool(stream.blanks)
        if self._shows_held(stream, text):
            return self._merge(stream, bare)
        one = self._going_on(stream, bare, blank=blank)
        if one is not None:
            return self._add(stream, one, bare)
        current = stream.current
        if current is None or current.closed:
            return None
        heading = begun(text)
        if heading is not None:
            return self._heading(stream, bare, heading)
        if current.timed:
            return self._add(stream, current, bare)
        if _FURTHER.match(text) and not (bare.apart and current.trace is None):
            return self._add(stream, self._incomplete(stream, current, bare.number), bare)
        return None

    def plain(self, bare: Bare, entry: Entry) -> Open:
        """A line that no format knows and no entry takes."""
        stream = self._stream(bare)
        header = stream.header or next(
            (one for one in self._candidates(stream, bare.number) if one.plain and one.trace), None
        )
        one = self.start(bare, entry, plain=True)
        one.trace = begun(bare.text)
        if one.trace is not None or len(stream.held) >= _HELD_MAX:
            self._release(stream)
        elif header is not None:
            stream.header = header
            stream.held.append(one)
            one.held = True
        return one

    def ready(self, number: int, *, all_of_them: bool = False) -> Open | None:
        """The next entry that takes no more lines when line ``number`` has been seen."""
        order = self._order
        while order:
            first = order[0]
            many = len(order) > _OPEN_MAX or self._characters > _WAITING_CHARACTERS_MAX
            if not all_of_them and not (many and len(order) > 1):
                old = number - first.numbers[-1] > _AGE_MAX and not self._is_current(first)
                if first.held or not (first.closed or old):
                    return None
            order.popleft()
            self._characters -= len(first.bare.text)
            first.closed = True
            if not first.merged:
                return first
        return None

    def _is_current(self, one: Open) -> bool:
        return self._stream(one.bare).current is one

    def _stream(self, bare: Bare) -> _Stream:
        key = (bare.source, bare.stream)
        stream = self._streams.get(key)
        if stream is None:
            if len(self._streams) >= 4096:
                oldest = next(iter(self._streams))
                self._close(self._streams.pop(oldest))
            stream = self._streams[key] = _Stream()
        return stream

    def _close(self, stream: _Stream) -> None:
        for one in (stream.current, *stream.traces, *stream.held, *stream.writers.values()):
            if one is not None:
                one.closed, one.held = True, False

    def _going_on(self, stream: _Stream, bare: Bare, *, blank: bool) -> Open | None:
        """The open entry with whose trace the line goes on; the latest of those that are sure."""
        perhaps: tuple[Open, TraceFormat] | None = None
        for one in self._candidates(stream, bare.number):
            found = going_on(bare.text, one.last, blank=blank, known=one.trace)
            if found is not None and (perhaps is None or found.sure(bare.text, one.last)):
                sure = found.sure(bare.text, one.last)
                perhaps = (one, found)
                if sure:
                    break
        if perhaps is None:
            return None
        perhaps[0].trace, perhaps[0].framed = perhaps[1], True
        return perhaps[0]

    def _candidates(self, stream: _Stream, number: int) -> Iterator[Open]:
        if stream.current is not None and not stream.current.closed:
            yield stream.current
        for one in stream.traces:
            if not one.closed and number - one.numbers[-1] <= _AGE_MAX and one.trace is not None:
                yield one

    def _incomplete(self, stream: _Stream, current: Open, number: int) -> Open:
        """The current entry, or a trace shortly before it: an object is complete by itself."""
        if current.plain or not current.texts[0].startswith("{"):
            return current
        near = (one for one in self._candidates(stream, number) if one.trace is not None)
        return next((one for one in near if number - one.numbers[-1] <= _NEAR_MAX), current)

    def _add(self, stream: _Stream, one: Open, bare: Bare) -> Open:
        if one is stream.current:
            for number in stream.blanks:
                one.add("", number)
        stream.blanks.clear()
        one.add(bare.text, bare.number)
        return one

    def _heading(self, stream: _Stream, bare: Bare, heading: TraceFormat) -> Open | None:
        """A trace begins: it belongs to the logger's entry before it if that tells of an error."""
        current = stream.current
        if is_crash(bare.text) or current is None:
            return None
        if current.timed and current.entry.level not in _CALM:
            current.trace = heading
            return self._add(stream, current, bare)
        for one in stream.traces:
            if not one.closed and one.timed and not one.framed and one.trace is None:
                one.trace = heading
                return self._add(stream, one, bare)
        return None

    def _release(self, stream: _Stream) -> None:
        """Nothing has shown that the lines after an error belong to it: they are entries."""
        for one in stream.held:
            one.held = False
            one.closed = one is not stream.current
        stream.held, stream.header = [], None

    def _shows_held(self, stream: _Stream, text: str) -> bool:
        """Whether ``text`` shows that the lines before it belong to the error before them: they
        are its message's further lines."""
        header = stream.header
        if header is None or not stream.held:
            return False
        return is_chain(text) or (is_frame(text) and not is_frame(header.last))

    def _merge(self, stream: _Stream, bare: Bare) -> Open | None:
        header = stream.header
        if header is None or header.closed:
            self._release(stream)
            return None
        for one in stream.held:
            for text, number in zip(one.texts, one.numbers, strict=True):
                header.add(text, number)
            one.merged, one.closed, one.held = True, True, False
        stream.held, stream.header, stream.current = [], None, header
        header.framed = True
        return self._add(stream, header, bare)

    def _follow(self, stream: _Stream, one: Open) -> None:
        """``one`` is the current entry now; the one before stays open if a trace may go on."""
        before, header = stream.current, stream.header
        if header is not None and one.bare.number - header.numbers[-1] > _HELD_LINES_MAX:
            self._release(stream)
        if before is not None:
            if before.trace is not None or before.entry.level in ("error", "fatal"):
                stream.traces.insert(0, before)
                for other in stream.traces[_TRACES_MAX:]:
                    other.closed = other.entry.writer not in stream.writers
                del stream.traces[_TRACES_MAX:]
            elif stream.writers.get(before.entry.writer) is not before:
                before.closed = True
        stream.blanks.clear()
        stream.current = one

    def _by_writer(self, stream: _Stream, writer: str, one: Open) -> None:
        before = stream.writers.pop(writer, None)
        if before is not None and before is not stream.current:
            before.closed = before not in stream.traces
        stream.writers[writer] = one
        if len(stream.writers) > _WRITERS_MAX:
            oldest = stream.writers.pop(next(iter(stream.writers)))
            oldest.closed = oldest is not stream.current and oldest not in stream.traces
