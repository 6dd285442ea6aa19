"""The schema of a program: its models, and its migrations replayed in their order."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from redhanded.source.files import source_files
from redhanded.source.flow.module import Module
from redhanded.source.flow.schema import Schema, Table, Unique
from redhanded.source.flow.schemas import MIGRATIONS, MODELS
from redhanded.source.flow.schemas.evaluation import Evaluation
from redhanded.source.flow.schemas.merging import merged
from redhanded.source.flow.schemas.program import Program
from redhanded.source.flow.schemas.state import State
from redhanded.source.flow.schemas.walking import texts_in

TEXT_SUFFIXES = (".sql", ".prisma", "package.json")
"""Files in no programming language that say something of tables, or of the tools at work."""


def schema_of(modules: Iterable[Module], texts: Mapping[str, str] | None = None) -> Schema:
    """The tables that models and migrations say.

    ``texts``: the other files by path, see `texts_of`. Nothing is read from disk.
    """
    by_path = {one.path: one for one in modules}
    evaluation = Evaluation(Program(by_path, texts or {}))
    state = State()
    found = [one for tool in MIGRATIONS for one in tool(evaluation)]
    migrations = {one.path for one in found}
    dumps_first = sorted(found, key=lambda one: (not one.is_dump, one.group, one.order, one.path))
    for migration in dumps_first:
        state.group, state.is_dump = migration.group, migration.is_dump
        state.words = partial(_words, by_path.get(migration.path))
        state.apply(migration.changes())
    # Models that a migration declares for its own use are those of another day.
    current = {path: one for path, one in by_path.items() if path not in migrations}
    today = Evaluation(Program(current, texts or {}))
    tables = merged(state, [tool(today) for tool in MODELS])
    return Schema(
        tables=tables, has_migrations=bool(found), limits=tuple(dict.fromkeys(state.limits))
    )


def _words(module: Module | None) -> frozenset[str]:
    texts = texts_in(module) if module is not None else ()
    return frozenset(word for text in texts for word in re.findall(r"\w+", text))


def texts_of(root: Path, folders: Collection[str] = ()) -> dict[str, str]:
    """The files of a tree that `schema_of` reads beside its modules."""
    found: dict[str, str] = {}
    for path in source_files(root, folders, TEXT_SUFFIXES).paths:
        try:
            found[path] = (root / path).read_bytes().decode("utf-8", "replace")
        except OSError:
            continue  # gone since it was listed
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A unique constraint that one side says and the other does not."""

    table: Table
    unique: Unique
    missing_in: Literal["migration", "model"]


def differences(schema: Schema) -> tuple[Difference, ...]:
    """What models and migrations say differently of tables that both know.

    A model that the tool turns into tables by itself (``sync()``, ``create_all``, ``db push``) has
    no difference; nor has a table of which a migration could not be read.
    """
    found: list[Difference] = []
    for table in schema.tables.values():
        if not table.models or not table.is_complete:
            continue
        for one in table.uniques:
            if not one.is_in_force:
                found.append(Difference(table=table, unique=one, missing_in="migration"))
            elif one.said == ("migration",) and not one.is_primary:
                found.append(Difference(table=table, unique=one, missing_in="model"))
    return tuple(found)
