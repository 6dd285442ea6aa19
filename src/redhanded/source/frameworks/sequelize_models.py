"""Sequelize's models: name, table, columns and unique constraints as they are declared."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from tree_sitter import Node

from redhanded.case.codemap import UniqueConstraint
from redhanded.case.evidence import Location
from redhanded.source.callgraph import Site
from redhanded.source.evaluate import Evaluator
from redhanded.source.outline import Scope
from redhanded.source.syntax import line_of, text_of
from redhanded.source.values import (
    Class,
    Frame,
    Instance,
    Made,
    Member,
    Text,
    Value,
    Values,
    origin,
)

LIBRARY = "sequelize"

_Properties = dict[str, tuple[Node, Scope, Frame | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model and the table behind it."""

    name: str
    table: str
    location: Location
    columns: dict[str, str]
    """Attribute to column."""
    underscored: bool
    primary_key: str
    constraints: tuple[UniqueConstraint, ...] = ()

    def column(self, attribute: str) -> str:
        """The database's name of an attribute."""
        if attribute in self.columns:
            return self.columns[attribute]
        return underscore(attribute) if self.underscored else attribute


@dataclass(slots=True, kw_only=True)
class Models:
    """The models of a program, by the value that stands for each."""

    by_value: dict[Value, Model] = field(default_factory=dict)

    @property
    def all(self) -> list[Model]:
        return list(self.by_value.values())

    def of(self, value: Value) -> Model | None:
        """The model that a value is, itself or scoped (``Model.unscoped()``)."""
        if value in self.by_value:
            return self.by_value[value]
        if isinstance(value, Class):
            plain = Class(node=value.node, scope=value.scope, frame=None)
            return self.by_value.get(plain)
        if isinstance(value, Made) and isinstance(value.callee, Member):
            if value.callee.name in ("scope", "unscoped", "schema"):
                return self.of(value.callee.base)
            # `sequelize.model('Name')`
            if value.callee.name == "model":
                return self._named(value)
        if isinstance(value, Member) and _is_registry(value.base):
            return next((one for one in self.all if one.name == value.name), None)
        return None

    def _named(self, value: Made) -> Model | None:
        given = value.call.child_by_field_name("arguments")
        name = text_of(given).strip("()'\"` ") if given is not None else ""
        return next((one for one in self.all if one.name == name), None)

    def of_instance(self, value: Value, methods: Collection[str]) -> Model | None:
        """The model of which a value is a row."""
        if isinstance(value, Member) and value.name in ("0", "(each)"):
            value = value.base
        if isinstance(value, Made):
            if isinstance(value.callee, Member) and value.callee.name in methods:
                return self.of(value.callee.base)
            return self.of(value.callee)
        if isinstance(value, Instance) and isinstance(value.of, Class):
            return self.of(value.of)
        return None


def definitions(evaluator: Evaluator, sites: tuple[Site, ...]) -> Models:
    """Every ``sequelize.define(name, attributes, options)`` and ``Class.init(attributes, …)``."""
    models = Models()
    for site in sites:
        frame = site.closure.frame
        for callee in site.callee:
            if not isinstance(callee, Member):
                continue
            given = evaluator.arguments(site.call, site.scope, frame)
            if callee.name == "define" and _from_library(callee.base) and len(given) > 1:
                made = Made(callee=callee, call=site.call, scope=site.scope, frame=frame)
                named = [one.value for one in given[0] if isinstance(one, Text)]
                if named and made not in models.by_value:
                    options = given[2] if len(given) > 2 else ()
                    connection = _connection(evaluator, callee.base)
                    model = _model(evaluator, site, named[0], (given[1], options, connection))
                    models.by_value[made] = model
            elif callee.name == "init" and isinstance(callee.base, Class) and given:
                key = Class(node=callee.base.node, scope=callee.base.scope, frame=None)
                options = given[1] if len(given) > 1 else ()
                place = _merged(evaluator, options).get("sequelize")
                values = evaluator.value(*place) if place else ()
                connection = _connection(evaluator, *values)
                named = [_class_name(evaluator, callee.base, options)]
                model = _model(evaluator, site, named[0], (given[0], options, connection))
                models.by_value[key] = model
    return models


def initialised(value: Value) -> bool:
    """Whether a row was made with ``new`` or ``build`` and is not in the table yet."""
    if isinstance(value, Instance):
        return True
    if isinstance(value, Made) and isinstance(value.callee, Member):
        return value.callee.name == "build" or value.call.type == "new_expression"
    return isinstance(value, Made) and value.call.type == "new_expression"


def underscore(name: str) -> str:
    """``createdAt`` to ``created_at``, as Sequelize's ``underscored`` does it."""
    return re.sub(r"(?<=[a-z\d])([A-Z])", r"_\1", name).lower()


def plural(name: str) -> str:
    """English plural, the common rules of the inflection package that Sequelize uses."""
    irregular = {"person": "people", "child": "children", "man": "men", "woman": "women"}
    for one, many in irregular.items():
        if name.lower().endswith(one):
            return name[: -len(one)] + (many.capitalize() if name[-len(one)].isupper() else many)
    if re.search(r"(?:s|x|z|ch|sh)$", name):
        return name if name.endswith("series") else name + "es"
    if re.search(r"[^aeiou]y$", name):
        return name[:-1] + "ies"
    return name + "s"


def default_index_name(table: str, columns: Collection[str]) -> str:
    """The name Sequelize gives to an index without one."""
    return underscore("_".join([table, *columns]))


def _from_library(value: Value) -> bool:
    start = origin(value)
    # A model's file may be a function that is given the connection where it cannot be followed.
    return start is not None and start.module == LIBRARY


def _is_registry(value: Value) -> bool:
    """``sequelize.models``"""
    return isinstance(value, Member) and value.name == "models" and _from_library(value)


def _connection(evaluator: Evaluator, *values: Value) -> Values:
    """The options that the connection was made with."""
    found: list[Value] = []
    for value in values:
        if isinstance(value, Made):
            for given in evaluator.arguments(value.call, value.scope, value.frame):
                found += given
    return tuple(found)


def _merged(evaluator: Evaluator, values: Values) -> _Properties:
    found: _Properties = {}
    for one in values:
        found.update(evaluator.properties(one))
    return found


def _class_name(evaluator: Evaluator, value: Class, options: Values) -> str:
    place = _merged(evaluator, options).get("modelName")
    named = evaluator.text(*place) if place else None
    name = value.node.child_by_field_name("name")
    return named or (text_of(name) if name is not None else "?")


def _model(
    evaluator: Evaluator, site: Site, name: str, parts: tuple[Values, Values, Values]
) -> Model:
    attributes, given, connection = parts
    options: _Properties = {}
    define = _merged(evaluator, connection).get("define")
    if define is not None:
        options.update(_merged(evaluator, evaluator.value(*define)))
    options.update(_merged(evaluator, given))
    underscored = _is_true(options, "underscored")
    place = options.get("tableName")
    table = evaluator.text(*place) if place else None
    if table is None:
        table = name if _is_true(options, "freezeTableName") else plural(name)
        table = underscore(table) if underscored else table
    columns: dict[str, str] = {}
    uniques: dict[str, tuple[list[str], Location, bool]] = {}
    keys: list[str] = []
    for attribute, (node, scope, frame) in _merged(evaluator, attributes).items():
        facets = _merged(evaluator, evaluator.value(node, scope, frame))
        column = evaluator.text(*facets["field"]) if "field" in facets else None
        columns[attribute] = column or (underscore(attribute) if underscored else attribute)
        if _is_true(facets, "primaryKey"):
            keys.append(columns[attribute])
        named = _unique_name(evaluator, facets)
        if named is not None:
            where = Location(path=scope.module.path, line=line_of(node), function=name)
            own = named or f"{table}_{columns[attribute]}_key"
            uniques.setdefault(own, ([], where, bool(named)))[0].append(columns[attribute])
    location = site.location
    found = [
        UniqueConstraint(table=table, columns=tuple(c), name=n, location=at, source="model")
        for n, (c, at, _) in uniques.items()
    ]
    found += _indexes(evaluator, options, (table, columns, underscored))
    return Model(
        name=name,
        table=table,
        location=Location(path=location.path, line=location.line, function=name),
        columns=columns,
        underscored=underscored,
        primary_key=keys[0] if keys else "id",
        constraints=tuple(found),
    )


def _unique_name(evaluator: Evaluator, facets: _Properties) -> str | None:
    """The name of an attribute's unique constraint; empty for the default, None without one."""
    if "unique" not in facets:
        return None
    node = facets["unique"][0]
    if node.type == "true":
        return ""
    named = evaluator.text(*facets["unique"])
    if named is not None:
        return named
    inner = _merged(evaluator, evaluator.value(*facets["unique"]))
    if "name" in inner:
        return evaluator.text(*inner["name"]) or ""
    return "" if inner else None


def _indexes(
    evaluator: Evaluator, options: _Properties, table: tuple[str, dict[str, str], bool]
) -> list[UniqueConstraint]:
    name, columns, underscored = table
    found = []
    values = evaluator.value(*options["indexes"]) if "indexes" in options else ()
    for value in [one for listed in values for one in evaluator.elements(listed)]:
        facets = evaluator.properties(value)
        if not _is_true(facets, "unique") or "fields" not in facets:
            continue
        node, scope, frame = facets["fields"]
        fields = evaluator.texts(node, scope, frame)
        real = [columns.get(f, underscore(f) if underscored else f) for f in fields]
        given = evaluator.text(*facets["name"]) if "name" in facets else None
        found.append(
            UniqueConstraint(
                table=name,
                columns=tuple(real),
                name=given or default_index_name(name, real),
                location=Location(path=scope.module.path, line=line_of(node)),
                source="model",
            )
        )
    return found


def _is_true(properties: _Properties, name: str) -> bool:
    return name in properties and properties[name][0].type == "true"
