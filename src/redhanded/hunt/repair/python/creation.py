"""Where a Python program adds the row: ``Model.objects.create(…)``, its statement and function."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tree_sitter import Node

from redhanded.hunt.repair.python import fields
from redhanded.hunt.repair.remedy import Ground
from redhanded.source import edit, edit_python
from redhanded.source.edit import Source
from redhanded.source.edit_python import Argument, Statement

CREATE = {"create": "get_or_create", "acreate": "aget_or_create"}
"""What adds a row, and what adds it only if it is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """``[row =] [await] manager.create(name=value, **values)`` of Django."""

    source: Source
    call: Node
    manager: str
    """``Model.objects``, ``Model.objects.using(…)``, ``owner.rows``."""
    method: str
    given: tuple[Argument, ...]
    statement: Statement | None
    """None where the call is part of something else."""
    function: Node | None

    @property
    def of_an_owner(self) -> bool:
        """Whether the manager is that of another row's relation, which adds a condition itself."""
        return not re.match(r"[A-Z]\w*\.|\w+(?:\.\w+)*\.[A-Z]\w*\.|.*\bobjects\b", self.manager)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One column of the constraint, as the model's manager is asked for it."""

    field: str
    value: str
    """Source text."""
    argument: Argument | None
    """The argument of the call that sets it."""


def find(ground: Ground) -> Creation | None:
    """The create call of the root cause; None where the line holds none."""
    place = ground.place("create")
    if place is None or not edit.is_python(place.path):
        return None
    used = {each.library for each in ground.code.accesses if each.table == ground.table}
    if used and not {library for library in used if library.startswith("django")}:
        return None
    source = edit.read(ground.text(place.path), place.path)
    call = edit.call_near(source, place.line, CREATE, reach=1)
    if call is None:
        return None
    manager, method = edit.callee(source, call)
    given = tuple(edit_python.arguments(source, call))
    if not manager or not given or any(each.name is None and not each.spread for each in given):
        return None
    return Creation(
        source=source,
        call=call,
        manager=manager,
        method=method,
        given=given,
        statement=edit_python.statement(source, call),
        function=edit_python.function(call),
    )


def conditions(
    ground: Ground, creation: Creation, columns: tuple[str, ...]
) -> tuple[Condition, ...] | None:
    """How to ask for the row with the values of ``columns``; None where one cannot be told."""
    known = fields.of_model(ground.root, ground.system.source, _model(ground))
    by_name = {each.name: each for each in creation.given if each.name is not None}
    spread = [each.value for each in creation.given if each.spread and each.value.isidentifier()]
    found = []
    for column in columns:
        field = fields.named(known, column)
        argument = by_name.get(field.name) or by_name.get(column)
        if argument is None and column.endswith("_id"):
            argument = by_name.get(column.removesuffix("_id"))
        if argument is not None and argument.name is not None:
            condition = Condition(field=argument.name, value=argument.value, argument=argument)
        elif len(spread) == 1:
            condition = Condition(
                field=field.name, value=f'{spread[0]}["{field.name}"]', argument=None
            )
        elif field.default is not None and not spread:
            condition = Condition(field=field.name, value=field.default, argument=None)
        elif creation.of_an_owner and column.endswith("_id"):
            continue
        else:
            return None
        found.append(condition)
    return tuple(found) or None


def free_name(creation: Creation, *wishes: str) -> str:
    """The first of ``wishes`` that the function does not use, or the last one with a number."""
    taken = edit_python.names(creation.source, creation.function or creation.source.tree)
    for wish in wishes:
        if wish not in taken:
            return wish
    number = 2
    while f"{wishes[-1]}_{number}" in taken:
        number += 1
    return f"{wishes[-1]}_{number}"


def works_on(creation: Creation) -> bool:
    """Whether the function does more than return after the statement."""
    stated = creation.statement
    following = edit_python.after(stated.node) if stated is not None else []
    return any(each.type not in {"return_statement", "pass_statement"} for each in following)


def leave(creation: Creation, row: str | None) -> str | None:
    """What ends the work for a row that was there, called ``row``; None where that is not known.

    It gives what the function gives at its end, if that can be built right after the statement.
    """
    function, stated = creation.function, creation.statement
    if function is None or stated is None or next(edit_python.own(function, "yield"), None):
        return None
    if edit.enclosing(stated.node, edit_python.LOOPS | {"function_definition"}) != function:
        return "continue"
    returns = list(edit_python.own(function, "return_statement"))
    last = [each for each in returns if each.start_byte > creation.call.end_byte]
    if not last:
        return None if any(each.named_children for each in returns) else "return"
    if len(last) != 1:
        return None
    given = last[0].named_children
    if not given:
        return "return"
    source = creation.source
    used = edit_python.names(source, given[0])
    later = {
        name for each in edit_python.after(stated.node) for name in edit_python.bound(source, each)
    }
    calls = any(each.type in {"call", "await"} for each in edit.walk(given[0]))
    if used & later or calls:
        return None
    text = source.of(given[0])
    if stated.variable is not None and row not in {None, stated.variable}:
        text = re.sub(rf"(?<![.\w]){re.escape(stated.variable)}(?!\w)", str(row), text)
    return f"return {text}"


def _model(ground: Ground) -> str:
    place = ground.place("create")
    for access in ground.code.accesses:
        if place is not None and access.table == ground.table and access.model:
            return access.model.rpartition(".")[2]
    return ""
