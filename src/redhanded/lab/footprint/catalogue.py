"""What the database itself knows and no statement says: unique columns, functions, triggers.

With it footprints are exact where they would otherwise have to assume the worst: which inserted
columns are checked for uniqueness, what a user function does, which functions a trigger runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from redhanded.lab.footprint.queries import resource_name


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A foreign key: an inserted row looks up, and holds, the row that it refers to."""

    columns: tuple[str, ...]
    table: str
    """The table that is referred to."""
    there: tuple[str, ...]
    """Its columns, in the order of ``columns``."""


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Facts of one database, read once after its migrations."""

    known: bool = False
    """False if the database was not asked: then the worst is assumed."""
    unique: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    """Columns of each unique index of a table; an empty tuple is an index on expressions."""
    references: Mapping[str, tuple[Reference, ...]] = field(default_factory=dict)
    """Foreign keys of a table."""
    functions: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Language and body of each function of the database's own, by name."""
    triggers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Functions that triggers of a table run."""
    views: Mapping[str, str] = field(default_factory=dict)
    """The query of each view."""

    def function(self, name: str) -> tuple[str, str] | None:
        """Language and body; the schema ``public`` may be left out."""
        return self.functions.get(name.removeprefix("public."))

    @property
    def says_all(self) -> bool:
        """Whether statements do no more than their text says."""
        return not self.triggers and not self.views


UNKNOWN = Catalogue()
"""Nothing was asked."""

CATALOGUE_QUERY = """
SELECT json_build_object(
  'unique', (SELECT json_agg(json_build_array(n.nspname, c.relname, (
      SELECT json_agg(a.attname ORDER BY k.position)
      FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, position)
      LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum AND k.attnum > 0
      WHERE k.position <= i.indnkeyatts)))
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE i.indisunique AND n.nspname !~ '^(pg_|information_schema)'),
  'references', (SELECT json_agg(json_build_array(n.nspname, c.relname, pn.nspname, p.relname,
      (SELECT json_agg(a.attname ORDER BY k.position)
       FROM unnest(f.conkey) WITH ORDINALITY AS k(attnum, position)
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum),
      (SELECT json_agg(a.attname ORDER BY k.position)
       FROM unnest(f.confkey) WITH ORDINALITY AS k(attnum, position)
       JOIN pg_attribute a ON a.attrelid = p.oid AND a.attnum = k.attnum)))
    FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class p ON p.oid = f.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace
    WHERE f.contype = 'f'),
  'functions', (SELECT json_agg(json_build_array(n.nspname, p.proname, l.lanname, p.prosrc))
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_language l ON l.oid = p.prolang
    WHERE n.nspname !~ '^(pg_|information_schema)' AND NOT EXISTS (
      SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
      AND d.deptype = 'e')),
  'triggers', (SELECT json_agg(json_build_array(n.nspname, c.relname, fn.nspname, p.proname))
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace fn ON fn.oid = p.pronamespace
    WHERE NOT t.tgisinternal),
  'views', (SELECT json_agg(json_build_array(n.nspname, c.relname, pg_get_viewdef(c.oid)))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'v' AND n.nspname !~ '^(pg_|information_schema)')
)::text
"""
"""One row with one column of text, for ``read_catalogue``. Functions of extensions are taken to
write nothing."""


def read_catalogue(answer: str) -> Catalogue:
    """The catalogue from the one text that ``CATALOGUE_QUERY`` gives."""
    facts = json.loads(answer)
    unique: dict[str, tuple[tuple[str, ...], ...]] = {}
    for schema, table, columns in facts["unique"] or ():
        names = tuple(str(column).lower() for column in columns) if all(columns) else ()
        resource = resource_name(schema, table)
        unique[resource] = (*unique.get(resource, ()), names)
    references: dict[str, tuple[Reference, ...]] = {}
    for schema, table, there_schema, there_table, columns, there in facts["references"] or ():
        reference = Reference(
            columns=tuple(str(column).lower() for column in columns),
            table=resource_name(there_schema, there_table),
            there=tuple(str(column).lower() for column in there),
        )
        resource = resource_name(schema, table)
        references[resource] = (*references.get(resource, ()), reference)
    triggers: dict[str, tuple[str, ...]] = {}
    for schema, table, owner, function in facts["triggers"] or ():
        resource = resource_name(schema, table)
        called = _routine_name(owner, function)
        triggers[resource] = (*triggers.get(resource, ()), called)
    return Catalogue(
        known=True,
        unique=unique,
        references=references,
        functions={
            _routine_name(schema, name): (language, body or "")
            for schema, name, language, body in facts["functions"] or ()
        },
        triggers=triggers,
        views={resource_name(schema, name): query for schema, name, query in facts["views"] or ()},
    )


def _routine_name(schema: str, name: str) -> str:
    return name.lower() if schema == "public" else f"{schema}.{name}".lower()
