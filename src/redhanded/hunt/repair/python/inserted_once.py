"""INSERT that a Python program writes by hand: it adds the row or leaves the one that is there."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from tree_sitter import Node

from redhanded.case.fix import FixPart
from redhanded.hunt.repair import going_on, region
from redhanded.hunt.repair.insertion import INSERT, PLAIN_NAME
from redhanded.hunt.repair.python import creation as creations
from redhanded.hunt.repair.python import find_or_create as django
from redhanded.hunt.repair.python import written_sql
from redhanded.hunt.repair.python.creation import Creation
from redhanded.hunt.repair.python.fields import python_files
from redhanded.hunt.repair.remedy import Ground, found_or_created
from redhanded.hunt.repair.unique_index import columns_kept
from redhanded.source import edit, edit_python
from redhanded.source.edit import Edit, Source

name = "find-or-create"

_DRIVERS = frozenset({"psycopg", "psycopg2", "psycopg_pool", "asyncpg"})
_TOLD = re.compile(r"UniqueViolation|IntegrityError|23505")
"""Where a program answers a refused row itself, it has to go on being refused."""
_ONE = frozenset({"fetchone", "fetchrow", "fetchval"})
_CLEANS = re.compile(r"\b(?:release|putconn|rollback)\b|advisory_unlock")
"""What a return that comes earlier would leave out."""
_TWICE = re.compile(r"\b(?!str\b|int\b|get\b|strip\b|lower\b|upper\b)\w+\s*\(")
"""A call that may give something else the second time."""
_PLAIN = re.compile(r"(\w+)(?:\s+is\s+not\s+None|\s*!=\s*None)?")
_FETCHES = ("fetchone", "fetchrow", "fetchval")
_MARK = re.compile(r"%s|%\((\w+)\)s|\$(\d+)|:(\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Adding:
    """One INSERT."""

    creation: Creation
    text: Node
    """What is written out."""
    found: re.Match[str]
    """In it: table, columns, values."""
    receiver: str
    asynchronous: bool
    library: str
    outermost: Node
    """The call, or the one around it that takes what it gives."""
    gives: str
    """What stands behind RETURNING; empty where it gives nothing."""
    again: tuple[str, ...] = ()
    """Statements of the function that look for the row and answer who finds it, the last one a
    return."""
    asked: tuple[str, ...] | None
    """Source texts of the values of the columns that are unique."""
    columns: tuple[str, ...]


def parts(ground: Ground) -> tuple[FixPart, ...]:
    """Part ``b``, where the code shows what becomes of a row that was there."""
    columns = columns_kept(ground)
    adding = find(ground, columns) if columns else None
    text = rewritten(adding) if adding is not None else None
    if adding is None or text is None or django.unfit(ground) is not None:
        return ()
    how = "ON CONFLICT … DO NOTHING adds the row or leaves the one that is there." + (
        ""
        if adding.again or _leave(adding) or not creations.works_on(adding.creation)
        else " What follows in the function still runs for it."
    )
    path = adding.creation.source.path
    return (found_or_created(ground, columns, how + going_on.caution(ground), path, text),)


def absent(ground: Ground) -> str | None:
    """Why no part finds the row, where it could be written and would do harm."""
    columns = columns_kept(ground)
    adding = find(ground, columns) if columns else None
    return django.unfit(ground) if adding is not None else None


def find(ground: Ground, columns: tuple[str, ...]) -> Adding | None:
    """The INSERT at the root cause's line; None where it is not understood."""
    place = ground.place("create")
    if place is None or not edit.is_python(place.path):
        return None
    library = ground.library_writing(place)
    if library not in _DRIVERS or not all(PLAIN_NAME.fullmatch(each) for each in columns):
        return None
    source = edit.read(ground.text(place.path), place.path)
    found = [
        adding
        for call in edit.calls(source, written_sql.ASKS)
        if edit.covers(call, place.line)
        and (adding := _adding(source, call, columns, library)) is not None
    ]
    if len(found) != 1 or _is_answered(ground, found[0]):
        return None
    again = _looked(ground, found[0])
    return None if again is None else replace(found[0], again=again)


def _is_answered(ground: Ground, adding: Adding) -> bool:
    """Whether somebody catches the refusal, or the statement is one of several on its lines."""
    source, stated = adding.creation.source, adding.creation.statement
    texts = (
        each.read_text("utf-8", "replace")
        for each in python_files(ground.root, ground.system.source or (".",))
    )
    function = adding.creation.function
    if function is not None and _CLEANS.search(source.of(function)):
        return True
    around = edit.enclosing(adding.creation.call, ("try_statement", "function_definition"))
    if stated is None or (around is not None and around.type == "try_statement"):
        return True
    first = source.data[source.line_start(stated.node.start_byte) : stated.node.start_byte]
    rest = source.data[stated.node.end_byte :].split(b"\n", 1)[0]
    alone = not first.strip() and not rest.split(b"#")[0].strip()
    return not alone or any(_TOLD.search(each) for each in texts)


def rewritten(adding: Adding) -> str | None:
    """The file with the clause, and with what is done where the row was there."""
    creation = adding.creation
    source, stated = creation.source, creation.statement
    clause = f"ON CONFLICT ({', '.join(adding.columns)}) DO NOTHING"
    inside = written_sql.inside(source, adding.text)
    kept = inside[: adding.found.end()].rstrip()
    lines = re.findall(r"\n([ \t]*)\S", inside)
    put = f"\n{lines[-1]}{clause}" if lines and "\n" in inside.strip() else f" {clause}"
    at = adding.text.children[0].end_byte + len(kept.encode())
    edits = [Edit(start=at, end=at, text=put)]
    if not adding.gives and not creations.works_on(creation):
        return edit.apply(source, edits)
    more = _answer(adding)
    if stated is None or more is None:
        return None
    head, condition, body = more
    if head:
        start = stated.node.start_byte
        edits.append(Edit(start=start, end=start, text=head))
    if body:
        pad = source.indent(stated.node.start_byte)
        inner = f"\n{pad}{source.indent_unit}"
        text = f"\n{pad}if {condition}:" + "".join(f"{inner}{each}" for each in body)
        edits.append(Edit(start=stated.node.end_byte, end=stated.node.end_byte, text=text))
    return edit.apply(source, edits)


def _answer(adding: Adding) -> tuple[str, str, list[str]] | None:
    """What stands before the statement, the condition that the row was there, and what is done
    then; None where that cannot be told."""
    creation = adding.creation
    stated = creation.statement
    if stated is None or stated.returned:
        return None
    told = _told(adding)
    if told is None:
        return None
    if adding.again:
        return *told, list(adding.again)
    leave = _leave(adding)
    ends = [*(_ends(adding) if leave else ()), *([leave] if leave else ())]
    look = _look(adding) if adding.gives else None
    if adding.gives and look is None:
        return None
    bound = f"{stated.variable} = " if stated.variable is not None else ""
    return *told, [*([f"{bound}{look}"] if look else ()), *ends]


def _told(adding: Adding) -> tuple[str, str] | None:
    """What keeps the outcome, before the statement, and the condition that no row was added."""
    creation, stated = adding.creation, adding.creation.statement
    taken = edit.callee(creation.source, adding.outermost)[1]
    variable = stated.variable if stated is not None else None
    if variable is not None:
        return ("", f"{variable} is None") if taken in _ONE and adding.gives else None
    name = creations.free_name(creation, "added", "inserted")
    if taken in _ONE:
        return (f"{name} = ", f"{name} is None") if adding.gives else None
    if taken != "execute":
        return None
    if adding.library == "asyncpg":
        return f"{name} = ", f'{name} == "INSERT 0 0"'
    if adding.library == "psycopg2" or _is_cursor(adding):
        return "", f"{adding.receiver}.rowcount == 0"
    return f"{name} = ", f"{name}.rowcount == 0"


def _is_cursor(adding: Adding) -> bool:
    creation = adding.creation
    made = (
        written_sql.names_bound(creation.source, creation.function)
        if creation.function is not None
        else {}
    )
    by = made.get(adding.receiver)
    called = edit.callee(creation.source, by)[1] if by is not None else ""
    return called == "cursor" or re.search(r"(?:^|_)cur(?:sor)?$", adding.receiver) is not None


def _look(adding: Adding) -> str | None:
    """What reads the row that is there, as the INSERT would have given it."""
    creation, asked = adding.creation, adding.asked
    if asked is None:
        return None
    source, stated = creation.source, creation.statement
    where = " AND ".join(
        f"{column} = {f'${number}' if adding.library == 'asyncpg' else '%s'}"
        for number, column in enumerate(adding.columns, 1)
    )
    query = f'"SELECT {adding.gives} FROM {adding.found[1]} WHERE {where}"'
    if '"' in query[1:-1] and "'" in query:
        return None
    if '"' in query[1:-1]:
        query = f"'{query[1:-1]}'"
    given = ", ".join(asked) if adding.library == "asyncpg" else f"({', '.join(asked)},)"
    wait = "await " if adding.asynchronous else ""
    call = f"{adding.receiver}.{creation.method}({query}, {given})"
    whole = source.of(stated.node) if stated is not None else ""
    if ".fetchone()" not in whole:
        return f"{wait}{call}"
    return f"{wait}({wait}{call}).fetchone()" if wait else f"{call}.fetchone()"


def _looked(ground: Ground, adding: Adding) -> tuple[str, ...] | None:
    """From the look for the row to what it is answered with, as they stand before the INSERT; empty
    where the function does not look, None where its answer is not understood."""
    place, creation = ground.place("look-up"), adding.creation
    source, stated = creation.source, creation.statement
    function = creation.function
    if place is None or function is None or stated is None or place.path != source.path:
        return ()
    look = region.statement_at(source, place.line)
    if look is None or edit_python.function(look) != function:
        return ()
    block = look.parent
    if block is None or stated.node.parent is None or block.id != stated.node.parent.id:
        return None
    after = [each for each in block.named_children if each.start_byte >= look.start_byte]
    after = [each for each in after if each.type != "comment"]
    number = next((n for n, each in enumerate(after[:4]) if each.type == "if_statement"), 0)
    bound = {name for each in after[:number] for name in edit_python.bound(source, each)}
    answered = after[number] if number else None
    if answered is None or answered.end_byte > stated.node.start_byte:
        return None
    condition = answered.child_by_field_name("condition")
    inside = answered.child_by_field_name("consequence")
    body = [each for each in inside.named_children if each.type != "comment"] if inside else []
    asks = _PLAIN.fullmatch(source.of(condition)) if condition is not None else None
    if asks is None or asks[1] not in bound or not body:
        return None
    if body[-1].type not in ("return_statement", "raise_statement"):
        return None
    if set(ground.look_up_columns) != set(adding.columns) or not _asks_alone(
        source, after[:number]
    ):
        return None
    pad = f"\n{source.indent(stated.node.start_byte)}{source.indent_unit}"
    return tuple(
        source.of(each).replace(f"\n{source.indent(each.start_byte)}", pad)
        for each in (*after[:number], *body)
    )


def _asks_alone(source: Source, statements: list[Node]) -> bool:
    """Whether nothing stands there but what asks the database and takes what it gives."""
    called = {
        edit.callee(source, each)[1]
        for statement in statements
        for each in edit.walk(statement)
        if each.type == "call"
    }
    return called <= {*written_sql.ASKS, *_FETCHES, "str", "int", "float", "get", "strip", "lower"}


def _leave(adding: Adding) -> str | None:
    creation = adding.creation
    if not creations.works_on(creation):
        return None
    stated = creation.statement
    row = stated.variable if stated is not None else None
    found = creations.leave(creation, row)
    return found if found != "continue" and len(_ends(adding)) <= 1 else None


def _ends(adding: Adding) -> list[str]:
    """Statements of the function that commit after the row was added."""
    creation = adding.creation
    return [
        creation.source.of(each)
        for each in (
            edit_python.own(creation.function, "expression_statement") if creation.function else ()
        )
        if each.start_byte > creation.call.end_byte
        and re.fullmatch(r"(?:await\s+)?[\w.]+\.commit\(\)", creation.source.of(each))
    ]


def _adding(source: Source, call: Node, columns: tuple[str, ...], library: str) -> Adding | None:
    text, function = written_sql.text_of(source, call), edit_python.function(call)
    if text is None or text.type != "string" or function is None:
        return None
    inside = written_sql.inside(source, text)
    found = INSERT.match(inside)
    interpolated = any(each.type == "interpolation" for each in text.children)
    starred = any("splat" in each.type for each in edit.arguments(call))
    if found is None or interpolated or starred or "on conflict" in inside.lower():
        return None
    receiver, method = edit.callee(source, call)
    returning = re.match(r"\s*returning\s+(.+?)\s*;?\s*$", inside[found.end() :], re.I | re.DOTALL)
    outer = _outermost(source, call)
    stated = edit_python.statement(source, outer) if outer is not None else None
    gives = re.sub(r"\s+", " ", returning[1]) if returning is not None else ""
    if outer is None or re.search(r"\bas\s|xmax", f"{found[0].split('(')[0]} {gives}", re.I):
        return None
    if stated is None or (inside[found.end() :].strip(" \n\t;") and not gives):
        return None
    return Adding(
        creation=Creation(
            source=source,
            call=call,
            manager=receiver,
            method=method,
            given=(),
            statement=stated,
            function=function,
        ),
        text=text,
        found=found,
        receiver=receiver,
        asynchronous=edit_python.awaited(call).type == "await",
        library=library,
        outermost=outer,
        gives=gives,
        asked=_asked(source, call, found, columns),
        columns=columns,
    )


def _outermost(source: Source, call: Node) -> Node | None:
    """``call``, or ``call.fetchone()`` around it, with what is awaited and in brackets."""
    node = call
    while node.parent is not None:
        parent = node.parent
        if parent.type in ("await", "parenthesized_expression"):
            node = parent
            continue
        around = parent.parent
        if parent.type != "attribute" or around is None or around.type != "call":
            break
        if edit.callee(source, around)[1] not in _FETCHES:
            return None
        node = around
    return node.named_children[0] if node.type == "await" else node


def _asked(
    source: Source, call: Node, found: re.Match[str], columns: tuple[str, ...]
) -> tuple[str, ...] | None:
    """Source texts of the parameters that are put into ``columns``."""
    names = [each.strip().strip('"').lower() for each in found[2].split(",")]
    put = [each.strip() for each in found[3].split(",")]
    given = edit.arguments(call)[1:]
    if len(put) != len(names) or not given:
        return None
    texts = []
    for column in columns:
        place = names.index(column) if column in names else None
        mark = _MARK.fullmatch(put[place]) if place is not None else None
        if place is None or mark is None:
            return None
        value = _value(source, given, mark, sum("%s" in each for each in put[:place]))
        if value is None or _TWICE.search(value):
            return None
        texts.append(value)
    return tuple(texts)


def _value(source: Source, given: list[Node], mark: re.Match[str], before: int) -> str | None:
    named = mark[1] or mark[3]
    if mark[2]:
        number = int(mark[2]) - 1
        return source.of(given[number]) if number < len(given) else None
    if named:
        pairs = [each for each in given[0].named_children if each.type == "pair"]
        for each in pairs if given[0].type == "dictionary" else ():
            key, value = each.child_by_field_name("key"), each.child_by_field_name("value")
            if key is not None and value is not None and source.of(key).strip("'\"") == named:
                return source.of(value)
        return None
    if given[0].type not in ("tuple", "list"):
        return None
    listed = [each for each in given[0].named_children if each.type != "comment"]
    return source.of(listed[before]) if before < len(listed) else None
