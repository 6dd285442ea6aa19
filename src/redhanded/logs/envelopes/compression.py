"""Compressed bytes, recognised by how they begin: gzip, zstd, xz, bzip2, one inside another."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import zstandard

from redhanded.case.errors import InputError

PIECE_BYTES = 256 * 1024
"""Most that a decompressor gives at once, so that memory stays small whatever is packed."""
_ZSTD_PIECE_BYTES = 2 * 1024
"""zstd has no such bound; few bytes in keep what comes out small."""
_DAMAGED_STEP_BYTES = 8
_DEPTH_MAX = 4
_HEAD_BYTES = 512


@dataclass(slots=True)
class Unpacked:
    """What unpacking met; filled while the bytes are read."""

    name: str
    """Of the file, for messages."""
    kinds: list[str] = field(default_factory=list)
    """gzip, zstd, xz or bzip2, the outermost first."""
    ends_early: str = ""
    """Kind of the packing whose end is missing: what was there has been read."""
    damaged: str = ""
    """What is wrong with the packed bytes: what came before has been read."""


class _Decompressor(Protocol):
    eof: bool
    unused_data: bytes

    def give(self, data: bytes) -> Iterator[bytes]: ...


class _Zlib:
    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)
        self.eof, self.unused_data = False, b""

    def give(self, data: bytes) -> Iterator[bytes]:
        while data:
            before = self._inner.copy()
            try:
                piece = self._inner.decompress(data, PIECE_BYTES)
            except zlib.error:
                yield _before_damage(before, data)
                raise
            yield piece
            data = self._inner.unconsumed_tail
            if self._inner.eof:
                break
        self.eof, self.unused_data = self._inner.eof, self._inner.unused_data


def _before_damage(inner: Any, data: bytes) -> bytes:
    """What a decompressor gives of ``data`` before it comes to what is damaged."""
    found: list[bytes] = []
    try:
        for start in range(0, len(data), _DAMAGED_STEP_BYTES):
            found.append(inner.decompress(data[start : start + _DAMAGED_STEP_BYTES]))
    except zlib.error:
        pass
    return b"".join(found)


class _Bounded:
    """bz2 and lzma share their interface."""

    def __init__(self, inner: bz2.BZ2Decompressor | lzma.LZMADecompressor) -> None:
        self._inner = inner
        self.eof, self.unused_data = False, b""

    def give(self, data: bytes) -> Iterator[bytes]:
        yield self._inner.decompress(data, PIECE_BYTES)
        while not self._inner.eof and not self._inner.needs_input:
            yield self._inner.decompress(b"", PIECE_BYTES)
        self.eof, self.unused_data = self._inner.eof, self._inner.unused_data


class _Zstd:
    def __init__(self) -> None:
        self._inner = zstandard.ZstdDecompressor().decompressobj()
        self.eof, self.unused_data = False, b""

    def give(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), _ZSTD_PIECE_BYTES):
            yield self._inner.decompress(data[start : start + _ZSTD_PIECE_BYTES])
            if self._inner.eof:
                self.eof = True
                rest = data[start + _ZSTD_PIECE_BYTES :]
                self.unused_data = self._inner.unused_data + rest
                return


KINDS: tuple[tuple[bytes, str, Callable[[], _Decompressor]], ...] = (
    (b"\x1f\x8b", "gzip", _Zlib),
    (b"\x28\xb5\x2f\xfd", "zstd", _Zstd),
    (b"\xfd7zXZ\x00", "xz", lambda: _Bounded(lzma.LZMADecompressor())),
    (b"BZh", "bzip2", lambda: _Bounded(bz2.BZ2Decompressor())),
)
_ERRORS = (zlib.error, lzma.LZMAError, zstandard.ZstdError, OSError, ValueError)


def unpacked(chunks: Iterator[bytes], note: Unpacked, depth: int = _DEPTH_MAX) -> Iterator[bytes]:
    """The bytes of ``chunks`` without their packings, up to four; not packed ones as they are.

    Packed bytes that end early or are damaged give what is there, and ``note`` says so. Raises
    ``InputError`` for zip files, which are read from their end.
    """
    head, chunks = _peeked(chunks)
    if head.startswith(b"PK\x03\x04"):
        raise InputError(f"{note.name} is a zip file; unpack it and name what was in it.")
    for magic, kind, make in KINDS if depth else ():
        if head.startswith(magic):
            note.kinds.append(kind)
            return unpacked(_plain(chunks, kind, make, note), note, depth - 1)
    return chunks


def _peeked(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= _HEAD_BYTES:
            break
    return head, _after(head, chunks)


def _after(head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from chunks


def _plain(
    chunks: Iterator[bytes], kind: str, make: Callable[[], _Decompressor], note: Unpacked
) -> Iterator[bytes]:
    inner, begun = make(), False
    for chunk in chunks:
        data = chunk
        while data:
            try:
                for piece in inner.give(data):
                    if piece:
                        yield piece
            except _ERRORS as error:
                note.damaged = f"damaged {kind}: {error}"
                return
            begun = True
            if not inner.eof:
                break
            data = inner.unused_data.lstrip(b"\0")
            inner, begun = make(), False
            if data and not any(data.startswith(magic[: len(data)]) for magic, _, _ in KINDS):
                return
    if begun:
        note.ends_early = kind


def is_packed(head: bytes) -> bool:
    """Whether a file that begins with ``head`` is compressed."""
    return any(head.startswith(magic) for magic, _, _ in KINDS)
