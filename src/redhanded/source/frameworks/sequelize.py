"""Sequelize 4 to 6: models and the calls on them.

Reference: https://sequelize.org/docs/v6/core-concepts/model-basics/ and …/model-querying-basics/
"""

from __future__ import annotations

from typing import Literal

from tree_sitter import Node

from redhanded.case.codemap import DataAccess
from redhanded.source.callgraph import CallGraph, Site
from redhanded.source.evaluate import Evaluator
from redhanded.source.frameworks import pg
from redhanded.source.frameworks.facts import AccessFact, Facts, Framework
from redhanded.source.frameworks.sequelize_models import (
    LIBRARY,
    Model,
    Models,
    definitions,
    initialised,
)
from redhanded.source.outline import Scope
from redhanded.source.syntax import arguments_of
from redhanded.source.values import (
    External,
    Frame,
    Function,
    Made,
    Member,
    Object,
    Value,
    Values,
    distinct,
    origin,
)

Access = Literal["read", "write", "read-write"]

# method: access, SQL verb, position of the options, position of the values written
METHODS: dict[str, tuple[Access, str, int, int | None]] = {
    "findOne": ("read", "SELECT", 0, None),
    "find": ("read", "SELECT", 0, None),
    "findAll": ("read", "SELECT", 0, None),
    "findAndCountAll": ("read", "SELECT", 0, None),
    "findByPk": ("read", "SELECT", 1, None),
    "findById": ("read", "SELECT", 1, None),
    "findOrBuild": ("read", "SELECT", 0, None),
    "count": ("read", "SELECT", 0, None),
    "min": ("read", "SELECT", 1, None),
    "max": ("read", "SELECT", 1, None),
    "sum": ("read", "SELECT", 1, None),
    "create": ("write", "INSERT", 1, 0),
    "bulkCreate": ("write", "INSERT", 1, 0),
    "findOrCreate": ("read-write", "INSERT", 0, None),
    "findCreateFind": ("read-write", "INSERT", 0, None),
    "upsert": ("read-write", "INSERT", 1, 0),
    "update": ("write", "UPDATE", 1, 0),
    "increment": ("write", "UPDATE", 1, None),
    "decrement": ("write", "UPDATE", 1, None),
    "restore": ("write", "UPDATE", 0, None),
    "destroy": ("write", "DELETE", 0, None),
    "truncate": ("write", "DELETE", 0, None),
}

# The same on an instance; the position of the options.
INSTANCE_METHODS: dict[str, tuple[Access, str, int, int | None]] = {
    "save": ("write", "UPDATE", 0, None),
    "update": ("write", "UPDATE", 1, 0),
    "increment": ("write", "UPDATE", 1, None),
    "decrement": ("write", "UPDATE", 1, None),
    "destroy": ("write", "DELETE", 0, None),
    "reload": ("read", "SELECT", 0, None),
}

_GIVES_INSTANCE = frozenset(
    [
        "findOne",
        "findByPk",
        "findById",
        "create",
        "build",
        "findOrCreate",
        "findCreateFind",
        "findOrBuild",
        "findAll",
        "upsert",
    ]
)


def read(graph: CallGraph, sites: tuple[Site, ...], facts: Facts) -> None:
    """Adds accesses and the constraints that models declare."""
    models = definitions(graph.evaluator, sites)
    for model in models.all:
        facts.constraints += model.constraints
    for site in sites:
        for callee in site.callee:
            if isinstance(callee, Member):
                facts.accesses += _accesses(graph, site, callee, models)


def result(
    evaluator: Evaluator, callee: Value, call: Node, scope: Scope, frame: Frame | None
) -> Values | None:
    """``sequelize.import(file)`` gives what the file's function returns (Sequelize 4 and 5)."""
    if not isinstance(callee, Member) or callee.name != "import" or not _is_connection(callee.base):
        return None
    given = arguments_of(call)
    if not given:
        return None
    text = evaluator.text(given[0], scope, frame)
    place = text or evaluator.folder_of(given[0], scope.module)
    resolver = evaluator.program.resolver
    file = resolver.at(place) if place is not None else None
    paths = [file] if file else resolver.in_folder(place) if place is not None else []
    found: list[Value] = []
    types = External(module=LIBRARY, members=("DataTypes",))
    for path in paths:
        module = evaluator.program.module(path) if path != scope.module.path else None
        for one in evaluator.exports(module) if module else ():
            if isinstance(one, Function):
                found += evaluator.returned(one, ((callee.base,), (types,)))
    return distinct(found)


FRAMEWORK = Framework(name=LIBRARY, read=read, libraries=(LIBRARY,), result=result)


def _is_connection(value: Value) -> bool:
    start = origin(value)
    return isinstance(value, Made) and start is not None and start.module == LIBRARY


def _accesses(graph: CallGraph, site: Site, callee: Member, models: Models) -> list[AccessFact]:
    if callee.name == "query" and _is_connection(callee.base):
        return pg.written(graph, site, LIBRARY, inside=_has_option(graph, site, 1, "transaction"))
    model = models.of(callee.base)
    if model is not None and callee.name in METHODS:
        return [_access(graph, site, callee.name, model, METHODS[callee.name])]
    model = models.of_instance(callee.base, _GIVES_INSTANCE)
    if model is not None and callee.name in INSTANCE_METHODS:
        row = INSTANCE_METHODS[callee.name]
        if callee.name == "save" and initialised(callee.base):
            row = ("write", "INSERT", 0, None)
        return [_access(graph, site, callee.name, model, row)]
    return []


def _access(
    graph: CallGraph,
    site: Site,
    method: str,
    model: Model,
    row: tuple[Access, str, int, int | None],
) -> AccessFact:
    access, verb, options_at, values_at = row
    columns = _where(graph, site, options_at) if verb != "INSERT" or "find" in method else []
    if not columns and values_at is not None:
        columns = _written(graph, site, values_at)
    if method in ("findByPk", "findById"):
        columns = [model.primary_key]
    return AccessFact(
        access=DataAccess(
            model=model.name,
            table=model.table,
            method=method,
            access=access,
            library=LIBRARY,
            location=site.location,
            columns=tuple(dict.fromkeys(model.column(one) for one in columns)),
            in_transaction=_has_option(graph, site, options_at, "transaction"),
            locked=_has_option(graph, site, options_at, "lock"),
        ),
        site=site,
        verb=verb,
        model=model.location,
    )


def _argument(graph: CallGraph, site: Site, position: int) -> Values:
    given = arguments_of(site.call)
    if position >= len(given):
        return ()
    return graph.evaluator.value(given[position], site.scope, site.closure.frame)


def _has_option(graph: CallGraph, site: Site, position: int, name: str) -> bool:
    return any(name in graph.evaluator.properties(one) for one in _argument(graph, site, position))


def _where(graph: CallGraph, site: Site, position: int) -> list[str]:
    found: list[str] = []
    for one in _argument(graph, site, position):
        place = graph.evaluator.properties(one).get("where")
        for value in graph.evaluator.value(*place) if place else ():
            found += graph.evaluator.properties(value)
    return found


def _written(graph: CallGraph, site: Site, position: int) -> list[str]:
    found: list[str] = []
    for one in _argument(graph, site, position):
        found += graph.evaluator.properties(one)
        if isinstance(one, Object) and one.node.type == "array":
            for element in graph.evaluator.elements(one):
                found += graph.evaluator.properties(element)
        if isinstance(one, Made) and _name_of(one.callee) == "map":
            found += _mapped(graph.evaluator, one)
    return found


def _name_of(callee: Value) -> str | None:
    if isinstance(callee, Member):
        return callee.name
    return callee.members[-1] if isinstance(callee, External) and callee.members else None


def _mapped(evaluator: Evaluator, made: Made) -> list[str]:
    """Property names of the objects that ``list.map(one => ({ … }))`` gives."""
    found: list[str] = []
    for values in evaluator.arguments(made.call, made.scope, made.frame)[:1]:
        for one in values:
            if isinstance(one, Function):
                for value in evaluator.returned(one, ()):
                    found += evaluator.properties(value)
    return found
