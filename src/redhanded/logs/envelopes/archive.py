"""Logs in a tar file, compressed or not."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import IO, cast

from redhanded.case.errors import InputError
from redhanded.logs.envelopes.compression import PIECE_BYTES

_MAGIC = b"ustar"
_MAGIC_AT = 257


def is_archive(head: bytes) -> bool:
    """Whether bytes that begin with ``head`` (at least 512) are a tar file."""
    return head[_MAGIC_AT : _MAGIC_AT + len(_MAGIC)] == _MAGIC


def members(chunks: Iterator[bytes], name: str) -> Iterator[tuple[str, int]]:
    """Name and size of each file in the archive, in its order.

    Raises ``InputError`` for an archive whose first header cannot be read. One that ends early
    gives what is there.
    """
    with _opened(chunks, name) as archive:
        for member in _headers(archive):
            if member.isfile():
                yield member.name, member.size


def content(chunks: Iterator[bytes], name: str, member: str) -> Iterator[bytes]:
    """The bytes of one file in the archive; what came before it is passed over."""
    with _opened(chunks, name) as archive:
        for found in _headers(archive):
            if found.isfile() and found.name == member:
                file = archive.extractfile(found)
                while file is not None and (chunk := _piece(file)):
                    yield chunk
                return


def _headers(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    try:
        yield from archive
    except tarfile.TarError:
        return


def _piece(file: IO[bytes]) -> bytes:
    try:
        return file.read(PIECE_BYTES)
    except tarfile.TarError:
        return b""


def _opened(chunks: Iterator[bytes], name: str) -> tarfile.TarFile:
    try:
        return tarfile.open(fileobj=cast(IO[bytes], Readable(chunks)), mode="r|")
    except tarfile.TarError as error:
        raise InputError(f"{name} is no tar file that can be read: {error}.") from error


class Readable:
    """Chunks of bytes as a file that is read forwards."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """The next ``size`` bytes, fewer at the end; all of them for a negative size."""
        parts, have = [self._rest], len(self._rest)
        while size < 0 or have < size:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            parts.append(chunk)
            have += len(chunk)
        whole = b"".join(parts)
        if size < 0:
            size = len(whole)
        self._rest = whole[size:]
        return whole[:size]
