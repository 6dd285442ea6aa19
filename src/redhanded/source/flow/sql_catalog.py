"""What SQL says of tables as a whole: looks at the catalogue, tables that are created, inserts that
depend on whether there is a row.

References: PostgreSQL manual, The Information Schema, System Catalogs; sqlite.org/schematab.html
"""

from __future__ import annotations

from sqlglot import exp

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.sql_conditions import table_name
from redhanded.source.flow.sql_control import database_effect
from redhanded.source.flow.values import Known, Value

SCHEMAS = frozenset(("information_schema", "pg_catalog", "sys"))
TABLES = frozenset(
    ("pg_tables", "pg_class", "sqlite_master", "sqlite_schema", "all_tables", "user_tables")
)


def catalogue(table: exp.Table) -> dict[str, Value]:
    """The option ``catalog`` where a table lists tables."""
    is_listed = table.db.lower() in SCHEMAS or table.name.lower() in TABLES
    return {"catalog": Known(True)} if is_listed else {}


def other(tree: exp.Expr) -> Effect:
    """A statement that is about no rows: ``CREATE TABLE``, ``ALTER TABLE``. Option:
    ``if_not_exists``."""
    table = tree.find(exp.Table)
    verb = f"{tree.key.upper()} {tree.args.get('kind') or ''}".strip()
    options: dict[str, Value] = {}
    if tree.args.get("exists"):
        options["if_not_exists"] = Known(True)
    name = table_name(table) if table is not None else None
    return database_effect("statement", verb, subject=name, options=options)


def unless_exists(source: exp.Select) -> dict[str, Value]:
    """Options of ``INSERT … SELECT … WHERE NOT EXISTS``: the table that is looked at, and whether
    any row of it counts."""
    where = source.args.get("where")
    for test in where.find_all(exp.Exists) if where is not None else ():
        table = test.find(exp.Table)
        if isinstance(test.parent, exp.Not) and table is not None:
            inner = test.find(exp.Select)
            is_any = inner is not None and inner.args.get("where") is None
            any_row = {"unless_any": Known(True)} if is_any else {}
            return {"unless_exists": Known(table_name(table)), **any_row}
    return {}
