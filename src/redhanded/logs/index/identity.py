"""Whether a file is still the one that was read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from redhanded.case.errors import InputError
from redhanded.logs.files import LogFile

HEAD_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class FileIdentity:
    """A file is taken for the same if all of this is."""

    name: str
    """As the user named it: places in what is kept are given with it."""
    path: str
    """Resolved."""
    size: int
    modified_ns: int
    inode: int
    device: int
    head: str
    """Hash of its first 64 KiB: a log that was rotated in place, within one tick of the clock."""
    tail: str
    """Hash of its last 64 KiB."""

    def key(self) -> str:
        """Names the folder that keeps what was read: the same for one file under one name."""
        text = f"{self.path}\0{self.name}".encode(errors="surrogatepass")
        return hashlib.blake2b(text, digest_size=16).hexdigest()


def identity(file: LogFile) -> FileIdentity:
    """Of the file as it lies there now. Raises ``InputError`` where it cannot be read."""
    try:
        facts = file.path.stat()
        with file.path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
        tail = tail_of(file.path, file.size)
    except OSError as error:
        raise InputError(f"The log {file.name} cannot be read: {error.strerror}.") from error
    return FileIdentity(
        name=file.name,
        path=str(file.path.resolve()),
        size=file.size,
        modified_ns=facts.st_mtime_ns,
        inode=facts.st_ino,
        device=facts.st_dev,
        head=hashlib.blake2b(head, digest_size=16).hexdigest(),
        tail=tail,
    )


def tail_of(path: Path, size: int) -> str:
    """Hash of the last 64 KiB of its first ``size`` bytes."""
    with path.open("rb") as stream:
        begin = max(0, size - HEAD_BYTES)
        stream.seek(begin)
        return hashlib.blake2b(stream.read(size - begin), digest_size=16).hexdigest()
