"""The uncompressed text of a log file in blocks of whole lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from redhanded.case.errors import InputError
from redhanded.logs.files import LogFile
from redhanded.logs.lines import LINE_BYTES_KEPT, LINE_BYTES_MAX, physical_lines

BLOCK_BYTES = 1 << 19
PLAIN_MAGIC = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\x00", b"BZh", b"PK\x03\x04")
"""What packed files begin with; their bytes come through ``physical_lines``."""
_TAR_MAGIC = slice(257, 262)


class Block(NamedTuple):
    """Whole lines."""

    data: bytes
    """Without the last newline."""
    offset: int
    """Of its first byte in the uncompressed text."""
    line: int
    """Number of its first line, counted from 1."""


def blocks(file: LogFile, start: int = 0, end: int | None = None, line: int = 1) -> Iterator[Block]:
    """The lines of a file from ``start``, where the line numbered ``line`` starts, to ``end``.

    A line over 16 MiB is cut to its first 64 KiB, as ``physical_lines`` does.

    Raises ``InputError`` as ``physical_lines`` does.
    """
    if is_plain(file):
        yield from _plain(file, start, file.size if end is None else end, line)
    else:
        yield from _unpacked(file)


def is_plain(file: LogFile) -> bool:
    """Whether the file's bytes are its text, so that it can be read from any place."""
    if getattr(file, "member", None) is not None:
        return False
    try:
        with file.path.open("rb") as raw:
            head = raw.read(512)
    except OSError as error:
        raise InputError(f"The log {file.name} cannot be read: {error.strerror}.") from error
    return not head.startswith(PLAIN_MAGIC) and head[_TAR_MAGIC] != b"ustar"


def _plain(file: LogFile, start: int, end: int, line: int) -> Iterator[Block]:
    next(iter(physical_lines(file)), None)  # refuses what is no text
    offset, rest = start, b""
    with file.path.open("rb") as raw:
        raw.seek(start)
        pieces = _pieces(raw, end - start)
        for piece in pieces:
            data, newline, rest = (rest + piece).rpartition(b"\n")
            if newline:
                yield Block(data, offset, line)
                offset += len(data) + 1
                line += data.count(b"\n") + 1
            if len(rest) > LINE_BYTES_MAX:
                yield Block(rest[:LINE_BYTES_KEPT], offset, line)
                passed, behind = _pass_line(pieces)
                offset, line, rest = offset + len(rest) + passed, line + 1, behind
    if rest:
        yield Block(rest, offset, line)


def _pieces(raw: BinaryIO, left: int) -> Iterator[bytes]:
    while left > 0 and (piece := raw.read(min(BLOCK_BYTES, left))):
        left -= len(piece)
        yield piece


def _pass_line(pieces: Iterator[bytes]) -> tuple[int, bytes]:
    """Passes over the rest of a line; gives its bytes with the newline, and what is behind it."""
    passed = 0
    for piece in pieces:
        before, newline, behind = piece.partition(b"\n")
        passed += len(before) + len(newline)
        if newline:
            return passed, behind
    return passed, b""


def _unpacked(file: LogFile) -> Iterator[Block]:
    held: list[bytes] = []
    offset = number = length = 0
    for line in physical_lines(file):
        if not held:
            offset, number, length = line.offset, line.number, 0
        held.append(line.data)
        length += len(line.data)
        if line.overlong or length > BLOCK_BYTES:
            yield Block(b"\n".join(held), offset, number)
            held = []
    if held:
        yield Block(b"\n".join(held), offset, number)
