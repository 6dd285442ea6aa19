"""The physical lines of a log file, streamed."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple, cast

from redhanded.case.errors import InputError
from redhanded.logs.files import LogFile

LINE_BYTES_MAX = 16 * 1024 * 1024
"""A longer line is no log line; it is refused before the rest of it is read."""
_CHUNK_BYTES = 256 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_OTHER_MAGIC = {
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zXZ\x00": "xz",
    b"BZh": "bzip2",
    b"PK\x03\x04": "zip",
}


class Line(NamedTuple):
    """A line without its end."""

    number: int
    """Counted from 1."""
    offset: int
    """Of its first byte in the uncompressed text."""
    data: bytes
    ended: bool
    """False for a last line without a newline."""


def physical_lines(file: LogFile) -> Iterator[Line]:
    """Each line of ``file``; gzip is unpacked, recognised by its first bytes.

    Raises ``InputError`` for files that are binary, unreadable, cut within the compressed data, or
    hold a line over 16 MiB.
    """
    number, offset, rest = 0, 0, b""
    for chunk in _chunks(file):
        lines = (rest + chunk).split(b"\n") if rest else chunk.split(b"\n")
        rest = lines.pop()
        for data in lines:
            number += 1
            yield Line(number, offset, data, True)
            offset += len(data) + 1
        if len(rest) > LINE_BYTES_MAX:
            raise InputError(
                f"{file.name} holds a line over {LINE_BYTES_MAX >> 20} MiB that starts at byte "
                f"{offset} (line {number + 1}): that is no log; split it into lines first."
            )
    if rest:
        yield Line(number + 1, offset, rest, False)


def _chunks(file: LogFile) -> Iterator[bytes]:
    try:
        with file.path.open("rb") as raw:
            head = raw.read(6)
            raw.seek(0)
            _refuse_archives(file, head)
            if head.startswith(_GZIP_MAGIC):
                with gzip.open(raw, "rb") as unpacked:
                    yield from _unpack(file, cast(BinaryIO, unpacked))
            else:
                yield from _read(file, raw)
    except OSError as error:
        raise InputError(f"The log {file.name} cannot be read: {error.strerror}.") from error


def _read(file: LogFile, raw: BinaryIO) -> Iterator[bytes]:
    left = file.size
    while left > 0 and (chunk := raw.read(min(_CHUNK_BYTES, left))):
        if left == file.size:
            _refuse_binary(file, chunk)
        left -= len(chunk)
        yield chunk


def _unpack(file: LogFile, unpacked: BinaryIO) -> Iterator[bytes]:
    offset = 0
    while True:
        try:
            chunk = unpacked.read(_CHUNK_BYTES)
        except EOFError as error:
            raise InputError(
                f"{file.name} is a truncated gzip file: its data ends after byte {offset} of the "
                "uncompressed text; fetch the whole file, or unpack what is there and name that."
            ) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise InputError(
                f"{file.name} is a damaged gzip file: {error} after byte {offset} of the "
                "uncompressed text; fetch it again."
            ) from error
        if not chunk:
            return
        if offset == 0:
            _refuse_binary(file, chunk)
        offset += len(chunk)
        yield chunk


def _refuse_archives(file: LogFile, head: bytes) -> None:
    for magic, kind in _OTHER_MAGIC.items():
        if head.startswith(magic):
            raise InputError(f"{file.name} is a {kind} file; unpack it and name the text.")


def _refuse_binary(file: LogFile, chunk: bytes) -> None:
    if chunk.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{file.name} is UTF-16 text; convert it to UTF-8 and name that.")
    position = chunk.find(b"\0")
    if position >= 0:
        raise InputError(
            f"{file.name} is binary (a NUL byte at byte {position}), not a log; name a text file."
        )
