"""ALTER TABLE and ALTER INDEX, action by action."""

from __future__ import annotations

from collections.abc import Iterator

from redhanded.case.evidence import Location
from redhanded.source.flow.schemas.changes import (
    AddCheck,
    AddColumn,
    AddUnique,
    AlterColumn,
    Change,
    DropColumn,
    DropNamed,
    DropUnique,
    RenameColumn,
    RenameNamed,
    RenameTable,
    Unread,
    plain,
    table_name,
)
from redhanded.source.flow.schemas.sql_table import Parts, read_item
from redhanded.source.flow.schemas.sql_text import UNKNOWN_WORD, Cursor, listed


def alter_table(cursor: Cursor, at: Location) -> Iterator[Change]:
    """The actions of one statement; the cursor stands after ``ALTER TABLE``."""
    cursor.take("IF", "EXISTS")
    cursor.take("ONLY")
    table = table_name(*cursor.qualified())
    if not table or plain(table).startswith(UNKNOWN_WORD):
        yield Unread(text=cursor.source[:200], location=at)
        return
    cursor.take("*")
    for action in listed(cursor.rest()):
        yield from _action(Cursor(cursor.source, action), table, at)


def alter_index(cursor: Cursor) -> Iterator[Change]:
    """``ALTER INDEX a RENAME TO b``."""
    cursor.take("IF", "EXISTS")
    name = cursor.qualified()[1]
    if cursor.take("RENAME", "TO"):
        yield RenameNamed(name=name, to=cursor.name())


def _action(cursor: Cursor, table: str, at: Location) -> Iterator[Change]:
    first = cursor.peek()
    if cursor.take("ADD"):
        yield from _add(cursor, table, at)
    elif cursor.take("DROP"):
        yield from _drop(cursor, table)
    elif cursor.take("RENAME"):
        yield from _rename(cursor, table)
    elif cursor.take("ALTER"):
        cursor.take("COLUMN")
        yield from _alter(cursor, table)
    elif cursor.take("MODIFY") or cursor.take("CHANGE"):
        cursor.take("COLUMN")
        changes = cursor.words[cursor.at - 1].text.upper() == "CHANGE" or (
            cursor.at > 1 and cursor.words[cursor.at - 2].text.upper() == "CHANGE"
        )
        if changes:
            following = cursor.peek(1)
            old = cursor.name()
            new = following.text if following is not None else old
            if old and new.lower() != old.lower():
                yield RenameColumn(table=table, column=old, to=new)
        yield from _added(cursor, table, at)
    elif first is not None and first.text.startswith(UNKNOWN_WORD):
        yield Unread(text=cursor.source[:200], tables=(table,), location=at)


def _add(cursor: Cursor, table: str, at: Location) -> Iterator[Change]:
    promoted = cursor.at
    name = cursor.name() if cursor.take("CONSTRAINT") else ""
    is_primary = cursor.sees("PRIMARY", "KEY", "USING", "INDEX")
    if is_primary or cursor.sees("UNIQUE", "USING", "INDEX"):
        cursor.at += 4 if is_primary else 3
        index = cursor.name()
        yield RenameNamed(name=index, to=name or index)
        return
    cursor.at = promoted
    cursor.take("COLUMN")
    cursor.take("IF", "NOT", "EXISTS")
    if cursor.sees("("):
        group = cursor.group() or []
        for item in listed(group):
            yield from _added(Cursor(cursor.source, item), table, at)
        return
    yield from _added(cursor, table, at)


def _added(cursor: Cursor, table: str, at: Location) -> Iterator[Change]:
    parts = Parts()
    read_item(cursor, parts, lambda place: at)
    for column in parts.columns:
        yield AddColumn(table=table, column=column)
    for unique in parts.uniques:
        yield AddUnique(table=table, unique=unique)
    for name, text in parts.checks:
        yield AddCheck(table=table, name=name, text=text)
    if not parts.is_complete:
        yield Unread(text=cursor.source[:200], tables=(table,), location=at)


def _drop(cursor: Cursor, table: str) -> Iterator[Change]:
    if cursor.take("PRIMARY", "KEY"):
        yield DropUnique(table=table, is_primary=True)
        return
    if cursor.take("FOREIGN", "KEY"):
        return
    named = cursor.take_any("CONSTRAINT", "INDEX", "KEY", "CHECK")
    if not named:
        cursor.take("COLUMN")
    cursor.take("IF", "EXISTS")
    name = cursor.name()
    if name and named:
        yield DropNamed(name=name, table=table)
    elif name:
        yield DropColumn(table=table, column=name)


def _rename(cursor: Cursor, table: str) -> Iterator[Change]:
    if cursor.take("TO") or cursor.take("AS"):
        yield RenameTable(table=table, to=table_name(*cursor.qualified()))
        return
    named = cursor.take_any("CONSTRAINT", "INDEX", "KEY")
    if not named:
        cursor.take("COLUMN")
    old = cursor.name()
    if not cursor.take("TO"):
        return
    new = cursor.name()
    if named:
        yield RenameNamed(name=old, to=new)
    else:
        yield RenameColumn(table=table, column=old, to=new)


def _alter(cursor: Cursor, table: str) -> Iterator[Change]:
    column = cursor.name()
    if not column:
        return
    if cursor.take("SET", "NOT", "NULL"):
        yield AlterColumn(table=table, column=column, is_nullable=False)
    elif cursor.take("DROP", "NOT", "NULL"):
        yield AlterColumn(table=table, column=column, is_nullable=True)
    elif cursor.take("SET", "DEFAULT"):
        yield AlterColumn(table=table, column=column, default=cursor.said(cursor.rest()))
    elif cursor.take("DROP", "DEFAULT"):
        yield AlterColumn(table=table, column=column, default="")
    elif cursor.take("SET", "DATA", "TYPE") or cursor.take("TYPE"):
        said = cursor.said(cursor.rest()).lower().split(" using ")[0]
        yield AlterColumn(table=table, column=column, type=said)
