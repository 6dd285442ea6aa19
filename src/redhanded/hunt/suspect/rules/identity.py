"""Whether two statements mean the same row or key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from redhanded.hunt.suspect.rules.derivation import origins, reads_of
from redhanded.hunt.suspect.rules.rows import is_same_table
from redhanded.hunt.suspect.rules.uniqueness import plain
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Event
from redhanded.source.flow.schema import Schema
from redhanded.source.flow.values import Either, Known, Record, Stored, Unknown, Value

Sameness = Literal["same", "perhaps", "other"]


def same_subject(one: Effect, other: Effect, schema: Schema) -> bool:
    """Whether two effects concern the same table, key pattern, queue or lock."""
    if one.store == "database":
        return is_same_table(schema, one, other)
    if one.store != other.store or one.subject != other.subject:
        return False
    return one.subject is not None or _is_one_key(one, other)


def _is_one_key(one: Effect, other: Effect) -> bool:
    """Keys of which nothing is written out are one where the same value names both."""
    first, second = one.where.get("key"), other.where.get("key")
    return one.store == "keys" and first is not None and bool(origins(first)) and first == second


def same_row(read: Event, write: Event, schema: Schema) -> Sameness:
    """Whether a write concerns what a read gave.

    ``same``: by the instance, by the same conditions, or by an identifier that the read gave;
    ``other``: by an identifier that differs; ``perhaps``: the conditions are not comparable.
    """
    first, second = read.effect, write.effect
    if first is None or second is None or not same_subject(first, second, schema):
        return "other"
    if second.entity is not None:
        if read.number in reads_of(second.entity):
            return "same"
        if reads_of(second.entity):
            return "other"
    if first.store == "keys":
        return _same_key(read, write)
    return _by_conditions(read.number, _plainly(first.where), _plainly(second.where))


def key_of(event: Event) -> Value | None:
    """The key that a command names: its own word for it, else its first argument."""
    if event.effect is not None and event.effect.where:
        return event.effect.where.get("key") or next(iter(event.effect.where.values()))
    return event.arguments[0] if event.arguments else None


def _same_key(one: Event, other: Event) -> Sameness:
    first, second = key_of(one), key_of(other)
    if first is None or second is None:
        return "same"
    fields = [each.effect.where.get("field") if each.effect else None for each in (one, other)]
    if fields[0] is not None and fields[1] is not None:
        within = _same_value(fields[0], fields[1])
        if within != "same":
            return within
    return _same_value(first, second)


def _by_conditions(read: int, first: Mapping[str, Value], second: Mapping[str, Value]) -> Sameness:
    if any(read in reads_of(value) for value in second.values()):
        return "same"
    shared = [(first[name], second[name]) for name in first if name in second]
    if any(_is_among(other, one) for one, other in shared):
        return "same"
    verdicts = [_same_value(one, other) for one, other in shared]
    if "other" in verdicts:
        return "other"
    if "same" in verdicts:
        return "same"
    if not first and not second:
        return "same"
    return "perhaps"


def _is_among(value: Value, several: Value) -> bool:
    """Whether a value is one of those of which rows were read: ``WHERE id IN (giver, taker)``."""
    if isinstance(several, Either):
        return value in several.values and bool(origins(value))
    if isinstance(several, Record) and several.of is None:
        return value in several.parts.values() and bool(origins(value))
    return False


def _same_value(one: Value, other: Value) -> Sameness:
    if isinstance(one, Unknown) or isinstance(other, Unknown):
        return "perhaps"
    if one == other:
        return "same"
    if isinstance(one, Known) and isinstance(other, Known):
        return "other"
    first, second = origins(one), origins(other)
    if first and second:
        return "same" if first == second else "other"
    return "perhaps"


def _plainly(where: Mapping[str, Value]) -> dict[str, Value]:
    return {plain(name) or name: value for name, value in where.items()}


def written_columns(effect: Effect) -> Mapping[str, Value]:
    """Plain column to the value it is given by the program; what the store computes is left out."""
    return {
        plain(name): value for name, value in effect.values.items() if not isinstance(value, Stored)
    }


def stored_columns(effect: Effect) -> Mapping[str, Stored]:
    """Plain column to what the store computes it from."""
    return {
        plain(name): value for name, value in effect.values.items() if isinstance(value, Stored)
    }
