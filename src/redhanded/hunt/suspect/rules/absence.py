"""Inserts that depend on a look at their own table, and what speaks for and against a race."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from redhanded.case.evidence import Location
from redhanded.hunt.suspect.rules.exclusion import at_once
from redhanded.hunt.suspect.rules.guarded import Check, checks, excludes
from redhanded.hunt.suspect.rules.handled import violation
from redhanded.hunt.suspect.rules.occasion import is_repeated, occasion
from redhanded.hunt.suspect.rules.origin import is_fresh, is_new_entity, roots, written_out
from redhanded.hunt.suspect.rules.rows import inserts, is_same_table, table_of
from redhanded.hunt.suspect.rules.rule import Reason
from redhanded.hunt.suspect.rules.serialised import FULL, kept_apart
from redhanded.hunt.suspect.rules.uniqueness import (
    UNREAD,
    covering,
    excluded,
    named,
    plain_columns,
)
from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.events import Event, Guard, Path
from redhanded.source.flow.schema import Schema, Table, Unique
from redhanded.source.flow.values import Known, Value

ANY_ROW = "any row at all is looked for: all runs mean the same one"
_LASTING: frozenset[EffectKind] = frozenset({"insert", "upsert", "send", "enqueue", "save"})
_GIVING: frozenset[EffectKind] = frozenset({"find-or-create", "insert", "upsert"})
"""What gives a row whether it was there or not, so that it never finds none."""
_KEYS = frozenset({"id", "pk", "uuid"})
"""What rows are identified by where no table says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """An insert, and the look at its table that it depends on."""

    check: Check
    looked: Effect
    act: Event
    created: Effect
    columns: tuple[str, ...]
    """What was looked at, as far as it could be read."""
    unique: Unique | None
    """The constraint that refuses the second row."""


def lookups(schema: Schema, path: Path) -> Iterator[Lookup]:
    """The inserts of a path that happen if a look at the same table found nothing."""
    for act, created in inserts(path):
        yield from _in_one_statement(schema, act, created)
        for check in checks(path, act):
            looked = check.look.effect
            if looked is None or check.sense != "absent" or looked.kind in _GIVING:
                continue
            if looked.store != "database" or not is_same_table(schema, looked, created):
                continue
            columns = (*named(looked.where), *named(looked.ranges))
            table = table_of(schema, created)
            unique = covering(table, named(looked.where)) if table and columns else None
            yield Lookup(
                check=check,
                looked=looked,
                act=act,
                created=created,
                columns=columns,
                unique=unique,
            )


def _in_one_statement(schema: Schema, act: Event, created: Effect) -> Iterator[Lookup]:
    """``INSERT … SELECT … WHERE NOT EXISTS``: the look and the insert see one snapshot, which does
    not hold what another statement has not yet committed."""
    tested = created.options.get("unless_exists")
    if not isinstance(tested, Known) or tested.value != created.subject:
        return
    is_any = created.options.get("unless_any") == Known(True)
    columns = () if is_any else tuple(named(created.where) or created.values)
    table = table_of(schema, created)
    guard = Guard(test=tested, holds=False, location=act.location)
    yield Lookup(
        check=Check(look=act, sense="absent", guard=guard),
        looked=replace(created, where={} if is_any else dict(created.where or created.values)),
        act=act,
        created=created,
        columns=columns,
        unique=covering(table, columns) if table and columns else None,
    )


def evidence(schema: Schema, path: Path, found: Lookup) -> tuple[Reason, ...]:
    """The reasons for and against a race of the look and the insert."""
    table = table_of(schema, found.created)
    check = found.check.look
    return (
        Reason(
            weight=0.3,
            says="the row is added only if the look found none",
            location=found.act.location,
        ),
        _key(path, found, table),
        *_constraint(path, found, table),
        *kept_apart(path, check, found.act, "absent"),
        *_leased(path, found),
        *_alone(path, found),
        occasion(path, found.act),
    )


def _by_key_alone(found: Lookup, table: Table | None) -> bool:
    """Whether a row is looked for by what identifies rows, which the insert does not write: keys
    are made by the store or the library."""
    looked = plain_columns(table, found.columns)
    keys = set(_KEYS)
    for one in table.uniques if table is not None else ():
        if one.is_primary:
            keys |= plain_columns(table, one.columns)
    return looked <= keys and not looked & plain_columns(table, found.created.values)


def _key(path: Path, found: Lookup, table: Table | None) -> Reason:
    """Whether the look is about the row that is added, and whether another run can mean it."""
    looked, created = found.looked, found.created
    values = [one for column, one in looked.where.items() if column != UNREAD]
    where = check_location(found)
    other = _left_out(found, table)
    if other is not None:
        says = f"the row that is added is none that was looked for: its {other} is another"
        return Reason(weight=FULL, says=says, location=where)
    if any(is_fresh(path, one) for one in values):
        return Reason(weight=FULL, says="what is looked for is new in each run", location=where)
    if any(is_new_entity(path, one) for one in values):
        says = "what is looked for belongs to a row that the same run has made"
        return Reason(weight=FULL, says=says, location=where)
    if not found.columns and not looked.where and not looked.aggregates:
        return Reason(weight=0.25, says=ANY_ROW, location=where)
    if not found.columns:
        says = "what is looked for could not be read"
        # Where nothing is known of the added row either, nothing ties the two to each other.
        return Reason(weight=-0.15 if created.values else -0.3, says=says, location=where)
    if _by_key_alone(found, table):
        says = "it is looked for by its key, and the row is not seen to be added with that"
        return Reason(weight=-0.3, says=says, location=where)
    if not created.values:
        return Reason(weight=0.0, says="what is added could not be read", location=where)
    columns = plain_columns(table, found.columns) & plain_columns(table, created.values)
    if columns or _share(path, values, tuple(created.values.values())):
        return Reason(weight=0.1, says="the row is added with what was looked for", location=where)
    return Reason(weight=-0.3, says="the row is not added with what was looked for", location=where)


def _left_out(found: Lookup, table: Table | None) -> str | None:
    """A column whose written value is none of those that were looked for, so that the look would
    not find the row once it is there: it was not to keep it from being added twice."""
    made = {
        one: value
        for column, value in found.created.values.items()
        for one in plain_columns(table, (column,))
    }
    for column, value in found.looked.where.items():
        for name in plain_columns(table, (column,)):
            wanted, given = written_out(value), written_out(made.get(name))
            if wanted and given and not wanted & given:
                return column
    return None


def _leased(path: Path, found: Lookup) -> Iterator[Reason]:
    """A key that only one run can set, before the look, and on whose answer the insert depends."""
    for check in checks(path, found.act):
        effect = check.look.effect
        if effect is None or check.look.number >= found.check.look.number:
            continue
        if effect.kind == "acquire" or (effect.kind == "set" and effect.only_if_absent):
            key = (*effect.where.values(), *check.look.arguments[:1])
            if any(not is_fresh(path, one) for one in key) or not key:
                says = f"only one run at a time sets {effect.subject or 'the key'}"
                yield Reason(weight=FULL, says=says, location=check.look.location)


def _alone(path: Path, found: Lookup) -> Iterator[Reason]:
    if found.check.look is not found.act and at_once(path, found.check.look, found.act):
        says = "nothing is waited for between the two, and the process has one connection"
        yield Reason(weight=FULL, says=says, location=found.act.location)


def check_location(found: Lookup) -> Location:
    """Where the look is."""
    return found.check.look.location


def _share(path: Path, left: list[Value], right: tuple[Value, ...]) -> bool:
    theirs = frozenset[object]().union(*(roots(path, one) for one in right))
    return any(roots(path, one) & theirs for one in left)


def _constraint(path: Path, found: Lookup, table: Table | None) -> Iterator[Reason]:
    """What the database says to a second row."""
    columns = ", ".join(found.columns) or "what is looked at"
    if table is None:
        says = "the table's constraints are not known"
        yield Reason(weight=-0.1, says=says, location=found.act.location)
        return
    if found.unique is not None:
        yield _refused(path, found, found.unique)
        return
    partial = covering(table, named(found.looked.where), partial=True)
    overlap = excluded(table)
    other = _other(path, found, table)
    if partial is not None:
        says = f"{', '.join(partial.columns)} is unique where {partial.where}"
        yield Reason(weight=-0.4, says=says, location=partial.location)
    elif found.looked.ranges and _is_of_isolation(found):
        says = "a wrong isolation level: see that rule"
        yield Reason(weight=FULL, says=says, location=found.act.location)
    elif overlap is not None and found.looked.ranges:
        yield Reason(weight=FULL, says=f"the database refuses what overlaps: {overlap}")
    elif other is not None:
        says = f"{', '.join(other.columns)} is unique and follows from the same input"
        yield Reason(weight=-0.5, says=says, location=other.location)
    elif UNREAD in found.looked.where and any(not one.is_primary for one in table.uniques):
        says = "a part of what is looked at could not be read; it may be what is unique"
        yield Reason(weight=-0.2, says=says, location=check_location(found))
    elif (wider := _wider(path, found, table)) is not None:
        says = f"{', '.join(wider.columns)} is unique, which holds what is looked at and more"
        yield Reason(weight=-0.05, says=says, location=wider.location)
    elif table.is_complete:
        says = f"no constraint of {table.name} refuses two rows with the same {columns}"
        yield Reason(weight=0.25, says=says, location=table.location)
    else:
        says = f"no constraint on {columns} was found; {table.name} could not be read in full"
        yield Reason(weight=0.1, says=says, location=table.location)


def _is_of_isolation(found: Lookup) -> bool:
    """Rows that overlap, looked for in a snapshot: the transaction's level was chosen for it."""
    levels = {one.isolation.lower().replace("_", " ") for one in found.act.around}
    return bool(levels & {"repeatable read", "snapshot"})


def _refused(path: Path, found: Lookup, unique: Unique) -> Reason:
    columns = ", ".join(unique.columns)
    handling = violation(found.act)
    if found.created.conflict == "error" or handling == "handled":
        says = f"{columns} is unique, and a refused insert is answered"
        return Reason(weight=FULL, says=says, location=unique.location)
    if handling == "swallowed":
        says = f"{columns} is unique, and whatever fails is passed over"
        return Reason(weight=-0.6, says=says, location=unique.location)
    left = _left_behind(path, found.act)
    if left is not None:
        says = f"{columns} is unique: the second run fails, after {left.callee} ({left.location})"
        return Reason(weight=0.05, says=says, location=unique.location)
    if is_repeated(path):
        says = f"{columns} is unique: the second run fails, and is taken for a fault"
        return Reason(weight=0.0, says=says, location=unique.location)
    says = f"{columns} is unique: the data stays right, and the second run fails unanswered"
    return Reason(weight=0.0, says=says, location=unique.location)


def _left_behind(path: Path, act: Event) -> Event | None:
    """What a run has done before the refused insert, and does not undo when it fails."""
    undone = {one.number for one in act.around}
    for event in path.events[: act.number]:
        effect = event.effect
        if effect is None or effect.kind not in _LASTING or excludes(event, act):
            continue
        if undone & {one.number for one in event.around} and effect.store == "database":
            continue
        return event
    return None


def _other(path: Path, found: Lookup, table: Table) -> Unique | None:
    """A constraint on columns whose values follow from what is looked for."""
    looked = frozenset[object]().union(
        *(roots(path, one) for column, one in found.looked.where.items() if column != UNREAD)
    )
    by_column = {
        one: value
        for column, value in found.created.values.items()
        for one in plain_columns(table, (column,))
    }
    for unique in table.uniques:
        if unique.where or not unique.columns:
            continue
        values = [by_column.get(one) for one in plain_columns(table, unique.columns)]
        if all(one is not None and _follows(path, one, looked) for one in values):
            return unique
    return None


def _wider(path: Path, found: Lookup, table: Table) -> Unique | None:
    """A constraint on what is looked for and more, none of it another value in each run: whether
    two runs differ in the rest is not known, and where they do not, the second is refused."""
    looked = plain_columns(table, found.columns)
    created = found.created.values
    for unique in table.uniques:
        columns = plain_columns(table, unique.columns)
        if unique.where or not looked or not looked < columns:
            continue
        rest = [one for name, one in created.items() if plain_columns(table, (name,)) & columns]
        if not any(is_fresh(path, one) for one in rest):
            return unique
    return None


def _follows(path: Path, value: Value, looked: frozenset[object]) -> bool:
    made = frozenset(roots(path, value))
    return bool(made) and made <= looked
