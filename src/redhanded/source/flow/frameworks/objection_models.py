"""Objection: the table of a model, its columns, and the rows that its relations lead to.

Reference: https://vincit.github.io/objection.js/api/model/static-properties.html (``tableName``,
``idColumn``, ``relationMappings``), …/recipes/snake-case-to-camel-case-conversion.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from redhanded.source.flow.form import Return
from redhanded.source.flow.framework import Surroundings
from redhanded.source.flow.frameworks.chain import constant_field, inherits, lineage, once
from redhanded.source.flow.frameworks.reading import elements, members, text
from redhanded.source.flow.values import Kind, Procedure, Value

MODEL = "Model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A class that is a table."""

    kind: Kind
    table: str | None
    columns: dict[str, str]
    """Names in the program to those of the table, where they differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Rows of another table that belong to a row: ``theirs`` is equal to ``ours`` of the row."""

    kind: Kind | None
    table: str
    ours: str
    theirs: str


def is_model(kind: Kind, around: Surroundings) -> bool:
    return any(
        one.package == "objection" and MODEL in one.names[-1:] for one in inherits(kind, around)
    )


def model_of(kind: Kind, around: Surroundings) -> Model:
    """What is known of a class."""
    table = text(static(kind, "tableName", around))
    found = around.schema.table(table) if table is not None else None
    columns = {}
    for one in found.columns if found is not None else ():
        if _camel(one.name) != one.name:
            columns[_camel(one.name)] = one.name
    return Model(kind=kind, table=table, columns=columns)


def _camel(name: str) -> str:
    return re.sub(r"_([a-z\d])", lambda found: found[1].upper(), name)


def static(kind: Kind, name: str, around: Surroundings) -> Value | None:
    """A static property: a field, or a getter that returns it."""
    said = constant_field(kind, name, around)
    if isinstance(said, Procedure):
        return _returned(said, around)
    if said is not None:
        return said
    for owner, one in lineage(kind, around):
        module = around.module(owner.path)
        for index in one.methods if module is not None else ():
            if module is not None and module.functions[index].name == name:
                return _returned(Procedure(owner.path, index), around)
    return None


def _returned(function: Procedure, around: Surroundings) -> Value | None:
    for one in around.function_of(function).body:
        if isinstance(one, Return) and one.value is not None:
            return around.evaluate(one.value, function.path, function.function)
    return None


def relation_of(kind: Kind, name: str, around: Surroundings) -> Relation | None:
    """``$relatedQuery('name')``; None where a third table stands between both."""
    said = members(members(static(kind, "relationMappings", around)).get(name))
    join = members(said.get("join"))
    ours, theirs = _place(join.get("from")), _place(join.get("to"))
    if ours is None or theirs is None or "through" in join:
        return None
    target = said.get("modelClass")
    if not isinstance(target, Kind):
        target = _of_table(theirs[0], around)
    return Relation(kind=target, table=theirs[0], ours=ours[1], theirs=theirs[1])


def _place(value: Value | None) -> tuple[str, str] | None:
    """``tickets.tour_id``."""
    several = elements(value)
    said = text(several[0] if len(several) == 1 else value)
    table, _, column = (said or "").rpartition(".")
    return (table, column) if table and column else None


def _of_table(table: str, around: Surroundings) -> Kind | None:
    found = [kind for kind, name in once(_tables, around) if name == table]
    return found[0] if len(found) == 1 else None


def _tables(around: Surroundings) -> tuple[tuple[Kind, str], ...]:
    return tuple(_all(around))


def _all(around: Surroundings) -> Iterator[tuple[Kind, str]]:
    for module in around.modules():
        if module.language == "python":
            continue
        for index, one in enumerate(module.classes):
            kind = Kind(module.path, index, one.name)
            table = text(static(kind, "tableName", around)) if is_model(kind, around) else None
            if table is not None:
                yield kind, table
