"""Changes to unique constraints by calls of Sequelize's query interface.

Reference: https://sequelize.org/api/v6/class/src/dialects/abstract/query-interface.js~queryinterface
"""

from __future__ import annotations

from collections.abc import Callable

from redhanded.case.codemap import UniqueConstraint
from redhanded.case.evidence import Location
from redhanded.source.callgraph import CallGraph, Site
from redhanded.source.evaluate import Evaluator
from redhanded.source.frameworks.sequelize_models import LIBRARY, default_index_name
from redhanded.source.schema_sql import changes
from redhanded.source.schema_state import Schema
from redhanded.source.syntax import arguments_of, line_of, text_of
from redhanded.source.values import External, Object, Text, Values

INTERFACE = External(module=LIBRARY, members=("queryInterface",))
"""What a migration's first parameter stands for."""


def is_interface(callee: External) -> bool:
    """Something that belongs to the query interface."""
    return callee.module == LIBRARY and callee.members[:1] == INTERFACE.members


def apply(graph: CallGraph, site: Site, method: str, schema: Schema) -> None:
    """Carries out one call of the query interface."""
    evaluator = graph.evaluator
    given = [
        evaluator.value(one, site.scope, site.closure.frame) for one in arguments_of(site.call)
    ]
    if method == "query":
        _query(evaluator, site, given[0] if given else (), schema)
        return
    operation = _OPERATIONS.get(method)
    if operation is not None and given:
        for table in _tables(evaluator, given[0]):
            operation(evaluator, site, (table, given[1:]), schema)


def _query(evaluator: Evaluator, site: Site, values: Values, schema: Schema) -> None:
    first = arguments_of(site.call)[:1]
    texts = _texts(evaluator, values)
    if not texts and first and first[0].type == "template_string":
        texts = [text_of(first[0])[1:-1]]
    for text in texts:
        for change, line in changes(text):
            at = site.location
            start = line_of(first[0]) + line - 1 if first[0].type == "template_string" else at.line
            schema.apply(change, Location(path=at.path, line=start, function=at.function))


_Arguments = tuple[str, list[Values]]


def _create_table(evaluator: Evaluator, site: Site, given: _Arguments, schema: Schema) -> None:
    table, rest = given
    keys: list[str] = []
    key_at = site.location
    for one in rest[0] if rest else ():
        for column, (node, scope, frame) in evaluator.properties(one).items():
            at = Location(path=scope.module.path, line=line_of(node), function=key_at.function)
            facets = evaluator.value(node, scope, frame)
            if _flag(evaluator, facets, "primaryKey"):
                keys.append(column)
                key_at = at if len(keys) == 1 else site.location
            elif _flag(evaluator, facets, "unique"):
                name = f"{table}_{column}_key"
                _add(schema, (table, [column], name), at)
    if keys:
        _add(schema, (table, keys, f"{table}_pkey"), key_at)
    for one in rest[1] if len(rest) > 1 else ():
        place = evaluator.properties(one).get("uniqueKeys")
        for listed in evaluator.value(*place) if place else ():
            for name, (node, scope, frame) in evaluator.properties(listed).items():
                fields = _property(evaluator, evaluator.value(node, scope, frame), "fields")
                columns = _texts(evaluator, fields)
                default = f"{table}_{'_'.join(columns)}_key"
                _add(schema, (table, columns, name if not name.isdigit() else default), key_at)


def _add_column(evaluator: Evaluator, site: Site, given: _Arguments, schema: Schema) -> None:
    table, rest = given
    for column in _texts(evaluator, rest[0]) if len(rest) > 1 else []:
        if _flag(evaluator, rest[1], "primaryKey"):
            _add(schema, (table, [column], f"{table}_pkey"), site.location)
        elif _flag(evaluator, rest[1], "unique"):
            _add(schema, (table, [column], f"{table}_{column}_key"), site.location)


def _add_constraint(evaluator: Evaluator, site: Site, given: _Arguments, schema: Schema) -> None:
    table, rest = given
    # Sequelize 5 and 6 name the fields among the options, 4 before them.
    options = rest[-1] if rest else ()
    fields = _texts(evaluator, _property(evaluator, options, "fields"))
    fields = fields or (_texts(evaluator, rest[0]) if len(rest) > 1 else [])
    kind = "".join(_texts(evaluator, _property(evaluator, options, "type"))).lower()
    named = _texts(evaluator, _property(evaluator, options, "name"))
    if fields and kind == "unique":
        name = named[0] if named else f"{table}_{'_'.join(fields)}_uk"
        _add(schema, (table, fields, name), site.location)
    elif fields and kind == "primary key":
        name = named[0] if named else f"{table}_{'_'.join(fields)}_pk"
        _add(schema, (table, fields, name), site.location)


def _add_index(evaluator: Evaluator, site: Site, given: _Arguments, schema: Schema) -> None:
    table, rest = given
    options = rest[-1] if rest else ()
    fields = _texts(evaluator, rest[0]) if rest else []
    fields = fields or _texts(evaluator, _property(evaluator, options, "fields"))
    kind = "".join(_texts(evaluator, _property(evaluator, options, "type"))).lower()
    if fields and (kind == "unique" or _flag(evaluator, options, "unique")):
        named = _texts(evaluator, _property(evaluator, options, "name"))
        named = named or _texts(evaluator, _property(evaluator, options, "indexName"))
        name = named[0] if named else default_index_name(table, fields)
        _add(schema, (table, fields, name), site.location)


def _remove_named(evaluator: Evaluator, site: Site, given: _Arguments, schema: Schema) -> None:
    table, rest = given
    for one in rest[0] if rest else ():
        named = [one.value] if isinstance(one, Text) else []
        fields = _texts(evaluator, (one,)) if isinstance(one, Object) else []
        for name in named or [default_index_name(table, fields)]:
            schema.constraints.pop(name, None)


def _drop_table(evaluator: Evaluator, site: Site, given: _Arguments, schema: Schema) -> None:
    schema.drop_table(given[0])


def _remove_column(evaluator: Evaluator, site: Site, given: _Arguments, schema: Schema) -> None:
    table, rest = given
    for column in _texts(evaluator, rest[0]) if rest else []:
        schema.drop_column(table, column)


def _rename_table(evaluator: Evaluator, site: Site, given: _Arguments, schema: Schema) -> None:
    table, rest = given
    for to in _tables(evaluator, rest[0]) if rest else []:
        schema.rename_table(table, to)


def _rename_column(evaluator: Evaluator, site: Site, given: _Arguments, schema: Schema) -> None:
    table, rest = given
    names = [_texts(evaluator, one) for one in rest[:2]]
    if len(names) == 2 and names[0] and names[1]:
        schema.rename_column(table, names[0][0], names[1][0])


_OPERATIONS: dict[str, Callable[[Evaluator, Site, _Arguments, Schema], None]] = {
    "createTable": _create_table,
    "addColumn": _add_column,
    "changeColumn": _add_column,
    "addConstraint": _add_constraint,
    "addIndex": _add_index,
    "removeIndex": _remove_named,
    "removeConstraint": _remove_named,
    "dropTable": _drop_table,
    "removeColumn": _remove_column,
    "renameTable": _rename_table,
    "renameColumn": _rename_column,
}


def _add(schema: Schema, parts: tuple[str, list[str], str], location: Location) -> None:
    table, columns, name = parts
    schema.add(UniqueConstraint(table=table, columns=tuple(columns), name=name, location=location))


def _tables(evaluator: Evaluator, values: Values) -> list[str]:
    """``'t'`` or ``{ tableName: 't', schema: 's' }``."""
    return _texts(evaluator, values) or _texts(evaluator, _property(evaluator, values, "tableName"))


def _property(evaluator: Evaluator, values: Values, name: str) -> Values:
    for one in values:
        place = evaluator.properties(one).get(name)
        if place is not None:
            return evaluator.value(*place)
    return ()


def _flag(evaluator: Evaluator, values: Values, name: str) -> bool:
    for one in values:
        place = evaluator.properties(one).get(name)
        if place is not None:
            return place[0].type not in ("false", "undefined", "null")
    return False


def _texts(evaluator: Evaluator, values: Values, *, nested: int = 3) -> list[str]:
    """Strings, and those in arrays, also as ``{ name: 'column' }``."""
    found: list[str] = []
    for one in values:
        if isinstance(one, Text):
            found.append(one.value)
        elif isinstance(one, Object) and one.node.type == "array" and nested:
            for element in evaluator.elements(one):
                if isinstance(element, Text):
                    found.append(element.value)
                for key in ("name", "attribute"):
                    named = _property(evaluator, (element,), key)
                    found += _texts(evaluator, named, nested=nested - 1)
    return found
