"""Find the row or create it, on the columns of the constraint that was violated."""

from __future__ import annotations

from redhanded.case.fix import FixPart
from redhanded.hunt.repair import creation as creations
from redhanded.hunt.repair.attributes import entry
from redhanded.hunt.repair.creation import Creation
from redhanded.hunt.repair.python import creation as python_creations
from redhanded.hunt.repair.python import find_or_create as python
from redhanded.hunt.repair.remedy import Ground, part
from redhanded.source import edit
from redhanded.source.edit import Edit, Property

name = "find-or-create"

Where = dict[str, tuple[str, Property | None]]


def parts(ground: Ground) -> tuple[FixPart, ...]:
    """Part ``b`` on the constraint's columns, and ``b2`` on those that the look-up tempts to use.

    Without a violated constraint (a doubled row was the symptom) the look-up's columns are right,
    together with the unique index of part ``c``.
    """
    right = ground.constraint.columns if ground.constraint else ground.look_up_columns
    tempting = ground.tempting_columns
    found = [
        _part(ground, columns, tempts)
        for columns, tempts in ((right, False), (tempting, True))
        if columns
    ]
    return tuple(each for each in found if each is not None)


def absent(ground: Ground) -> str | None:
    """Why no part finds the row, where it could be written and would do harm."""
    columns = ground.constraint.columns if ground.constraint else ground.look_up_columns
    creation = python_creations.find(ground) if columns else None
    asked = python_creations.conditions(ground, creation, columns) if creation else None
    return python.unfit(ground) if asked is not None else None


def rewrite(creation: Creation, where: Where) -> str:
    """The file with the create call replaced."""
    source = creation.source
    if creation.statement is not None:
        return edit.apply(source, (_statement(creation, where),))
    names = creations.free_name(creation, "row", "found")
    if creation.awaited is not None:
        node, text = creation.awaited, f"(await {_call(creation, where, creation.awaited)})[0]"
    else:
        node, text = (
            creation.call,
            f"{_call(creation, where, creation.call)}.then(([{names}]) => {names})",
        )
    return edit.apply(source, (Edit(start=node.start_byte, end=node.end_byte, text=text),))


def _part(ground: Ground, columns: tuple[str, ...], tempting: bool) -> FixPart | None:
    listed = ", ".join(columns)
    changed = _script(ground, columns) or (None if tempting else _python(ground, columns))
    if changed is None:
        return None
    path, text, why = changed
    return part(
        ground,
        key="b2" if tempting else "b",
        remedy=name,
        title=f"Find or create the {ground.table} row by {listed}",
        why=_tempting_why(ground, listed) if tempting else why,
        files={path: text},
        tempting=tempting,
        excludes=("b",) if tempting else ("b2",) if ground.tempting_columns else (),
    )


def _script(ground: Ground, columns: tuple[str, ...]) -> tuple[str, str, str] | None:
    """Path, new content and reason where a JavaScript or TypeScript program creates the row."""
    creation = creations.find(ground)
    where = creations.where(ground, creation, columns) if creation is not None else None
    if creation is None or where is None or creation.library not in creations.SEQUELIZE:
        return None
    why = _why(ground, creation, ", ".join(columns))
    return creation.source.path, rewrite(creation, where), why


def _python(ground: Ground, columns: tuple[str, ...]) -> tuple[str, str, str] | None:
    """The same where it is a Python program."""
    creation = python_creations.find(ground)
    asked = python_creations.conditions(ground, creation, columns) if creation else None
    if creation is None or asked is None or python.unfit(ground) is not None:
        return None
    why = python.why(ground, creation, ", ".join(columns))
    return creation.source.path, python.rewritten(creation, asked), why


def _statement(creation: Creation, where: Where) -> Edit:
    source, statement = creation.source, creation.statement
    assert statement is not None
    call = _call(creation, where, statement)
    indent = source.indent(statement.start_byte)
    more = creations.works_on(creation)
    row = creation.variable
    leave = leaving(creation, row) if more else None
    keyword = "const"
    if row is not None:
        keyword = source.of(statement).split(None, 1)[0]
    created = creations.free_name(creation, "created", "wasCreated") if leave else None
    if row is None and created is None:
        head = "await "
    else:
        names = ", ".join(each for each in (row or "", created) if each is not None)
        head = f"{keyword} [{names}] = await "
    semicolon = ";" if source.of(statement).rstrip().endswith(";") else ""
    text = f"{head}{call}{semicolon}"
    if leave is not None:
        text += f"\n{indent}if (!{created}) {leave if semicolon else leave.rstrip(';')}"
    return Edit(start=statement.start_byte, end=statement.end_byte, text=text)


def leaving(creation: Creation, row: str | None) -> str | None:
    """``return …;`` for a row that was there: as the function's own look has it, or its end."""
    return creations.answer_of_look(creation, row or "") or creations.early_return(
        creation, row or ""
    )


def _call(creation: Creation, where: Where, node: object) -> str:
    source = creation.source
    base = source.indent(creation.call.start_byte)
    inner = base + source.indent_unit
    conditions = ", ".join(entry(attribute, value) for attribute, (value, _) in where.items())
    lines = [f"where: {{ {conditions} }}"]
    defaults = _defaults(creation, where)
    if defaults:
        lines.append("defaults" if defaults == "defaults" else f"defaults: {defaults}")
    lines += creations.option_entries(creation)
    body = "".join(f"{inner}{each},\n" for each in lines)
    return f"{creation.model}.findOrCreate({{\n{body}{base}}})"


def _defaults(creation: Creation, where: Where) -> str:
    """The values without those that the ``where`` gives already, one level further in."""
    source, values = creation.source, creation.values
    if values.type != "object":
        return source.of(values)
    moved = {each.node.id for _, each in where.values() if each is not None}
    kept = [each for each in edit.properties(source, values) if each.node.id not in moved]
    if not kept:
        return ""
    text = _without(source.data, values.start_byte, values.end_byte, creation, moved)
    if "\n" not in text or any(_spans_lines(each) for each in edit.walk(values)):
        return text
    head, *rest = text.split("\n")
    return "\n".join(
        [head, *(source.indent_unit + each if each.strip() else each for each in rest)]
    )


def _without(data: bytes, start: int, end: int, creation: Creation, moved: set[int]) -> str:
    listed = edit.properties(creation.source, creation.values)
    cuts = []
    for index, each in enumerate(listed):
        if each.node.id not in moved:
            continue
        if index + 1 < len(listed):
            cuts.append((each.node.start_byte, listed[index + 1].node.start_byte))
        else:
            before = listed[index - 1].node.end_byte if index else start + 1
            cuts.append((before, each.node.end_byte))
    for low, high in sorted(cuts, reverse=True):
        data = data[:low] + data[high:]
        end -= high - low
    return data[start:end].decode()


def _spans_lines(node: object) -> bool:
    kind = getattr(node, "type", "")
    first, last = getattr(node, "start_point", (0, 0)), getattr(node, "end_point", (0, 0))
    return kind == "template_string" and first[0] != last[0]


def _why(ground: Ground, creation: Creation, listed: str) -> str:
    named = ground.constraint.name if ground.constraint else None
    why = (
        f"Two writers of one {listed} meet at {named or 'the unique index of part c'}; "
        "findOrCreate turns the refusal into a find, but only where its condition is the "
        "constraint that refuses."
    )
    if not creations.works_on(creation):
        return why
    if leaving(creation, creation.variable) is None:
        return why + " What follows in the function still runs for a row that was there."
    if not any("transaction" in each for each in creations.option_entries(creation)):
        why += (
            " What follows is left out for a row that was there; it is not in one transaction with "
            "the row, so an attempt that broke off in between stays half done."
        )
    return why


def _tempting_why(ground: Ground, listed: str) -> str:
    refuses = ground.constraint.name if ground.constraint else None
    return (
        f"The handler looks by {listed}, so it is the first thing to try. {listed} is not what the "
        f"violated constraint holds: the find misses, and {refuses or 'the constraint'} still "
        "refuses the insert."
    )
