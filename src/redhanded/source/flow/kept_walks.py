"""What was walked before, on disk: one file for each tree, written anew when something changed.

It lies in the user's own cache and is read by nobody else; whatever is wrong with it, it is thrown
away, and never a reason to fail.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import zlib
from collections.abc import Mapping
from functools import cache as cached
from pathlib import Path

import msgspec

PREFIX = "walks-"
TREES_MAX = 8
BYTES_MAX = 128_000_000


class KeptWalk(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The walk of a unit."""

    own: tuple[str, ...]
    touched: list[tuple[str, bytes]]
    """What it depends on: files and their hashes."""
    data: bytes


class Tree(msgspec.Struct, frozen=True, array_like=True, gc=False):
    basis: bytes
    walks: dict[str, KeptWalk]


@cached
def version() -> bytes:
    """Of the code that walks."""
    digest = hashlib.blake2b(digest_size=16)
    here = Path(__file__).parent
    for path in sorted(here.rglob("*.py")):
        digest.update(path.read_bytes())
    digest.update(sys.version.encode())
    return digest.digest()


def kept(folder: Path | None, root: Path, basis: bytes) -> Mapping[str, KeptWalk]:
    """The walks of a tree by unit, if what they all depend on is the same."""
    if folder is None:
        return {}
    try:
        data = _file(folder, root).read_bytes()
        if len(data) < 4 or zlib.crc32(data[4:]) != int.from_bytes(data[:4], "big"):
            return {}
        tree = _TREE.decode(data[4:])
    except (OSError, msgspec.MsgspecError):
        return {}
    return tree.walks if tree.basis == basis else {}


def keep(folder: Path | None, root: Path, basis: bytes, walks: Mapping[str, KeptWalk]) -> None:
    """Keeps the walks of a tree; of no avail, it is as if there were none."""
    if folder is None or sum(len(one.data) for one in walks.values()) > BYTES_MAX:
        return
    data = msgspec.msgpack.encode(Tree(basis, dict(walks)))
    target = _file(folder, root)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".walks-", dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(zlib.crc32(data).to_bytes(4, "big") + data)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _bound(folder)
    except OSError:
        return


def _file(folder: Path, root: Path) -> Path:
    mark = hashlib.blake2b(os.fsencode(root.resolve()), digest_size=12).hexdigest()
    return folder / f"{PREFIX}{mark}"


def _bound(folder: Path) -> None:
    """Forgets the trees that were walked longest ago."""
    files = sorted(folder.glob(f"{PREFIX}*"), key=lambda one: one.stat().st_mtime_ns)
    for old in files[:-TREES_MAX]:
        old.unlink(missing_ok=True)


_TREE = msgspec.msgpack.Decoder(Tree)
