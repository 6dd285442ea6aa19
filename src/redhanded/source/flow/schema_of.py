"""The schema of a program: its models, and its migrations replayed in their order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from redhanded.source.flow.module import Module
from redhanded.source.flow.schema import Schema
from redhanded.source.flow.schemas.evaluation import Evaluation
from redhanded.source.flow.schemas.merging import merged
from redhanded.source.flow.schemas.program import Program
from redhanded.source.flow.schemas.state import State
from redhanded.source.flow.schemas.tools import MIGRATIONS, MODELS
from redhanded.source.flow.schemas.walking import texts_in


def schema_of(by_path: Mapping[str, Module], texts: Mapping[str, str] | None = None) -> Schema:
    """The tables that models and migrations say.

    ``texts``: the other files by path, see `schema_texts`. Nothing is read from disk.
    """
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
