"""Writes that demand something of the row they change, and whether anybody looks at the answer."""

from __future__ import annotations

from enum import Enum

from redhanded.hunt.suspect.rules.derivation import reads_of
from redhanded.hunt.suspect.rules.identity import stored_columns, written_columns
from redhanded.hunt.suspect.rules.remembered import OfPath
from redhanded.hunt.suspect.rules.uniqueness import plain
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.schema import Schema
from redhanded.source.flow.values import Known

_VERSIONS = frozenset(
    {"version", "lockversion", "revision", "rev", "etag", "rowversion", "updatedat", "modifiedat"}
)
"""Columns that change with every update."""


class Condition(Enum):
    """What a write demands."""

    NONE = "nothing but the row"
    UNCHECKED = "something, and nobody looks whether a row was changed"
    CHECKED = "something, and the number of changed rows is looked at"


def condition_of(path: Path, write: Event, read: Event | None, schema: Schema) -> Condition:
    """Whether a write changes the row only while it is as it was.

    A condition is a column that the write changes as well (``WHERE stock >= ? SET stock = …``), a
    version, or a column that identifies no row and is compared with what was read.
    """
    effect = write.effect
    if effect is None or effect.kind not in ("update", "upsert", "save", "delete"):
        return Condition.NONE
    changed = {*written_columns(effect), *stored_columns(effect)}
    demanded = {plain(one) for one in (*effect.where, *effect.ranges)}
    if not (demanded & changed or demanded & _VERSIONS or _compares(write, read, schema)):
        return Condition.NONE
    return Condition.CHECKED if looked_at(path, write) else Condition.UNCHECKED


def _compares(write: Event, read: Event | None, schema: Schema) -> bool:
    effect = write.effect
    if effect is None or read is None:
        return False
    table = schema.table(effect.subject)
    if table is None or not table.uniques:
        return False
    keys = {plain(one) for unique in table.uniques for one in unique.columns}
    return any(
        read.number in reads_of(value) and plain(column) not in keys
        for column, value in effect.where.items()
        if not isinstance(value, Known)
    )


def looked_at(path: Path, event: Event) -> bool:
    """Whether a condition looks at what an event gave."""
    return _LOOKS.of(path).get(event.number, -1) > event.number


def _looks(path: Path) -> dict[int, int]:
    """Of each event whose result stands in a condition: the last event under such a condition."""
    found: dict[int, int] = {}
    seen: set[int] = set()
    for one in reversed(path.events):
        for guard in one.guards:
            if id(guard) not in seen:
                seen.add(id(guard))
                for number in reads_of(guard.test):
                    found.setdefault(number, one.number)
    return found


_LOOKS = OfPath(_looks)
