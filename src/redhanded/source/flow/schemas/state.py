"""The tables of a database while its migrations run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from redhanded.case.evidence import Location
from redhanded.source.flow.schema import Column, Unique
from redhanded.source.flow.schemas.changes import (
    AddCheck,
    AddColumn,
    AddUnique,
    AlterColumn,
    Change,
    CreateTable,
    DropColumn,
    DropNamed,
    DropTable,
    DropUnique,
    Perhaps,
    RenameColumn,
    RenameNamed,
    RenameTable,
    Unread,
    constraint_name,
    plain,
)

LIMITS_MAX = 20


@dataclass(slots=True, kw_only=True)
class Standing:
    """One table as it stands."""

    name: str
    columns: dict[str, Column] = field(default_factory=dict)
    uniques: list[Unique] = field(default_factory=list)
    checks: dict[str, str] = field(default_factory=dict)
    location: Location | None = None
    is_created: bool = False
    """False: steps changed it, and none created it."""
    is_complete: bool = True
    groups: set[str] = field(default_factory=set)
    """Folders whose migrations created it."""
    is_from_dump: bool = False


@dataclass(slots=True, kw_only=True)
class State:
    """What stands after the changes so far. ``group``: whose changes come now (a folder)."""

    tables: dict[str, Standing] = field(default_factory=dict)
    limits: list[str] = field(default_factory=list)
    group: str = ""
    is_dump: bool = False
    """What comes now is a dump of a schema."""
    words: Callable[[], frozenset[str]] = frozenset
    """Gives the words of the texts that the file whose changes come now has written out."""

    def apply(self, changes: Iterable[Change]) -> None:
        """One after the other."""
        for change in changes:
            _STEPS[type(change)](self, change)

    def find(self, name: str) -> Standing | None:
        """By name; the schema may be left out where only one table has that name."""
        if name in self.tables:
            return self.tables[name]
        wanted = plain(name)
        alike = [
            one
            for one in self.tables.values()
            if plain(one.name) == wanted and ("." not in name or "." not in one.name)
        ]
        if not alike:
            alike = [one for one in self.tables.values() if one.name.lower() == name.lower()]
        return alike[0] if len(alike) == 1 else None

    def open(self, name: str) -> Standing:
        """A table that exists, whether or not its creation was seen."""
        found = self.find(name)
        if found is None:
            found = self.tables[name] = Standing(name=name)
        return found


def _create(state: State, change: CreateTable) -> None:
    found = state.find(change.table)
    if found is not None and found.is_from_dump and not state.is_dump:
        # The dump shows what migrations once left; they are here themselves.
        del state.tables[found.name]
        found = None
    if found is None:
        found = state.tables[change.table] = Standing(name=change.table)
        found.is_from_dump = state.is_dump
    elif found.is_created and change.if_absent and state.group in found.groups:
        return
    if found.is_created and found.groups != {state.group}:
        # Two folders create a table of this name: two databases, or two ways to the same one.
        known = {frozenset(one.columns) for one in found.uniques}
        found.is_complete &= known == {frozenset(one.columns) for one in change.uniques}
    found.is_created = True
    found.groups.add(state.group)
    found.is_complete &= change.is_complete
    found.location = found.location or change.location
    original = state.find(change.like) if change.like else None
    if change.like and original is None:
        found.is_complete = False
    if original is not None:
        found.columns |= {
            name: replace(one, references="") for name, one in original.columns.items()
        }
        if change.copies_constraints:
            found.checks |= original.checks
        for unique in original.uniques if change.copies_constraints else ():
            _put(found, replace(unique, name=None))
    for column in change.columns:
        found.columns[column.name] = column
    for unique in change.uniques:
        _put(found, unique)
    for name, text in change.checks:
        _check(found, name, text)


def _drop(state: State, change: DropTable) -> None:
    found = state.find(change.table)
    if found is None:
        return
    others = found.groups - {state.group}
    if not others:
        del state.tables[found.name]
    elif state.group in found.groups:
        # Another folder's table of the same name is another database's; the two were mixed.
        found.groups, found.is_complete = others, False


def _rename(state: State, change: RenameTable) -> None:
    found = state.find(change.table)
    if found is None:
        found = Standing(name=change.to)
    else:
        del state.tables[found.name]
    if "." in found.name and "." not in change.to:
        change = replace(change, to=f"{found.name.rsplit('.', 1)[0]}.{change.to}")
    found.name = change.to
    state.tables[change.to] = found


def _add_column(state: State, change: AddColumn) -> None:
    state.open(change.table).columns[change.column.name] = change.column


def _drop_column(state: State, change: DropColumn) -> None:
    table = state.open(change.table)
    column = _column(table, change.column)
    table.columns.pop(column, None)
    table.uniques = [one for one in table.uniques if not _mentions(one, column)]
    table.checks = {name: one for name, one in table.checks.items() if column not in name}


def _rename_column(state: State, change: RenameColumn) -> None:
    table = state.open(change.table)
    column, to = _column(table, change.column), change.to
    table.columns = {
        (to if name == column else name): replace(one, name=to) if name == column else one
        for name, one in table.columns.items()
    }
    table.uniques = [
        replace(
            one,
            columns=tuple(_reworded(name, column, to) for name in one.columns),
            where=_reworded(one.where, column, to),
        )
        for one in table.uniques
    ]
    table.checks = {name: _reworded(one, column, to) for name, one in table.checks.items()}


def _reworded(text: str, column: str, to: str) -> str:
    """An expression after a column got another name."""
    return to if text == column else re.sub(_word(column), lambda _: to, text)


def _word(column: str) -> str:
    return rf"(?<![\w$.]){re.escape(column)}(?![\w$(])"


def _mentions(one: Unique, column: str) -> bool:
    return column in one.columns or any(
        re.search(_word(column), text) for text in (*one.columns, one.where)
    )


def _alter_column(state: State, change: AlterColumn) -> None:
    table = state.open(change.table)
    name = _column(table, change.column)
    known = table.columns.get(name, Column(name=name, type=""))
    table.columns[name] = replace(
        known,
        type=known.type if change.type is None else change.type,
        default=known.default if change.default is None else change.default,
        is_nullable=known.is_nullable if change.is_nullable is None else change.is_nullable,
    )


def _add_unique(state: State, change: AddUnique) -> None:
    _put(state.open(change.table), change.unique)


def _add_check(state: State, change: AddCheck) -> None:
    _check(state.open(change.table), change.name, change.text)


def _drop_named(state: State, change: DropNamed) -> None:
    tables = [state.open(change.table)] if change.table else list(state.tables.values())
    for table in tables:
        left = [one for one in table.uniques if not _is_called(one, change.name)]
        if len(left) == len(table.uniques) and change.table:
            # MySQL names an index after its first column where nobody gave it a name.
            alone = (change.name,)
            left = [one for one in table.uniques if one.columns != alone or one.is_primary]
        table.uniques = left
        table.checks.pop(change.name, None)


def _drop_unique(state: State, change: DropUnique) -> None:
    table = state.open(change.table)
    wanted = frozenset(change.columns)

    def goes(one: Unique) -> bool:
        same = not change.columns or frozenset(one.columns) == wanted
        return same and one.is_primary == change.is_primary

    table.uniques = [one for one in table.uniques if not goes(one)]


def _rename_named(state: State, change: RenameNamed) -> None:
    for table in state.tables.values():
        table.uniques = [
            replace(one, name=change.to) if _is_called(one, change.name) else one
            for one in table.uniques
        ]
        if change.name in table.checks:
            table.checks[change.to] = table.checks.pop(change.name)


def _perhaps(state: State, change: Perhaps) -> None:
    before = {one.name: len(one.uniques) + len(one.checks) for one in state.tables.values()}
    state.apply([change.change])
    after = {one.name: len(one.uniques) + len(one.checks) for one in state.tables.values()}
    lost = tuple(name for name, count in before.items() if after.get(name) != count)
    if lost:
        _unread(state, Unread(text=change.text, tables=lost, location=change.location))


def _unread(state: State, change: Unread) -> None:
    names = change.tables
    if not names:
        # A migration that computes its statements still names the tables that it is about.
        words = state.words()
        names = tuple(one for one in state.tables if plain(one) in words)
    for table in [state.open(name) for name in names] if names else state.tables.values():
        if names or not table.groups or state.group in table.groups:
            table.is_complete = False
    where = f" at {change.location}" if change.location else ""
    if len(state.limits) < LIMITS_MAX:
        state.limits.append(f"a migration{where} could not be read: {change.text[:120]}")


def _put(table: Standing, unique: Unique) -> None:
    name = unique.name or constraint_name(table.name, unique.columns, is_primary=unique.is_primary)
    kept = [one for one in table.uniques if not _is_called(one, name)]
    if unique.is_primary:
        kept = [one for one in kept if not one.is_primary]
    table.uniques = [*kept, replace(unique, name=name)]


def _check(table: Standing, name: str, text: str) -> None:
    table.checks[name or f"{plain(table.name)}_check{len(table.checks) or ''}"] = text


def _is_called(unique: Unique, name: str) -> bool:
    return unique.name is not None and unique.name.lower() == name.lower()


def _column(table: Standing, name: str) -> str:
    """The name as it stands, where it was written in another case."""
    if name in table.columns:
        return name
    return next((one for one in table.columns if one.lower() == name.lower()), name)


_STEPS: dict[type[Change], Callable[[State, Any], None]] = {
    CreateTable: _create,
    DropTable: _drop,
    RenameTable: _rename,
    AddColumn: _add_column,
    DropColumn: _drop_column,
    RenameColumn: _rename_column,
    AlterColumn: _alter_column,
    AddUnique: _add_unique,
    AddCheck: _add_check,
    DropNamed: _drop_named,
    DropUnique: _drop_unique,
    RenameNamed: _rename_named,
    Unread: _unread,
    Perhaps: _perhaps,
}
