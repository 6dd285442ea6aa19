"""Statements of SQL that change tables (PostgreSQL, MySQL, SQLite), as changes.

Reference: https://www.postgresql.org/docs/current/sql-createtable.html, sql-altertable.html,
sql-createindex.html; https://dev.mysql.com/doc/refman/8.4/en/alter-table.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from redhanded.case.evidence import Location
from redhanded.source.flow.schema import Unique
from redhanded.source.flow.schemas.changes import (
    AddUnique,
    Change,
    CreateTable,
    DropNamed,
    DropTable,
    RenameTable,
    Unread,
    plain,
    table_name,
)
from redhanded.source.flow.schemas.sql_alter import alter_index, alter_table
from redhanded.source.flow.schemas.sql_table import condition, indexed, table_items
from redhanded.source.flow.schemas.sql_text import UNKNOWN_WORD, Cursor, Statement, cut, words

_CHANGING = re.compile(
    r"(?:CREATE|ALTER|DROP|RENAME|DO|EXEC|EXECUTE|BEGIN|IF)\b|" + UNKNOWN_WORD, re.IGNORECASE
)
_IN_BLOCK = re.compile(r"\b(?:(?:CREATE|ALTER|DROP)\s+[A-Z][^;]*)", re.IGNORECASE)
_HARMLESS = re.compile(r"(?:SELECT|INSERT|UPDATE|DELETE|SET|COMMENT|GRANT|WITH)\b", re.IGNORECASE)


def sql_changes(text: str, at: Location, *, is_file: bool = True) -> Iterator[Change]:
    """The changes of one text, in order. ``at``: where it begins, with the line of the call that
    is given it where it stands in a program (``is_file`` False)."""
    for statement in cut(text):
        if _CHANGING.match(statement.text):
            line = at.line + statement.line - 1 if is_file else at.line
            yield from _changes(statement, replace(at, line=line), is_file)


def is_harmless(text: str) -> bool:
    """Whether it begins as a statement that changes no table."""
    return bool(_HARMLESS.match(text.lstrip()))


def _changes(statement: Statement, at: Location, is_file: bool) -> Iterator[Change]:
    cursor = Cursor(statement.text, words(statement.text))
    if cursor.take("CREATE"):
        cursor.take("OR", "REPLACE")
        yield from _create(cursor, at, is_file)
    elif cursor.take("ALTER", "TABLE"):
        yield from alter_table(cursor, at)
    elif cursor.take("ALTER", "INDEX"):
        yield from alter_index(cursor)
    elif cursor.take("DROP", "TABLE"):
        yield from (DropTable(table=one) for one in _names(cursor))
    elif cursor.take("DROP", "INDEX"):
        cursor.take("CONCURRENTLY")
        names = [plain(one) for one in _names(cursor)]
        table = table_name(*cursor.qualified()) if cursor.take("ON") else ""
        yield from (DropNamed(name=one, table=table) for one in names)
    elif cursor.take("RENAME", "TABLE"):
        yield from _rename_tables(cursor)
    elif cursor.take("DO") or cursor.take("BEGIN") or cursor.take("IF"):
        yield from _block(statement, at)
    elif cursor.sees("EXEC") or cursor.sees("EXECUTE") or statement.text.startswith(UNKNOWN_WORD):
        yield Unread(text=statement.text[:200], location=at)


def _create(cursor: Cursor, at: Location, is_file: bool) -> Iterator[Change]:
    kind = cursor.take_any("GLOBAL", "LOCAL", "TEMP", "TEMPORARY", "UNLOGGED", "FOREIGN")
    if cursor.take_any("TEMP", "TEMPORARY") or kind.startswith("TEMP"):
        return
    if cursor.take("TABLE"):
        yield _create_table(cursor, at, is_file)
    elif cursor.take("UNIQUE"):
        cursor.take_any("CLUSTERED", "NONCLUSTERED")
        if cursor.take("INDEX"):
            yield from _create_index(cursor, at)


def _create_table(cursor: Cursor, at: Location, is_file: bool) -> Change:
    if_absent = cursor.take("IF", "NOT", "EXISTS")
    name = table_name(*cursor.qualified())
    if cursor.take("PARTITION", "OF"):
        like = table_name(*cursor.qualified())
        return CreateTable(table=name, like=like, if_absent=if_absent, location=at)
    like = table_name(*cursor.qualified()) if cursor.take("LIKE") else ""
    if like or not cursor.sees("("):
        computed = name.startswith(UNKNOWN_WORD) or not name
        if computed:
            return Unread(text=cursor.source[:200], location=at)
        return CreateTable(table=name, like=like, if_absent=if_absent, location=at)
    items = cursor.group() or []
    made = table_items(cursor, name, items, _Lines(cursor.source, at, is_file))
    if cursor.take("INHERITS"):
        # The parent's columns come with it, its constraints do not; which columns is not followed.
        cursor.group()
        made = replace(made, is_complete=False)
    if plain(name).startswith(UNKNOWN_WORD) or not name:
        return Unread(text=cursor.source[:200], location=at)
    return replace(made, if_absent=if_absent, location=at)


class _Lines:
    """The location of a place in a statement."""

    def __init__(self, source: str, at: Location, is_file: bool) -> None:
        self.source, self.at, self.is_file = source, at, is_file

    def __call__(self, place: int) -> Location:
        if not self.is_file:
            return self.at
        return replace(self.at, line=self.at.line + self.source.count("\n", 0, place))


def _create_index(cursor: Cursor, at: Location) -> Iterator[Change]:
    cursor.take("CONCURRENTLY")
    cursor.take("IF", "NOT", "EXISTS")
    name = "" if cursor.sees("ON") else cursor.qualified()[1]
    if not cursor.take("ON"):
        return
    cursor.take("ONLY")
    table = table_name(*cursor.qualified())
    if cursor.take("USING"):
        cursor.name()
    columns = indexed(cursor, cursor.group() or [])
    if plain(table).startswith(UNKNOWN_WORD) or not columns:
        yield Unread(text=cursor.source[:200], location=at)
        return
    nulls = _said_of_nulls(cursor)
    unique = Unique(
        columns=columns,
        said=("migration",),
        location=at,
        name=name or f"{plain(table)}_{'_'.join(map(_short, columns))}_idx",
        where=condition(cursor),
        holds_nulls=nulls,
    )
    yield AddUnique(table=table, unique=unique)


def _said_of_nulls(cursor: Cursor) -> bool:
    """Whether an index holds rows without a value once: ``NULLS NOT DISTINCT``."""
    if cursor.take("INCLUDE"):
        cursor.group()
    return cursor.take("NULLS", "NOT", "DISTINCT")


def _short(column: str) -> str:
    """How PostgreSQL calls a column or an expression in the name that it makes of them."""
    function = re.match(r"(\w+)\(", column)
    return function[1] if function else column if re.fullmatch(r"\w+", column) else "expr"


def _names(cursor: Cursor) -> list[str]:
    """``[IF EXISTS] a, b``."""
    cursor.take("IF", "EXISTS")
    found = [table_name(*cursor.qualified())]
    while cursor.take(","):
        found.append(table_name(*cursor.qualified()))
    return [one for one in found if one]


def _rename_tables(cursor: Cursor) -> Iterator[Change]:
    while not cursor.is_done:
        old = table_name(*cursor.qualified())
        if not cursor.take("TO"):
            return
        yield RenameTable(table=old, to=table_name(*cursor.qualified()))
        if not cursor.take(","):
            return


def _block(statement: Statement, at: Location) -> Iterator[Change]:
    """A block of code: the statements in it are taken to run; what it computes is not read."""
    body = statement.text
    inner = re.search(r"\$(\w*)\$(.*)\$\1\$", body, re.DOTALL)
    body = inner[2] if inner else body
    if re.search(r"\bEXECUTE\b", body, re.IGNORECASE):
        yield Unread(text=" ".join(body.split())[:200], location=at)
    for match in _IN_BLOCK.finditer(body):
        part = Statement(match[0], 1)
        yield from _changes(part, at, False)
