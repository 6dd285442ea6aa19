"""Django: find the row or create it, on the columns of the constraint that was violated."""

from __future__ import annotations

import textwrap

from redhanded.hunt.repair import going_on
from redhanded.hunt.repair.python import creation as creations
from redhanded.hunt.repair.python.creation import Condition, Creation
from redhanded.hunt.repair.remedy import Ground
from redhanded.source import edit, edit_python
from redhanded.source.edit import Edit


def rewritten(creation: Creation, conditions: tuple[Condition, ...]) -> str:
    """The file with the create call replaced, and the work after it left out for a row found."""
    source, stated = creation.source, creation.statement
    whole = edit_python.awaited(creation.call)
    wait = "await " if whole.type == "await" else ""
    call = f"{wait}{_call(creation, conditions)}"
    row = stated.variable if stated is not None else None
    gone = creations.leave(creation, row) if creations.works_on(creation) else None
    if stated is None or stated.returned or (gone is None and row is not None):
        text = f"({call})[0]" if wait else f"{call}[0]"
        return edit.apply(source, (Edit(start=whole.start_byte, end=whole.end_byte, text=text),))
    if gone is None:
        return edit.apply(source, (Edit(start=whole.start_byte, end=whole.end_byte, text=call),))
    created = creations.free_name(creation, "created", "was_created")
    names = ", ".join((row or creations.free_name(creation, "_row", "_found"), created))
    indent = source.indent(stated.node.start_byte)
    text = f"{names} = {call}\n{indent}if not {created}:\n{indent}{source.indent_unit}{gone}"
    node = stated.node
    return edit.apply(source, (Edit(start=node.start_byte, end=node.end_byte, text=text),))


def why(ground: Ground, creation: Creation, listed: str) -> str:
    """For the person at the gate."""
    refuses = ground.constraint.name if ground.constraint else None
    text = (
        f"Two writers of one {listed} meet at {refuses or 'the unique index of part c'}; "
        "get_or_create turns the refusal into a find (it takes the refused insert back to a "
        "savepoint and looks again), but only where it asks for what the constraint holds."
    )
    if creations.works_on(creation):
        stated = creation.statement
        row = stated.variable if stated is not None else None
        if creations.leave(creation, row) is None:
            text += " What follows in the function still runs for a row that was there."
        elif not _in_one_transaction(creation):
            text += (
                " What follows is left out for a row that was there; it is not in one transaction "
                "with the row, so an attempt that broke off in between stays half done."
            )
    return text + _callers_work(ground)


def unfit(ground: Ground) -> str | None:
    """Why the row may not simply be found: the caller would write for each delivery."""
    if ground.constraint is None:
        return None  # Nothing is refused today: it is done for each delivery as it is.
    writes = tuple(each for each in going_on.effects(ground) if each.name.protocol == "postgres")
    if not writes:
        return None
    return (
        f"Finding the row instead would let the caller go on for each delivery, and "
        f"{going_on.told(writes)} would be done as often: today the refused row takes that back. "
        "The look and what follows it have to move into one function, or the caller has to be told "
        "that the row was there."
    )


def _call(creation: Creation, conditions: tuple[Condition, ...]) -> str:
    source = creation.source
    base = source.indent(creation.call.start_byte)
    inner = base + source.indent_unit
    moved = {each.argument.node.id for each in conditions if each.argument is not None}
    kept = [each for each in creation.given if each.node.id not in moved]
    lines = [f"{each.field}={each.value}" for each in conditions]
    if len(kept) == 1 and kept[0].spread:
        lines.append(f"defaults={kept[0].value}")
    elif kept:
        entries = [_entry(each.name, each.value, source.indent_unit) for each in kept]
        listed = "".join(f"{inner}{source.indent_unit}{each},\n" for each in entries)
        lines.append(f"defaults={{\n{listed}{inner}}}")
    body = "".join(f"{inner}{each},\n" for each in lines)
    method = creations.CREATE[creation.method]
    return f"{creation.manager}.{method}(\n{body}{base})"


def _entry(name: str | None, value: str, unit: str) -> str:
    """One entry of ``defaults``, one level further in than its value stood."""
    head, newline, rest = value.partition("\n")
    shifted = head + newline + textwrap.indent(rest, unit)
    return f"**{shifted}" if name is None else f'"{name}": {shifted}'


def _in_one_transaction(creation: Creation) -> bool:
    """Whether the row and what follows it are inside one ``atomic`` block or function."""
    stated, function = creation.statement, creation.function
    if stated is None or function is None:
        return False
    node = stated.node.parent
    while node is not None and node.id != function.id:
        head = creation.source.of(node).split("\n", 1)[0]
        if node.type == "with_statement" and "atomic" in head:
            return True
        node = node.parent
    around = function.parent
    if around is None or around.type != "decorated_definition":
        return False
    head = creation.source.data[around.start_byte : function.start_byte].decode()
    return "atomic" in head


def _callers_work(ground: Ground) -> str:
    """What the caller still does with a row that was there."""
    measured = going_on.caution(ground)
    if measured:
        return measured
    place = ground.place("call")
    create = ground.place("create")
    if place is None or not edit.is_python(place.path) or create is None:
        return ""
    source = edit.read(ground.text(place.path), place.path)
    statements = [
        each
        for each in edit.walk(source.tree)
        if each.type in {"expression_statement", "return_statement"}
        and edit.covers(each, place.line)
    ]
    following = edit_python.after(statements[-1]) if statements else []
    calls = [each for each in following if any(inner.type == "call" for inner in edit.walk(each))]
    if not calls or (place.path, place.line) == (create.path, create.line):
        return ""
    shown = source.of(calls[0]).split("\n", 1)[0].strip()
    line = calls[0].start_point.row + 1
    return (
        f" Its caller goes on with the row that was there: {shown} ({place.path}:{line}) is done "
        "once for each delivery, unless you leave it out where the row is not new."
    )
