"""Knex, Drizzle and node-postgres: one INSERT that adds the row or leaves the one that is there."""

from __future__ import annotations

import re

from redhanded.case.fix import FixPart
from redhanded.hunt.repair import creation as creations
from redhanded.hunt.repair import going_on
from redhanded.hunt.repair.creation import Creation
from redhanded.hunt.repair.insertion import Writing, writing
from redhanded.hunt.repair.remedy import Ground, found_or_created
from redhanded.hunt.repair.statements import Shape, Stated, aliases, commits, stated
from redhanded.hunt.repair.unique_index import columns_kept
from redhanded.source import edit
from redhanded.source.edit import Edit, Source

name = "find-or-create"


def parts(ground: Ground) -> tuple[FixPart, ...]:
    """Part ``b``, where the code allows to leave what follows to whoever has added the row."""
    place, columns = ground.place("create"), columns_kept(ground)
    library = ground.library_writing(place) if place is not None else None
    if not columns or library is None:
        return ()
    found = writing(ground, library, columns)
    text = None if found is None else rewritten(*found)
    if found is None or text is None:
        return ()
    how = (
        f"{found[1].how}, and tells by what it gives whether it has added the row; who has not "
        "goes no further." + going_on.caution(ground)
    )
    return (found_or_created(ground, columns, how, found[0].path, text),)


def rewritten(source: Source, write: Writing) -> str | None:
    """The file with the insert, and with what is done where the row was there; None where that
    cannot be told."""
    statement = stated(source, write.call)
    if statement is None or statement.shape == "returned":
        return None
    creation = _creation(source, write, statement)
    if statement.shape == "nothing" and not creations.works_on(creation):
        return _put(source, write.call.start_byte, write.call.end_byte, write.once)
    return _with_answer(source, write, statement, creation)


def _with_answer(
    source: Source, write: Writing, statement: Stated, creation: Creation
) -> str | None:
    bound, shape = statement.variable, statement.shape
    if bound is not None and write.told and write.told != write.once:
        return None  # It is given nothing to tell by.
    text = write.once if bound is not None else write.told or write.once
    if bound is None:
        bound, shape = creations.free_name(creation, "created", "added"), write.shape_told
    taken = creations.free_name(creation, "taken", "present")
    of_rows = shape == "rows"
    meant = f"{taken}.rows" if of_rows else taken
    leave = _leave(source, creation, statement, meant)
    if leave is None:
        return None
    pad = source.indent(statement.node.start_byte)
    inner = pad + source.indent_unit
    whole = source.of(statement.node)
    end = ";" if whole.rstrip().endswith(";") else ""
    head = source.data[statement.node.start_byte : write.call.start_byte].decode()
    tail = source.data[write.call.end_byte : statement.node.end_byte].decode()
    if statement.variable is None:
        named = f"[{bound}]" if shape == "first" else bound
        head = f"const {named} = {head}"
    answer = [*(each.rstrip(";") for each in _ends(source, creation)), leave.rstrip(";")]
    if re.search(rf"\b{re.escape(taken)}\b", leave):
        if write.look is None:
            return None
        read = "whole" if of_rows else "first" if statement.variable is None else shape
        answer.insert(0, write.look(taken, read))
    body = "".join(f"\n{inner}{each}{end}" for each in answer)
    text = f"{head}{text}{tail}\n{pad}if ({_none(bound, shape, write)}) {{{body}\n{pad}}}"
    return _put(source, statement.node.start_byte, statement.node.end_byte, text)


def _none(bound: str, shape: Shape, write: Writing) -> str:
    """The condition that no row was added."""
    if shape == "first":
        return f"!{bound}"
    if shape == "rows" or write.shape_told == "first":
        return f"{bound}.length === 0"
    return f"{bound}.rowCount === 0"


def _leave(source: Source, creation: Creation, statement: Stated, row: str) -> str | None:
    """``return …;`` for a row that was there; None where that is not known."""
    if len(_ends(source, creation)) > 1:
        return None
    found = creations.answer_of_look(creation, row) if statement.shape != "rows" else None
    if found is not None and statement.shape != "whole":
        return found
    known = aliases(source, statement.node, statement.variable) if statement.variable else {}
    return creations.early_return(creation, row, known)


def _ends(source: Source, creation: Creation) -> list[str]:
    """What ends a transaction that was begun by hand."""
    return commits(source, creation.call, creation.function)


def _creation(source: Source, write: Writing, statement: Stated) -> Creation:
    return Creation(
        source=source,
        call=write.call,
        model="",
        values=write.values or write.call,
        options=None,
        awaited=write.call.parent,
        statement=statement.node,
        variable=statement.variable,
        function=edit.enclosing(write.call, edit.FUNCTIONS),
    )


def _put(source: Source, start: int, end: int, text: str) -> str:
    return edit.apply(source, (Edit(start=start, end=end, text=text),))
