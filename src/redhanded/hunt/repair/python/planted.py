"""A plausible wrong fix in Django's words: look for the row, then create it."""

from __future__ import annotations

from tree_sitter import Node

from redhanded.hunt.repair.python import creation as creations
from redhanded.hunt.repair.python.creation import Condition, Creation
from redhanded.source import edit, edit_python
from redhanded.source.edit import Edit


def planted(creation: Creation, conditions: tuple[Condition, ...]) -> str:
    """The file with a look as early as its values are known."""
    asked = ", ".join(f"{each.field}={each.value}" for each in conditions)
    return _early(creation, conditions, asked) or _beside(creation, asked)


def _early(creation: Creation, conditions: tuple[Condition, ...], asked: str) -> str | None:
    """A look at the start of the function, where its parameters hold the values."""
    source, function = creation.source, creation.function
    first = edit_python.first_statement(function) if function is not None else None
    if function is None or first is None:
        return None
    body = function.child_by_field_name("body")
    inside = edit_python.bound(source, body) if body is not None else set()
    if inside & _used(creation.manager, *(each.value for each in conditions)):
        return None
    return _look(creation, asked, first)


def _look(creation: Creation, asked: str, before: Node) -> str | None:
    source = creation.source
    row = creations.free_name(creation, "existing", "present")
    stated = creation.statement
    if stated is not None and stated.returned:
        gone: str | None = f"return {row}"
    elif not creations.works_on(creation) and stated is not None and stated.variable is None:
        gone = creations.leave(creation, row) or "return"
    else:
        gone = creations.leave(creation, row)
    if gone is None or gone == "continue":
        return None
    wait, method = ("await ", "afirst") if creation.method.startswith("a") else ("", "first")
    indent = source.indent(before.start_byte)
    text = (
        f"{row} = {wait}{creation.manager}.filter({asked}).{method}()\n"
        f"{indent}if {row} is not None:\n{indent}{source.indent_unit}{gone}\n{indent}"
    )
    start = before.start_byte
    return edit.apply(source, (Edit(start=start, end=start, text=text),))


def _beside(creation: Creation, asked: str) -> str:
    """A look in the same expression as the create."""
    source = creation.source
    whole = edit_python.awaited(creation.call)
    wait, method = ("await ", "afirst") if whole.type == "await" else ("", "first")
    look = f"{wait}{creation.manager}.filter({asked}).{method}()"
    text = f"({look} or {source.of(whole)})"
    return edit.apply(source, (Edit(start=whole.start_byte, end=whole.end_byte, text=text),))


def _used(*expressions: str) -> set[str]:
    """Names that are needed to evaluate source texts."""
    found: set[str] = set()
    for text in expressions:
        source = edit.read(f"({text})", "value.py")
        found |= edit_python.names(source, source.tree)
    return found
