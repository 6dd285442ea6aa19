"""Entities of TypeORM that an object describes: ``new EntitySchema({…})``.

Reference: https://typeorm.io/docs/entity/separating-entity-definition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from redhanded.case.evidence import Location
from redhanded.source.flow.schema import Column, Table, Unique
from redhanded.source.flow.schemas.changes import table_name
from redhanded.source.flow.schemas.evaluation import Evaluation
from redhanded.source.flow.schemas.lists import elements, text, texts
from redhanded.source.flow.schemas.tool import is_true, last_call, written
from redhanded.source.flow.schemas.walking import calls_of
from redhanded.source.flow.values import Kind, Library, Record, Value

NAME = "EntitySchema"
_TIMES = {
    "createDate": "timestamp",
    "updateDate": "timestamp",
    "deleteDate": "timestamp",
    "version": "integer",
}
_OWNING = frozenset({"many-to-one", "one-to-one"})


def described(evaluation: Evaluation, *, snakes: bool) -> Iterator[Table]:
    """The table of every one; ``snakes``: columns are named in snake case where nothing is said."""
    for module in evaluation.program.importing("typeorm"):
        if not module.may_call((NAME,)):
            continue
        for call, function in calls_of(module):
            if getattr(call.function, "name", "") != NAME:
                continue
            called = last_call(evaluation.at(call, module.path, function))
            options = called[1].arguments[0] if called and called[1].arguments else None
            if isinstance(options, Record):
                at = Location(path=module.path, line=call.line)
                yield _table(options.parts, at, snakes=snakes)


def entity_name(options: Mapping[str, Value]) -> str:
    """What an entity is called: after its class where it has one."""
    target = options.get("target")
    return target.name if isinstance(target, Kind) else text(options.get("name"))


def snake(name: str) -> str:
    """``UserProfile`` as ``user_profile``, as TypeORM names tables."""
    spaced = re.sub(r"([A-Z])([A-Z])([a-z])", r"\1_\2\3", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", spaced).lower()


def unique(columns: tuple[str, ...], at: Location, *, name: str = "", where: str = "") -> Unique:
    """As a model says it."""
    return Unique(columns=columns, said=("model",), location=at, name=name or None, where=where)


def _table(options: Mapping[str, Value], at: Location, *, snakes: bool) -> Table:
    called = entity_name(options)
    columns: list[Column] = []
    uniques: list[Unique] = []
    keys: list[str] = []
    names: dict[str, str] = {}
    for attribute, said in _entries(options.get("columns")):
        column = _column(attribute, said, snakes=snakes)
        names[attribute] = column.name
        columns.append(column)
        if is_true(said.get("primary")):
            keys.append(column.name)
        elif is_true(said.get("unique")):
            uniques.append(unique((column.name,), at))
    for attribute, said in _entries(options.get("relations")):
        name = _joined(attribute, said, snakes=snakes)
        if name is None:
            continue
        names[attribute] = name
        if all(each.name != name for each in columns):
            columns.append(Column(name=name, type="", attribute=attribute))
        if is_true(said.get("primary")):
            keys.append(name)
        elif text(said.get("type")) == "one-to-one":
            uniques.append(unique((name,), at))
    uniques += _composite(options, names, at)
    if keys:
        key = Unique(columns=tuple(keys), said=("model",), location=at, is_primary=True)
        uniques.insert(0, key)
    return Table(
        name=table_name(
            text(options.get("schema")), text(options.get("tableName")) or snake(called)
        ),
        columns=tuple(columns),
        uniques=tuple(uniques),
        checks=tuple(
            f"CHECK ({expression})"
            for one in elements(options.get("checks"))
            if isinstance(one, Record) and (expression := text(one.parts.get("expression")))
        ),
        models=tuple(dict.fromkeys(each for each in (called, text(options.get("name"))) if each)),
        location=at,
    )


def _entries(given: Value | None) -> Iterator[tuple[str, Mapping[str, Value]]]:
    for name, value in given.parts.items() if isinstance(given, Record) else ():
        if isinstance(value, Record):
            yield name, value.parts


def _column(attribute: str, said: Mapping[str, Value], *, snakes: bool) -> Column:
    name = text(said.get("name")) or (snake(attribute) if snakes else attribute)
    kind = said.get("type")
    typed = kind.names[-1] if isinstance(kind, Library) and kind.names else text(kind)
    time = next((kind for flag, kind in _TIMES.items() if is_true(said.get(flag))), None)
    return Column(
        name=name,
        type=time or typed.lower(),
        default=written(said.get("default")),
        attribute=attribute if attribute != name else "",
        is_nullable=is_true(said.get("nullable")) or is_true(said.get("deleteDate")),
    )


def _joined(attribute: str, said: Mapping[str, Value], *, snakes: bool) -> str | None:
    """The column of a relation; None where the other side has it."""
    kind, join = text(said.get("type")), said.get("joinColumn")
    if kind not in _OWNING or (kind == "one-to-one" and not _is_given(join)):
        return None
    options = join.parts if isinstance(join, Record) else {}
    referred = text(options.get("referencedColumnName")) or "id"
    default = f"{attribute}{referred[:1].upper()}{referred[1:]}"
    return text(options.get("name")) or (snake(default) if snakes else default)


def _is_given(value: Value | None) -> bool:
    return isinstance(value, Record) or is_true(value)


def _composite(
    options: Mapping[str, Value], names: Mapping[str, str], at: Location
) -> Iterator[Unique]:
    """``uniques``, and those of ``indices`` that are unique."""
    for kind in ("uniques", "indices"):
        for one in elements(options.get(kind)):
            said = one.parts if isinstance(one, Record) else {}
            fields = tuple(names.get(each, each) for each in texts(said.get("columns")))
            if fields and (kind == "uniques" or is_true(said.get("unique"))):
                where = written(said.get("where"))
                yield unique(fields, at, name=text(said.get("name")), where=where)
