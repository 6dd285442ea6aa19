"""The schema of a PostgreSQL database as its catalogue says it, and how it differs from the source.

Nothing here connects: `CATALOGUE` is asked by whoever has a database, `from_database` reads the
answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from redhanded.source.flow.schema import Column, Said, Schema, Table, Unique
from redhanded.source.flow.schemas.changes import table_name
from redhanded.source.flow.schemas.merging import alike, shortened

CATALOGUE = """
SELECT json_build_object(
  'columns', (SELECT json_agg(json_build_array(n.nspname, c.relname, a.attname,
      format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), a.attnotnull)
      ORDER BY n.nspname, c.relname, a.attnum)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f')
    AND n.nspname !~ '^(pg_|information_schema)'),
  'uniques', (SELECT json_agg(json_build_array(n.nspname, c.relname, ic.relname, i.indisprimary,
      pg_get_expr(i.indpred, i.indrelid), (
        SELECT json_agg(pg_get_indexdef(i.indexrelid, k.position::int, true) ORDER BY k.position)
        FROM generate_series(1, i.indnkeyatts) AS k(position)))
      ORDER BY n.nspname, c.relname, ic.relname)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    JOIN pg_class ic ON ic.oid = i.indexrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE i.indisunique AND i.indisvalid AND n.nspname !~ '^(pg_|information_schema)'),
  'checks', (SELECT json_agg(json_build_array(n.nspname, c.relname, pg_get_constraintdef(k.oid))
      ORDER BY n.nspname, c.relname, k.conname)
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE k.contype IN ('c', 'x') AND n.nspname !~ '^(pg_|information_schema)'),
  'references', (SELECT json_agg(json_build_array(n.nspname, c.relname, a.attname,
      pn.nspname, p.relname))
    FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class p ON p.oid = f.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = f.conkey[1]
    WHERE f.contype = 'f' AND cardinality(f.conkey) = 1)
)::text
"""
"""One row with one column of text. An index that is not valid (its build failed) enforces nothing
and is left out."""


def from_database(answer: str | Mapping[str, Any]) -> Schema:
    """The schema from what `CATALOGUE` gave: the text, or what it says as JSON."""
    facts = json.loads(answer) if isinstance(answer, str) else answer
    refers = {
        (schema, table, column): table_name(there, name)
        for schema, table, column, there, name in facts.get("references") or ()
    }
    columns: dict[str, list[Column]] = {}
    for schema, table, name, kind, default, is_required in facts.get("columns") or ():
        columns.setdefault(table_name(schema, table), []).append(
            Column(
                name=name,
                type=str(kind).lower(),
                default=default or "",
                is_nullable=not is_required,
                references=refers.get((schema, table, name), ""),
            )
        )
    uniques: dict[str, list[Unique]] = {}
    for schema, table, name, is_primary, where, keys in facts.get("uniques") or ():
        uniques.setdefault(table_name(schema, table), []).append(
            Unique(
                columns=tuple(_plain(one) for one in keys or ()),
                said=("database",),
                location=None,
                name=name,
                where=where or "",
                is_primary=bool(is_primary),
            )
        )
    checks: dict[str, list[str]] = {}
    for schema, table, text in facts.get("checks") or ():
        checks.setdefault(table_name(schema, table), []).append(text)
    tables = {
        name: Table(
            name=name,
            columns=tuple(columns.get(name, ())),
            uniques=tuple(uniques.get(name, ())),
            checks=tuple(checks.get(name, ())),
        )
        for name in sorted({*columns, *uniques})
    }
    return Schema(tables=shortened(tables), has_migrations=False)


def _plain(key: str) -> str:
    """A column's name without its quotes; an expression as it is."""
    if key.startswith('"') and key.endswith('"') and '"' not in key[1:-1].replace('""', ""):
        return key[1:-1].replace('""', '"')
    return key


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveDifference:
    """Something that source and database say differently."""

    table: str
    kind: Literal["table", "unique", "column"]
    missing_in: Literal["database", "source"]
    said: str
    """The column, or the columns of the constraint."""
    unique: Unique | None = None


def compare(schema: Schema, live: Schema) -> tuple[LiveDifference, ...]:
    """What a database has and the source does not say, and the other way round.

    Of a table that was not read completely only what it says is asked for; tables that tools keep
    for themselves (``SequelizeMeta`` and the like) are in the database alone, and are named.
    """
    found: list[LiveDifference] = []
    by_name = {one.lower(): table for one, table in live.tables.items()}
    said: set[str] = set()
    for name, table in schema.tables.items():
        there = by_name.get(name.lower())
        if there is None:
            found.append(LiveDifference(table=name, kind="table", missing_in="database", said=name))
            continue
        said.add(there.name)
        found += _between(table, there)
    for name in live.tables:
        if name not in said:
            found.append(LiveDifference(table=name, kind="table", missing_in="source", said=name))
    return tuple(found)


def _between(table: Table, live: Table) -> Iterable[LiveDifference]:
    for one in table.uniques:
        if one.is_in_force and not any(_is_same(one, each) for each in live.uniques):
            yield _unique(table.name, one, "database")
    if table.is_complete:
        for one in live.uniques:
            if not any(each.is_in_force and _is_same(each, one) for each in table.uniques):
                yield _unique(table.name, one, "source")
    names = {one.name.lower() for one in live.columns}
    for column in table.columns:
        if column.name.lower() not in names:
            yield LiveDifference(
                table=table.name, kind="column", missing_in="database", said=column.name
            )


def _unique(table: str, one: Unique, missing_in: Literal["database", "source"]) -> LiveDifference:
    columns = "+".join(one.columns)
    return LiveDifference(
        table=table, kind="unique", missing_in=missing_in, said=columns, unique=one
    )


def _is_same(one: Unique, other: Unique) -> bool:
    """The same columns; expressions are told apart by name where both have one, because
    PostgreSQL writes them in its own words."""
    if alike(one, other):
        return True
    is_plain = all(each.replace("_", "").isalnum() for each in one.columns)
    return not is_plain and bool(one.name) and one.name == other.name


def confirmed(schema: Schema, live: Schema) -> Schema:
    """The source's schema with what the database says on top: what it has is in force, what it
    does not have is not."""
    by_name = {one.lower(): table for one, table in live.tables.items()}
    tables: dict[str, Table] = dict(live.tables)
    for name, table in schema.tables.items():
        there = by_name.get(name.lower())
        if there is None:
            tables[name] = table
            continue
        tables.pop(there.name)
        tables[name] = _confirmed(table, there)
    return Schema(tables=tables, has_migrations=schema.has_migrations, limits=schema.limits)


def _confirmed(table: Table, live: Table) -> Table:
    uniques: list[Unique] = []
    for one in table.uniques:
        there = next((each for each in live.uniques if _is_same(one, each)), None)
        said: tuple[Said, ...] = one.said if there is None else (*one.said, "database")
        uniques.append(replace(one, said=said, is_in_force=there is not None))
    uniques += [
        one for one in live.uniques if not any(_is_same(each, one) for each in table.uniques)
    ]
    attributes = {one.name.lower(): one for one in table.columns}
    columns = tuple(
        _known(one, attributes[one.name.lower()]) if one.name.lower() in attributes else one
        for one in live.columns
    )
    return Table(
        name=table.name,
        columns=columns,
        uniques=tuple(uniques),
        checks=live.checks,
        models=table.models,
        location=table.location,
    )


def _known(live: Column, said: Column) -> Column:
    return Column(
        name=live.name,
        type=live.type,
        default=live.default,
        attribute=said.attribute,
        is_nullable=live.is_nullable,
        is_version=said.is_version,
        references=live.references,
    )
