"""What stands between the parentheses of CREATE TABLE: columns and constraints."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from redhanded.case.evidence import Location
from redhanded.source.flow.schema import Column, Unique
from redhanded.source.flow.schemas.changes import CreateTable, table_name
from redhanded.source.flow.schemas.sql_text import UNKNOWN_WORD, Cursor, Word, listed

_FACETS = re.compile(
    r"NOT|NULL|DEFAULT|PRIMARY|UNIQUE|REFERENCES|CHECK|CONSTRAINT|GENERATED|COLLATE|COMMENT"
    r"|AUTO_?INCREMENT|ON|AS|KEY|IDENTITY|DEFERRABLE|INITIALLY",
    re.IGNORECASE,
)
"""Words that end a column's type or default."""
_TYPES_WITH_LENGTH = re.compile(
    r"N?VARCHAR|CHAR(?:ACTER)?|NUMERIC|DECIMAL|BIT|TIME(?:STAMP)?|(?:VAR)?BINARY|(?:BIG)?INT|FLOAT"
    r"|DOUBLE",
    re.IGNORECASE,
)
Lines = Callable[[int], Location]


@dataclass(slots=True, kw_only=True)
class Parts:
    """What the items of a table, or the actions of ALTER TABLE, add."""

    columns: list[Column] = field(default_factory=list)
    uniques: list[Unique] = field(default_factory=list)
    checks: list[tuple[str, str]] = field(default_factory=list)
    like: str = ""
    copies_constraints: bool = True
    is_complete: bool = True


def table_items(cursor: Cursor, table: str, items: list[Word], lines: Lines) -> CreateTable:
    """The table of these items."""
    parts = Parts()
    for item in listed(items):
        read_item(Cursor(cursor.source, item), parts, lines)
    return CreateTable(
        table=table,
        columns=tuple(parts.columns),
        uniques=tuple(parts.uniques),
        checks=tuple(parts.checks),
        like=parts.like,
        copies_constraints=parts.copies_constraints,
        is_complete=parts.is_complete,
    )


def read_item(cursor: Cursor, parts: Parts, lines: Lines) -> None:
    """One column or constraint."""
    first = cursor.peek()
    if first is None:
        return
    at = lines(first.start)
    name = cursor.name() if cursor.take("CONSTRAINT") else ""
    if _read_constraint(cursor, name, parts, at):
        return
    if cursor.take("LIKE"):
        parts.like = table_name(*cursor.qualified())
        said = cursor.said(cursor.rest()).upper()
        parts.copies_constraints = "INCLUDING ALL" in said or "INCLUDING INDEXES" in said
    elif first.text.startswith(UNKNOWN_WORD):
        parts.is_complete = False
    else:
        column = cursor.name()
        if column:
            _read_column(cursor, column, parts, at)


def _read_constraint(cursor: Cursor, name: str, parts: Parts, at: Location) -> bool:
    if cursor.take("PRIMARY", "KEY"):
        cursor.take_any("CLUSTERED", "NONCLUSTERED")
        _unique(parts, indexed(cursor, cursor.group() or []), name, at, is_primary=True)
    elif cursor.take("UNIQUE"):
        cursor.take_any("KEY", "INDEX", "CLUSTERED", "NONCLUSTERED")
        nulls = cursor.take("NULLS", "NOT", "DISTINCT")
        cursor.take("NULLS", "DISTINCT")
        given = name or ("" if cursor.sees("(") else cursor.name())
        columns = indexed(cursor, cursor.group() or [])
        _unique(parts, columns, given, at, where=condition(cursor), holds_nulls=nulls)
    elif cursor.sees("CHECK", "(") or cursor.sees("EXCLUDE"):
        parts.checks.append((name, cursor.said(cursor.rest())))
    elif cursor.sees("FOREIGN", "KEY"):
        _refer(cursor, parts)
    else:
        return _is_plain_index(cursor)
    return True


def _is_plain_index(cursor: Cursor) -> bool:
    """MySQL: ``KEY name (columns)``; a column may be called ``key`` as well."""
    if not cursor.take_any("FULLTEXT", "SPATIAL") and not cursor.sees("KEY"):
        return cursor.sees("INDEX") and (cursor.sees("(", ahead=1) or cursor.sees("(", ahead=2))
    named = cursor.peek(1)
    if named is None or _TYPES_WITH_LENGTH.fullmatch(named.text):
        return False
    return cursor.sees("(", ahead=1) or cursor.sees("(", ahead=2)


def _refer(cursor: Cursor, parts: Parts) -> None:
    cursor.take("FOREIGN", "KEY")
    columns = indexed(cursor, cursor.group() or [])
    if cursor.take("REFERENCES") and len(columns) == 1:
        table = table_name(*cursor.qualified())
        for place, column in enumerate(parts.columns):
            if column.name == columns[0]:
                parts.columns[place] = Column(
                    name=column.name,
                    type=column.type,
                    default=column.default,
                    is_nullable=column.is_nullable,
                    references=table,
                )


def _read_column(cursor: Cursor, name: str, parts: Parts, at: Location) -> None:
    kind = _until_facet(cursor)
    default, references, nullable, given = "", "", True, ""
    if kind.split("(")[0] in ("serial", "bigserial", "smallserial"):
        nullable = False
    while (word := cursor.peek()) is not None:
        if cursor.take("NOT", "NULL"):
            nullable = False
        elif cursor.take("DEFAULT"):
            default = _until_facet(cursor, first=True, lower=False)
        elif cursor.take("PRIMARY", "KEY"):
            nullable = False
            _unique(parts, (name,), given, at, is_primary=True)
            given = ""
        elif cursor.take("UNIQUE"):
            cursor.take("KEY")
            _unique(parts, (name,), given, at)
            given = ""
        elif cursor.take("REFERENCES"):
            references = table_name(*cursor.qualified())
            cursor.group()
        elif cursor.sees("CHECK", "("):
            cursor.take("CHECK")
            parts.checks.append((given, f"CHECK ({cursor.said(cursor.group() or [])})"))
        elif cursor.take("CONSTRAINT"):
            given = cursor.name()
        elif cursor.take("GENERATED") or cursor.take("AS"):
            default = _until_facet(cursor, first=True, lower=False) or default
        elif word.text.startswith(UNKNOWN_WORD):
            parts.is_complete = False
            cursor.at += 1
        elif cursor.sees("("):
            cursor.group()
        else:
            cursor.at += 1
    column = Column(
        name=name, type=kind, default=default, is_nullable=nullable, references=references
    )
    parts.columns.append(column)


def _until_facet(cursor: Cursor, *, first: bool = False, lower: bool = True) -> str:
    """A type or a default: the words up to the next keyword of a column."""
    start = cursor.at
    while (word := cursor.peek()) is not None:
        is_first = first and cursor.at == start
        if not is_first and word.kind == "word" and _FACETS.fullmatch(word.text):
            break
        if word.text.startswith(UNKNOWN_WORD) and not is_first and not first:
            break
        if cursor.sees("("):
            cursor.group()
        else:
            cursor.at += 1
    said = cursor.said(cursor.words[start : cursor.at])
    return said.lower() if lower else said


def _unique(
    parts: Parts,
    columns: tuple[str, ...],
    name: str,
    at: Location,
    *,
    is_primary: bool = False,
    where: str = "",
    holds_nulls: bool = False,
) -> None:
    if not columns or any(one.startswith(UNKNOWN_WORD) for one in columns):
        parts.is_complete = False
        return
    parts.uniques.append(
        Unique(
            columns=columns,
            said=("migration",),
            location=at,
            name=name or None,
            is_primary=is_primary,
            where=where,
            holds_nulls=holds_nulls,
        )
    )


def indexed(cursor: Cursor, group: list[Word]) -> tuple[str, ...]:
    """Column names of an index or constraint; an expression stays as it is written."""
    return tuple(_indexed(Cursor(cursor.source, item)) for item in listed(group))


def _indexed(cursor: Cursor) -> str:
    start = cursor.at
    name = cursor.name()
    if name and not cursor.sees("::"):
        length = cursor.peek(1)
        is_prefix = cursor.sees("(") and length is not None and length.kind == "number"
        if is_prefix:
            cursor.group()
        if not cursor.sees("("):
            return name
    cursor.at = start
    inner = cursor.group()
    if inner is not None and (len(inner) == 1 or cursor.is_done):
        return _indexed(Cursor(cursor.source, inner)) if inner else ""
    cursor.at = start
    return cursor.said(cursor.rest())


def condition(cursor: Cursor) -> str:
    """The text after WHERE, if one comes."""
    while not cursor.is_done:
        if cursor.take("WHERE"):
            inner = cursor.rest()
            return cursor.said(inner).removesuffix(";")
        if cursor.group() is None:
            cursor.at += 1
    return ""
