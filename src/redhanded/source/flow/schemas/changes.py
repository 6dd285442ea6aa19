"""What a step of a migration does to a database: the one form that every tool's steps are read to.

Tables are named ``table`` or ``schema.table``; `plain` gives the name without the schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from redhanded.case.evidence import Location
from redhanded.source.flow.schema import Column, Unique


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTable:
    """A new table."""

    table: str
    columns: tuple[Column, ...] = ()
    uniques: tuple[Unique, ...] = ()
    checks: tuple[tuple[str, str], ...] = ()
    """Name (may be empty) and text."""
    if_absent: bool = False
    like: str = ""
    """Table whose columns are copied."""
    copies_constraints: bool = True
    """Its constraints and indexes, too."""
    is_complete: bool = True
    """False: parts of it could not be read."""
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DropTable:
    """With everything on it."""

    table: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameTable:
    """Constraints keep their names, as in PostgreSQL."""

    table: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddColumn:
    """Replaces what was known of a column of that name."""

    table: str
    column: Column


@dataclass(frozen=True, slots=True, kw_only=True)
class DropColumn:
    """With every constraint that includes it."""

    table: str
    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameColumn:
    """Constraints follow it."""

    table: str
    column: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterColumn:
    """None: stays as it is."""

    table: str
    column: str
    type: str | None = None
    default: str | None = None
    is_nullable: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddUnique:
    """A unique constraint, unique index or primary key."""

    table: str
    unique: Unique


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCheck:
    """A CHECK or EXCLUDE constraint."""

    table: str
    text: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropNamed:
    """A constraint or index by its name; nothing if there is none (a plain index)."""

    name: str
    table: str = ""
    """Empty: of any table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropUnique:
    """The unique constraints on exactly these columns; of all kinds, or the primary key only."""

    table: str
    columns: tuple[str, ...] = ()
    """Empty with ``is_primary``: whatever they are."""
    is_primary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameNamed:
    """A constraint or index gets another name."""

    name: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Something was done that could not be read."""

    text: str
    """How it is written, for people."""
    tables: tuple[str, ...] = ()
    """The tables it may concern; empty: any."""
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Perhaps:
    """Something that takes away, under a condition: afterwards nothing is claimed of the table."""

    change: DropTable | DropColumn | DropNamed | DropUnique
    text: str
    location: Location | None = None


Change: TypeAlias = (
    CreateTable
    | DropTable
    | RenameTable
    | AddColumn
    | DropColumn
    | RenameColumn
    | AlterColumn
    | AddUnique
    | AddCheck
    | DropNamed
    | DropUnique
    | RenameNamed
    | Unread
    | Perhaps
)

DEFAULT_SCHEMAS = frozenset(("public", "dbo", "main", ""))
"""Schemas that statements need not name."""


def table_name(schema: str, name: str) -> str:
    """``schema.name``; the name alone in a schema that need not be named."""
    return name if schema in DEFAULT_SCHEMAS else f"{schema}.{name}"


def plain(table: str) -> str:
    """The table's name without its schema."""
    return table.rsplit(".", 1)[-1]


def constraint_name(table: str, columns: tuple[str, ...], *, is_primary: bool = False) -> str:
    """The name that PostgreSQL gives to a constraint that has none."""
    name = plain(table)
    return f"{name}_pkey" if is_primary else f"{name}_{'_'.join(columns)}_key"
