"""Where one RESP2 or RESP3 reply ends, found without holding it whole.

Specification: https://redis.io/docs/latest/develop/reference/protocol-spec/ . Long strings pass
in pieces; only the first words of a reply are kept, to tell whose it is.
"""

from __future__ import annotations

LINE_BYTES_MAX = 1024 * 1024
WORD_BYTES_MAX = 64 * 1024
"""Strings up to this length are waited for; longer ones are passed over as they come."""
DEPTH_MAX = 1000
WORDS_KEPT = 3

_SCALARS = frozenset(b"+-:,#(_")
_STRINGS = frozenset(b"$=!")
_AGGREGATES = frozenset(b"*~>%|")
_MAP, _ATTRIBUTE, _ERROR, _BULK_ERROR = b"%|-!"
_ATTRIBUTE_END = -1


class MalformedReply(ValueError):
    """At ``position`` there is no RESP."""

    def __init__(self, position: int, what: str) -> None:
        super().__init__(what)
        self.position = position


class ReplyReader:
    """Reads one reply after another."""

    def __init__(self) -> None:
        self.need = 1
        """After ``read`` gave false: bytes needed from the position that it gave, to go on."""
        self.head = 0
        """Type byte of the reply; 0 before it begins."""
        self.words: list[bytes] = []
        """The reply itself if it is no array, else the first ones in it; empty for one that is an
    array or very long."""
        self.error: bytes | None = None
        """An error that is the reply, without its type byte."""
        self.inner_error: bytes | None = None
        """The first error directly inside an array (EXEC)."""
        self._open: list[int] = []
        self._rest = 0

    def reset(self) -> None:
        """Makes ready for the next reply."""
        self.head = 0
        self.words = []
        self.error = self.inner_error = None
        self._open.clear()
        self._rest = 0

    def read(self, data: bytes, position: int) -> tuple[bool, int]:
        """Reads on from ``position``; gives whether the reply is complete, and up to where it was
        read. Raises ``MalformedReply``."""
        size = len(data)
        while True:
            if self._rest:
                step = min(self._rest, size - position)
                self._rest -= step
                position += step
                if self._rest:
                    self.need = 1
                    return False, position
                if self._element_done():
                    return True, position
            line_end = data.find(b"\r\n", position)
            if line_end < 0:
                if size - position > LINE_BYTES_MAX:
                    raise MalformedReply(position, "a line without end")
                if position < size and data[position] not in _TYPES:
                    raise MalformedReply(position, "not a reply")
                self.need = size - position + 1
                return False, position
            kind = data[position]
            after = line_end + 2
            if kind in _STRINGS:
                length = _length(data, position, line_end)
                if length > WORD_BYTES_MAX:
                    self._begin(kind)
                    self._note(kind, b"")
                    self._rest = after - position + length + 2
                    continue
                end = after + length + 2 if length >= 0 else after
                if end > size:
                    self.need = end - position
                    return False, position
                self._begin(kind)
                word = data[after : after + length] if length >= 0 else b""
                if length >= 0 and data[end - 2 : end] != b"\r\n":
                    raise MalformedReply(position, "a string longer than it says")
                self._note(kind, word)
                after = end
            elif kind in _SCALARS:
                self._begin(kind)
                self._note(kind, data[position + 1 : line_end])
            elif kind in _AGGREGATES:
                count = _length(data, position, line_end)
                self._begin(kind)
                if self._enter(kind, count, position):
                    position = after
                    continue
            else:
                raise MalformedReply(position, "not a reply")
            position = after
            if self._element_done():
                return True, position

    def _begin(self, kind: int) -> None:
        if not self.head and kind != _ATTRIBUTE and not self._open:
            self.head = kind

    def _note(self, kind: int, word: bytes) -> None:
        depth = len(self._open)
        inside = depth == 1 or (depth == 0 and kind not in _AGGREGATES)
        if inside and len(self.words) < WORDS_KEPT:
            self.words.append(word)
        if kind in (_ERROR, _BULK_ERROR):
            if depth == 0:
                self.error = word
            elif depth == 1 and self.inner_error is None:
                self.inner_error = word

    def _enter(self, kind: int, count: int, position: int) -> bool:
        """Goes into an array, map or attribute; false where there is nothing inside."""
        if len(self._open) >= DEPTH_MAX:
            raise MalformedReply(position, "replies nested too deeply")
        if kind == _ATTRIBUTE:
            if count > 0:
                self._open += (_ATTRIBUTE_END, 2 * count)
            return True
        self._note(kind, b"")
        if count <= 0:
            return False
        self._open.append(2 * count if kind == _MAP else count)
        return True

    def _element_done(self) -> bool:
        """Counts an element as read; true if the reply is complete with it."""
        while self._open:
            self._open[-1] -= 1
            if self._open[-1]:
                return False
            self._open.pop()
            if self._open and self._open[-1] == _ATTRIBUTE_END:
                self._open.pop()
                return False
        return True


_TYPES = _SCALARS | _STRINGS | _AGGREGATES


def _length(data: bytes, position: int, line_end: int) -> int:
    digits = data[position + 1 : line_end]
    if digits.isdigit() and len(digits) < 18:
        return int(digits)
    if digits == b"-1":
        return -1
    raise MalformedReply(position, "a length that is no number")
