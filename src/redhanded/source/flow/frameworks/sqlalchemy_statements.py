"""SQLAlchemy's statements, built step by step: ``session.query(…)…``, ``select(…)…`` and others.

References: https://docs.sqlalchemy.org/en/20/orm/queryguide/ and …/core/dml.html,
…/dialects/postgresql.html#insert-on-conflict-upsert.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.framework import Surroundings
from redhanded.source.flow.frameworks.chain import Link, given, links
from redhanded.source.flow.frameworks.reading import elements, is_true, text
from redhanded.source.flow.frameworks.sqlalchemy_columns import (
    AGGREGATES,
    Conditions,
    column_of,
    conditions,
    model_of,
    row,
)
from redhanded.source.flow.sql_effects import sql_effects
from redhanded.source.flow.values import Either, Kind, Known, Library, Made, Record, Value

STARTS = {
    "query": "read",
    "select": "read",
    "exists": "read",
    "insert": "insert",
    "update": "update",
    "delete": "delete",
}
Verb = Literal["read", "insert", "update", "delete"]


@dataclass(slots=True)
class Statement:
    """What a chain of calls builds."""

    verb: str = "read"
    model: Kind | None = None
    table: str | None = None
    conditions: Conditions = field(default_factory=Conditions)
    values: dict[str, Value] = field(default_factory=dict)
    columns: list[str] = field(default_factory=list)
    aggregates: list[str] = field(default_factory=list)
    lock: Literal["", "update", "share"] = ""
    conflict: Literal["", "ignore", "update"] = ""
    conflict_columns: tuple[str, ...] = ()
    ordered: bool = False
    many: bool = False
    options: dict[str, Value] = field(default_factory=dict)


def statement(value: Library, around: Surroundings) -> Statement | None:
    """The statement that a chain builds; None: it builds none."""
    found: Statement | None = None
    for one in links(value):
        if found is None:
            found = _start(one, value, around)
        elif one.made is not None:
            _add(found, one, one.made, around)
    return found


def _start(one: Link, value: Library, around: Surroundings) -> Statement | None:
    if one.name == "query" and one.made is None and isinstance(value.through, Kind):
        # Flask-SQLAlchemy: ``Model.query``.
        return Statement(model=value.through, table=model_of(value.through, around)[1])
    verb = STARTS.get(one.name)
    if verb is None or one.made is None:
        return None
    found = Statement(verb=verb)
    if one.name == "exists" and not one.made.arguments:
        return None
    for place, entity in enumerate(one.made.arguments):
        _entity(found, entity, around, first=place == 0)
    if not one.made.arguments:
        found.table = model_of(value, around)[1]  # ``table.insert()``
    return found


def _entity(found: Statement, entity: Value, around: Surroundings, *, first: bool) -> None:
    if isinstance(entity, Record) and entity.of is None:
        for inner in elements(entity):
            _entity(found, inner, around, first=first)
        return
    names = entity.names if isinstance(entity, Library) else ()
    found.aggregates += [one for one in names if one in AGGREGATES]
    if "exists" in names:
        found.aggregates.append("exists")
        asked = statement(entity, around) if isinstance(entity, Library) else None
        if asked is not None:
            found.conditions = asked.conditions
            found.model, found.table = asked.model, asked.table
            return
    model, table = model_of(entity, around)
    if found.table is None:
        found.model, found.table = model, table
    column = column_of(entity, around)
    if column is not None and not isinstance(entity, Kind):
        found.columns.append(column.name)


def _add(found: Statement, one: Link, made: Made, around: Surroundings) -> None:
    name = one.name
    if name in ("filter", "where", "having"):
        conditions(made.arguments, around, found.conditions)
    elif name == "filter_by":
        found.conditions.where.update(made.keywords)
    elif name in ("get", "get_or_404"):
        found.conditions.where["id"] = given(made, 0, "ident") or Known(None)
    elif name == "with_for_update":
        found.lock = "share" if is_true(made.keywords.get("read")) else "update"
        for option in ("nowait", "skip_locked"):
            if is_true(made.keywords.get(option)):
                found.options["wait"] = Known(option.replace("_", " "))
    elif name == "order_by":
        found.ordered = True
    elif name == "select_from":
        model, table = model_of(given(made, 0), around)
        if table is not None:
            found.model, found.table = model, table
    elif name in ("count", "exists"):
        found.aggregates.append(name)
    elif name in ("with_entities", "with_only_columns", "add_columns"):
        found.columns = []
        for entity in made.arguments:
            _entity(found, entity, around, first=False)
    elif name == "limit":
        found.options["limit"] = given(made, 0) or Known(None)
    else:
        _write(found, name, made, around)


def _write(found: Statement, name: str, made: Made, around: Surroundings) -> None:
    if name == "values" and found.verb in ("insert", "update"):
        written = given(made, 0)
        several = elements(written)
        found.many |= bool(several) or (written is not None and not isinstance(written, Record))
        for one in several[:1] or ((written,) if written is not None else ()):
            found.values.update(row(one, around))
        found.values.update(row(Record(dict(made.keywords)), around))
    elif name == "on_conflict_do_nothing":
        found.conflict = "ignore"
        found.conflict_columns = _columns(made, around)
    elif name in ("on_conflict_do_update", "on_duplicate_key_update"):
        found.conflict = "update"
        found.conflict_columns = _columns(made, around)
        changed = row(given(made, -1, "set_"), around)
        found.options["set"] = Record(dict(changed), is_complete=bool(changed))
    elif name == "prefix_with" and text(given(made, 0)) in ("OR IGNORE", "IGNORE"):
        found.conflict = "ignore"
    elif name == "returning":
        found.options["returning"] = Known(True)


def _columns(made: Made, around: Surroundings) -> tuple[str, ...]:
    said = made.keywords.get("index_elements")
    found = []
    for one in elements(said):
        written = text(one)
        column = column_of(one, around)
        if written is not None:
            found.append(written)
        elif column is not None:
            found.append(column.name)
    constraint = text(made.keywords.get("constraint"))
    return tuple(found) if found or constraint is None else (constraint,)


def effect_of(
    found: Statement, *, library: str, verb: str, session: Value | None, many: bool
) -> Effect:
    """What happens when a statement is executed."""
    kind: Literal["read", "insert", "update", "delete", "upsert"] = "read"
    if found.verb == "insert":
        kind = "upsert" if found.conflict else "insert"
    elif found.verb == "update":
        kind = "update"
    elif found.verb == "delete":
        kind = "delete"
    return Effect(
        kind=kind,
        store="database",
        library=library,
        verb=verb,
        subject=found.table,
        model=found.model.name if found.model is not None else "",
        where=found.conditions.where,
        ranges=found.conditions.ranges,
        values=found.values,
        aggregates=tuple(dict.fromkeys(found.aggregates)),
        ordered=found.ordered,
        conflict=found.conflict,
        conflict_columns=found.conflict_columns,
        lock=found.lock,
        session=session,
        many=many,
        options=found.options,
    )


def executed(
    value: Value | None,
    parameters: Value | None,
    around: Surroundings,
    *,
    library: str,
    verb: str,
    session: Value | None,
) -> tuple[tuple[Effect, ...], Statement | None]:
    """The effects of ``execute(value, parameters)``, and the statement where it is no text."""
    if isinstance(value, Either):
        return _either(value, parameters, around, library=library, verb=verb, session=session)
    if isinstance(value, Library):
        for one in links(value):
            if one.name == "text" and one.made is not None:
                bound = parameters
                if bound is None:
                    bound = _bound(value)
                written = given(one.made, 0, "text")
                if written is None:
                    return (), None
                return sql_effects(written, bound, library=library, session=session), None
        found = statement(value, around)
        if found is not None:
            if parameters is not None and found.verb in ("insert", "update"):
                several = elements(parameters)
                found.many |= bool(several)
                found.values.update(row(several[0] if several else parameters, around))
            many = found.many or (found.verb != "insert" and not found.aggregates)
            effect = effect_of(found, library=library, verb=verb, session=session, many=many)
            return (effect,), found
    if value is None:
        return (), None
    return sql_effects(value, parameters, library=library, session=session), None


def _either(
    value: Either,
    parameters: Value | None,
    around: Surroundings,
    *,
    library: str,
    verb: str,
    session: Value | None,
) -> tuple[tuple[Effect, ...], Statement | None]:
    """A statement that is built in one of several ways: what all have, and ``?`` for the rest."""
    ways = [
        executed(one, parameters, around, library=library, verb=verb, session=session)
        for one in value.values
        if isinstance(one, Library)
    ]
    ways = [one for one in ways if one[0]]
    if not ways:
        return (), None
    effects, found = min(ways, key=lambda one: len(one[0][0].where) + len(one[0][0].ranges))
    if len(ways) > 1 and any(one[0] != effects for one in ways):
        where = {**effects[0].where, "?": Known(None)}
        effects = (replace(effects[0], where=where), *effects[1:])
    return effects, found


def _bound(value: Library) -> Value | None:
    """Of ``text(…).bindparams(x=1)``."""
    found: dict[str, Value] = {}
    for one in links(value):
        if one.name == "bindparams" and one.made is not None:
            found.update(one.made.keywords)
    return Record(found) if found else None
