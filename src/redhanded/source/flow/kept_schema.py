"""The schema of a tree as it was read before, good while all that it was read from is the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from redhanded.source.flow import written_down
from redhanded.source.flow.kept_file import KeptFile
from redhanded.source.flow.reading import Files
from redhanded.source.flow.schema import Schema
from redhanded.source.flow.schemas.asking import Answers, AskedModules, still


class KeptSchema(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A schema, and what it depends on."""

    basis: bytes
    """Hash of the names of all modules, and of all other files that were read."""
    answers: dict[str, tuple[bytes, Answers]]
    """By file: its hash, and what it was asked."""
    data: bytes


def schema(files: Files, texts: Mapping[str, str], cache: Path | None) -> Schema:
    """The schema of a tree, read anew where something that matters to it has changed."""
    file = KeptFile(cache, "schema", files.root, KeptSchema)
    basis = _basis(files, texts)
    known = file.read()
    if known is not None and known.basis == basis and _is_good(known, files):
        found = written_down.read(known.data)
        assert isinstance(found, Schema)
        return found
    from redhanded.source.flow.schema_of import schema_of  # every tool comes with it

    asked = AskedModules(files.modules)
    found = schema_of(asked, texts)
    files.modules.forget()
    if cache is not None:
        answers = {path: (files.hashes[path], one) for path, one in asked.answers.items()}
        file.write(KeptSchema(basis, answers, written_down.written(found)))
    return found


def _is_good(known: KeptSchema, files: Files) -> bool:
    return all(
        files.hashes.get(path) == hash or still(files.modules[path], answers)
        for path, (hash, answers) in known.answers.items()
    )


def _basis(files: Files, texts: Mapping[str, str]) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    digest.update("\0".join(files.modules).encode())
    for path, text in texts.items():
        digest.update(f"\0\0{path}\0{len(text)}\0".encode() + text.encode("utf-8", "replace"))
    return digest.digest()
