"""The files of a tree, beside its modules, that say something of tables."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from redhanded.source.files import source_files
from redhanded.source.plain import plain_text

TEXT_SUFFIXES = (".sql", ".prisma", "package.json")
"""Files in no programming language that say something of tables, or of the tools at work."""


def texts_of(root: Path, folders: Collection[str] = ()) -> dict[str, str]:
    """The files of a tree that `schema_of` reads beside its modules."""
    found: dict[str, str] = {}
    for path in source_files(root, folders, TEXT_SUFFIXES).paths:
        text = plain_text(root / path)
        if text is not None:
            found[path] = text
    return found
