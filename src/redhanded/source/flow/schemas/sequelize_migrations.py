"""Migrations of sequelize-cli and umzug.

Reference: https://sequelize.org/docs/v6/other-topics/query-interface/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from redhanded.source.flow.schema import Unique
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
    RenameColumn,
    RenameTable,
    Unread,
    plain,
    table_name,
)
from redhanded.source.flow.schemas.ecmascript_up import SEQUELIZE, Up, migrations_of
from redhanded.source.flow.schemas.evaluation import Evaluation, Step
from redhanded.source.flow.schemas.lists import text, texts
from redhanded.source.flow.schemas.replay import recorded, statement
from redhanded.source.flow.schemas.sequelize_parts import (
    attributes_of,
    condition_of,
    index_name,
    indexed,
    table_of,
)
from redhanded.source.flow.schemas.tool import Migration, is_true
from redhanded.source.flow.values import Known, Library, Record

INTERFACE = Library("sequelize", ("queryInterface",))


def migrations(evaluation: Evaluation) -> Iterable[Migration]:
    """Every file whose ``up`` is given a query interface."""
    return migrations_of(evaluation, SEQUELIZE, _reader)


def _reader(evaluation: Evaluation, one: Up) -> Callable[[], Iterable[Change]]:
    given = (INTERFACE, Library("sequelize"))
    return lambda: recorded(evaluation, [(one.procedure, given)], _step)


def _step(step: Step) -> Iterator[Change] | None:
    callee = step.callee
    if callee.package != "sequelize" or callee.names[:1] != ("queryInterface",):
        return None
    if step.method == "query":
        first = step.argument(0)
        return statement(step, first.parts.get("query") if isinstance(first, Record) else first)
    read = _READERS.get(step.method)
    if read is None:
        return None
    table = table_of(step.argument(0))
    if not table and step.method in ("removeIndex", "removeConstraint", "dropAllTables"):
        return iter([Unread(text=step.method, location=step.location)])
    if not table:
        return iter([Unread(text=f"{step.method} of a computed table", location=step.location)])
    return read(step, table)


def _create_table(step: Step, table: str) -> Iterator[Change]:
    found = attributes_of(step.argument(1), table, "migration", step.location)
    options = step.argument(2)
    uniques = list(found.uniques)
    if isinstance(options, Record):
        table = table_name(text(options.parts.get("schema")), table)
        keys = options.parts.get("uniqueKeys")
        for name, one in keys.parts.items() if isinstance(keys, Record) else ():
            inner = one.parts if isinstance(one, Record) else {}
            columns = texts(inner.get("fields"))
            given = text(inner.get("name")) or ("" if name.isdigit() else name)
            if columns:
                uniques.append(
                    Unique(
                        columns=columns,
                        said=("migration",),
                        location=step.location,
                        name=given or None,
                    )
                )
    yield CreateTable(
        table=table,
        columns=tuple(found.columns),
        uniques=tuple(uniques),
        if_absent=True,
        is_complete=found.is_complete,
        location=step.location,
    )


def _add_column(step: Step, table: str) -> Iterator[Change]:
    column = text(step.argument(1))
    if not column:
        yield Unread(text=step.method, tables=(table,), location=step.location)
        return
    given = Record({column: step.argument(2) or Known(None)})
    found = attributes_of(given, table, "migration", step.location)
    for one in found.columns:
        if step.method == "changeColumn":
            yield AlterColumn(
                table=table,
                column=one.name,
                type=one.type or None,
                default=one.default,
                is_nullable=one.is_nullable,
            )
        else:
            yield AddColumn(table=table, column=one)
    for unique in found.uniques:
        yield AddUnique(table=table, unique=unique)
    if not found.is_complete:
        yield Unread(text=step.method, tables=(table,), location=step.location)


def _add_constraint(step: Step, table: str) -> Iterator[Change]:
    options = step.argument(1)
    fields = options
    if isinstance(options, Record) and "fields" in options.parts:
        fields = options.parts["fields"]
    elif isinstance(step.argument(2), Record):
        options = step.argument(2)
    parts = options.parts if isinstance(options, Record) else {}
    kind, name = text(parts.get("type")).lower(), text(parts.get("name"))
    columns = indexed(fields)
    if kind in ("unique", "primary key") and columns:
        yield AddUnique(
            table=table,
            unique=Unique(
                columns=columns,
                said=("migration",),
                location=step.location,
                name=name
                or (f"{plain(table)}_{'_'.join(columns)}_uk" if kind == "unique" else None),
                is_primary=kind == "primary key",
            ),
        )
    elif kind == "check":
        said = condition_of(parts.get("where"))
        yield AddCheck(table=table, name=name, text=f"CHECK ({said})")
    elif kind not in ("foreign key", "default"):
        yield Unread(text="addConstraint", tables=(table,), location=step.location)


def _add_index(step: Step, table: str) -> Iterator[Change]:
    options = step.argument(1)
    fields = options
    if isinstance(options, Record) and "fields" in options.parts:
        fields = options.parts["fields"]
    else:
        options = step.argument(2) or Record()
    parts = options.parts if isinstance(options, Record) else {}
    kind = text(parts.get("type") or parts.get("indicesType")).lower()
    if not is_true(parts.get("unique")) and kind != "unique":
        if not isinstance(options, Record) or not options.is_complete:
            yield Unread(text="addIndex", tables=(table,), location=step.location)
        return
    columns = indexed(fields)
    if not columns:
        yield Unread(text="addIndex", tables=(table,), location=step.location)
        return
    name = text(parts.get("name") or parts.get("indexName")) or index_name(table, columns)
    unique = Unique(
        columns=columns,
        said=("migration",),
        location=step.location,
        name=name,
        where=condition_of(parts.get("where")),
    )
    yield AddUnique(table=table, unique=unique)


def _remove_named(step: Step, table: str) -> Iterator[Change]:
    given = step.argument(1)
    columns = texts(given) if isinstance(given, Record) else ()
    if columns:
        yield DropNamed(name=index_name(table, columns), table=table)
        yield DropUnique(table=table, columns=columns)
    elif text(given):
        yield DropNamed(name=text(given), table=table)
    else:
        yield Unread(text=step.method, tables=(table,), location=step.location)


def _remove_column(step: Step, table: str) -> Iterator[Change]:
    yield DropColumn(table=table, column=text(step.argument(1)))


def _rename_column(step: Step, table: str) -> Iterator[Change]:
    yield RenameColumn(table=table, column=text(step.argument(1)), to=text(step.argument(2)))


def _rename_table(step: Step, table: str) -> Iterator[Change]:
    yield RenameTable(table=table, to=table_of(step.argument(1)))


def _drop_table(step: Step, table: str) -> Iterator[Change]:
    yield DropTable(table=table)


_READERS: dict[str, Callable[[Step, str], Iterator[Change]]] = {
    "createTable": _create_table,
    "addColumn": _add_column,
    "changeColumn": _add_column,
    "addConstraint": _add_constraint,
    "addIndex": _add_index,
    "removeIndex": _remove_named,
    "removeConstraint": _remove_named,
    "removeColumn": _remove_column,
    "renameColumn": _rename_column,
    "renameTable": _rename_table,
    "dropTable": _drop_table,
}
