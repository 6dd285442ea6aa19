"""SQLAlchemy: add the row in a savepoint, and find the one that is there where it is refused.

``session.add`` sends nothing; the statement goes with a flush or a commit that may stand far from
it. Inside ``begin_nested`` it goes at once, and a refusal takes back no more than that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tree_sitter import Node

from redhanded.case.fix import FixPart
from redhanded.hunt.repair import going_on
from redhanded.hunt.repair.python import creation as creations
from redhanded.hunt.repair.python import find_or_create as django
from redhanded.hunt.repair.python.creation import Creation
from redhanded.hunt.repair.python.fields import python_files
from redhanded.hunt.repair.remedy import Ground, found_or_created
from redhanded.hunt.repair.unique_index import columns_kept
from redhanded.source import edit, edit_python
from redhanded.source.edit import Edit, Source

name = "find-or-create"

ADD = "add"
REFUSED = "IntegrityError"
_COLUMN = re.compile(
    r"""(\w+)\s*(?::[^=\n]+)?=\s*(?:\w+\.)*(?:mapped_column|Column)\(\s*['"](\w+)"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adding:
    """``session.add(row)`` after ``row = Model(name=value)``."""

    creation: Creation
    """Of the call that adds."""
    session: str
    row: str
    model: str
    asked: str
    """Arguments of ``filter_by`` that find the row."""
    asynchronous: bool


def parts(ground: Ground) -> tuple[FixPart, ...]:
    """Part ``b``, where the function shows what is added and by which values it is known."""
    columns = columns_kept(ground)
    adding = find(ground, columns) if columns else None
    if adding is None or django.unfit(ground) is not None:
        return ()
    how = (
        "The savepoint sends the INSERT where the row is added and takes back nothing else if it "
        "is refused; the row that is there is found then."
        + ("" if _leave(adding) else " What follows in the function still runs for it.")
        + going_on.caution(ground)
    )
    path = adding.creation.source.path
    return (found_or_created(ground, columns, how, path, rewritten(adding)),)


def absent(ground: Ground) -> str | None:
    """Why no part finds the row, where it could be written and would do harm."""
    columns = columns_kept(ground)
    adding = find(ground, columns) if columns else None
    return django.unfit(ground) if adding is not None else None


def find(ground: Ground, columns: tuple[str, ...]) -> Adding | None:
    """The nearest ``add`` of the table's model at or before the root cause's line."""
    place = ground.place("create")
    if place is None or not edit.is_python(place.path):
        return None
    if not (ground.library_writing(place) or "").startswith("sqlalchemy"):
        return None
    source = edit.read(ground.text(place.path), place.path)
    models = {
        each.model.rpartition(".")[2]
        for each in ground.code.accesses
        if each.table == ground.table and each.model
    }
    before = [
        adding
        for call in edit.calls(source, (ADD,))
        if call.start_point.row + 1 <= place.line + 1
        and (adding := _adding(ground, source, call, models, columns)) is not None
        and _holds(adding, place.line)
    ]
    return before[-1] if before else None


def rewritten(adding: Adding) -> str:
    """The file with the row added in a savepoint, and what that needs imported."""
    creation = adding.creation
    source, stated = creation.source, creation.statement
    assert stated is not None
    pad, unit = source.indent(stated.node.start_byte), source.indent_unit
    leave = _leave(adding)
    found = creations.free_name(creation, "existing", "present") if leave else adding.row
    opened = "async with" if adding.asynchronous else "with"
    lines = [
        "try:",
        f"{unit}{opened} {adding.session}.begin_nested():",
        f"{unit}{unit}{source.of(stated.node)}",
        f"except {REFUSED}:",
    ]
    if leave is None or re.search(rf"\b{found}\b", leave):
        lines.append(f"{unit}{found} = {_look(adding)}")
    lines += [f"{unit}{each}" for each in (*_ends(adding), leave) if leave and each]
    text = f"\n{pad}".join(lines)
    changes = [Edit(start=stated.node.start_byte, end=stated.node.end_byte, text=text)]
    return edit.apply(source, [*changes, *_imports(source, text)])


def _leave(adding: Adding) -> str | None:
    creation = adding.creation
    if not creations.works_on(creation) and not _returns(creation):
        return None
    row = creations.free_name(creation, "existing", "present")
    ends = _ends(adding)
    found = creations.leave(creation, row)
    return found if len(ends) <= 1 and found not in (None, "continue") else None


def _returns(creation: Creation) -> bool:
    stated = creation.statement
    following = edit_python.after(stated.node) if stated is not None else []
    return any(each.type == "return_statement" for each in following)


def _ends(adding: Adding) -> list[str]:
    """Statements of the function that commit the session after the row was added."""
    creation, session = adding.creation, adding.session
    function = creation.function
    return [
        creation.source.of(each)
        for each in (edit_python.own(function, "expression_statement") if function else ())
        if each.start_byte > creation.call.end_byte
        and re.fullmatch(
            rf"(?:await\s+)?{re.escape(session)}\.commit\(\)", creation.source.of(each)
        )
    ]


def _look(adding: Adding) -> str:
    source, session, model = adding.creation.source, adding.session, adding.model
    if not adding.asynchronous and ".query(" in source.data.decode("utf-8", "replace"):
        return f"{session}.query({model}).filter_by({adding.asked}).one()"
    asked = f"{session}.scalars(select({model}).filter_by({adding.asked}))"
    return f"(await {asked}).one()" if adding.asynchronous else f"{asked}.one()"


def _adding(
    ground: Ground, source: Source, call: Node, models: set[str], columns: tuple[str, ...]
) -> Adding | None:
    session = edit.callee(source, call)[0]
    given = edit.arguments(call)
    stated, function = edit_python.statement(source, call), edit_python.function(call)
    if len(given) != 1 or given[0].type != "identifier" or stated is None or function is None:
        return None
    if stated.variable is not None or stated.returned or REFUSED in source.of(function):
        return None
    row = source.of(given[0])
    made = _made(source, function, row, call, models)
    if not session or made is None:
        return None
    values = {each.name: each.value for each in edit_python.arguments(source, made) if each.name}
    model = edit.callee(source, made)[1]
    names = _attributes(ground, columns)
    if any(each not in values for each in names):
        return None
    return Adding(
        creation=Creation(
            source=source,
            call=call,
            manager=session,
            method=ADD,
            given=(),
            statement=edit_python.Statement(node=stated.node, variable=row, returned=False),
            function=function,
        ),
        session=session,
        row=row,
        model=model,
        asked=", ".join(f"{each}={values[each]}" for each in names),
        asynchronous=_asynchronous(source, function, session),
    )


def _made(source: Source, function: Node, row: str, call: Node, models: set[str]) -> Node | None:
    """The constructor's call that ``row`` is set to before it is added."""
    found = None
    for each in edit_python.own(function, "assignment"):
        left, right = each.child_by_field_name("left"), each.child_by_field_name("right")
        if left is None or right is None or each.start_byte > call.start_byte:
            continue
        if source.of(left) == row:
            called = edit.callee(source, right)[1] if right.type == "call" else ""
            found = right if called in models else None
    return found


def _attributes(ground: Ground, columns: tuple[str, ...]) -> list[str]:
    """What the models call these columns."""
    called: dict[str, str] = {}
    for path in _programs(ground):
        text = path.read_text(encoding="utf-8", errors="replace")
        if "olumn(" in text:
            called.update({match[2]: match[1] for match in _COLUMN.finditer(text)})
    return [called.get(each, each) for each in columns]


def _programs(ground: Ground) -> list[Path]:
    return list(python_files(ground.root, ground.system.source or (".",)))


def _asynchronous(source: Source, function: Node, session: str) -> bool:
    waited = re.compile(rf"await\s+{re.escape(session)}\.")
    return bool(waited.search(source.of(function))) or (
        source.of(function).startswith("async")
        and "AsyncSession" in source.data.decode("utf-8", "replace")
    )


def _holds(adding: Adding, line: int) -> bool:
    """Whether a line is in the function that adds."""
    function = adding.creation.function
    return edit.covers(function, line)


def _imports(source: Source, text: str) -> list[Edit]:
    known = edit_python.names(source, source.tree)
    wanted = [
        line
        for word, line in (
            ("select", "from sqlalchemy import select"),
            (REFUSED, "from sqlalchemy.exc import IntegrityError"),
        )
        if re.search(rf"\b{word}\b", text) and word not in known
    ]
    top = [
        each
        for each in source.tree.named_children
        if each.type in {"import_statement", "import_from_statement", "future_import_statement"}
    ]
    if not wanted:
        return []
    place = top[-1].end_byte if top else 0
    lines = "\n".join(wanted)
    return [Edit(start=place, end=place, text=f"\n{lines}" if top else f"{lines}\n\n")]
