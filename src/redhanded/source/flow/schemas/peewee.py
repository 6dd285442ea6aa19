"""Models of Peewee.

Reference: https://docs.peewee-orm.com/en/latest/peewee/models.html. A table is called like its
class in lower case, unless ``Meta`` says otherwise; without a primary key it has an ``id``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from redhanded.case.evidence import Location
from redhanded.source.flow.module import Class
from redhanded.source.flow.schema import Column, Table, Unique
from redhanded.source.flow.schemas.decorated import lineage, tables_of_classes
from redhanded.source.flow.schemas.evaluation import Evaluation, Scope
from redhanded.source.flow.schemas.lists import elements, text, texts
from redhanded.source.flow.schemas.tool import Models, is_true, last_call, written
from redhanded.source.flow.values import Kind, Library, Value

_PACKAGES = ("peewee", "playhouse")
_KEYS = ("AutoField", "BigAutoField", "IdentityField", "PrimaryKeyField")


def models(evaluation: Evaluation) -> Models:
    """Every class that has fields and comes from ``Model``."""
    return Models(tool="peewee", tables=tables_of_classes(evaluation, _is_model, _table))


def _is_model(evaluation: Evaluation, kind: Kind) -> bool:
    for one in (*lineage(evaluation, kind), kind):
        for base in evaluation.bases(one):
            if isinstance(base, Library) and base.package in _PACKAGES:
                return bool(base.names) and base.names[-1].endswith("Model")
    return False


@dataclass(slots=True, kw_only=True)
class _Said:
    columns: list[Column] = field(default_factory=list)
    uniques: list[Unique] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """Field to column."""


def _table(evaluation: Evaluation, kind: Kind) -> Table | None:
    said = _Said()
    meta: dict[str, Value] = {}
    for one in (*lineage(evaluation, kind), kind):
        meta |= _meta(evaluation, one)
        _fields(evaluation, one, said)
    own = _meta(evaluation, kind)
    at = Location(path=kind.path, line=evaluation.class_of(kind).line)
    if not said.columns:
        return None
    composite = last_call(meta.get("primary_key"))
    if composite is not None and composite[0] == "CompositeKey":
        said.keys = [said.names.get(text(one), text(one)) for one in composite[1].arguments]
    elif not said.keys and not (meta.get("primary_key") is not None):
        said.columns.insert(0, Column(name="id", type="serial"))
        said.keys = ["id"]
    if said.keys:
        key = Unique(columns=tuple(said.keys), said=("model",), location=at, is_primary=True)
        said.uniques.insert(0, key)
    said.uniques += _indexes(own.get("indexes"), said, at)
    name = text(own.get("table_name")) or text(own.get("db_table")) or kind.name.lower()
    return Table(
        name=name,
        columns=tuple(said.columns),
        uniques=tuple(said.uniques),
        models=(kind.name,),
        location=at,
    )


def _meta(evaluation: Evaluation, kind: Kind) -> dict[str, Value]:
    module = evaluation.program.modules[kind.path]
    found: dict[str, Value] = {}
    for index in evaluation.class_of(kind).classes:
        nested: Class = module.classes[index]
        if nested.name == "Meta":
            for one in nested.fields:
                if one.value is not None:
                    found[one.name] = evaluation.value(one.value, Scope(module=module))
    return found


def _fields(evaluation: Evaluation, kind: Kind, said: _Said) -> None:
    module = evaluation.program.modules[kind.path]
    for one in evaluation.class_of(kind).fields:
        value = evaluation.value(one.value, Scope(module=module)) if one.value is not None else None
        called = last_call(value)
        if called is None or not isinstance(value, Library) or value.package not in _PACKAGES:
            continue
        maker, made = called
        if not maker.endswith(("Field", "ForeignKey")) or maker == "ManyToManyField":
            continue
        is_key = maker in ("ForeignKeyField", "DeferredForeignKey")
        default = f"{one.name}_id" if is_key else one.name
        name = text(made.keywords.get("column_name")) or default
        said.names[one.name] = name
        at = Location(path=kind.path, line=one.line)
        said.columns.append(
            Column(
                name=name,
                type=maker.removesuffix("Field").lower(),
                default=written(made.keywords.get("default")),
                attribute=one.name if one.name != name else "",
                is_nullable=is_true(made.keywords.get("null")),
            )
        )
        if maker in _KEYS or is_true(made.keywords.get("primary_key")):
            said.keys.append(name)
        elif is_true(made.keywords.get("unique")):
            said.uniques.append(Unique(columns=(name,), said=("model",), location=at))


def _indexes(value: Value | None, said: _Said, at: Location) -> Iterator[Unique]:
    """``indexes = ((("guest", "night"), True),)``."""
    for one in elements(value) if value is not None else ():
        parts = elements(one)
        if len(parts) == 2 and is_true(parts[1]):
            columns = tuple(said.names.get(each, each) for each in texts(parts[0]))
            if columns:
                yield Unique(columns=columns, said=("model",), location=at)
