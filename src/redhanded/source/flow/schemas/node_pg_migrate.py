"""Migrations of node-pg-migrate.

Reference: https://salsita.github.io/node-pg-migrate/migrations/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

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
    RenameColumn,
    RenameNamed,
    RenameTable,
    Unread,
    plain,
    table_name,
)
from redhanded.source.flow.schemas.ecmascript_up import PG_MIGRATE, Up, migrations_of
from redhanded.source.flow.schemas.evaluation import Evaluation, Step
from redhanded.source.flow.schemas.lists import elements, text, texts
from redhanded.source.flow.schemas.replay import recorded, statement
from redhanded.source.flow.schemas.tool import Migration, is_true, written
from redhanded.source.flow.values import Known, Library, Record, Value

BUILDER = Library("node-pg-migrate", ("pgm",))


def migrations(evaluation: Evaluation) -> Iterable[Migration]:
    """Every file whose ``up`` is given a migration builder."""
    return migrations_of(evaluation, PG_MIGRATE, _reader)


def _reader(evaluation: Evaluation, one: Up) -> Callable[[], Iterable[Change]]:
    return lambda: recorded(evaluation, [(one.procedure, (BUILDER,))], _step)


def _step(step: Step) -> Iterator[Change] | None:
    if step.callee.package != BUILDER.package or step.callee.names[:1] != ("pgm",):
        return None
    if step.method in ("sql", "query"):
        return statement(step, step.argument(0))
    read = _READERS.get(step.method)
    if read is None:
        return None
    table = _name(step.argument(0))
    if not table:
        return iter([Unread(text=f"{step.method} of a computed table", location=step.location)])
    return read(step, table)


def _name(value: Value | None) -> str:
    """``'t'`` or ``{ schema, name }``."""
    if isinstance(value, Record):
        return table_name(text(value.parts.get("schema")), text(value.parts.get("name")))
    return text(value)


def _columns(step: Step, value: Value | None) -> tuple[list[Column], list[Unique], bool]:
    """``{ name: 'type' | { type, unique, primaryKey, notNull, default, references } }``."""
    columns: list[Column] = []
    uniques: list[Unique] = []
    keys: list[str] = []
    if not isinstance(value, Record):
        return columns, uniques, False
    for name, one in value.parts.items():
        parts = one.parts if isinstance(one, Record) else {"type": one}
        is_key = is_true(parts.get("primaryKey")) or (name, text(one)) == ("id", "id")
        columns.append(
            Column(
                name=name,
                type="serial" if text(one) == "id" else text(parts.get("type")).lower(),
                default=written(parts.get("default")),
                is_nullable=not is_key and not is_true(parts.get("notNull")),
                references=_name(parts.get("references")).strip('"').split("(")[0],
            )
        )
        if is_key:
            keys.append(name)
        if is_true(parts.get("unique")):
            uniques.append(_unique(step, (name,)))
    if keys:
        uniques.append(replace(_unique(step, tuple(keys)), is_primary=True))
    return columns, uniques, value.is_complete


def _unique(step: Step, columns: tuple[str, ...], name: str = "") -> Unique:
    return Unique(columns=columns, said=("migration",), location=step.location, name=name or None)


def _constraints(step: Step, value: Value | None, name: str) -> Iterator[Unique | str]:
    """Uniques, and texts of checks, that constraint options say."""
    parts = value.parts if isinstance(value, Record) else {}
    unique, key = parts.get("unique"), parts.get("primaryKey")
    listed = elements(unique)
    groups = (
        [texts(one) for one in listed] if any(isinstance(one, Record) for one in listed) else []
    )
    for columns in groups or ([texts(unique)] if texts(unique) else []):
        yield _unique(step, columns, name if len(groups) < 2 else "")
    if texts(key):
        yield replace(_unique(step, texts(key), name), is_primary=True)
    for said in texts(parts.get("check")):
        yield f"CHECK ({said})"
    if parts.get("exclude") is not None:
        yield f"EXCLUDE ({written(parts['exclude'])})"


def _create_table(step: Step, table: str) -> Iterator[Change]:
    columns, uniques, is_complete = _columns(step, step.argument(1))
    options = step.argument(2)
    checks: list[tuple[str, str]] = []
    parts = options.parts if isinstance(options, Record) else {}
    for one in _constraints(step, parts.get("constraints"), ""):
        if isinstance(one, Unique):
            uniques.append(one)
        else:
            checks.append(("", one))
    yield CreateTable(
        table=table,
        columns=tuple(columns),
        uniques=tuple(uniques),
        checks=tuple(checks),
        if_absent=is_true(parts.get("ifNotExists")),
        is_complete=is_complete,
        location=step.location,
    )


def _add_columns(step: Step, table: str) -> Iterator[Change]:
    columns, uniques, is_complete = _columns(step, step.argument(1))
    for column in columns:
        yield AddColumn(table=table, column=column)
    for unique in uniques:
        yield AddUnique(table=table, unique=unique)
    if not is_complete:
        yield Unread(text=step.method, tables=(table,), location=step.location)


def _add_constraint(step: Step, table: str) -> Iterator[Change]:
    name, given = text(step.argument(1)), step.argument(2)
    if text(given):
        said = f"ALTER TABLE {table} ADD CONSTRAINT {name or 'unnamed'} {text(given)}"
        yield from statement(step, Known(said))
    elif isinstance(given, Record):
        for one in _constraints(step, given, name):
            if isinstance(one, Unique):
                yield AddUnique(table=table, unique=one)
            else:
                yield AddCheck(table=table, name=name, text=one)
    else:
        yield Unread(text=step.method, tables=(table,), location=step.location)


def _create_index(step: Step, table: str) -> Iterator[Change]:
    options = step.argument(2)
    parts = options.parts if isinstance(options, Record) else {}
    if not is_true(parts.get("unique")):
        return
    columns = tuple(
        text(one.parts.get("name")) if isinstance(one, Record) else text(one)
        for one in elements(step.argument(1))
    )
    if not all(columns) or not columns:
        yield Unread(text=step.method, tables=(table,), location=step.location)
        return
    name = text(parts.get("name")) or f"{plain(table)}_{'_'.join(columns)}_unique_index"
    unique = replace(_unique(step, columns, name), where=text(parts.get("where")))
    yield AddUnique(table=table, unique=unique)


def _drop_index(step: Step, table: str) -> Iterator[Change]:
    options = step.argument(2)
    parts = options.parts if isinstance(options, Record) else {}
    columns = texts(step.argument(1))
    suffix = "unique_index" if is_true(parts.get("unique")) else "index"
    name = text(parts.get("name")) or f"{plain(table)}_{'_'.join(columns)}_{suffix}"
    yield DropNamed(name=name, table=table)


def _alter_column(step: Step, table: str) -> Iterator[Change]:
    options = step.argument(2)
    parts = options.parts if isinstance(options, Record) else {}
    not_null, default = parts.get("notNull"), parts.get("default")
    yield AlterColumn(
        table=table,
        column=text(step.argument(1)),
        type=text(parts.get("type")).lower() or None,
        default=None if default is None else written(default),
        is_nullable=None if not_null is None else not is_true(not_null),
    )


def _drop_columns(step: Step, table: str) -> Iterator[Change]:
    given = step.argument(1)
    names = tuple(given.parts) if isinstance(given, Record) and not texts(given) else texts(given)
    for name in names:
        yield DropColumn(table=table, column=name)


def _drop_constraint(step: Step, table: str) -> Iterator[Change]:
    yield DropNamed(name=text(step.argument(1)), table=table)


def _rename_column(step: Step, table: str) -> Iterator[Change]:
    yield RenameColumn(table=table, column=text(step.argument(1)), to=text(step.argument(2)))


def _rename_constraint(step: Step, table: str) -> Iterator[Change]:
    yield RenameNamed(name=text(step.argument(1)), to=text(step.argument(2)))


def _rename_table(step: Step, table: str) -> Iterator[Change]:
    yield RenameTable(table=table, to=_name(step.argument(1)))


def _drop_table(step: Step, table: str) -> Iterator[Change]:
    yield DropTable(table=table)


_READERS: dict[str, Callable[[Step, str], Iterator[Change]]] = {
    "createTable": _create_table,
    "addColumn": _add_columns,
    "addColumns": _add_columns,
    "addConstraint": _add_constraint,
    "createConstraint": _add_constraint,
    "createIndex": _create_index,
    "addIndex": _create_index,
    "dropIndex": _drop_index,
    "alterColumn": _alter_column,
    "dropColumn": _drop_columns,
    "dropColumns": _drop_columns,
    "dropConstraint": _drop_constraint,
    "renameColumn": _rename_column,
    "renameConstraint": _rename_constraint,
    "renameTable": _rename_table,
    "dropTable": _drop_table,
}
