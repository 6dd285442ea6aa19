"""Migrations of Alembic and Flask-Migrate.

Reference: https://alembic.sqlalchemy.org/en/latest/ops.html.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator

from redhanded.source.flow.module import Module
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
    RenameTable,
    Unread,
    table_name,
)
from redhanded.source.flow.schemas.evaluation import Evaluation, Step
from redhanded.source.flow.schemas.lists import elements, text, texts
from redhanded.source.flow.schemas.replay import recorded, statement
from redhanded.source.flow.schemas.sqlalchemy_parts import (
    PACKAGES,
    Collected,
    add_column,
    collect,
    columns_of,
    holds_nulls,
    where_of,
)
from redhanded.source.flow.schemas.tool import Migration, is_true, last_call, sql_of, written
from redhanded.source.flow.values import Known, Made, Procedure, Value


def migrations(evaluation: Evaluation) -> Iterable[Migration]:
    """The revisions of each folder, each after the ones it names."""
    folders: dict[str, dict[str, tuple[Module, tuple[str, ...]]]] = {}
    for module in evaluation.program.importing("alembic"):
        if _upgrade(module) is None:
            continue
        given = {
            name: texts(evaluation.exported(module.path, name))
            for name in ("revision", "down_revision", "depends_on")
        }
        revision = (*given["revision"], posixpath.basename(module.path))[0]
        before = (*given["down_revision"], *given["depends_on"])
        folders.setdefault(posixpath.dirname(module.path), {})[revision] = (module, before)
    for folder, revisions in folders.items():
        for place, revision in enumerate(ordered({k: v[1] for k, v in revisions.items()})):
            module = revisions[revision][0]
            yield Migration(
                path=module.path,
                group=folder,
                order=(0, (place,), ""),
                changes=_reader(evaluation, module),
                tool="alembic",
            )


def ordered(before: dict[str, tuple[str, ...]]) -> list[str]:
    """Each after those it names; of what stands in a circle, or is equal, the first by name."""
    left = {name: {one for one in names if one in before} for name, names in before.items()}
    found: list[str] = []
    while left:
        free = sorted(name for name, names in left.items() if not names) or [min(left)]
        for name in free:
            found.append(name)
            del left[name]
        for names in left.values():
            names.difference_update(free)
    return found


def _upgrade(module: Module) -> int | None:
    for place, function in enumerate(module.functions):
        if function.name == "upgrade" and function.owner < 0 and function.parent <= 0:
            return place
    return None


def _reader(evaluation: Evaluation, module: Module) -> Callable[[], Iterable[Change]]:
    function = _upgrade(module) or 0
    return lambda: recorded(evaluation, [(Procedure(module.path, function), ())], _step)


def _step(step: Step) -> Iterator[Change] | None:
    names = step.callee.names
    if step.callee.package in PACKAGES and step.method in ("execute", "exec_driver_sql"):
        return _executed(step, step.argument(0))
    if step.callee.package != "alembic" or names[:1] != ("op",):
        return None
    table = ""
    for place, one in enumerate(step.callee.steps):
        if one == "batch_alter_table":
            made = step.callee.steps[place + 1] if place + 1 < len(names) else None
            if isinstance(made, Made):
                given = made.arguments[0] if made.arguments else made.keywords.get("table_name")
                table = table_name(text(made.keywords.get("schema")), text(given))
    if step.method in ("execute", "exec_driver_sql"):
        given = step.argument(0, "sqltext")
        return statement(step, given) if len(names) == 2 else _executed(step, given)
    if step.method == "create_all":
        return iter([Unread(text="create_all", location=step.location)])
    read = _READERS.get(step.method)
    if read is None:
        return None
    if table and step.method not in ("create_table", "drop_table", "rename_table"):
        return _named(step, table, read)
    return read(step, "")


def _executed(step: Step, given: Value | None) -> Iterator[Change]:
    """What a connection or session executes: constructs and queries move data, text may be all."""
    called = last_call(given)
    is_text = called is not None and called[0] in ("text", "DDL")
    return statement(step, given) if is_text or sql_of(given) is not None else iter(())


def _named(step: Step, table: str, read: _Read) -> Iterator[Change]:
    """An operation of a batch: as the plain one, without the table's name among its arguments."""
    return read(step, table)


_Read = Callable[[Step, str], Iterator[Change]]
"""``table``: of a batch; empty: the step names it."""


def _table(step: Step, table: str, place: int, keyword: str = "table_name") -> str:
    if table:
        return table
    name = text(step.argument(place, keyword))
    return table_name(text(step.keywords.get("schema")), name) if name else ""


def _create_table(step: Step, table: str) -> Iterator[Change]:
    name = _table(step, "", 0)
    into = Collected(said="migration", location=step.location)
    collect(step.arguments[1:], into)
    if not name:
        yield Unread(text="create_table", location=step.location)
        return
    yield CreateTable(
        table=name,
        columns=tuple(into.columns.values()),
        uniques=into.finished(),
        checks=tuple(into.checks),
        if_absent=is_true(step.keywords.get("if_not_exists")),
        is_complete=into.is_complete,
        location=step.location,
    )


def _drop_table(step: Step, table: str) -> Iterator[Change]:
    yield DropTable(table=_table(step, "", 0))


def _rename_table(step: Step, table: str) -> Iterator[Change]:
    old, new = _table(step, "", 0, "old_table_name"), text(step.argument(1, "new_table_name"))
    yield RenameTable(table=old, to=new)


def _add_column(step: Step, table: str) -> Iterator[Change]:
    name = _table(step, table, 0)
    called = last_call(step.argument(0 if table else 1, "column"))
    if called is None or not name:
        yield Unread(text="add_column", tables=(name,) if name else (), location=step.location)
        return
    into = Collected(said="migration", location=step.location)
    add_column(called[1], "", into)
    for column in into.columns.values():
        yield AddColumn(table=name, column=column)
    for unique in into.finished():
        yield AddUnique(table=name, unique=unique)


def _drop_column(step: Step, table: str) -> Iterator[Change]:
    column = text(step.argument(0 if table else 1, "column_name"))
    yield DropColumn(table=_table(step, table, 0), column=column)


def _alter_column(step: Step, table: str) -> Iterator[Change]:
    name = _table(step, table, 0)
    column = text(step.argument(0 if table else 1, "column_name"))
    nullable, kind = step.keywords.get("nullable"), step.keywords.get("type_")
    default = step.keywords.get("server_default")
    given = Collected(said="migration", location=None)
    add_column(Made((Known(column), *((kind,) if kind is not None else ()))), "", given)
    made = given.columns.get(column, Column(name=column, type=""))
    yield AlterColumn(
        table=name,
        column=column,
        type=made.type or None,
        default=None if default is None else written(default),
        is_nullable=bool(nullable.value) if isinstance(nullable, Known) else None,
    )
    renamed = text(step.keywords.get("new_column_name") or step.keywords.get("name"))
    if renamed and renamed != column:
        yield RenameColumn(table=name, column=column, to=renamed)


def _unique(step: Step, table: str, columns: Value | None, where: str = "") -> Iterator[Change]:
    name = _table(step, table, 1, "source" if "source" in step.keywords else "table_name")
    said = columns_of(elements(columns))
    if not name or not said:
        tables = (name,) if name else ()
        yield Unread(text=step.method, tables=tables, location=step.location)
        return
    first = step.arguments[0] if step.arguments else step.keywords.get("constraint_name")
    called = last_call(first)
    if called is not None and called[1].arguments:
        first = called[1].arguments[0]  # op.f('…')
    given = text(first if first is not None else step.keywords.get("index_name"))
    unique = Unique(
        columns=said,
        said=("migration",),
        location=step.location,
        name=given or None,
        where=where,
        is_primary=step.method == "create_primary_key",
        holds_nulls=holds_nulls(Made((), step.keywords)),
    )
    yield AddUnique(table=name, unique=unique)


def _constraint(step: Step, table: str) -> Iterator[Change]:
    return _unique(step, table, step.argument(1 if table else 2, "columns"))


def _index(step: Step, table: str) -> Iterator[Change]:
    if not is_true(step.keywords.get("unique")):
        return iter(())
    where = where_of(Made((), step.keywords))
    return _unique(step, table, step.argument(1 if table else 2, "columns"), where)


def _check(step: Step, table: str) -> Iterator[Change]:
    condition = step.argument(1 if table else 2, "condition")
    said = sql_of(condition) or written(condition)
    name = _table(step, table, 1, "table_name")
    yield AddCheck(table=name, name=text(step.argument(0)), text=f"CHECK ({said})")


def _exclude(step: Step, table: str) -> Iterator[Change]:
    said = ", ".join(written(one) for one in step.arguments[1 if table else 2 :])
    name = _table(step, table, 1)
    yield AddCheck(table=name, name=text(step.argument(0)), text=f"EXCLUDE ({said})")


def _drop_named(step: Step, table: str) -> Iterator[Change]:
    first = step.argument(0, "constraint_name" if "constraint" in step.method else "index_name")
    called = last_call(first)
    if called is not None and called[1].arguments:
        first = called[1].arguments[0]
    name, where = text(first), _table(step, table, 1)
    if name:
        yield DropNamed(name=name, table=where)
    elif not isinstance(first, Known):
        yield Unread(text=step.method, tables=(where,) if where else (), location=step.location)


_READERS: dict[str, _Read] = {
    "create_table": _create_table,
    "drop_table": _drop_table,
    "rename_table": _rename_table,
    "add_column": _add_column,
    "drop_column": _drop_column,
    "alter_column": _alter_column,
    "create_unique_constraint": _constraint,
    "create_primary_key": _constraint,
    "create_index": _index,
    "create_check_constraint": _check,
    "create_exclude_constraint": _exclude,
    "drop_constraint": _drop_named,
    "drop_index": _drop_named,
}
