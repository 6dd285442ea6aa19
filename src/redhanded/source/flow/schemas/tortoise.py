"""Models of Tortoise ORM, and the migrations that Aerich writes for them.

References: https://tortoise.github.io/models.html, https://tortoise.github.io/fields.html,
https://github.com/tortoise/aerich. A table is called like its class in lower case, unless ``Meta``
says otherwise; a foreign key has the column ``name_id``. A migration of Aerich is a function
``upgrade`` that gives SQL.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from redhanded.case.evidence import Location
from redhanded.source.flow import form
from redhanded.source.flow.module import Function, Module
from redhanded.source.flow.schema import Column, Table, Unique
from redhanded.source.flow.schemas.changes import Change
from redhanded.source.flow.schemas.decorated import lineage, tables_of_classes
from redhanded.source.flow.schemas.evaluation import Evaluation, Scope
from redhanded.source.flow.schemas.lists import elements, text, texts
from redhanded.source.flow.schemas.sql import sql_changes
from redhanded.source.flow.schemas.tool import (
    Migration,
    Models,
    is_true,
    last_call,
    natural,
    sql_of,
    written,
)
from redhanded.source.flow.schemas.walking import flat
from redhanded.source.flow.values import Kind, Library, Value

_KEYED = ("ForeignKeyField", "OneToOneField")


def models(evaluation: Evaluation) -> Models:
    """Every class that has fields and comes from ``Model``."""
    return Models(tool="tortoise", tables=tables_of_classes(evaluation, _is_model, _table))


def _is_model(evaluation: Evaluation, kind: Kind) -> bool:
    return any(
        isinstance(base, Library) and base.package == "tortoise" and "Model" in base.names
        for one in (*lineage(evaluation, kind), kind)
        for base in evaluation.bases(one)
    )


@dataclass(slots=True, kw_only=True)
class _Said:
    columns: list[Column] = field(default_factory=list)
    uniques: list[Unique] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """Field to column."""


def _table(evaluation: Evaluation, kind: Kind) -> Table | None:
    said = _Said()
    for one in (*lineage(evaluation, kind), kind):
        _fields(evaluation, one, said)
    meta = _meta(evaluation, kind)
    if not said.columns or is_true(meta.get("abstract")):
        return None
    at = Location(path=kind.path, line=evaluation.class_of(kind).line)
    if not said.keys:
        said.columns.insert(0, Column(name="id", type="serial", is_nullable=False))
        said.keys = ["id"]
    key = Unique(columns=tuple(said.keys), said=("model",), location=at, is_primary=True)
    said.uniques.insert(0, key)
    said.uniques += _together(meta, said, at)
    return Table(
        name=text(meta.get("table")) or kind.name.lower(),
        columns=tuple(said.columns),
        uniques=tuple(said.uniques),
        models=(kind.name,),
        location=at,
    )


def _meta(evaluation: Evaluation, kind: Kind) -> dict[str, Value]:
    module = evaluation.program.modules[kind.path]
    found: dict[str, Value] = {}
    for index in evaluation.class_of(kind).classes:
        if module.classes[index].name == "Meta":
            for one in module.classes[index].fields:
                if one.value is not None:
                    found[one.name] = evaluation.value(one.value, Scope(module=module))
    return found


def _fields(evaluation: Evaluation, kind: Kind, said: _Said) -> None:
    module = evaluation.program.modules[kind.path]
    for one in evaluation.class_of(kind).fields:
        value = evaluation.value(one.value, Scope(module=module)) if one.value is not None else None
        called = last_call(value)
        if called is None or not isinstance(value, Library) or value.package != "tortoise":
            continue
        maker, made = called
        if not maker.endswith("Field") or maker == "ManyToManyField":
            continue
        is_key = maker in _KEYED
        name = text(made.keywords.get("source_field")) or (f"{one.name}_id" if is_key else one.name)
        said.names[one.name] = name
        said.columns.append(
            Column(
                name=name,
                type=maker.removesuffix("Field").lower(),
                default=written(made.keywords.get("default")),
                attribute=one.name if one.name != name else "",
                is_nullable=is_true(made.keywords.get("null")),
            )
        )
        is_primary = any(is_true(made.keywords.get(each)) for each in ("pk", "primary_key"))
        at = Location(path=kind.path, line=one.line)
        if is_primary:
            said.keys.append(name)
        elif is_true(made.keywords.get("unique")) or maker == "OneToOneField":
            said.uniques.append(Unique(columns=(name,), said=("model",), location=at))


def _together(meta: dict[str, Value], said: _Said, at: Location) -> Iterator[Unique]:
    """``unique_together = (("member", "week"),)``, or of one group alone; ``UniqueConstraint``."""
    value = meta.get("unique_together")
    groups = [texts(one) for one in elements(value)] if value is not None else []
    if value is not None and texts(value):
        groups = [texts(value)]
    for one in elements(meta.get("constraints")):
        called = last_call(one)
        if called is not None and called[0] == "UniqueConstraint":
            groups.append(texts(called[1].keywords.get("fields")))
    for names in groups:
        if names:
            columns = tuple(said.names.get(each, each) for each in names)
            yield Unique(columns=columns, said=("model",), location=at)


def migrations(evaluation: Evaluation) -> Iterable[Migration]:
    """Files whose ``upgrade`` gives SQL."""
    for module in evaluation.program.importing("tortoise", "aerich"):
        function = next((one for one in module.functions if one.name == "upgrade"), None)
        if function is not None and module.language == "python":
            folder, name = posixpath.split(module.path)
            yield Migration(
                path=module.path,
                group=folder,
                order=natural(name),
                changes=_reader(evaluation, module, function),
                tool="aerich",
            )


def _reader(
    evaluation: Evaluation, module: Module, function: Function
) -> Callable[[], Iterable[Change]]:
    def read() -> Iterator[Change]:
        for statement in flat(function.body):
            if isinstance(statement, form.Return) and statement.value is not None:
                said = sql_of(evaluation.value(statement.value, Scope(module=module)))
                if said is not None:
                    yield from sql_changes(said, Location(path=module.path, line=statement.line))

    return read
