"""What SQL statements do, from their text alone; parameters stay `Input` ``sql``.

Read as PostgreSQL, then as MySQL and SQLite where that does not work. References: PostgreSQL
manual, INSERT (ON CONFLICT), SELECT (The Locking Clause), Explicit Locking (Advisory Locks).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import replace

import sqlglot
from sqlglot import exp

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.sql_catalog import catalogue, other, unless_exists
from redhanded.source.flow.sql_conditions import (
    Conditions,
    column_name,
    name_of,
    table_name,
    text_of,
    value_of,
)
from redhanded.source.flow.sql_control import control, database_effect, function_effects
from redhanded.source.flow.values import Known, Record, Value

# sqlglot reports statements that it does not know in its log; here they are kind "statement".
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)

DIALECTS = ("postgres", "mysql", "sqlite")
LENGTH_MAX = 100_000

_CLAUSE = re.compile(r"(?<=[\d')\"])\s+(\$\d+)\b")
"""A value after another one can only be a part of the statement: conditions, an ORDER BY."""
_REPLACE = re.compile(r"REPLACE\s+INTO\b", re.IGNORECASE)


def statements(text: str) -> tuple[Effect, ...]:
    """The effects of the statements in a text, in the order in which they are executed.

    What cannot be read is one effect of kind ``statement``; session settings do nothing.
    """
    found: list[Effect] = []
    for piece in _pieces(text):
        found.extend(control(piece) or _parsed(piece))
    return tuple(one for one in found if one.verb != "nothing")


def _pieces(text: str) -> list[str]:
    """Statements are told apart only where no string or body could hold the semicolon."""
    if len(text) > LENGTH_MAX:
        return []
    plain = text.strip().rstrip(";").strip()
    if ";" not in plain or "'" in plain or "$$" in plain:
        return [plain] if plain else []
    return [one.strip() for one in plain.split(";") if one.strip()]


def _parsed(text: str) -> list[Effect]:
    is_replace = bool(_REPLACE.match(text))
    plain = _REPLACE.sub("INSERT INTO", text) if is_replace else text
    ways = dict.fromkeys((plain, _CLAUSE.sub(r" AND \1", plain), _CLAUSE.sub("", plain)))
    for way in ways:
        for dialect in DIALECTS:
            if trees := _trees(way, dialect):
                found = [one for tree in trees for one in _tree(tree)]
                return [_replacing(one) for one in found] if is_replace else found
    words = re.match(r"\s*(\w+)", text)
    verb = words[1].upper() if words else "SQL"
    return [database_effect("statement", verb, options={"text": Known(text[:400])})]


def _replacing(effect: Effect) -> Effect:
    if effect.kind != "insert":
        return effect
    return replace(effect, kind="upsert", verb="REPLACE", conflict="update")


def _trees(text: str, dialect: str) -> list[exp.Expr]:
    """Names as the database has them: PostgreSQL folds those that are not quoted."""
    try:
        trees = [one for one in sqlglot.parse(text, read=dialect) if one is not None]
    except (sqlglot.errors.SqlglotError, RecursionError):
        return []
    if not trees or isinstance(trees[0], exp.Column | exp.Command | exp.Alias):
        return []
    for tree in trees:
        for name in list(tree.find_all(exp.Identifier)):
            if dialect == "postgres" and not name.args.get("quoted"):
                name.set("this", name.name.lower())
            elif re.fullmatch(r"\$\d+", name.name) and isinstance(name.parent, exp.Column):
                number = exp.Literal.number(name.name[1:])
                name.parent.replace(exp.Parameter(this=number))
    return trees


def _tree(tree: exp.Expr) -> list[Effect]:
    local = frozenset(one.alias for one in tree.find_all(exp.CTE))
    found: list[Effect] = []
    for node in _inner_first(tree):
        if isinstance(node, exp.Select):
            found += _select(node, local)
        elif isinstance(node, exp.Insert) and not isinstance(node.parent, exp.When):
            found += _insert(node, local)
        elif isinstance(node, exp.Update) and not isinstance(node.parent, exp.When):
            found += _update(node, local)
        elif isinstance(node, exp.Delete):
            found += _delete(node, local)
        elif isinstance(node, exp.Merge):
            found += _merge(node)
        elif isinstance(node, exp.TruncateTable):
            found += [
                database_effect("delete", "TRUNCATE", subject=table_name(one), many=True)
                for one in node.expressions
            ]
        elif isinstance(node, exp.Copy):
            kind = "insert" if node.args.get("kind") else "read"
            found.append(database_effect(kind, "COPY", subject=table_name(node.this), many=True))
    if found or isinstance(tree, exp.Select | exp.SetOperation):
        return found
    return [other(tree)]


def _inner_first(node: exp.Expr) -> Iterator[exp.Expr]:
    """Subqueries before what contains them, CTEs first."""
    parts = sorted(node.args.items(), key=lambda one: one[0] not in ("with_", "with"))
    for _, part in parts:
        for child in part if isinstance(part, list) else [part]:
            if isinstance(child, exp.Expr):
                yield from _inner_first(child)
    yield node


def _tables(node: exp.Expr) -> list[exp.Table]:
    """What a statement names itself, not in its subqueries; the main one first."""
    found: list[exp.Table] = []
    start = node.args.get("from_") or node.args.get("from")
    holders = [start] if start is not None else []
    holders += [*node.args.get("joins", [])]
    for holder in holders:
        if isinstance(holder.this, exp.Table):
            found.append(holder.this)
            found += [one.this for one in holder.this.args.get("joins") or []]
    using = node.args.get("using") or []
    found += using if isinstance(using, list) else [using]
    return [one for one in found if isinstance(one, exp.Table)]


def _conditions(node: exp.Expr, tables: list[exp.Table]) -> Conditions:
    conditions = Conditions([(one.alias_or_name, name_of(one.name)) for one in tables])
    if (where := node.args.get("where")) is not None:
        conditions.add(where.this)
    for join in node.args.get("joins") or []:
        if join.args.get("on") is not None:
            conditions.add(join.args["on"])
    for table in tables:
        unread = table.find(exp.Parameter)
        if unread is not None:
            conditions.add(unread)
    return conditions


def _locking(node: exp.Select) -> tuple[str, str, set[str], dict[str, Value]]:
    for lock in node.args.get("locks") or []:
        kind = "update" if lock.args.get("update") else "share"
        wait = lock.args.get("wait")
        end = {True: " NOWAIT", False: " SKIP LOCKED"}.get(wait, "")
        options: dict[str, Value] = {"wait": Known(end.strip().lower())} if end else {}
        only = {one.name for one in lock.expressions}
        return kind, f" FOR {kind.upper()}{end}", only, options
    return "", "", set(), {}


def _select(node: exp.Select, local: frozenset[str]) -> list[Effect]:
    found = [
        one
        for call in node.find_all(exp.Anonymous, exp.Func)
        for one in function_effects(call, node)
    ]
    lock, clause, only, options = _locking(node)
    tables = _tables(node)
    conditions = _conditions(node, tables)
    aggregates = _aggregates(node)
    limit = node.args.get("limit")
    if limit is not None and limit.expression is not None:
        options["limit"] = value_of(limit.expression) or Known(None)
    options["columns"] = Known(", ".join(_text(one) for one in node.expressions))
    for table in tables:
        if table.name in local or isinstance(table.this, exp.Func):
            continue
        of = conditions.of(table.alias_or_name)
        is_locked = not only or table.alias_or_name in only
        found.append(
            database_effect(
                "read",
                f"SELECT{clause if is_locked else ''}",
                subject=table_name(table),
                where=of.where,
                ranges=of.ranges,
                lock=lock if is_locked else "",
                aggregates=aggregates,
                ordered=bool(node.args.get("order")),
                many=_many(of.where, of.is_many)
                and options.get("limit") != Known(1)
                and not aggregates,
                options=options | catalogue(table),
            )
        )
    return found


def _aggregates(node: exp.Select) -> tuple[str, ...]:
    if isinstance(node.parent, exp.Exists):
        return ("exists",)
    found = [one.key for part in node.expressions for one in part.find_all(exp.AggFunc)]
    return tuple(dict.fromkeys(found))


def _many(where: dict[str, Value], is_many: bool) -> bool:
    return is_many or not any(column != "?" for column in where)


def _text(node: exp.Expr) -> str:
    return text_of(node)[:200]


def _insert(node: exp.Insert, local: frozenset[str]) -> list[Effect]:
    target = node.this
    table = target.this if isinstance(target, exp.Schema) else target
    if not isinstance(table, exp.Table):
        return []
    columns = [column_name(one) for one in target.expressions] if target is not table else []
    source = node.expression
    rows = source.expressions if isinstance(source, exp.Values) else []
    options: dict[str, Value] = {}
    given: list[exp.Expr] = list(rows[0].expressions) if rows else []
    if isinstance(source, exp.Select):
        given = [one.unalias() for one in source.expressions]
        options["select"] = Known(True)
        options |= unless_exists(source)
    values: dict[str, Value] = {}
    for number, one in enumerate(given):
        name = columns[number] if number < len(columns) else f"?{number}" if columns else ""
        value = value_of(one)
        if name and value is not None:
            values[name] = value
    kind, verb, conflict = "insert", "INSERT", ""
    clause = node.args.get("conflict")
    if node.args.get("ignore") or node.args.get("alternative") == "IGNORE":
        kind, verb, conflict = "upsert", "INSERT IGNORE", "ignore"
    elif node.args.get("alternative") == "REPLACE":
        kind, verb, conflict = "upsert", "INSERT OR REPLACE", "update"
    keys: tuple[str, ...] = ()
    if isinstance(clause, exp.OnConflict):
        kind, conflict, verb, keys = _on_conflict(clause, values, options)
    if node.args.get("returning"):
        options["returning"] = Known(True)
    many = len(rows) > 1 or bool(rows and len(given) == 1 and len(columns) > 1)
    return [
        database_effect(
            kind,
            verb,
            subject=table_name(table),
            values=values,
            conflict=conflict,
            conflict_columns=keys,
            many=many or (isinstance(source, exp.Select) and bool(_tables(source))),
            options=options,
        )
    ]


def _on_conflict(
    clause: exp.OnConflict, values: dict[str, Value], options: dict[str, Value]
) -> tuple[str, str, str, tuple[str, ...]]:
    keys = tuple(column_name(one) for one in clause.args.get("conflict_keys") or [])
    constraint = clause.args.get("constraint")
    if constraint is not None:
        options["constraint"] = Known(name_of(constraint.name))
    if (predicate := clause.args.get("index_predicate")) is not None:
        options["index_where"] = Known(_text(predicate.this))
    if "NOTHING" in str(clause.args.get("action")).upper():
        return "upsert", "ignore", "INSERT ON CONFLICT DO NOTHING", keys
    options["set"] = Record(_assigned(clause.expressions, values))
    if (where := clause.args.get("where")) is not None:
        options["set_where"] = Known(_text(where.this))
    verb = "INSERT ON CONFLICT DO UPDATE"
    if clause.args.get("duplicate"):
        verb = "INSERT ON DUPLICATE KEY UPDATE"
    return "upsert", "update", verb, keys


def _assigned(
    expressions: list[exp.Expr], inserted: dict[str, Value] | None = None
) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for one in expressions:
        if isinstance(one, exp.EQ) and isinstance(one.this, exp.Tuple):
            whole = one.expression
            given = whole.expressions if isinstance(whole, exp.Tuple) else [whole] * 99
            pairs = zip(one.this.expressions, given, strict=False)
            found |= {column_name(name): value_of(part) or Known(None) for name, part in pairs}
        elif isinstance(one, exp.EQ):
            value = value_of(one.expression, inserted)
            if value is not None:
                found[column_name(one.this)] = value
        else:
            found["?"] = value_of(one) or Known(None)
    return found


def _update(node: exp.Update, local: frozenset[str]) -> list[Effect]:
    if not isinstance(node.this, exp.Table):
        return [database_effect("statement", "UPDATE")]
    others = [one for one in _tables(node) if one.name not in local]
    conditions = _conditions(node, [node.this, *others])
    of = conditions.of(node.this.alias_or_name)
    options: dict[str, Value] = {"returning": Known(True)} if node.args.get("returning") else {}
    return [
        *_others_read(others, conditions),
        database_effect(
            "update",
            "UPDATE",
            subject=table_name(node.this),
            where=of.where,
            ranges=of.ranges,
            values=_assigned(node.expressions),
            many=_many(of.where, of.is_many),
            options=options,
        ),
    ]


def _others_read(tables: list[exp.Table], conditions: Conditions) -> list[Effect]:
    found = []
    for table in tables:
        of = conditions.of(table.alias_or_name)
        found.append(
            database_effect(
                "read", "SELECT", subject=table_name(table), where=of.where, ranges=of.ranges
            )
        )
    return found


def _delete(node: exp.Delete, local: frozenset[str]) -> list[Effect]:
    table = node.this
    if not isinstance(table, exp.Table):
        return [database_effect("statement", "DELETE")]
    others = [one for one in _tables(node) if one.name not in local]
    conditions = _conditions(node, [table, *others])
    of = conditions.of(table.alias_or_name)
    options: dict[str, Value] = {"returning": Known(True)} if node.args.get("returning") else {}
    return [
        *_others_read(others, conditions),
        database_effect(
            "delete",
            "DELETE",
            subject=table_name(table),
            where=of.where,
            ranges=of.ranges,
            many=_many(of.where, of.is_many),
            options=options,
        ),
    ]


def _merge(node: exp.Merge) -> list[Effect]:
    """Looks and then writes; two at once may both insert (PostgreSQL manual, MERGE)."""
    if not isinstance(node.this, exp.Table):
        return [database_effect("statement", "MERGE")]
    conditions = Conditions([(node.this.alias_or_name, node.this.name)])
    conditions.add(node.args["on"])
    updates = any(isinstance(one.args.get("then"), exp.Update) for one in node.find_all(exp.When))
    return [
        database_effect(
            "find-or-create",
            "MERGE",
            subject=table_name(node.this),
            where=conditions.of(node.this.alias_or_name).where,
            conflict="update" if updates else "error",
            many=True,
        )
    ]
