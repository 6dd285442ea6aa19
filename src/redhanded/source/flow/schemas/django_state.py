"""The models that Django's migrations know while they run, and what each change of them does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from redhanded.case.evidence import Location
from redhanded.source.flow.schema import Column, Unique
from redhanded.source.flow.schemas.changes import (
    AddColumn,
    AddUnique,
    AlterColumn,
    Change,
    CreateTable,
    DropColumn,
    DropTable,
    DropUnique,
    RenameColumn,
    RenameTable,
)
from redhanded.source.flow.schemas.django_fields import DjangoField, unique


@dataclass(slots=True, kw_only=True)
class Known:
    """A model as migrations left it so far."""

    app: str
    name: str
    table: str
    is_named: bool = False
    """The table's name is given, and does not follow the model's."""
    fields: dict[str, DjangoField] = field(default_factory=dict)
    together: tuple[tuple[str, ...], ...] = ()
    is_real: bool = True
    """False: a proxy, or not managed: no table is made."""

    def column(self, name: str) -> str:
        """Of a field; an expression stays as it is."""
        found = self.fields.get(name)
        return found.column if found is not None and found.column else name

    def columns(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self.column(one) for one in names)


@dataclass(slots=True, kw_only=True)
class DjangoState:
    """All models, by app and lower-case name."""

    models: dict[tuple[str, str], Known] = field(default_factory=dict)

    def find(self, app: str, name: str) -> Known | None:
        return self.models.get((app, name.lower()))

    def tables_of(self, app: str) -> tuple[str, ...]:
        return tuple(one.table for key, one in self.models.items() if key[0] == app)

    def other(self, model: Known, to: str) -> tuple[str, str]:
        """Lower-case name and table of what a field refers to."""
        if to == "self":
            return model.name.lower(), model.table
        app, _, name = to.rpartition(".")
        found = self.find(app or model.app, name.rpartition(":")[2])
        return name.rpartition(":")[2], found.table if found is not None else ""


def created(state: DjangoState, model: Known, at: Location) -> Iterator[Change]:
    """The table of a model that is now known."""
    plain = [one for one in model.fields.values() if not one.is_many]
    keys = tuple(one.column for one in plain if one.is_primary)
    columns = [one.as_column(state.other(model, one.to)[1] if one.to else "") for one in plain]
    uniques: list[Unique] = []
    if not keys:
        keys = ("id",)
        columns.insert(0, Column(name="id", type="bigint", is_nullable=False))
    uniques.append(unique(keys[:1], "migration", at, is_primary=True))
    for one in plain:
        if one.is_unique and not one.is_primary:
            uniques.append(unique((one.column,), "migration", one.location or at))
    uniques += [unique(model.columns(one), "migration", at) for one in model.together]
    yield CreateTable(
        table=model.table, columns=tuple(columns), uniques=tuple(uniques), location=at
    )
    for one in model.fields.values():
        yield from joined(state, model, one, at)


def joined(
    state: DjangoState, model: Known, one: DjangoField, at: Location | None
) -> Iterator[Change]:
    """The table behind a many-to-many field."""
    if not one.is_many or one.through:
        return
    own, other = model.name.lower(), state.other(model, one.to)[0]
    pair = (f"from_{own}_id", f"to_{own}_id") if other == own else (f"{own}_id", f"{other}_id")
    yield CreateTable(
        table=join_table(model, one),
        columns=tuple(
            Column(name=each, type="bigint", is_nullable=False) for each in ("id", *pair)
        ),
        uniques=(
            unique(("id",), "migration", at, is_primary=True),
            unique(pair, "migration", at),
        ),
        is_complete=bool(other),
        location=at,
    )


def join_table(model: Known, one: DjangoField) -> str:
    return one.db_table or f"{model.table}_{one.name}"


def field_added(
    state: DjangoState, model: Known, one: DjangoField, at: Location
) -> Iterator[Change]:
    """The column of a new field, or its table."""
    model.fields[one.name] = one
    if one.is_many:
        yield from joined(state, model, one, at)
        return
    yield AddColumn(
        table=model.table, column=one.as_column(state.other(model, one.to)[1] if one.to else "")
    )
    if one.is_unique or one.is_primary:
        given = unique((one.column,), "migration", at, is_primary=one.is_primary)
        yield AddUnique(table=model.table, unique=given)


def field_removed(model: Known, name: str) -> Iterator[Change]:
    """Its column, or its table."""
    one = model.fields.pop(name, None)
    if one is not None and one.is_many:
        if not one.through:
            yield DropTable(table=join_table(model, one))
    else:
        yield DropColumn(table=model.table, column=one.column if one is not None else name)


def field_altered(
    state: DjangoState, model: Known, one: DjangoField, at: Location
) -> Iterator[Change]:
    """From what it was to what it is."""
    before = model.fields.get(one.name)
    model.fields[one.name] = one
    if one.is_many or (before is not None and before.is_many):
        if before is not None and before.is_many != one.is_many:
            model.fields[one.name] = before
            yield from field_removed(model, one.name)
            yield from field_added(state, model, one, at)
        return
    column = one.as_column(state.other(model, one.to)[1] if one.to else "")
    if before is not None and before.column != one.column:
        yield RenameColumn(table=model.table, column=before.column, to=one.column)
    yield AlterColumn(
        table=model.table,
        column=one.column,
        type=column.type,
        default=column.default,
        is_nullable=column.is_nullable,
    )
    was = before is not None and before.is_unique
    if one.is_unique and not was:
        given = unique((one.column,), "migration", at)
        yield AddUnique(table=model.table, unique=given)
    elif was and not one.is_unique:
        yield DropUnique(table=model.table, columns=(one.column,))


def field_renamed(model: Known, old: str, new: str) -> Iterator[Change]:
    """Constraints follow it."""
    one = model.fields.pop(old, None)
    if one is None:
        yield RenameColumn(table=model.table, column=old, to=new)
        return
    if one.is_many:
        model.fields[new] = replace(one, name=new)
        renamed = RenameTable(table=join_table(model, one), to=f"{model.table}_{new}")
        yield from (() if one.db_table or one.through else (renamed,))
        return
    column = one.column
    if column == old:
        column = new
    elif column == f"{old}_id":
        column = f"{new}_id"
    model.fields[new] = replace(one, name=new, column=column)
    model.together = tuple(
        tuple(new if each == old else each for each in names) for names in model.together
    )
    if column != one.column:
        yield RenameColumn(table=model.table, column=one.column, to=column)


def together_set(
    model: Known, wanted: tuple[tuple[str, ...], ...], at: Location
) -> Iterator[Change]:
    """``unique_together`` becomes this."""
    for one in model.together:
        if one not in wanted:
            yield DropUnique(table=model.table, columns=model.columns(one))
    for one in wanted:
        if one not in model.together:
            given = unique(model.columns(one), "migration", at)
            yield AddUnique(table=model.table, unique=given)
    model.together = wanted


def model_renamed(state: DjangoState, model: Known, new: str) -> Iterator[Change]:
    """Its table and the tables of its many-to-many fields."""
    old, before = model.name, model.table
    state.models.pop((model.app, old.lower()), None)
    model.name = new
    state.models[model.app, new.lower()] = model
    if not model.is_named:
        yield from table_renamed(model, f"{model.app}_{new.lower()}")
    for one in model.fields.values():
        if one.is_many and not one.through and before != model.table:
            yield RenameColumn(
                table=join_table(model, one), column=f"{old.lower()}_id", to=f"{new.lower()}_id"
            )


def table_renamed(model: Known, table: str) -> Iterator[Change]:
    """The table of a model, and those named after it."""
    if table == model.table:
        return
    yield RenameTable(table=model.table, to=table)
    before = {one.name: join_table(model, one) for one in model.fields.values() if one.is_many}
    model.table = table
    for name, old in before.items():
        one = model.fields[name]
        if not one.db_table and not one.through:
            yield RenameTable(table=old, to=join_table(model, one))
