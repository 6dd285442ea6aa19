"""Migrations of Knex: builders of tables, and raw SQL.

Reference: https://knexjs.org/guide/schema-builder.html.
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
    DropUnique,
    RenameColumn,
    RenameTable,
    Unread,
    constraint_name,
    plain,
    table_name,
)
from redhanded.source.flow.schemas.ecmascript_up import KNEX, Up, migrations_of
from redhanded.source.flow.schemas.evaluation import Evaluation, Step
from redhanded.source.flow.schemas.lists import text, texts
from redhanded.source.flow.schemas.replay import recorded, statement
from redhanded.source.flow.schemas.running import run
from redhanded.source.flow.schemas.tool import Migration, is_true, sql_of, written
from redhanded.source.flow.values import Known, Library, Made, Procedure, Record, Value

CONNECTION = Library("knex", ("knex",))
_BUILDER = "table builder"
_NO_COLUMN = frozenset(
    ("index", "foreign", "comment", "engine", "charset", "collate", "inherits", "setNullable")
)
_KEYS = ("increments", "bigincrements", "bigIncrements")
"""Columns that are the primary key by themselves."""


def migrations(evaluation: Evaluation) -> Iterable[Migration]:
    """Every file whose ``up`` is given a connection of Knex."""
    return migrations_of(evaluation, KNEX, _reader)


def _reader(evaluation: Evaluation, one: Up) -> Callable[[], Iterable[Change]]:
    def read(step: Step) -> Iterable[Change] | None:
        return _step(evaluation, step)

    start = (one.procedure, (CONNECTION, Known(None)))
    return lambda: recorded(evaluation, [start], read, enters=False)


def _step(evaluation: Evaluation, step: Step) -> Iterable[Change] | None:
    if step.callee.package == _BUILDER:
        return _built(step)
    if step.callee.package != "knex":
        return None
    if step.method == "raw":
        if _is_part(step):
            return None
        return statement(step, step.argument(0))
    if step.method == "transaction":
        first = step.argument(0)
        if isinstance(first, Procedure):
            run(evaluation, first, (CONNECTION,))
        return ()
    table = _table(step, step.argument(0))
    if step.method in ("createTable", "createTableIfNotExists"):
        return [*_created(evaluation, step, table)]
    if step.method in ("table", "alterTable") and "schema" in step.callee.names:
        return [*_altered(evaluation, step, table)]
    if step.method in ("dropTable", "dropTableIfExists"):
        return [DropTable(table=table)]
    if step.method == "renameTable":
        return [RenameTable(table=table, to=text(step.argument(1)))]
    return None


def _is_part(step: Step) -> bool:
    """``knex.raw('now()')`` as a default: no statement of its own."""
    said = sql_of(step.argument(0))
    return said is not None and " " not in said.strip()


def _table(step: Step, name: Value | None) -> str:
    schema = ""
    for place, one in enumerate(step.callee.steps[:-1]):
        made = step.callee.steps[place + 1]
        if one == "withSchema" and isinstance(made, Made) and made.arguments:
            schema = text(made.arguments[0])
    return table_name(schema, text(name)) if text(name) else ""


def _created(evaluation: Evaluation, step: Step, table: str) -> Iterator[Change]:
    if not table:
        yield Unread(text=f"{step.method} of a computed table", location=step.location)
        return
    yield CreateTable(
        table=table,
        if_absent=step.method == "createTableIfNotExists",
        is_complete=isinstance(step.argument(1), Procedure),
        location=step.location,
    )
    yield from _altered(evaluation, step, table)


def _altered(evaluation: Evaluation, step: Step, table: str) -> Iterator[Change]:
    callback = step.argument(1)
    if not table or not isinstance(callback, Procedure):
        tables = (table,) if table else ()
        yield Unread(text=step.method, tables=tables, location=step.location)
        return
    found: list[Change] = []
    outer, seen = evaluation.seen, None

    def record(inner: Step) -> Value | None:
        changes = _built(inner) if inner.callee.package == _BUILDER else None
        found.extend(changes or ())
        return None

    evaluation.seen, seen = record, outer
    try:
        builder = Library(_BUILDER, (table,))
        # Written as ``function () { this.string('a') }`` or ``(t) => { t.string('a') }``.
        run(evaluation, replace(callback, receiver=builder), (builder,))
    finally:
        evaluation.seen = seen
    yield from found


def _built(step: Step) -> list[Change]:
    """One call on a table builder, or on the column that the call before it made."""
    table, *steps = step.callee.steps
    made = [one for one in steps if isinstance(one, Made)]
    name = str(table)
    if made:
        return _of_column(step, name, str(steps[0]), made[0])
    return _of_table(step, name)


def _of_table(step: Step, table: str) -> list[Change]:
    method, first = step.method, step.argument(0)
    columns = texts(first)
    read = _READERS.get(method)
    if read is not None:
        return read(step, table, columns)
    if method in _NO_COLUMN or method.startswith("drop"):
        return []
    if method == "timestamps":
        names = (
            ("createdAt", "updatedAt")
            if is_true(step.argument(2))
            else ("created_at", "updated_at")
        )
        return [AddColumn(table=table, column=Column(name=one, type="timestamp")) for one in names]
    return _add_column(step, table)


def _add_column(step: Step, table: str) -> list[Change]:
    name = text(step.argument(0))
    is_key = step.method in _KEYS
    if not name:
        if is_key and step.argument(0) is None:
            name = "id"
        elif step.argument(0) is None:
            return []
        else:
            return [Unread(text=step.method, tables=(table,), location=step.location)]
    kind = text(step.argument(1)) if step.method == "specificType" else step.method
    column = Column(name=name, type=kind.lower(), is_nullable=not is_key)
    found: list[Change] = [AddColumn(table=table, column=column)]
    options = step.argument(1)
    by_hand = isinstance(options, Record) and "primaryKey" in options.parts
    if is_key and not by_hand:
        found.append(_unique(step, table, (name,), is_primary=True))
    return found


def _of_column(step: Step, table: str, maker: str, made: Made) -> list[Change]:
    name = text(made.arguments[0]) if made.arguments else "id"
    method = step.method
    if maker in ("unique", "primary", "index", "foreign", "dropUnique", "dropColumn", "check"):
        return []  # ``t.unique([…]).comment()``: the call before said it all
    if method == "unique":
        return [_unique(step, table, (name,), name=_named(step, 0))]
    if method == "primary":
        return [_unique(step, table, (name,), is_primary=True)]
    if method in ("notNullable", "notNull", "nullable", "defaultTo", "references", "inTable"):
        return _facet(step, table, name)
    if method.startswith("check"):
        return [AddCheck(table=table, name="", text=f"CHECK ({name} {method[5:].lower()})")]
    return []


def _facet(step: Step, table: str, name: str) -> list[Change]:
    method = step.method
    if method == "defaultTo":
        return [AlterColumn(table=table, column=name, default=written(step.argument(0)))]
    if method in ("notNullable", "notNull", "nullable"):
        first = step.argument(0)
        yes = method == "nullable" and not (isinstance(first, Known) and first.value is False)
        return [AlterColumn(table=table, column=name, is_nullable=yes)]
    said = text(step.argument(0))
    target = said if method == "inTable" else said.rsplit(".", 1)[0] if "." in said else ""
    kind = str(step.callee.steps[1])
    column = Column(name=name, type=kind.lower(), references=target)
    return [AddColumn(table=table, column=column)] if target else []


def _named(step: Step, place: int) -> str:
    """An index's name, given alone or in options."""
    given = step.argument(place)
    if isinstance(given, Record):
        return text(given.parts.get("indexName"))
    return text(given)


def _unique(
    step: Step, table: str, columns: tuple[str, ...], *, name: str = "", is_primary: bool = False
) -> AddUnique:
    options = step.argument(1)
    predicate = options.parts.get("predicate") if isinstance(options, Record) else None
    given = name or (
        constraint_name(table, columns, is_primary=True)
        if is_primary
        else f"{plain(table)}_{'_'.join(columns)}_unique".lower()
    )
    unique = Unique(
        columns=columns,
        said=("migration",),
        location=step.location,
        name=given,
        is_primary=is_primary,
        where=(written(predicate) or "computed") if predicate is not None else "",
    )
    return AddUnique(table=table, unique=unique)


_Read = Callable[[Step, str, tuple[str, ...]], list[Change]]


def _uniques(step: Step, table: str, columns: tuple[str, ...]) -> list[Change]:
    if not columns:
        return [Unread(text=step.method, tables=(table,), location=step.location)]
    is_primary = step.method == "primary"
    return [_unique(step, table, columns, name=_named(step, 1), is_primary=is_primary)]


def _drop_unique(step: Step, table: str, columns: tuple[str, ...]) -> list[Change]:
    name = text(step.argument(1))
    if name:
        return [DropNamed(name=name, table=table)]
    if not columns:
        return [Unread(text=step.method, tables=(table,), location=step.location)]
    return [DropUnique(table=table, columns=columns)]


def _drop_columns(step: Step, table: str, columns: tuple[str, ...]) -> list[Change]:
    names = [one for each in step.arguments for one in texts(each)]
    return [DropColumn(table=table, column=one) for one in names]


def _drop_index(step: Step, table: str, columns: tuple[str, ...]) -> list[Change]:
    name = text(step.argument(1))
    return [DropNamed(name=name, table=table)] if name else []


def _rename_column(step: Step, table: str, columns: tuple[str, ...]) -> list[Change]:
    return [RenameColumn(table=table, column=text(step.argument(0)), to=text(step.argument(1)))]


def _check(step: Step, table: str, columns: tuple[str, ...]) -> list[Change]:
    said = sql_of(step.argument(0)) or "computed"
    return [AddCheck(table=table, name=text(step.argument(2)), text=f"CHECK ({said})")]


def _drop_primary(step: Step, table: str, columns: tuple[str, ...]) -> list[Change]:
    return [DropUnique(table=table, is_primary=True)]


def _drop_timestamps(step: Step, table: str, columns: tuple[str, ...]) -> list[Change]:
    return [DropColumn(table=table, column=one) for one in ("created_at", "updated_at")]


_READERS: dict[str, _Read] = {
    "unique": _uniques,
    "primary": _uniques,
    "dropUnique": _drop_unique,
    "dropPrimary": _drop_primary,
    "dropColumn": _drop_columns,
    "dropColumns": _drop_columns,
    "dropIndex": _drop_index,
    "dropTimestamps": _drop_timestamps,
    "renameColumn": _rename_column,
    "check": _check,
}
