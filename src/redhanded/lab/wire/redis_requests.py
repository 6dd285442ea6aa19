"""Where one command of a Redis client ends, and its words."""

from __future__ import annotations

import re

from redhanded.lab.wire.redis_commands import Command
from redhanded.lab.wire.unit import UNIT_BYTES_MAX

INLINE_BYTES_MAX = 64 * 1024
WORDS_MAX = 1024 * 1024
"""Of one command; both as in the server."""

_ARRAY, _STRING = b"*$"
_BLANKS = b"\t\n\r "


class MalformedRequest(ValueError):
    """At ``position`` there is no command."""

    def __init__(self, position: int, what: str) -> None:
        super().__init__(what)
        self.position = position


class RequestReader:
    """Reads one command after another; words read so far stay when the bytes end inside one."""

    def __init__(self) -> None:
        self.need = 1
        """After ``read`` gave None: bytes needed from the position that it gave, to go on."""
        self._words: list[bytes] = []
        self._due = 0

    @property
    def inside(self) -> bool:
        """Whether a command was begun."""
        return self._due > 0

    def read(self, data: bytes, position: int) -> tuple[Command | None, int]:
        """The next command (empty for an empty line) and where it ends; None if it is not whole,
        and up to where it was read. Raises ``MalformedRequest``."""
        size = len(data)
        words = self._words
        if not self._due:
            if position < size and data[position] != _ARRAY:
                return self._inline(data, position)
            line_end = data.find(b"\r\n", position)
            if line_end < 0:
                return self._wait_for_line(data, position)
            self._due = _number(data, position, line_end)
            if self._due > WORDS_MAX:
                raise MalformedRequest(position, "a command of too many words")
            position = line_end + 2
            if self._due <= 0:
                self._due = 0
                return (), position
        while self._due:
            line_end = data.find(b"\r\n", position)
            if line_end < 0:
                return self._wait_for_line(data, position)
            length = _number(data, position, line_end)
            if data[position] != _STRING or not 0 <= length <= UNIT_BYTES_MAX:
                raise MalformedRequest(position, "a word that is no string")
            begin = line_end + 2
            end = begin + length
            if end + 2 > size:
                self.need = end + 2 - position
                return None, position
            if data[end : end + 2] != b"\r\n":
                raise MalformedRequest(position, "a word longer than it says")
            words.append(data[begin:end])
            self._due -= 1
            position = end + 2
        self._words = []
        return tuple(words), position

    def _inline(self, data: bytes, position: int) -> tuple[Command | None, int]:
        if data[position] < 32 and data[position] not in _BLANKS:
            raise MalformedRequest(position, "not a command")
        line_end = data.find(b"\n", position)
        if line_end < 0:
            return self._wait_for_line(data, position)
        return inline_words(data[position:line_end]), line_end + 1

    def _wait_for_line(self, data: bytes, position: int) -> tuple[None, int]:
        if len(data) - position > INLINE_BYTES_MAX:
            raise MalformedRequest(position, "a line without end")
        self.need = len(data) - position + 1
        return None, position


def inline_words(line: bytes) -> Command:
    """The words of an inline command, quotes taken off as the server does (sdssplitargs).

    A line whose quotes are unbalanced is refused by the server; its words are split at blanks.
    """
    if b'"' not in line and b"'" not in line:
        return tuple(line.split())
    words = [_unquoted(match) for match in _WORD.finditer(line)]
    return tuple(words) if _LINE.fullmatch(line) else tuple(line.split())


def _unquoted(match: re.Match[bytes]) -> bytes:
    double, single, plain = match.groups()
    if double is not None:
        return _ESCAPE.sub(_unescaped, double)
    if single is not None:
        return single.replace(b"\\'", b"'")
    return plain or b""


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code[1:], 16)]) if len(code) == 3 else _ESCAPES.get(code, code)


_PIECE = rb"""(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\'|\\(?!'))*)'|([^\s"']++))"""
_WORD = re.compile(_PIECE, re.DOTALL)
_LINE = re.compile(rb"\s*(?:" + _PIECE + rb"(?:\s++|$))*+", re.DOTALL)
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"a": b"\a"}


def _number(data: bytes, position: int, line_end: int) -> int:
    digits = data[position + 1 : line_end]
    if digits.isdigit() and len(digits) < 18:
        return int(digits)
    if digits == b"-1":
        return -1
    raise MalformedRequest(position, "a length that is no number")
