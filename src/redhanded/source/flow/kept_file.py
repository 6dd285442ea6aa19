"""A file of the user's cache that belongs to one tree, written anew as a whole.

It is there or not, never half (a rename); whatever is wrong with it, it is as if it were not there,
and never a reason to fail. Two scans at once each write theirs, and the later one stays.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import zlib
from functools import cache as cached
from importlib import metadata
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

TREES_MAX = 8
"""Of each kind; those that were written longest ago go."""
BYTES_MAX = 128_000_000
HEAD_BYTES = 20
"""A hash of our own code, and a sum of the rest."""

Kind = TypeVar("Kind")


class KeptFile(Generic[Kind]):
    """What is kept of a tree under a name; without a folder nothing is."""

    def __init__(self, folder: Path | None, name: str, root: Path, kind: type[Kind]) -> None:
        self._folder = folder
        self._prefix = f"{name}-"
        mark = hashlib.blake2b(os.fsencode(root.resolve()), digest_size=12).hexdigest()
        self._path = folder / f"{self._prefix}{mark}" if folder is not None else None
        self._kind = kind

    def read(self) -> Kind | None:
        """None: there is nothing, or nothing that this code wrote."""
        if self._path is None:
            return None
        try:
            data = self._path.read_bytes()
            if data[:HEAD_BYTES] != _head(data[HEAD_BYTES:]):
                return None
            return msgspec.msgpack.decode(data[HEAD_BYTES:], type=self._kind)
        except (OSError, msgspec.MsgspecError):
            return None

    def write(self, value: Kind) -> None:
        """Of no avail, it is as if there had been nothing."""
        if self._folder is None or self._path is None:
            return
        data = msgspec.msgpack.encode(value)
        if len(data) > BYTES_MAX:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=f".{self._prefix}", dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_head(data) + data)
                Path(name).replace(self._path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            self._bound(self._folder)
        except OSError:
            return

    def _bound(self, folder: Path) -> None:
        files = sorted(folder.glob(f"{self._prefix}*"), key=lambda one: one.stat().st_mtime_ns)
        for old in files[:-TREES_MAX]:
            old.unlink(missing_ok=True)


def _head(data: bytes) -> bytes:
    return version() + zlib.crc32(data).to_bytes(4, "big")


@cached
def version() -> bytes:
    """Of the code that writes what is kept: ours, the interpreter, and what reads SQL."""
    digest = hashlib.blake2b(digest_size=HEAD_BYTES - 4)
    here = Path(__file__).parent
    for path in sorted(here.rglob("*.py")):
        digest.update(path.read_bytes())
    digest.update(sys.version.encode())
    digest.update(metadata.version("sqlglot").encode())
    return digest.digest()
