"""Migrations of sequelize-cli and umzug.

Reference: https://sequelize.org/docs/v6/other-topics/query-interface/.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from redhanded.case.evidence import Location
from redhanded.source.flow.schema import Column, Said, Unique
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
from redhanded.source.flow.schemas.ecmascript_up import SEQUELIZE, Up, ups
from redhanded.source.flow.schemas.evaluation import Evaluation, Step
from redhanded.source.flow.schemas.lists import elements, text, texts
from redhanded.source.flow.schemas.replay import recorded, statement
from redhanded.source.flow.schemas.tool import Migration, is_true, natural, written
from redhanded.source.flow.values import Known, Library, Record, Value

INTERFACE = Library("sequelize", ("queryInterface",))


def migrations(evaluation: Evaluation) -> Iterable[Migration]:
    """Every file whose ``up`` is given a query interface."""
    for one in ups(evaluation):
        if one.tool == SEQUELIZE:
            folder, name = posixpath.split(one.module.path)
            yield Migration(
                path=one.module.path,
                group=folder,
                order=natural(name),
                changes=_reader(evaluation, one),
                tool="sequelize",
            )


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


def table_of(value: Value | None) -> str:
    """``'t'`` or ``{ tableName: 't', schema: 's' }``."""
    if isinstance(value, Record):
        return table_name(text(value.parts.get("schema")), text(value.parts.get("tableName")))
    return text(value)


@dataclass(slots=True, kw_only=True)
class Attributes:
    """What the attributes of a model or a new table say."""

    columns: list[Column] = field(default_factory=list)
    uniques: list[Unique] = field(default_factory=list)
    is_complete: bool = True


def attributes_of(
    value: Value | None,
    table: str,
    said: Said,
    at: Location,
    *,
    column_of: Callable[[str], str] = lambda name: name,
) -> Attributes:
    """``{ name: { type, unique, primaryKey, field, … } }``."""
    found = Attributes()
    if not isinstance(value, Record):
        found.is_complete = False
        return found
    found.is_complete = value.is_complete
    keys: list[str] = []
    named: dict[str, list[str]] = {}
    for attribute, facets in value.parts.items():
        parts = facets.parts if isinstance(facets, Record) else {"type": facets}
        if isinstance(facets, Record):
            found.is_complete &= facets.is_complete
        column = text(parts.get("field")) or column_of(attribute)
        found.columns.append(_column(column, attribute, parts))
        if is_true(parts.get("primaryKey")):
            keys.append(column)
        unique = parts.get("unique")
        name = text(unique)
        if isinstance(unique, Record):
            name = text(unique.parts.get("name"))
        if name:
            named.setdefault(name, []).append(column)
        elif isinstance(unique, Record) or is_true(unique):
            found.uniques.append(Unique(columns=(column,), said=(said,), location=at))
    if keys:
        key = Unique(columns=tuple(keys), said=(said,), location=at, is_primary=True)
        found.uniques.insert(0, key)
    for name, columns in named.items():
        found.uniques.append(Unique(columns=tuple(columns), said=(said,), location=at, name=name))
    return found


def _column(column: str, attribute: str, parts: object) -> Column:
    said: dict[str, Value] = dict(parts) if isinstance(parts, dict) else {}
    refers = said.get("references")
    target = (
        refers.parts.get("model", refers.parts.get("table"))
        if isinstance(refers, Record)
        else refers
    )
    nullable = said.get("allowNull")
    is_key = is_true(said.get("primaryKey"))
    return Column(
        name=column,
        type=type_of(said.get("type")),
        default=written(said.get("defaultValue")),
        attribute=attribute if attribute != column else "",
        is_nullable=bool(nullable.value) if isinstance(nullable, Known) else not is_key,
        references=table_of(target),
    )


def type_of(value: Value | None) -> str:
    """``DataTypes.STRING(40)`` as ``string``."""
    if isinstance(value, Library):
        named = [one for one in value.names if one != "()" and one.isupper()]
        return named[0].lower() if named else ""
    return text(value).lower()


def underscored(name: str) -> str:
    """``createdAt`` as ``created_at``."""
    return re.sub(r"(?<=[a-z\d])([A-Z])", r"_\1", name).lower()


def index_name(table: str, columns: Iterable[str]) -> str:
    """The name that Sequelize gives to an index without one."""
    return underscored("_".join([plain(table), *columns]))


def indexed(value: Value | None) -> tuple[str, ...]:
    """Columns of an index: names, ``{ name: 'a' }``, ``fn('lower', col('a'))``."""
    found: list[str] = []
    for one in elements(value):
        if isinstance(one, Record):
            named = one.parts.get("name", one.parts.get("attribute"))
            found.append(text(named))
        elif isinstance(one, Library):
            found.append(_function(one))
        else:
            found.append(text(one))
    return tuple(found) if all(found) else ()


def _function(value: Library) -> str:
    last = value.steps[-1] if value.steps else ""
    if isinstance(last, str):
        return ""
    name, *rest = last.arguments or (Known(""),)
    if "literal" in value.names:
        return text(name)
    if "col" in value.names:
        return text(name)
    inner = [_function(one) if isinstance(one, Library) else text(one) for one in rest]
    return f"{text(name).lower()}({', '.join(inner)})"


def condition_of(value: Value | None) -> str:
    """A ``where`` as text; empty for none."""
    if isinstance(value, Record):
        parts = [f"{key} = {written(one) or 'null'}" for key, one in value.parts.items()]
        return " AND ".join(parts) or "computed"
    return written(value)


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
