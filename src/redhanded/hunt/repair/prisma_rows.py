"""Prisma: one statement that adds the row or leaves the one that is there.

What Prisma makes of a call decides (measured with 7.10, see ``is_native_upsert``): ``upsert`` is
one statement only if its ``update`` changes something, ``createManyAndReturn`` with
``skipDuplicates`` always is, and tells by what it gives whether the row is new.
"""

from __future__ import annotations

import re

from tree_sitter import Node

from redhanded.case.fix import FixPart
from redhanded.hunt.repair import attributes
from redhanded.hunt.repair import creation as creations
from redhanded.hunt.repair.attributes import entry
from redhanded.hunt.repair.creation import Creation
from redhanded.hunt.repair.find_or_create import leaving
from redhanded.hunt.repair.package import major_version
from redhanded.hunt.repair.prisma_schema import Model, model_of
from redhanded.hunt.repair.remedy import Ground, found_or_created, part
from redhanded.hunt.repair.unique_index import columns_kept
from redhanded.source import edit
from redhanded.source.edit import Edit, Property, Source

name = "find-or-create"

UPSERT = "upsert"
RETURNS_MANY_SINCE = 6
"""Major version from which on ``createManyAndReturn`` is surely there (it came in 5.14)."""
PLAIN = frozenset({"data", "select"})

Where = dict[str, tuple[str, Property | None]]


def parts(ground: Ground) -> tuple[FixPart, ...]:
    """Part ``b``, where the schema names the violated key and the call gives all its fields."""
    place, table, wanted = ground.place("create"), ground.table, columns_kept(ground)
    if place is None or table is None or not wanted:
        return ()
    if ground.library_at(place) not in creations.PRISMA or not edit.is_script(place.path):
        return ()
    model = model_of(ground.root, table)
    key = model.key_of(wanted) if model is not None else None
    if model is not None and key is None and ground.constraint is None:
        key = _key_to_come(model, wanted)
    if model is None or key is None:
        return ()
    source = edit.read(ground.text(place.path), place.path)
    call = edit.call_near(source, place.line, (UPSERT,), reach=1) if key[1] else None
    if call is not None:
        return _with_update(ground, source, call, key)
    creation = creations.find(ground)
    return () if creation is None else _created_once(ground, creation, model, key)


def _key_to_come(model: Model, columns: tuple[str, ...]) -> tuple[tuple[str, ...], str] | None:
    """Fields of a key that the client, as it is generated now, has no name for."""
    fields = [model.fields.get(each) for each in columns]
    return None if None in fields else (tuple(each for each in fields if each), "")


def _with_update(
    ground: Ground, source: Source, call: Node, key: tuple[tuple[str, ...], str]
) -> tuple[FixPart, ...]:
    """An upsert that changes nothing sets the key to what it is."""
    given = edit.arguments(call)
    where = edit.value_of(source, given[0], "where") if given else None
    update = edit.value_of(source, given[0], "update") if given else None
    if where is None or update is None or source.of(update).replace(" ", "") != "{}":
        return ()
    if where.type == "object" and len(key[0]) > 1:
        where = edit.value_of(source, where, key[1])
    if where is None or where.type != "object":
        return ()
    values = {each.name: each.value for each in edit.properties(source, where)}
    if set(values) != set(key[0]):
        return ()
    field = key[0][0]
    text = f"{{ {entry(field, values[field])} }}"
    change = Edit(start=update.start_byte, end=update.end_byte, text=text)
    listed = ", ".join(ground.constraint.columns) if ground.constraint else field
    return (
        part(
            ground,
            key="b",
            remedy=name,
            title=f"Let the database find or create the {ground.table} row by {listed}",
            why=(
                "Where update is empty, Prisma looks for the row and inserts it then, and two that "
                "look at once both insert (prisma/orm#20229). An update that sets the key to what "
                "it is makes it one INSERT … ON CONFLICT, which cannot be refused by that key."
            ),
            files={source.path: edit.apply(source, (change,))},
        ),
    )


def _created_once(
    ground: Ground, creation: Creation, model: Model, key: tuple[tuple[str, ...], str]
) -> tuple[FixPart, ...]:
    columns = {field: column for column, field in model.fields.items()}
    wanted = tuple(columns[field] for field in key[0])
    where = attributes.where(creation.source, creation.values, wanted, columns, model.fields)
    if where is None or _nested(creation):
        return ()
    many = _created_many(ground, creation, key, where)
    upserted = _upserted(creation, key, where) if many is None and key[1] else None
    text = many or upserted
    if text is None:
        return ()
    how = (
        "createManyAndReturn with skipDuplicates is one INSERT … ON CONFLICT DO NOTHING, which "
        "gives the row only to the one that has added it; the other finds it."
        if many is not None
        else "upsert is one INSERT … ON CONFLICT here, since its update sets the key to what it is "
        "(with an empty one Prisma would look first, prisma/orm#20229)."
    )
    if many is None and creations.works_on(creation):
        how += " What follows in the function still runs for a row that was there."
    return (found_or_created(ground, wanted, how, creation.source.path, text),)


def _nested(creation: Creation) -> bool:
    """Whether rows of other tables are written with it."""
    if creation.values.type != "object":
        return False
    given = edit.properties(creation.source, creation.values)
    words = ("connect", "create", "connectOrCreate", "createMany")
    return any(
        edit.value_of(creation.source, value, word) is not None
        for each in given
        if each.name is not None
        and (value := edit.value_of(creation.source, creation.values, each.name)) is not None
        for word in words
    )


def _created_many(
    ground: Ground, creation: Creation, key: tuple[tuple[str, ...], str], where: Where
) -> str | None:
    """The row is added or not, and one that was there is answered as the function does it."""
    source, statement, options = creation.source, creation.statement, creation.options
    version = major_version(ground.root, "@prisma/client")
    if statement is None or options is None or options.type != "object":
        return None
    if not creations.works_on(creation) or (version or RETURNS_MANY_SINCE) < RETURNS_MANY_SINCE:
        return None
    if not PLAIN.issuperset(each.name or "" for each in edit.properties(source, options)):
        return None
    row = creation.variable
    taken = creations.free_name(creation, "taken", "present")
    leave = leaving(creation, taken)
    if leave is None:
        return None
    made = row or creations.free_name(creation, "created", "added")
    pad = source.indent(statement.start_byte)
    inner = pad + source.indent_unit
    semicolon = ";" if source.of(statement).rstrip().endswith(";") else ""
    leave = leave if semicolon else leave.rstrip(";")
    keyword = source.of(statement).split(None, 1)[0] if row is not None else "const"
    answer = [leave]
    if re.search(rf"\b{re.escape(taken)}\b", leave):
        asked = f"{inner}{source.indent_unit}where: {_condition(key, where)},\n"
        by = "findUniqueOrThrow" if key[1] else "findFirstOrThrow"
        look = f"{creation.model}.{by}({{\n{asked}{inner}}})"
        answer = [f"const {taken} = await {look}{semicolon}", leave]
    body = "".join(f"\n{inner}{each}" for each in answer)
    call = _many(creation, options)
    return edit.apply(
        source,
        (
            Edit(
                start=statement.start_byte,
                end=statement.end_byte,
                text=f"{keyword} [{made}] = await {call}{semicolon}"
                f"\n{pad}if (!{made}) {{{body}\n{pad}}}",
            ),
        ),
    )


def _many(creation: Creation, options: Node) -> str:
    """The call with its data as a list of one; all else as it stands."""
    source, values = creation.source, creation.values
    call = creation.call
    listed = f"[{source.of(values)}], skipDuplicates: true"
    if "\n" in source.of(options):
        own = source.indent(values.start_byte)
        listed = f"[{source.of(values)}],\n{own}skipDuplicates: true"
    if values.type == "shorthand_property_identifier":
        listed = f"{source.of(values)}: {listed}"
    head = source.data[call.start_byte : values.start_byte].decode()
    tail = source.data[values.end_byte : call.end_byte].decode()
    return head.replace(".create(", ".createManyAndReturn(", 1) + listed + tail


def _upserted(creation: Creation, key: tuple[tuple[str, ...], str], where: Where) -> str | None:
    """The call alone, in the place of the one that creates."""
    source, options = creation.source, creation.options
    if options is None or options.type != "object":
        return None
    others = [each for each in edit.properties(source, options) if each.name != "data"]
    if any(each.name != "select" for each in others):
        return None
    base = source.indent(creation.call.start_byte)
    inner = base + source.indent_unit
    field = key[0][0]
    lines = [
        f"where: {_condition(key, where)}",
        f"create: {source.of(creation.values)}",
        f"update: {{ {entry(field, where[field][0])} }}",
        *(source.of(each.node) for each in others),
    ]
    body = "".join(f"{inner}{each},\n" for each in lines)
    call = creation.call
    text = f"{creation.model}.{UPSERT}({{\n{body}{base}}})"
    return edit.apply(source, (Edit(start=call.start_byte, end=call.end_byte, text=text),))


def _condition(key: tuple[tuple[str, ...], str], where: Where) -> str:
    """``{ a: … }``, or ``{ a_b: { a: …, b: … } }``."""
    fields, called = key
    inside = f"{{ {', '.join(entry(field, where[field][0]) for field in fields)} }}"
    return inside if len(fields) == 1 or not called else f"{{ {called}: {inside} }}"
