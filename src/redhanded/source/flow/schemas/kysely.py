"""Migrations of Kysely: chains on ``db.schema``, and SQL by its tag.

Reference: https://kysely.dev/docs/migrations; kysely-org.github.io, SchemaModule,
ColumnDefinitionBuilder. A chain does what it says when ``execute`` is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from redhanded.source.flow.schema import Column, Unique
from redhanded.source.flow.schemas.changes import (
    AddColumn,
    AddUnique,
    AlterColumn,
    Change,
    CreateTable,
    DropColumn,
    DropNamed,
    DropTable,
    RenameColumn,
    RenameTable,
    Unread,
    constraint_name,
    table_name,
)
from redhanded.source.flow.schemas.ecmascript_up import KYSELY, Up, migrations_of
from redhanded.source.flow.schemas.evaluation import Evaluation, Step
from redhanded.source.flow.schemas.lists import text, texts
from redhanded.source.flow.schemas.replay import recorded, statement
from redhanded.source.flow.schemas.running import run
from redhanded.source.flow.schemas.tool import Migration, written
from redhanded.source.flow.values import Library, Made, Procedure, Value

CONNECTION = Library("kysely", ("Kysely", Made()))
_COLUMN = "column builder"
Link = tuple[str, Made]


def migrations(evaluation: Evaluation) -> Iterable[Migration]:
    """Every file whose ``up`` is given a connection of Kysely."""
    return migrations_of(evaluation, KYSELY, _reader)


def _reader(evaluation: Evaluation, one: Up) -> Callable[[], Iterable[Change]]:
    def read(step: Step) -> Iterable[Change] | None:
        if step.callee.package != "kysely" or step.method != "execute":
            return None
        chain = _chain(step.callee)
        if chain and chain[0][0] in ("sql", "raw"):
            made = chain[0][1]
            return statement(step, made.arguments[0] if made.arguments else None)
        return [*_changes(evaluation, step, chain)] if "schema" in step.callee.names else None

    start = (one.procedure, (CONNECTION,))
    return lambda: recorded(evaluation, [start], read, enters=False)


def _chain(callee: Library) -> list[Link]:
    """The calls of a chain by name, that of the connection left out."""
    steps = callee.steps
    return [
        (str(steps[place - 1]), one)
        for place, one in enumerate(steps)
        if isinstance(one, Made) and place and steps[place - 1] != "Kysely"
    ]


def _changes(evaluation: Evaluation, step: Step, chain: list[Link]) -> Iterator[Change]:
    schema = next((text(_first(made)) for name, made in chain if name == "withSchema"), "")
    links = [one for one in chain if one[0] != "withSchema"]
    if not links:
        return
    (method, made), *rest = links
    given = text(_first(made))
    table = table_name(schema, given) if given else ""
    if method == "createTable":
        if not table:
            yield Unread(text="createTable of a computed table", location=step.location)
            return
        absent = any(name == "ifNotExists" for name, _ in rest)
        yield CreateTable(table=table, if_absent=absent, location=step.location)
        yield from _parts(evaluation, step, table, rest)
    elif method == "alterTable":
        yield from _parts(evaluation, step, table, rest)
    elif method == "dropTable":
        yield DropTable(table=table)
    elif method == "createIndex":
        yield from _index(step, schema, given, rest)
    elif method == "dropIndex" and given:
        yield DropNamed(name=given)


def _first(made: Made) -> Value | None:
    return made.arguments[0] if made.arguments else None


def _parts(evaluation: Evaluation, step: Step, table: str, links: list[Link]) -> Iterator[Change]:
    for method, made in links:
        name = text(_first(made))
        second = made.arguments[1] if len(made.arguments) > 1 else None
        if method in ("addColumn", "modifyColumn"):
            yield from _column(evaluation, step, table, made)
        elif method == "dropColumn":
            yield DropColumn(table=table, column=name)
        elif method == "renameColumn":
            yield RenameColumn(table=table, column=name, to=text(second))
        elif method == "renameTo":
            yield RenameTable(table=table, to=name)
        elif method in ("addUniqueConstraint", "addPrimaryKeyConstraint"):
            columns = texts(second)
            if not columns:
                yield Unread(text=method, tables=(table,), location=step.location)
                continue
            is_primary = method == "addPrimaryKeyConstraint"
            yield _unique(step, table, columns, name=name, is_primary=is_primary)
        elif method == "dropConstraint":
            yield DropNamed(name=name, table=table)


def _column(evaluation: Evaluation, step: Step, table: str, made: Made) -> Iterator[Change]:
    name = text(_first(made))
    if not name:
        yield Unread(text="addColumn", tables=(table,), location=step.location)
        return
    kind = text(made.arguments[1]) if len(made.arguments) > 1 else ""
    said = _said(evaluation, made.arguments[2]) if len(made.arguments) > 2 else {}
    references = text(said["references"]).rpartition(".")[0] if "references" in said else ""
    is_key = "primaryKey" in said
    yield AddColumn(
        table=table,
        column=Column(
            name=name,
            type=kind.lower(),
            is_nullable=not is_key and "notNull" not in said,
            references=references,
        ),
    )
    if "defaultTo" in said:
        yield AlterColumn(table=table, column=name, default=written(said["defaultTo"]))
    if is_key:
        yield _unique(step, table, (name,), is_primary=True)
    if "unique" in said:
        yield _unique(step, table, (name,))


def _said(evaluation: Evaluation, callback: Value) -> dict[str, Value | None]:
    """What ``(column) => column.notNull().unique()`` says, with what each is given first."""
    found: dict[str, Value | None] = {}
    if not isinstance(callback, Procedure):
        return found
    outer = evaluation.seen

    def seen(step: Step) -> Value | None:
        if step.callee.package == _COLUMN:
            found[step.method] = step.argument(0)
        return None

    evaluation.seen = seen
    try:
        run(evaluation, callback, (Library(_COLUMN, ()),))
    finally:
        evaluation.seen = outer
    return found


def _index(step: Step, schema: str, name: str, links: list[Link]) -> Iterator[Change]:
    if not any(method == "unique" for method, _ in links):
        return
    columns: tuple[str, ...] = ()
    table = where = ""
    nulls = any(method == "nullsNotDistinct" for method, _ in links)
    for method, made in links:
        if method == "on":
            table = table_name(schema, text(_first(made)))
        elif method in ("column", "columns"):
            columns += texts(_first(made))
        elif method == "where":
            where = "computed"
        elif method == "expression":
            columns += ("computed",)
    if table and columns:
        yield _unique(step, table, columns, name=name, where=where, holds_nulls=nulls)


def _unique(
    step: Step,
    table: str,
    columns: tuple[str, ...],
    *,
    name: str = "",
    is_primary: bool = False,
    where: str = "",
    holds_nulls: bool = False,
) -> AddUnique:
    unique = Unique(
        columns=columns,
        said=("migration",),
        location=step.location,
        name=name or constraint_name(table, columns, is_primary=is_primary),
        is_primary=is_primary,
        where=where,
        holds_nulls=holds_nulls,
    )
    return AddUnique(table=table, unique=unique)
