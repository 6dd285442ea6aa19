"""The tables of a program: what models say, what the migrations leave, and where each is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from redhanded.case.evidence import Location

Said = Literal["model", "migration", "database"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unique:
    """A unique constraint or index, primary keys included."""

    columns: tuple[str, ...]
    """As the database names them; an expression index has its text."""
    said: tuple[Said, ...]
    location: Location | None
    name: str | None = None
    where: str = ""
    """Of a partial index; empty: for all rows."""
    is_primary: bool = False
    holds_nulls: bool = False
    """Two rows without a value count as equal (``NULLS NOT DISTINCT``)."""
    is_in_force: bool = True
    """False: a model says it, the migrations that make the table do not, and nothing else
    creates it; `Table.unique_on` passes it over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column."""

    name: str
    type: str
    """Lower case, as the tool or SQL names it: ``integer``, ``numeric``, ``jsonb``."""
    default: str = ""
    attribute: str = ""
    """How the model calls it, if not by its name."""
    is_nullable: bool = True
    is_version: bool = False
    """The ORM compares and raises it with each update (optimistic locking)."""
    references: str = ""
    """Table of a foreign key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table."""

    name: str
    columns: tuple[Column, ...] = ()
    uniques: tuple[Unique, ...] = ()
    checks: tuple[str, ...] = ()
    """Texts of CHECK and EXCLUDE constraints."""
    models: tuple[str, ...] = ()
    location: Location | None = None
    is_complete: bool = True
    """False: something about it could not be read (a migration in raw code), so that a missing
    constraint proves nothing."""

    def unique_on(self, columns: frozenset[str]) -> Unique | None:
        """A constraint whose columns are all among these: rows equal in ``columns`` cannot be two.

        Partial ones do not count, nor those that only a model says beside migrations.
        """
        for one in self.uniques:
            if one.is_in_force and not one.where and frozenset(one.columns) <= columns:
                return one
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """All tables, by name as the database has it."""

    tables: dict[str, Table]
    has_migrations: bool
    """Whether migrations were found; without them what the models say is taken to be so."""
    limits: tuple[str, ...] = ()

    def table(self, name: str | None) -> Table | None:
        """By the database's name, or by a model's."""
        if name is None:
            return None
        if name in self.tables:
            return self.tables[name]
        for one in self.tables.values():
            if name in one.models:
                return one
        return None
