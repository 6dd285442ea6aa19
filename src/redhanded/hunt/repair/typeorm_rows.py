"""TypeORM: an INSERT that passes over a row that is there, in the place of ``save``.

``save`` looks whether an entity with that primary key is there and inserts it then; the query
builder's ``orIgnore`` makes it one INSERT … ON CONFLICT DO NOTHING, which also sets what the
database generates in the entity that it is given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tree_sitter import Node

from redhanded.case.fix import FixPart
from redhanded.hunt.repair import attributes, going_on
from redhanded.hunt.repair import creation as creations
from redhanded.hunt.repair.attributes import entry
from redhanded.hunt.repair.creation import Creation
from redhanded.hunt.repair.remedy import Ground, found_or_created
from redhanded.hunt.repair.statements import Stated, commits, stated
from redhanded.hunt.repair.typeorm_columns import entity_columns, known_as
from redhanded.hunt.repair.unique_index import columns_kept
from redhanded.source import edit
from redhanded.source.edit import Edit, Source

name = "find-or-create"

LIBRARY = "typeorm"
SAVES = ("save", "insert")


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """``await repository.save(values)`` or ``await manager.save(Entity, values)``."""

    source: Source
    call: Node
    receiver: str
    entity: str | None
    """Of a manager's."""
    given: str
    """What is saved, as source text."""
    variable: str | None
    """The name of what is saved, if it has one."""
    where: dict[str, str]
    """Property to value of what must be unique."""


def parts(ground: Ground) -> tuple[FixPart, ...]:
    """Part ``b``, where the code shows what is saved."""
    place, columns = ground.place("create"), columns_kept(ground)
    if place is None or not columns or not edit.is_script(place.path):
        return ()
    if ground.library_writing(place) != LIBRARY:
        return ()
    saving = find(ground, columns)
    text = rewritten(saving) if saving is not None else None
    if saving is None or text is None:
        return ()
    how = (
        "save inserts without asking; orIgnore makes it one INSERT … ON CONFLICT DO NOTHING, which "
        "gives a row only to the one that has added it. The other finds it."
        + going_on.caution(ground)
    )
    return (found_or_created(ground, columns, how, saving.source.path, text),)


def find(ground: Ground, columns: tuple[str, ...]) -> Saving | None:
    """The call at the root cause's line; None where it, or a value, is not understood."""
    place = ground.place("create")
    if place is None:
        return None
    source = edit.read(ground.text(place.path), place.path)
    call = edit.call_near(source, place.line, SAVES, reach=1)
    arguments = edit.arguments(call) if call is not None else []
    if call is None or not arguments:
        return None
    receiver = edit.callee(source, call)[0]
    entity, saved = _entity(source, arguments[0]), arguments[-1]
    if entity is not None and len(arguments) < 2:
        return None
    made = _made(source, saved, call)
    literal, of_create = made if made is not None else (None, None)
    entity = entity or (of_create if _is_manager(receiver) else None)
    if literal is None or (entity is None and _is_manager(receiver)) or _has_lists(source, literal):
        return None
    known = entity_columns(ground.root)
    named = {each: known_as(known, each) for each in columns}
    found = attributes.where(source, literal, columns, known, named)
    if found is None:
        return None
    variable = source.of(saved) if saved.type == "identifier" else None
    return Saving(
        source=source,
        call=call,
        receiver=receiver,
        entity=entity,
        given=variable or source.of(literal),
        variable=variable,
        where={
            each: f"{variable}.{each}" if variable else value for each, (value, _) in found.items()
        },
    )


def rewritten(saving: Saving) -> str | None:
    """The file with the insert in the place of the call."""
    source = saving.source
    statement = stated(source, saving.call)
    if statement is None or statement.shape not in ("nothing", "whole", "returned"):
        return None
    text = (
        _returned(saving, statement)
        if statement.shape == "returned"
        else _kept(saving, statement, statement.variable)
        if statement.variable is not None
        else _alone(saving, statement)
    )
    if text is None:
        return None
    node = statement.node
    return edit.apply(source, (Edit(start=node.start_byte, end=node.end_byte, text=text),))


def _returned(saving: Saving, statement: Stated) -> str | None:
    source = saving.source
    function = edit.enclosing(saving.call, edit.FUNCTIONS)
    if function is None or not re.match(r"(?:\w+\s+)*?async\b", source.of(function)):
        return None
    pad = source.indent(statement.node.start_byte)
    end = _end(source, statement)
    return f"await {_insert(saving, pad, told=False)}{end}\n{pad}return {_look(saving)}{end}"


def _kept(saving: Saving, statement: Stated, variable: str) -> str:
    """What is saved is found again, whoever has added it."""
    source = saving.source
    creation = _creation(saving, statement, variable)
    pad, end = source.indent(statement.node.start_byte), _end(source, statement)
    keyword = source.of(statement.node).split(None, 1)[0]
    leave = creations.answer_of_look(creation, variable) or creations.early_return(
        creation, variable
    )
    found = f"{keyword} {variable} = await {_look(saving)}{end}"
    ends = commits(source, saving.call, creation.function)
    if not creations.works_on(creation) or leave is None or len(ends) > 1:
        return f"await {_insert(saving, pad, told=False)}{end}\n{pad}{found}"
    added = creations.free_name(creation, "added", "created")
    inner = pad + source.indent_unit
    body = "".join(f"\n{inner}{each.rstrip(';')}{end}" for each in (*ends, leave))
    return (
        f"const {{ raw: {added} }} = await {_insert(saving, pad, told=True)}{end}\n{pad}{found}\n"
        f"{pad}if ({added}.length === 0) {{{body}\n{pad}}}"
    )


def _alone(saving: Saving, statement: Stated) -> str | None:
    source = saving.source
    creation = _creation(saving, statement, saving.variable)
    pad, end = source.indent(statement.node.start_byte), _end(source, statement)
    taken = creations.free_name(creation, "taken", "present")
    returns = creations.early_return(creation, taken)
    if not creations.works_on(creation) and returns in (None, "return;"):
        return f"await {_insert(saving, pad, told=False)}{end}"
    leave = creations.answer_of_look(creation, taken) or returns
    ends = commits(source, saving.call, creation.function)
    if leave is None or len(ends) > 1:
        return None
    added = creations.free_name(creation, "added", "created")
    answer = [*ends, leave]
    if re.search(rf"\b{re.escape(taken)}\b", leave):
        answer.insert(0, f"const {taken} = await {_look(saving)}")
    inner = pad + source.indent_unit
    body = "".join(f"\n{inner}{each.rstrip(';')}{end}" for each in answer)
    return (
        f"const {{ raw: {added} }} = await {_insert(saving, pad, told=True)}{end}\n"
        f"{pad}if ({added}.length === 0) {{{body}\n{pad}}}"
    )


def _insert(saving: Saving, pad: str, *, told: bool) -> str:
    links = [
        "createQueryBuilder()",
        "insert()",
        *([f"into({saving.entity})"] if saving.entity else []),
        f"values({saving.given})",
        "orIgnore()",
        *(["returning('*')"] if told else []),
        "execute()",
    ]
    inner = pad + saving.source.indent_unit
    return saving.receiver + "".join(f"\n{inner}.{each}" for each in links)


def _look(saving: Saving) -> str:
    asked = ", ".join(entry(each, value) for each, value in saving.where.items())
    of = f"{saving.entity}, " if saving.entity else ""
    return f"{saving.receiver}.findOneOrFail({of}{{ where: {{ {asked} }} }})"


def _creation(saving: Saving, statement: Stated, variable: str | None) -> Creation:
    return Creation(
        source=saving.source,
        call=saving.call,
        model=saving.receiver,
        values=saving.call,
        options=None,
        awaited=saving.call.parent,
        statement=statement.node,
        variable=variable,
        function=edit.enclosing(saving.call, edit.FUNCTIONS),
    )


def _made(source: Source, saved: Node, call: Node) -> tuple[Node, str | None] | None:
    """The literal that a saved value is made of, and the entity that a manager was told."""
    if saved.type == "object":
        return saved, None
    if saved.type == "call_expression" and edit.callee(source, saved)[1] == "create":
        given = edit.arguments(saved)
        literal = given[-1] if given and given[-1].type == "object" else None
        return None if literal is None else (literal, _entity(source, given[0]))
    if saved.type != "identifier":
        return None
    function = edit.enclosing(call, edit.FUNCTIONS)
    for each in edit.walk(function) if function is not None else ():
        bound = each.child_by_field_name("name") if each.type == "variable_declarator" else None
        value = each.child_by_field_name("value")
        if bound is None or value is None or each.start_byte > call.start_byte:
            continue
        if source.of(bound) == source.of(saved) and value.type == "call_expression":
            return _made(source, value, call)
    return None


def _entity(source: Source, node: Node) -> str | None:
    """A class that is named, as those of entities are."""
    text = source.of(node)
    return text if node.type == "identifier" and text[:1].isupper() else None


def _is_manager(receiver: str) -> bool:
    return bool(re.search(r"(?:manager|\bem)$", receiver, re.IGNORECASE))


def _has_lists(source: Source, literal: Node) -> bool:
    """Whether rows of other tables may be saved with it."""
    return any(
        (value := edit.value_of(source, literal, each.name or "")) is not None
        and value.type == "array"
        for each in edit.properties(source, literal)
    )


def _end(source: Source, statement: Stated) -> str:
    return ";" if source.of(statement.node).rstrip().endswith(";") else ""
