"""Events that add rows, and the tables they are about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from redhanded.hunt.suspect.rules.origin import made_by
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.schema import Schema, Table


def inserts(path: Path) -> Iterator[tuple[Event, Effect]]:
    """The events that add a row whether or not an equal one is there."""
    for event in path.events:
        effect = event.effect
        if effect is None or effect.store != "database":
            continue
        if _adds(path, effect):
            yield event, effect


def _adds(path: Path, effect: Effect) -> bool:
    if effect.kind == "save":
        return _is_new(path, effect)
    return effect.kind == "insert" and effect.conflict in ("", "error")


def _is_new(path: Path, effect: Effect) -> bool:
    """Whether the instance that is saved was made here, not read."""
    if effect.entity is None:
        return False
    read = made_by(path, effect.entity, ("read", "find-or-create", "insert", "upsert", "save"))
    return read is None


def table_of(schema: Schema, effect: Effect) -> Table | None:
    """The table an effect is about, by its name or its model's."""
    return schema.table(effect.subject) or schema.table(effect.model or None)


def is_same_table(schema: Schema, one: Effect, other: Effect) -> bool:
    """Whether both are about one table."""
    if one.store != other.store:
        return False
    if one.subject is not None and one.subject == other.subject:
        return True
    if one.model and one.model == other.model:
        return True
    table = table_of(schema, one)
    return table is not None and table is table_of(schema, other)


def name_of(effect: Effect) -> str:
    """Its table for a message."""
    return effect.subject or effect.model or "a table that could not be read"


def listed(columns: Iterable[str]) -> str:
    """Columns for a message."""
    return ", ".join(dict.fromkeys(columns)) or "the same condition"
