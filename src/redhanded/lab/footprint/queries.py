"""Reads SELECT, INSERT, UPDATE, DELETE and MERGE: tables, rows and functions, from sqlglot's tree.

A row is described only by what must hold for each row touched: predicates joined by AND that
compare a column with a value, and columns of an inserted row. Where a description would be wrong
for some row it is left out, which means "any row".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from sqlglot import exp

from redhanded.lab.footprint import builtins
from redhanded.lab.footprint.masking import slot
from redhanded.lab.footprint.shape import AccessShape, Collected, Place, Shape

Node: TypeAlias = Any
"""Any node of the tree; sqlglot's base class has another name in each of its major versions."""

Columns = tuple[tuple[str, Place | str], ...]


def read_query(tree: Node) -> Shape:
    """The shape of one parsed query."""
    found = Collected()
    for node in tree.walk():
        if isinstance(node, exp.Table):
            _table(node, found)
        elif isinstance(node, exp.Insert):
            _insert(node, found)
        elif isinstance(node, exp.Func):
            _function(node, found)
    main = _main(tree)
    return Shape(
        kind=_KINDS.get(type(main), "SELECT"),
        target=_target(main, found),
        accesses=tuple(found.accesses),
        locks=tuple(found.locks),
        calls=tuple(found.calls),
    )


def table_name(node: exp.Table) -> str:
    """The resource of a table; empty for ``pg_catalog``, temporary and function tables."""
    if not isinstance(node.this, exp.Identifier):
        return ""
    return resource_name(node.db, node.name)


def resource_name(schema: str, name: str) -> str:
    """Lower case, without ``public``; empty for ``pg_catalog`` and temporary tables. All views of
    ``information_schema`` tell of the same thing."""
    schema, name = schema.lower(), name.lower()
    if schema == "information_schema":
        return builtins.DEFINITIONS
    if schema in ("pg_catalog", "pg_temp"):
        return ""
    if schema in ("", "public"):
        return "" if not schema and name.startswith("pg_") else name
    return f"{schema}.{name}"


_KINDS: dict[type[Any], str] = {
    exp.Insert: "INSERT",
    exp.Update: "UPDATE",
    exp.Delete: "DELETE",
    exp.Merge: "MERGE",
}
_SCOPES = (exp.Select, exp.Update, exp.Delete, exp.Merge, exp.Insert)


def _main(tree: Node) -> Node:
    """The verb that counts: a data-modifying CTE below a SELECT is what the statement is for."""
    if isinstance(tree, tuple(_KINDS)):
        return tree
    return tree.find(*_KINDS) or tree


def _target(main: Node, found: Collected) -> str:
    if isinstance(main, tuple(_KINDS)):
        return table_name(_owner(main))
    if named := _first_source(main):
        return named
    return next((access.resource for access in found.accesses), "")


def _first_source(query: Node) -> str:
    """The table that FROM names first, in the subquery that stands there if need be."""
    source = query.args.get("from_") or query.args.get("from")
    inner = source.this if source is not None else None
    if isinstance(inner, exp.Subquery):
        return _first_source(inner.this)
    if isinstance(inner, exp.Table) and not _is_cte(inner):
        return table_name(inner)
    return ""


def _owner(node: Node) -> exp.Table:
    """The table that a data-modifying statement changes."""
    target = node.this.this if isinstance(node.this, exp.Schema) else node.this
    return target if isinstance(target, exp.Table) else exp.Table()


def _table(node: exp.Table, found: Collected) -> None:
    resource = table_name(node)
    scope = node.find_ancestor(*_SCOPES)
    if not resource or _is_cte(node):
        return
    if scope is None:
        found.add(AccessShape(resource, "read"))
        return
    owned = not isinstance(scope, exp.Select) and _owner(scope) is node
    if owned and isinstance(scope, exp.Insert):
        return
    row = _predicates(scope, node)
    found.add(AccessShape(resource, "read", row))
    if owned:
        changed = _assigned(scope)
        found.add(
            AccessShape(resource, "write", tuple(pair for pair in row if pair[0] not in changed))
        )
    elif isinstance(scope, exp.Select):
        _row_locks(scope, node, resource, row, found)


def _row_locks(
    scope: exp.Select, node: exp.Table, resource: str, row: Columns, found: Collected
) -> None:
    """FOR UPDATE orders like a write; FOR SHARE like the read that is noted already."""
    for lock in scope.args.get("locks") or ():
        only = {table.name.lower() for table in lock.expressions}
        if only and node.alias_or_name.lower() not in only:
            continue
        found.lock(resource)
        if lock.args.get("update"):
            found.add(AccessShape(resource, "write", row))


def _is_cte(node: exp.Table) -> bool:
    """Whether the name is that of a CTE in view, and not a table's."""
    if node.db:
        return False
    inside: Node = node
    below: list[Node] = []
    while inside is not None:
        below.append(inside)
        clause = inside.args.get("with_") or inside.args.get("with")
        if isinstance(clause, exp.With):
            for cte in clause.expressions:
                own = any(cte is parent for parent in below)
                if own and not clause.args.get("recursive"):
                    break
                if cte.alias.lower() == node.name.lower():
                    return True
        inside = inside.parent
    return False


def _predicates(scope: Node, node: exp.Table) -> Columns:
    """Columns of this table with the value that WHERE demands of every row."""
    where = scope.args.get("where")
    if where is None:
        return ()
    alone = _is_alone(scope)
    names = {node.alias_or_name.lower()}
    pairs: dict[str, Place | str] = {}
    for condition in _conjuncts(where.this):
        for column, value in _equalities(condition):
            qualifier = column.table.lower()
            if (qualifier in names) if qualifier else alone:
                pairs.setdefault(column.name.lower(), value)
    return tuple(pairs.items())


def _is_alone(scope: Node) -> bool:
    """Whether an unqualified column can only be of the scope's one table."""
    others = (scope.args.get("joins"), scope.args.get("using"), scope.args.get("laterals"))
    if any(others) or isinstance(scope, exp.Merge):
        return False
    source = scope.args.get("from_") or scope.args.get("from")
    return isinstance(scope, exp.Select) or source is None


def _conjuncts(condition: Node) -> Iterator[Node]:
    if isinstance(condition, exp.Paren):
        yield from _conjuncts(condition.this)
    elif isinstance(condition, exp.And):
        yield from _conjuncts(condition.left)
        yield from _conjuncts(condition.right)
    else:
        yield condition


def _equalities(condition: Node) -> Iterator[tuple[exp.Column, Place | str]]:
    if isinstance(condition, exp.In):
        values = condition.expressions
        sides = [(condition.this, values[0])] if len(values) == 1 else []
    elif isinstance(condition, exp.EQ | exp.NullSafeEQ):
        left, right = condition.left, condition.right
        if isinstance(left, exp.Tuple) and isinstance(right, exp.Tuple):
            sides = list(zip(left.expressions, right.expressions, strict=False))
        else:
            sides = [(left, right), (right, left)]
    else:
        sides = []
    for column, value in sides:
        place = value_of(value)
        if isinstance(column, exp.Column) and place is not None:
            yield column, place


def value_of(node: Node) -> Place | str | None:
    """Where the value of an expression comes from; None if it is computed, NULL or DEFAULT."""
    if isinstance(node, exp.Paren):
        return value_of(node.this)
    if isinstance(node, exp.Cast):
        return None if _changes_value(node.to) else value_of(node.this)
    if isinstance(node, exp.Boolean):
        return "true" if node.this else "false"
    if isinstance(node, exp.Neg):
        place = value_of(node.this)
        is_number = isinstance(place, Place) and not place.parameter
        return Place(place.index, negative=True) if isinstance(place, Place) and is_number else None
    if isinstance(node, exp.Parameter):
        number = node.this.name
        return Place(int(number), parameter=True) if number.isdigit() else None
    if isinstance(node, exp.Literal):
        index = slot(node.this, node.is_string)
        return None if index is None else Place(index)
    return None


def _changes_value(target: exp.DataType) -> bool:
    """Whether a cast cuts a value: to a length or precision, to a date or a time."""
    shorter = (exp.DataType.Type.DATE, exp.DataType.Type.TIME, exp.DataType.Type.TIMETZ)
    return bool(target.expressions) or target.this in shorter


def _assigned(scope: Node) -> set[str]:
    """Columns that an UPDATE or MERGE sets: the row written need not have their old value."""
    if isinstance(scope, exp.Update):
        return {name for item in scope.expressions for name in _column_names(item.this)}
    return set()


def _column_names(node: Node) -> Iterator[str]:
    for column in node.find_all(exp.Column, exp.Identifier):
        yield column.name.lower()


def _insert(node: exp.Insert, found: Collected) -> None:
    resource = table_name(_owner(node))
    if not resource:
        return
    conflict = node.args.get("conflict")
    for row in _inserted_rows(node):
        if conflict is None:
            found.add(AccessShape(resource, "write", row, inserted=True))
            continue
        keys = {key.name.lower() for key in conflict.args.get("conflict_keys") or ()}
        arbiter = tuple(pair for pair in row if pair[0] in keys)
        complete = arbiter if len(arbiter) == len(keys) else ()
        found.add(AccessShape(resource, "read", complete))
        updates = bool(conflict.expressions)
        written = complete if updates else row
        found.add(AccessShape(resource, "write", written, inserted=not updates))


def _inserted_rows(node: exp.Insert) -> list[Columns]:
    schema, values = node.this, node.args.get("expression")
    if not isinstance(schema, exp.Schema) or not isinstance(values, exp.Values):
        return [()]
    columns = [column.name.lower() for column in schema.expressions]
    rows: list[Columns] = []
    for row in values.expressions:
        cells = row.expressions if isinstance(row, exp.Tuple) else [row]
        known = [(name, value_of(cell)) for name, cell in zip(columns, cells, strict=False)]
        rows.append(tuple((name, place) for name, place in known if place is not None))
    return rows or [()]


def _function(node: exp.Func, found: Collected) -> None:
    name = (node.name if isinstance(node, exp.Anonymous) else node.sql_names()[0]).lower()
    schema = _schema_of(node)
    if schema == "pg_catalog":
        return
    if builtins.is_advisory_lock(name):
        places = [value_of(argument) for argument in node.expressions]
        keys = [(f"key {nth}", place) for nth, place in enumerate(places, 1) if place is not None]
        found.add(AccessShape(builtins.ADVISORY, "write", tuple(keys)))
        found.lock(builtins.ADVISORY)
    elif name == "pg_notify":
        channel = value_of(node.expressions[0]) if node.expressions else None
        row = (("name", channel),) if channel is not None else ()
        found.add(AccessShape(builtins.CHANNEL, "write", row))
    elif schema:
        found.call(f"{schema}.{name}")
    elif isinstance(node, exp.Anonymous):
        found.call(name)


def _schema_of(node: exp.Func) -> str:
    parent = node.parent
    if isinstance(parent, exp.Dot) and parent.expression is node:
        return str(parent.this.name).lower()
    if isinstance(parent, exp.Table):
        return str(parent.db).lower()
    return ""
