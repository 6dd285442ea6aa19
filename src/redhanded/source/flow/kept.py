"""What was read before, on disk: looks by path and stamp, lowered files by the hash of their bytes.

One SQLite file (https://www.sqlite.org/wal.html), so two processes may use it at once. It is a
cache: whatever is wrong with it, it is thrown away, and never a reason to fail.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from redhanded.source.flow.finding import Stamp
from redhanded.source.flow.mattering import Edges
from redhanded.source.flow.scanning import Look

NAME = "source-flow.sqlite"
BYTES_MAX = 256_000_000
ROOTS_MAX = 8
DOUBT_NS = 2_000_000_000
"""A file that was written so shortly before it was looked at may be written again in the same tick
of its file system's clock: its stamp proves nothing."""
AT_ONCE = 500

TABLES = """
CREATE TABLE IF NOT EXISTS looks (root TEXT PRIMARY KEY, used INTEGER, data BLOB);
CREATE TABLE IF NOT EXISTS forms (hash BLOB PRIMARY KEY, damaged INTEGER, size INTEGER, sum INTEGER,
    data BLOB);
"""


class Seen(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A file when it was last looked at."""

    stamp: tuple[int, int, int, int]
    hash: bytes
    look: Look
    edges: Edges | None = None

    def is_as(self, stamp: Stamp) -> bool:
        """Whether the file is known not to have changed since."""
        return self.stamp == as_written(stamp)


class Tree(msgspec.Struct, array_like=True, gc=False):
    """A tree when it was last looked at."""

    layout: bytes = b""
    """Hash of all paths and of what says how modules are resolved: edges are good for this."""
    seen: dict[str, Seen] = {}


class Lowered(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A lowered file."""

    hash: bytes
    damaged_at: int
    size: int
    """Of its MessagePack, in bytes."""
    data: bytes
    """Compressed."""


def as_written(stamp: Stamp) -> tuple[int, int, int, int]:
    return (stamp.size, stamp.modified, stamp.changed, stamp.number)


class Kept:
    """An open cache; without a folder, or with one that cannot be used, it knows nothing."""

    def __init__(self, folder: Path | None) -> None:
        self.problem = ""
        self._connection: sqlite3.Connection | None = None
        self._path = folder / NAME if folder is not None else None
        if self._path is None:
            return
        for _ in range(2):
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._connection = _opened(self._path)
                self.problem = ""
                return
            except (sqlite3.DatabaseError, OSError) as error:
                self.problem = str(error)
                if not _is_busy(error):
                    self._throw_away()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def tree(self, root: str) -> Tree:
        """All files of a tree as they were seen last."""
        rows = self._rows("SELECT data FROM looks WHERE root = ?", (root,))
        try:
            return _TREE.decode(_unpacked(rows[0][0])) if rows else Tree()
        except (msgspec.MsgspecError, zstandard.ZstdError, TypeError):
            return Tree()

    def forms(self, hashes: Iterable[bytes]) -> dict[bytes, Lowered]:
        """Those of the lowered files that are kept."""
        wanted = list(dict.fromkeys(hashes))
        found: dict[bytes, Lowered] = {}
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            marks = ",".join("?" * len(some))
            query = f"SELECT hash, damaged, size, data, sum FROM forms WHERE hash IN ({marks})"
            for hash, damaged, size, data, total in self._rows(query, some):
                whole = isinstance(data, bytes) and zlib.crc32(data) == total
                if whole:
                    found[hash] = Lowered(hash, damaged, size, data)
        return found

    def keep(self, root: str, tree: Tree, forms: Collection[Lowered]) -> None:
        """Writes what is new; gives up where another process is writing for long."""
        if self._connection is None or self._path is None:
            return
        doubtful = _now(self._path) - DOUBT_NS
        written = {
            path: msgspec.structs.replace(one, stamp=(-1, 0, 0, 0))
            if max(one.stamp[1], one.stamp[2]) > doubtful
            else one
            for path, one in tree.seen.items()
        }
        with self._safely() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT OR REPLACE INTO forms (hash, damaged, size, data, sum)"
                " VALUES (?, ?, ?, ?, ?)",
                [
                    (one.hash, one.damaged_at, one.size, one.data, zlib.crc32(one.data))
                    for one in forms
                ],
            )
            connection.execute(
                "INSERT OR REPLACE INTO looks VALUES"
                " (?, (SELECT 1 + coalesce(max(used), 0) FROM looks), ?)",
                (root, _packed(_ENCODER.encode(Tree(tree.layout, written)))),
            )
            _bound(connection, {one.hash for one in tree.seen.values()})
            connection.execute("COMMIT")

    @contextmanager
    def _safely(self) -> Iterator[sqlite3.Connection]:
        assert self._connection is not None
        try:
            yield self._connection
        except sqlite3.DatabaseError as error:
            if self._connection.in_transaction:
                self._connection.rollback()
            self._failed(error)

    def _rows(self, query: str, values: Collection[object]) -> list[Any]:
        if self._connection is None:
            return []
        try:
            return self._connection.execute(query, tuple(values)).fetchall()
        except sqlite3.DatabaseError as error:
            self._failed(error)
            return []

    def _failed(self, error: sqlite3.DatabaseError) -> None:
        """Another process is writing: nothing is kept this time. Otherwise the file is damaged."""
        if _is_busy(error):
            return
        self.close()
        self._throw_away()

    def _throw_away(self) -> None:
        for ending in ("", "-wal", "-shm", "-journal"):
            if self._path is not None:
                try:
                    self._path.with_name(NAME + ending).unlink(missing_ok=True)
                except OSError as error:
                    self.problem = str(error)


def _is_busy(error: Exception) -> bool:
    """Whether another process holds the file."""
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=5, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.executescript(TABLES)
        connection.execute("SELECT hash, damaged, size, data, sum FROM forms LIMIT 1").fetchall()
        connection.execute("SELECT root, used, data FROM looks LIMIT 1").fetchall()
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def _bound(connection: sqlite3.Connection, used: set[bytes]) -> None:
    """Forgets trees not read for long, and lowered files of none when there are too many."""
    connection.execute(
        "DELETE FROM looks WHERE root NOT IN (SELECT root FROM looks ORDER BY used DESC LIMIT ?)",
        (ROOTS_MAX,),
    )
    with closing(connection.execute("SELECT coalesce(sum(length(data)), 0) FROM forms")) as rows:
        (total,) = rows.fetchone()
    if total <= BYTES_MAX:
        return
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS used (hash BLOB PRIMARY KEY)")
    connection.execute("DELETE FROM used")
    connection.executemany("INSERT OR IGNORE INTO used VALUES (?)", [(one,) for one in used])
    connection.execute("DELETE FROM forms WHERE hash NOT IN (SELECT hash FROM used)")


def _now(path: Path) -> int:
    """The clock of the file system, by which files are stamped."""
    try:
        os.utime(path)
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _packed(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=1, write_checksum=True).compress(data)


def _unpacked(data: object) -> bytes:
    if not isinstance(data, bytes):
        raise TypeError("not bytes")
    return zstandard.ZstdDecompressor().decompress(data)


_TREE = msgspec.msgpack.Decoder(Tree)
_ENCODER = msgspec.msgpack.Encoder()
