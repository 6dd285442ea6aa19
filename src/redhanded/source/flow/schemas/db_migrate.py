"""Migrations of db-migrate.

Reference: https://db-migrate.readthedocs.io/en/latest/API/SQL/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from redhanded.source.flow.schema import Column, Unique
from redhanded.source.flow.schemas.changes import (
    AddColumn,
    AddUnique,
    Change,
    CreateTable,
    DropColumn,
    DropNamed,
    DropTable,
    RenameColumn,
    RenameTable,
    Unread,
)
from redhanded.source.flow.schemas.ecmascript_up import DB_MIGRATE, Up, migrations_of
from redhanded.source.flow.schemas.evaluation import Evaluation, Step
from redhanded.source.flow.schemas.lists import text, texts
from redhanded.source.flow.schemas.replay import recorded, statement
from redhanded.source.flow.schemas.tool import Migration, is_true, written
from redhanded.source.flow.values import Library, Record, Value

DRIVER = Library("db-migrate", ("db",))


def migrations(evaluation: Evaluation) -> Iterable[Migration]:
    """Every file whose ``up`` is given a driver."""
    return migrations_of(evaluation, DB_MIGRATE, _reader)


def _reader(evaluation: Evaluation, one: Up) -> Callable[[], Iterable[Change]]:
    return lambda: recorded(evaluation, [(one.procedure, (DRIVER,))], _step)


def _step(step: Step) -> Iterator[Change] | None:
    if step.callee.package != DRIVER.package or step.callee.names[:1] != ("db",):
        return None
    if step.method in ("runSql", "all"):
        return statement(step, step.argument(0))
    read = _READERS.get(step.method)
    return read(step, text(step.argument(0))) if read is not None else None


def _column(step: Step, name: str, spec: Value | None) -> tuple[Column, list[Unique]]:
    parts = spec.parts if isinstance(spec, Record) else {"type": spec} if spec else {}
    is_key = is_true(parts.get("primaryKey"))
    column = Column(
        name=name,
        type=text(parts.get("type")).lower(),
        default=written(parts.get("defaultValue")),
        is_nullable=not is_key and not is_true(parts.get("notNull")),
    )
    is_unique = is_true(parts.get("unique"))
    unique = Unique(columns=(name,), said=("migration",), location=step.location, is_primary=is_key)
    return column, [unique] if is_unique or is_key else []


def _create_table(step: Step, table: str) -> Iterator[Change]:
    given = step.argument(1)
    if isinstance(given, Record) and isinstance(given.parts.get("columns"), Record):
        given = given.parts["columns"]
    made = [
        _column(step, name, spec)
        for name, spec in (given.parts.items() if isinstance(given, Record) else ())
    ]
    uniques = [one for _, each in made for one in each]
    keys = tuple(one.columns[0] for one in uniques if one.is_primary)
    if len(keys) > 1:
        key = Unique(columns=keys, said=("migration",), location=step.location, is_primary=True)
        uniques = [key, *(one for one in uniques if not one.is_primary)]
    yield CreateTable(
        table=table,
        columns=tuple(one for one, _ in made),
        uniques=tuple(uniques),
        is_complete=isinstance(given, Record) and given.is_complete,
        location=step.location,
    )


def _add_column(step: Step, table: str) -> Iterator[Change]:
    column, uniques = _column(step, text(step.argument(1)), step.argument(2))
    yield AddColumn(table=table, column=column)
    for one in uniques:
        yield AddUnique(table=table, unique=one)


def _add_index(step: Step, table: str) -> Iterator[Change]:
    columns = texts(step.argument(2))
    if not is_true(step.argument(3)):
        return
    if not columns:
        yield Unread(text="addIndex", tables=(table,) if table else (), location=step.location)
        return
    unique = Unique(
        columns=columns,
        said=("migration",),
        location=step.location,
        name=text(step.argument(1)) or None,
    )
    yield AddUnique(table=table, unique=unique)


def _drop_index(step: Step, table: str) -> Iterator[Change]:
    name = text(step.argument(1))
    yield DropNamed(name=name or table, table=table if name else "")


def _drop_table(step: Step, table: str) -> Iterator[Change]:
    yield DropTable(table=table)


def _drop_column(step: Step, table: str) -> Iterator[Change]:
    yield DropColumn(table=table, column=text(step.argument(1)))


def _rename_table(step: Step, table: str) -> Iterator[Change]:
    yield RenameTable(table=table, to=text(step.argument(1)))


def _rename_column(step: Step, table: str) -> Iterator[Change]:
    yield RenameColumn(table=table, column=text(step.argument(1)), to=text(step.argument(2)))


_READERS: dict[str, Callable[[Step, str], Iterator[Change]]] = {
    "createTable": _create_table,
    "addColumn": _add_column,
    "changeColumn": _add_column,
    "addIndex": _add_index,
    "removeIndex": _drop_index,
    "dropTable": _drop_table,
    "removeColumn": _drop_column,
    "renameTable": _rename_table,
    "renameColumn": _rename_column,
}
