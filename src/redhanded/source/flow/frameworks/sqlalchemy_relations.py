"""Rows that SQLAlchemy's rows lead to: ``relationship``.

Reference: https://docs.sqlalchemy.org/en/20/orm/basic_relationships.html: what is appended to a
collection is inserted at the next flush with the key of its parent; an attribute that holds one row
stands for the column that refers to it.
"""

from __future__ import annotations

from collections.abc import Mapping

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.form import Call, Constant, Expression, Item, Name, Operation, Sequence
from redhanded.source.flow.framework import THIS, CallSite, Meaning, Surroundings
from redhanded.source.flow.frameworks.chain import classes_by_name, kind_of, lineage
from redhanded.source.flow.frameworks.sqlalchemy_columns import stored, table_of
from redhanded.source.flow.module import Field
from redhanded.source.flow.values import Kind, Known, Library, Made, Record, Result, Value

COLLECTION = ("orm", "relationship")
BY = "parent"
ADDS = frozenset({"append", "add", "extend", "insert"})
MANY = frozenset({"list", "List", "set", "Set", "Sequence", "Collection", "DynamicMapped"})
MANY_MAPPED = frozenset({"DynamicMapped", "WriteOnlyMapped"})


def related(of: Kind, name: str, around: Surroundings) -> Value | None:
    """What an attribute of an instance leads to: a row, or a collection of rows."""
    if name == "awaitable_attrs":
        return Result(THIS.event, (), of)
    found = _relation(of, name, around)
    if found is None:
        return None
    target, is_many = found
    if not is_many:
        return Result(THIS.event, (name,), target)
    made = Made((), {BY: Result(THIS.event, (), of)})
    return Library("sqlalchemy", (*COLLECTION, made), through=target)


def _relation(of: Kind, name: str, around: Surroundings) -> tuple[Kind, bool] | None:
    """The other class, and whether many of its rows belong to one."""
    for owner, one in lineage(of, around):
        for field in one.fields:
            made = field.value
            if field.name == name and isinstance(made, Call):
                if getattr(made.function, "name", "") != "relationship":
                    return None
                return _target(field, made, owner, around)
    return None


def _target(
    field: Field, made: Call, owner: Kind, around: Surroundings
) -> tuple[Kind, bool] | None:
    said = [one.value for one in made.arguments if one.name is None]
    lists = [one.value for one in made.arguments if one.name == "uselist"]
    names: list[str] = []
    is_many = False
    if field.annotation is not None:
        names, is_many = _annotated(field.annotation)
    if said:
        names = _annotated(said[0])[0] or names
    elif not names:
        return None
    if field.annotation is None:
        is_many = lists != [Constant(False)] and not _has_key(owner, names, around)
    kind = next((one for each in names if (one := _named(each, owner, around))), None)
    return (kind, is_many) if kind is not None else None


def _annotated(expression: Expression, depth: int = 6) -> tuple[list[str], bool]:
    """Names in ``Mapped[list["Bid"]]``, and whether it is a collection."""
    if depth == 0:
        return [], False
    if isinstance(expression, Constant):
        return ([str(expression.value).rsplit(".", 1)[-1]] if expression.value else []), False
    if isinstance(expression, Name):
        return [expression.name], False
    parts: tuple[Expression, ...] = ()
    is_many = False
    if isinstance(expression, Item):
        base = getattr(expression.base, "name", "")
        is_many = base in MANY or base in MANY_MAPPED
        key = expression.key
        parts = key.items if isinstance(key, Sequence) else (key,)
    elif isinstance(expression, Operation):
        parts = expression.operands
    found = [_annotated(one, depth - 1) for one in parts]
    return [name for names, _ in found for name in names], is_many or any(many for _, many in found)


def _named(name: str, owner: Kind, around: Surroundings) -> Kind | None:
    known = classes_by_name(around).get(name, ())
    near = [one for one in known if one.path == owner.path] or list(known)
    return near[0] if len(near) == 1 else None


def _has_key(owner: Kind, names: list[str], around: Surroundings) -> bool:
    """Whether the table itself refers to the other one: then one row belongs to it."""
    targets = [one for each in names if (one := _named(each, owner, around)) is not None]
    return any(key_to(owner, one, around) is not None for one in targets)


def key_to(kind: Kind, other: Kind, around: Surroundings) -> str | None:
    """The column of one table that refers to another."""
    table = around.schema.table(table_of(kind, around))
    wanted = table_of(other, around)
    found = [
        one.attribute or one.name
        for one in (table.columns if table is not None else ())
        if one.references and one.references.split("(")[0].split(".")[0] == wanted
    ]
    return found[0] if len(found) == 1 else None


def by_columns(kind: Kind, values: Mapping[str, Value], around: Surroundings) -> dict[str, Value]:
    """Values of a new row with ``lot=lot`` as ``lot_id=lot.id``."""
    found: dict[str, Value] = {}
    for name, value in values.items():
        relation = _relation(kind, name, around)
        if relation is None:
            found[name] = stored(value, around)
            continue
        column = _said_key(kind, name, around) or key_to(kind, relation[0], around)
        if column is not None and not relation[1]:
            found[column] = _key(value)
        else:
            found[name] = value
    return found


def _said_key(kind: Kind, name: str, around: Surroundings) -> str | None:
    """``relationship(foreign_keys=[seller_id])``."""
    for _, one in lineage(kind, around):
        for field in one.fields:
            if field.name == name and isinstance(field.value, Call):
                keys = [each.value for each in field.value.arguments if each.name == "foreign_keys"]
                names = _annotated(keys[0])[0] if keys and isinstance(keys[0], Constant) else []
                if keys and isinstance(keys[0], Sequence):
                    names = [each.name for each in keys[0].items if isinstance(each, Name)]
                return names[0] if len(names) == 1 else None
    return None


def _key(value: Value) -> Value:
    if isinstance(value, Result):
        return Result(value.event, (*value.parts, "id"))
    if isinstance(value, Record):
        return value.parts.get("id", value)
    return value


def is_collection(value: Library) -> bool:
    return value.names[:2] == COLLECTION and value.names[2:3] == ("()",)


def collected(site: CallSite, around: Surroundings) -> Meaning | None:
    """``lot.bids.append(bid)``."""
    made, kind = site.callee.steps[2], site.callee.through
    if site.callee.names[-1] not in ADDS or not isinstance(kind, Kind):
        return None
    parent = made.keywords.get(BY) if isinstance(made, Made) else None
    row = site.arguments[-1] if site.arguments else None
    if not isinstance(row, Record) or kind_of(row) is None:
        return Meaning(result=Known(None))
    values = by_columns(kind, row.parts, around)
    of = kind_of(parent)
    column = key_to(kind, of, around) if of is not None else None
    if column is not None and parent is not None:
        values[column] = _key(parent)
    effect = Effect(
        kind="insert",
        store="database",
        library="sqlalchemy",
        verb=str(site.callee.names[-1]),
        subject=table_of(kind, around),
        model=kind.name,
        values=values,
        entity=parent,
    )
    return Meaning(effects=(effect,), result=Known(None), at_flush=True, autobegin=True)


def read(value: Library, around: Surroundings) -> Meaning | None:
    """A collection that is iterated is read, if it was not before."""
    kind, made = value.through, value.steps[2]
    parent = made.keywords.get(BY) if isinstance(made, Made) else None
    of = kind_of(parent)
    if not isinstance(kind, Kind) or of is None or parent is None:
        return None
    column = key_to(kind, of, around)
    effect = Effect(
        kind="read",
        store="database",
        library="sqlalchemy",
        verb="relationship",
        subject=table_of(kind, around),
        model=kind.name,
        where={column or "?": _key(parent)},
        many=True,
        entity=parent,
    )
    return Meaning(effects=(effect,), result=Result(THIS.event, (), kind), autobegin=True)
