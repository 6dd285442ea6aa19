"""A plausible wrong fix, planted to see whether the new test catches it: look, then create."""

from __future__ import annotations

from tree_sitter import Node

from redhanded.case.fix import FixPart
from redhanded.hunt.repair import creation as creations
from redhanded.hunt.repair.attributes import entry
from redhanded.hunt.repair.creation import Creation
from redhanded.hunt.repair.find_or_create import leaving
from redhanded.hunt.repair.python import creation as python_creations
from redhanded.hunt.repair.python.planted import planted
from redhanded.hunt.repair.remedy import Ground, part
from redhanded.source import edit
from redhanded.source.edit import Edit


def plant(ground: Ground) -> FixPart | None:
    """The check stands as early as its values are known, where a look sees least; None without one.

    It passes when deliveries come one after the other, and fails when two look before either
    writes.
    """
    columns = ground.constraint.columns if ground.constraint else ground.look_up_columns
    changed = (_script(ground, columns) or _python(ground, columns)) if columns else None
    if changed is None:
        return None
    path, text = changed
    return part(
        ground,
        key="planted",
        remedy="check-then-create",
        title="Look for the row, then create it",
        why="A wrong fix that passes one delivery at a time; the new test has to catch it.",
        files={path: text},
        tempting=True,
    )


def _python(ground: Ground, columns: tuple[str, ...]) -> tuple[str, str] | None:
    creation = python_creations.find(ground)
    asked = python_creations.conditions(ground, creation, columns) if creation else None
    if creation is None or asked is None:
        return None
    return creation.source.path, planted(creation, asked)


def _script(ground: Ground, columns: tuple[str, ...]) -> tuple[str, str] | None:
    creation = creations.find(ground)
    where = creations.where(ground, creation, columns) if creation is not None else None
    if creation is None or where is None:
        return None
    conditions = ", ".join(entry(attribute, value) for attribute, (value, _) in where.items())
    used = {
        each
        for _, (value, _) in where.items()
        for each in edit.identifiers(
            edit.read(f"({value});", "value.js"), edit.read(f"({value});", "value.js").tree
        )
    }
    text = _early(creation, conditions, used) or _beside(creation, conditions)
    return creation.source.path, text


def _early(creation: Creation, conditions: str, used: set[str]) -> str | None:
    """A look at the start of the outermost function that knows the values."""
    source = creation.source
    chosen: Node | None = None
    function = creation.function
    while function is not None and not _binds_inside(creation, function, used):
        body = function.child_by_field_name("body")
        if body is None or body.type != "statement_block" or not _async(source, function):
            break
        chosen = function
        if _parameters(creation, function) & used:
            break
        function = edit.enclosing(function, edit.FUNCTIONS)
    if chosen is None:
        return None
    row = creations.free_name(creation, "existing", "present")
    leave = _leave(creation, chosen, row)
    body = chosen.child_by_field_name("body")
    if leave is None or body is None or not body.named_children:
        return None
    first = body.named_children[0]
    indent = source.indent(first.start_byte)
    check = (
        f"const {row} = await {creation.model}.{creation.look}({{ where: {{ {conditions} }} }});\n"
        f"{indent}if ({row}) {leave}\n{indent}"
    )
    return edit.apply(source, (Edit(start=first.start_byte, end=first.start_byte, text=check),))


def _beside(creation: Creation, conditions: str) -> str:
    """A look in the same expression as the create."""
    source = creation.source
    given = creations.option_entries(creation) if creation.library in creations.SEQUELIZE else []
    options = [each for each in given if "ransaction" in each or "..." in each]
    listed = ", ".join([f"where: {{ {conditions} }}", *options])
    look, call = f"{creation.model}.{creation.look}({{ {listed} }})", source.of(creation.call)
    if creation.awaited is not None:
        node, text = creation.awaited, f"((await {look}) || (await {call}))"
    else:
        row = creations.free_name(creation, "present", "existing")
        node, text = creation.call, f"{look}.then(({row}) => {row} || {call})"
    return edit.apply(source, (Edit(start=node.start_byte, end=node.end_byte, text=text),))


def _leave(creation: Creation, chosen: Node, row: str) -> str | None:
    if creation.function is not None and chosen.id == creation.function.id:
        if creation.statement is None:
            return f"return {row};"
        return leaving(creation, row)
    gives = [
        each
        for each in edit.walk(chosen)
        if each.type == "return_statement"
        and (near := edit.enclosing(each, edit.FUNCTIONS)) is not None
        and near.id == chosen.id
    ]
    passes_on = any(each.start_byte <= creation.call.start_byte < each.end_byte for each in gives)
    if passes_on:
        return f"return {row};"
    return None if gives else "return;"


def _binds_inside(creation: Creation, function: Node, used: set[str]) -> bool:
    """Whether a value is only known after statements of ``function`` itself have run."""
    for each in edit.walk(function):
        if each.type == "variable_declarator" and each.start_byte < creation.call.start_byte:
            bound = each.child_by_field_name("name")
            if bound is not None and edit.identifiers(creation.source, bound) & used:
                return True
    return False


def _parameters(creation: Creation, function: Node) -> set[str]:
    given = function.child_by_field_name("parameters") or function.child_by_field_name("parameter")
    return edit.identifiers(creation.source, given) if given is not None else set()


def _async(source: edit.Source, function: Node) -> bool:
    return source.of(function).lstrip().startswith("async") or (
        function.type == "method_definition" and "async" in source.of(function).split("(", 1)[0]
    )
