"""The physical lines of a log file, streamed, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from redhanded.case.errors import InputError
from redhanded.logs.envelopes.archive import content
from redhanded.logs.envelopes.compression import Unpacked, unpacked
from redhanded.logs.files import LogFile

LINE_BYTES_MAX = 16 * 1024 * 1024
"""Of a longer line only the first part is kept; the rest is passed over."""
LINE_BYTES_KEPT = 64 * 1024
"""Of a line that is too long."""
_CHUNK_BYTES = 256 * 1024
_SAMPLE_BYTES = 64 * 1024
_CONTROLS = bytes(range(1, 9)) + b"\x0b" + bytes(range(14, 27)) + bytes(range(28, 32)) + b"\x7f"
"""No text holds many of these; tab, line ends, form feed, escape and NUL are not among them."""
_CONTROLS_MAX = 0.03
_NULS_MAX = 0.3
_RUN = b"\0" * 16
"""Files that were cut while a program held them open begin or end with many of these."""


class Line(NamedTuple):
    """A line without its end."""

    number: int
    """Counted from 1."""
    offset: int
    """Of its first byte in the uncompressed text."""
    data: bytes
    ended: bool
    """False for a last line without a newline."""
    overlong: bool = False
    """True if ``data`` is only the first part of it."""


@dataclass(slots=True)
class Condition:
    """In what condition the bytes of a file were."""

    packed: Unpacked = field(default_factory=lambda: Unpacked(name=""))
    bytes_read: int = 0
    """Of the uncompressed text."""


def physical_lines(file: LogFile, condition: Condition | None = None) -> Iterator[Line]:
    """Each line of ``file``; packed bytes are unpacked, recognised by how they begin.

    A line over 16 MiB is cut to its first 64 KiB. Packed bytes that end early or are damaged give
    what is there; ``condition`` says so. Raises ``InputError`` for files that are binary or
    unreadable, or of which nothing could be unpacked.
    """
    condition = condition or Condition()
    number, offset, rest = 0, 0, _Rest()
    for chunk in _text(file, condition):
        condition.bytes_read += len(chunk)
        if b"\n" not in chunk:
            rest.add(chunk)
            continue
        first, _, others = chunk.partition(b"\n")
        number += 1
        yield rest.line(number, offset, first)
        offset += rest.length + len(first) + 1
        lines = others.split(b"\n")
        rest = _Rest(lines.pop())
        for data in lines:
            number += 1
            yield Line(number, offset, data, True)
            offset += len(data) + 1
    if rest.length:
        yield rest.line(number + 1, offset, b"", ended=False)


class _Rest:
    """The beginning of a line whose end has not come yet."""

    __slots__ = ("length", "parts")

    def __init__(self, data: bytes = b"") -> None:
        self.parts = [data]
        self.length = len(data)

    def add(self, data: bytes) -> None:
        self.length += len(data)
        if self.length <= LINE_BYTES_MAX:
            self.parts.append(data)
        elif len(self.parts) > 1 or len(self.parts[0]) > LINE_BYTES_KEPT:
            self.parts = [b"".join(self.parts)[:LINE_BYTES_KEPT]]

    def line(self, number: int, offset: int, last: bytes, *, ended: bool = True) -> Line:
        if self.length + len(last) > LINE_BYTES_MAX:
            return Line(number, offset, b"".join(self.parts)[:LINE_BYTES_KEPT], ended, True)
        return Line(number, offset, b"".join((*self.parts, last)), ended)


def unpacked_bytes(file: LogFile, note: Unpacked) -> Iterator[bytes]:
    """The uncompressed bytes of ``file`` in pieces, of its member if it is one of an archive.

    Raises ``InputError`` where it cannot be read.
    """
    try:
        with file.path.open("rb") as raw:
            plain = unpacked(_read(raw, file.size if file.member is None else None), note)
            if file.member is not None:
                plain = unpacked(content(plain, file.name, file.member), note)
            yield from plain
    except OSError as error:
        raise InputError(f"The log {file.name} cannot be read: {error.strerror}.") from error


def _text(file: LogFile, condition: Condition) -> Iterator[bytes]:
    note = condition.packed
    note.name = file.name
    begun = False
    for chunk in unpacked_bytes(file, note):
        if not begun:
            _refuse_binary(file, chunk)
            begun = True
        yield chunk
    if not begun and (note.damaged or note.ends_early):
        wrong = note.damaged or f"truncated {note.ends_early}"
        raise InputError(
            f"{file.name} is packed and nothing of it could be unpacked ({wrong}); fetch it again."
        )


def _read(raw: BinaryIO, size: int | None) -> Iterator[bytes]:
    """What is appended after the file was found is not read."""
    left = size
    while left is None or left > 0:
        chunk = raw.read(_CHUNK_BYTES if left is None else min(_CHUNK_BYTES, left))
        if not chunk:
            return
        if left is not None:
            left -= len(chunk)
        yield chunk


def _refuse_binary(file: LogFile, chunk: bytes) -> None:
    sample = chunk[:_SAMPLE_BYTES]
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{file.name} is UTF-16 text; convert it to UTF-8 and name that.")
    text = sample.replace(_RUN, b"").strip(b"\0")
    if not text:
        return
    controls = len(text) - len(text.translate(None, _CONTROLS))
    nuls = text.count(b"\0")
    if controls > _CONTROLS_MAX * len(text) or nuls > _NULS_MAX * len(text):
        raise InputError(
            f"{file.name} is binary ({controls + nuls} of its first {len(text)} bytes are control "
            "characters), not a log; name a text file."
        )
