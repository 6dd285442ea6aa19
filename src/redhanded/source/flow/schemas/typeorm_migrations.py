"""Migrations of TypeORM and MikroORM: SQL for the most part, and TypeORM's table objects.

Reference: https://typeorm.io/docs/migrations/api, https://mikro-orm.io/docs/migrations.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator

from redhanded.source.flow.schema import Column, Unique
from redhanded.source.flow.schemas.changes import (
    AddCheck,
    AddColumn,
    AddUnique,
    Change,
    CreateTable,
    DropColumn,
    DropNamed,
    DropTable,
    DropUnique,
    RenameColumn,
    RenameTable,
    Unread,
    table_name,
)
from redhanded.source.flow.schemas.ecmascript_up import MIKRO_ORM, TYPEORM, Up, ups
from redhanded.source.flow.schemas.evaluation import Evaluation, Step
from redhanded.source.flow.schemas.lists import elements, text, texts
from redhanded.source.flow.schemas.replay import recorded, statement
from redhanded.source.flow.schemas.tool import (
    Migration,
    Order,
    is_true,
    last_call,
    natural,
    written,
)
from redhanded.source.flow.values import Kind, Known, Library, Record, Value

RUNNER = Library("typeorm", ("queryRunner",))


def migrations(evaluation: Evaluation) -> Iterable[Migration]:
    """Every class with ``up(queryRunner)``, in the order of the times in their names."""
    for one in ups(evaluation):
        if one.tool in (TYPEORM, MIKRO_ORM):
            yield Migration(
                path=one.module.path,
                group=posixpath.dirname(one.module.path),
                order=_order(one),
                changes=_reader(evaluation, one),
                tool="typeorm",
            )


def _order(one: Up) -> Order:
    """TypeORM goes by the time at the end of the class's name."""
    named = one.procedure.receiver.name if isinstance(one.procedure.receiver, Kind) else ""
    ending = re.search(r"(\d{10,})$", named)
    if ending is not None:
        return (0, (int(ending[1]),), named)
    name = posixpath.basename(one.module.path)
    inner = re.search(r"\d{10,}", name)
    return (0, (int(inner[0]),), name) if inner is not None else natural(name)


def _reader(evaluation: Evaluation, one: Up) -> Callable[[], Iterable[Change]]:
    if one.tool == MIKRO_ORM:
        start = (one.procedure, ())
        return lambda: recorded(evaluation, [start], _mikro_orm)
    return lambda: recorded(evaluation, [(one.procedure, (RUNNER,))], _step)


def _mikro_orm(step: Step) -> Iterator[Change] | None:
    if step.method in ("addSql", "execute"):
        return statement(step, step.argument(0))
    return None


def _step(step: Step) -> Iterator[Change] | None:
    if step.callee.package != "typeorm" or step.callee.names[:1] != ("queryRunner",):
        return None
    if step.method == "query":
        return statement(step, step.argument(0))
    read = _READERS.get(step.method)
    if read is None:
        return None
    return read(step, _table_name(step.argument(0)))


def _table_name(value: Value | None) -> str:
    parts = _parts(value)
    if parts:
        return table_name(text(parts.get("schema")), text(parts.get("name")))
    called = last_call(value)
    if called is not None and called[0] == "getTable" and called[1].arguments:
        return text(called[1].arguments[0])
    name = text(value)
    return table_name(*name.rsplit(".", 1)) if "." in name else name


def _parts(value: Value | None) -> dict[str, Value]:
    """``new Table({…})`` and the like, or the object alone."""
    called = last_call(value)
    if called is not None and called[1].arguments:
        value = called[1].arguments[0]
    return dict(value.parts) if isinstance(value, Record) and value.of is None else {}


def _column(parts: dict[str, Value]) -> Column:
    is_primary = is_true(parts.get("isPrimary"))
    return Column(
        name=text(parts.get("name")),
        type=text(parts.get("type")).lower(),
        default=written(parts.get("default")),
        is_nullable=is_true(parts.get("isNullable")) and not is_primary,
    )


def _create_table(step: Step, table: str) -> Iterator[Change]:
    parts = _parts(step.argument(0))
    if not table:
        yield Unread(text="createTable", location=step.location)
        return
    columns: list[Column] = []
    uniques: list[Unique] = []
    keys: list[str] = []
    for one in elements(parts.get("columns")):
        facets = _parts(one)
        columns.append(_column(facets))
        if is_true(facets.get("isPrimary")):
            keys.append(columns[-1].name)
        elif is_true(facets.get("isUnique")):
            uniques.append(_of(step, (columns[-1].name,)))
    if keys:
        uniques.append(_of(step, tuple(keys), is_primary=True))
    for one in (*elements(parts.get("uniques")), *elements(parts.get("indices"))):
        unique = _unique(step, one, is_index=one in elements(parts.get("indices")))
        uniques += [unique] if unique is not None else []
    checks = [
        (text(_parts(one).get("name")), f"CHECK ({text(_parts(one).get('expression'))})")
        for one in elements(parts.get("checks"))
    ]
    yield CreateTable(
        table=table,
        columns=tuple(one for one in columns if one.name),
        uniques=tuple(uniques),
        checks=tuple(checks),
        if_absent=is_true(step.argument(1)),
        is_complete=all(one.name for one in columns) and bool(columns),
        location=step.location,
    )


def _of(
    step: Step,
    columns: tuple[str, ...],
    *,
    name: str = "",
    where: str = "",
    is_primary: bool = False,
) -> Unique:
    return Unique(
        columns=columns,
        said=("migration",),
        location=step.location,
        name=name or None,
        where=where,
        is_primary=is_primary,
    )


def _unique(step: Step, value: Value, *, is_index: bool) -> Unique | None:
    parts = _parts(value)
    columns = texts(parts.get("columnNames"))
    if not columns or (is_index and not is_true(parts.get("isUnique"))):
        return None
    name, where = text(parts.get("name")), written(parts.get("where"))
    return _of(step, columns, name=name, where=where)


def _add_column(step: Step, table: str) -> Iterator[Change]:
    given = step.argument(1)
    for one in elements(given) if step.method == "addColumns" else (given,):
        parts = _parts(one)
        column = _column(parts)
        if not column.name or not table:
            tables = (table,) if table else ()
            yield Unread(text=step.method, tables=tables, location=step.location)
            continue
        yield AddColumn(table=table, column=column)
        if is_true(parts.get("isUnique")):
            yield AddUnique(table=table, unique=_of(step, (column.name,)))


def _add_unique(step: Step, table: str) -> Iterator[Change]:
    given = step.argument(1)
    is_index = "Ind" in step.method
    many = step.method in ("createIndices", "createUniqueConstraints")
    for one in elements(given) if many else (given,):
        unique = _unique(step, one, is_index=is_index) if one is not None else None
        if unique is not None and table:
            yield AddUnique(table=table, unique=unique)
        elif not _parts(one) or not table:
            tables = (table,) if table else ()
            yield Unread(text=step.method, tables=tables, location=step.location)


def _create_key(step: Step, table: str) -> Iterator[Change]:
    columns = texts(step.argument(1))
    if columns:
        yield AddUnique(table=table, unique=_of(step, columns, is_primary=True))


def _drop_key(step: Step, table: str) -> Iterator[Change]:
    yield DropUnique(table=table, is_primary=True)


def _drop_named(step: Step, table: str) -> Iterator[Change]:
    given = step.argument(1)
    name = text(given) or text(_parts(given).get("name"))
    columns = texts(_parts(given).get("columnNames"))
    if name:
        yield DropNamed(name=name, table=table)
    elif columns:
        yield DropUnique(table=table, columns=columns)
    else:
        yield Unread(text=step.method, tables=(table,) if table else (), location=step.location)


def _drop_column(step: Step, table: str) -> Iterator[Change]:
    for one in elements(step.argument(1)):
        column = text(one) or text(_parts(one).get("name"))
        if column:
            yield DropColumn(table=table, column=column)


def _rename_column(step: Step, table: str) -> Iterator[Change]:
    old, new = step.argument(1), step.argument(2)
    to = text(new) or text(_parts(new).get("name"))
    yield RenameColumn(table=table, column=text(old) or text(_parts(old).get("name")), to=to)


def _change_column(step: Step, table: str) -> Iterator[Change]:
    old, new = step.argument(1), _parts(step.argument(2))
    before = text(old) or text(_parts(old).get("name"))
    column = _column(new)
    if not column.name:
        yield Unread(text=step.method, tables=(table,), location=step.location)
        return
    if column.name != before:
        yield RenameColumn(table=table, column=before, to=column.name)
    yield AddColumn(table=table, column=column)
    unique = new.get("isUnique")
    if is_true(unique):
        yield AddUnique(table=table, unique=_of(step, (column.name,)))
    elif isinstance(unique, Known):
        yield DropUnique(table=table, columns=(column.name,))


def _drop_table(step: Step, table: str) -> Iterator[Change]:
    yield DropTable(table=table)


def _rename_table(step: Step, table: str) -> Iterator[Change]:
    yield RenameTable(table=table, to=text(step.argument(1)))


def _check(step: Step, table: str) -> Iterator[Change]:
    parts = _parts(step.argument(1))
    said = text(parts.get("expression"))
    yield AddCheck(table=table, name=text(parts.get("name")), text=f"CHECK ({said})")


_READERS: dict[str, Callable[[Step, str], Iterator[Change]]] = {
    "createTable": _create_table,
    "addColumn": _add_column,
    "addColumns": _add_column,
    "createIndex": _add_unique,
    "createIndices": _add_unique,
    "createUniqueConstraint": _add_unique,
    "createUniqueConstraints": _add_unique,
    "createPrimaryKey": _create_key,
    "dropPrimaryKey": _drop_key,
    "dropIndex": _drop_named,
    "dropUniqueConstraint": _drop_named,
    "dropCheckConstraint": _drop_named,
    "dropColumn": _drop_column,
    "dropColumns": _drop_column,
    "renameColumn": _rename_column,
    "changeColumn": _change_column,
    "dropTable": _drop_table,
    "renameTable": _rename_table,
    "createCheckConstraint": _check,
}
