"""What was walked before, on disk: the units of a tree."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from redhanded.source.flow.kept_file import KeptFile


class KeptWalk(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The walk of a unit."""

    own: tuple[str, ...]
    basis: bytes
    """Hash of what every walk of the tree depends on."""
    touched: list[tuple[str, bytes]]
    """What this one depends on beside that: files and their hashes."""
    data: bytes
    statements: bytes
    """The SQL that it met, as it was read: good whatever else has changed."""


def kept(folder: Path | None, root: Path) -> Mapping[str, KeptWalk]:
    """The walks of a tree by unit."""
    return KeptFile(folder, "walks", root, dict[str, KeptWalk]).read() or {}


def keep(folder: Path | None, root: Path, walks: Mapping[str, KeptWalk]) -> None:
    """Keeps the walks of a tree; of no avail, it is as if there were none."""
    KeptFile(folder, "walks", root, dict[str, KeptWalk]).write(dict(walks))
