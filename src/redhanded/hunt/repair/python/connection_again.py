"""psycopg and asyncpg: a function whose transaction is run again if PostgreSQL turns it away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tree_sitter import Node

from redhanded.case.evidence import Location
from redhanded.hunt.repair.isolation import SET, is_named, named_weaker
from redhanded.hunt.repair.python import written_sql
from redhanded.hunt.repair.python.decorating import (
    before_the_first,
    decorators,
    function_at,
    indent_unit,
    is_route,
    is_taken,
    joined,
)
from redhanded.hunt.repair.python.imports import imported
from redhanded.hunt.repair.python.repeatable import is_repeatable
from redhanded.hunt.repair.region import Runner
from redhanded.hunt.repair.remedy import Ground
from redhanded.source import edit, edit_python
from redhanded.source.edit import Edit, Source

NAME = "retried"
_PSYCOPG, _ASYNCPG = frozenset({"psycopg", "psycopg_pool"}), frozenset({"asyncpg"})
_ERRORS = {
    _PSYCOPG: ("psycopg.errors", ("DeadlockDetected", "SerializationFailure")),
    _ASYNCPG: ("asyncpg", ("DeadlockDetectedError", "SerializationError")),
}
_GIVES = frozenset({"acquire", "connection", "connect"})
_ENDS = frozenset({"commit", "rollback", "start"})
_HELPER = '''\
def retried(work):
    """Runs a transaction again that PostgreSQL has turned away for the sake of another."""

    @functools.wraps(work)
    def again({first}*args, **kwargs):
{guard}        attempts = 10
        for attempt in range(1, attempts + 1):
            try:
                return work({first}*args, **kwargs)
            except ({errors}):
                if attempt == attempts:
                    raise

    return again
'''
_GUARD = """\
        if {begun}:  # It is for who has begun it to run it again.
            return work({first}*args, **kwargs)
"""
_BEGUN = {
    _PSYCOPG: "{}.info.transaction_status",
    _ASYNCPG: "{}.is_in_transaction()",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Transaction:
    """``with connection.transaction():`` in a function, or psycopg's ``with pool.connection()``,
    which ends with its COMMIT."""

    block: Node
    """The ``with``."""
    call: Node
    """What begins it."""
    connection: str
    given: str = ""
    """The parameter that the connection is; empty where it is made in the function."""


def is_asked(ground: Ground) -> bool:
    """Whether the program asks its database through one of them alone."""
    return _family(ground) is not None


def found(ground: Ground, frames: Sequence[Location]) -> tuple[Runner, ...]:
    """The functions of ``frames`` that run a transaction around them, the innermost first."""
    known: dict[Runner, None] = {}
    for each in frames:
        source = edit.read(ground.text(each.path), each.path)
        function = function_at(source, each.line)
        begun = _transaction(ground, source, function) if function is not None else None
        if function is not None and begun is not None and edit.covers(begun.block, each.line):
            first, last = function.start_point.row + 1, function.end_point.row + 1
            known[Runner(path=each.path, line=first, last=last)] = None
    return tuple(known)


def rewritten(ground: Ground, path: str, lines: Sequence[int], serializable: bool) -> str | None:
    """The file with the functions that begin at ``lines`` run again, ``serializable`` or as they
    are; None where one of them is not known to do no harm when it is run twice."""
    source = edit.read(ground.text(path), path)
    family = _family(ground)
    edits: list[Edit] = []
    kinds: set[tuple[str, bool]] = set()
    functions: list[Node] = []
    for line in lines:
        function = function_at(source, line)
        begun = _transaction(ground, source, function) if function is not None else None
        if function is None or begun is None or family is None:
            return None
        if NAME in edit_python.names(source, source.tree):
            return None
        level = _level(source, function, begun, family) if serializable else []
        if level is None or not is_repeatable(ground, source, function):
            return None
        if not _is_alone(source, function, begun):
            return None
        at = function.start_byte
        edits += [Edit(start=at, end=at, text=f"@{NAME}\n{source.indent(at)}"), *level]
        kinds.add((begun.given, source.of(function).startswith("async")))
        functions.append(function)
    if len(kinds) != 1 or family is None:
        return None
    ((given, is_async),) = kinds
    module, names = _ERRORS[family]
    wanted = [("functools", ""), *((module, each) for each in names)]
    top = before_the_first(source)
    first = min((_outermost(each).start_byte for each in functions), default=0)
    if not top or first < top or is_taken(source, wanted, ()):
        return None
    unit = indent_unit(source, functions[0])
    text = _helper(family, given, is_async=is_async).replace("    ", unit)
    helper = Edit(start=top, end=top, text=f"{text}\n\n")
    return edit.apply(source, joined([helper, *edits, *imported(source, wanted)]))


def _helper(family: frozenset[str], given: str, *, is_async: bool) -> str:
    by_name = given.startswith("kwargs")
    first = f"{given}, " if given and not by_name else ""
    text = _HELPER.replace("{guard}", _GUARD if given else "")
    text = text.replace("{begun}", _BEGUN[family].format(given)).replace("{first}", first)
    text = text.replace("{errors}", ", ".join(_ERRORS[family][1]))
    if is_async:
        text = text.replace("    def again", "    async def again")
        text = text.replace("return work(", "return await work(")
    return text


def _family(ground: Ground) -> frozenset[str] | None:
    libraries = {each.library for each in ground.code.accesses}
    return next((each for each in _ERRORS if libraries and libraries <= each), None)


def _transaction(ground: Ground, source: Source, function: Node) -> _Transaction | None:
    """The only one of a function; None where it commits by hand, or where that is in a loop."""
    family = _family(ground)
    calls = list(edit_python.own(function, "call"))
    if any(edit.callee(source, each)[1] in _ENDS for each in calls):
        return None
    made = written_sql.names_bound(source, function)
    begun = [each for each in calls if edit.callee(source, each)[1] == "transaction"]
    if not begun and family is _PSYCOPG and "autocommit" not in source.of(function):
        begun = [
            each for each in calls if edit.callee(source, each)[1] in ("connection", "connect")
        ]
    block = edit.enclosing(begun[0], ("with_statement",)) if len(begun) == 1 else None
    if block is None or not _is_head(block, begun[0]):
        return None
    around = edit.enclosing(block, (*edit_python.LOOPS, "function_definition"))
    if around is None or around.id != function.id:
        return None
    subject, method = edit.callee(source, begun[0])
    if method != "transaction":
        name = next((word for word, call in made.items() if call.id == begun[0].id), None)
        return _Transaction(block=block, call=begun[0], connection=name) if name else None
    by = made.get(subject)
    if by is not None and edit.callee(source, by)[1] in _GIVES:
        return _Transaction(block=block, call=begun[0], connection=subject)
    if by is not None or subject not in edit_python.parameters(source, function):
        return None
    given = _given(source, function, subject)
    if given is None:
        return None
    return _Transaction(block=block, call=begun[0], connection=subject, given=given)


def _given(source: Source, function: Node, name: str) -> str | None:
    """How the decorator reaches the connection; None where it is not known by which name it is
    given."""
    if is_route(source, function):
        return f'kwargs["{name}"]'
    listed = function.child_by_field_name("parameters")
    first = listed.named_children[0] if listed is not None and listed.named_children else None
    is_first = first is not None and name in edit_python.names(source, first)
    return name if is_first and not decorators(function) else None


def _is_alone(source: Source, function: Node, begun: _Transaction) -> bool:
    """Whether a function does nothing beside its transaction but make the connection, and what it
    is given is not used up by the first run."""
    body = begun.block.child_by_field_name("body")
    if body is None or body.start_point.row == begun.block.start_point.row:
        return False
    made = written_sql.names_bound(source, function)
    making = {call.id for call in made.values() if edit.callee(source, call)[1] in _GIVES}
    heads = set[int]()
    node: Node | None = begun.block
    while node is not None and node.id != function.id:
        heads |= {each.id for each in _head_calls(node)}
        node = node.parent
    for call in edit_python.own(function, "call"):
        before = _parameters_end(function) < call.start_byte and call.end_byte <= body.start_byte
        if before and call.id not in heads:
            return False
    parameters = edit_python.parameters(source, function)
    for each in edit_python.own(function, "for_statement"):
        over = each.child_by_field_name("right")
        if over is not None and over.type == "identifier" and source.of(over) in parameters:
            return False
    if any(edit.callee(source, each) == ("", "next") for each in edit_python.own(function, "call")):
        return False
    if begun.given and f"{begun.connection}=" in source.of(function).split(":\n")[0].replace(
        " ", ""
    ):
        return begun.given.startswith("kwargs")
    return making <= heads  # What is given back by itself, whatever happens.


def _head_calls(node: Node) -> list[Node]:
    """Calls in the head of a ``with``."""
    body = node.child_by_field_name("body")
    if node.type != "with_statement" or body is None:
        return []
    return [
        each for each in edit.walk(node) if each.type == "call" and each.end_byte <= body.start_byte
    ]


def _parameters_end(function: Node) -> int:
    listed = function.child_by_field_name("parameters")
    return listed.end_byte if listed is not None else function.start_byte


def _outermost(node: Node) -> Node:
    """The statement of the file that holds a node."""
    current = node
    while current.parent is not None and current.parent.parent is not None:
        current = current.parent
    return current


def _is_head(block: Node, call: Node) -> bool:
    """Whether a call stands in the head of a ``with``, and not in what it holds."""
    body = block.child_by_field_name("body")
    return body is not None and call.end_byte <= body.start_byte


def _level(
    source: Source, function: Node, begun: _Transaction, family: frozenset[str]
) -> list[Edit] | None:
    """SERIALIZABLE where the transaction begins."""
    if is_named(source, function):
        return []
    weaker = named_weaker(source, function)
    if weaker:
        return weaker
    if family is _ASYNCPG:
        given = edit.arguments(begun.call)
        if any("splat" in each.type or "isolation" in source.of(each) for each in given):
            return None
        if source.of(begun.call)[:-1].rstrip().endswith(","):
            return None
        at = begun.call.end_byte - 1
        return [Edit(start=at, end=at, text=f'{", " if given else ""}isolation="serializable"')]
    body = begun.block.child_by_field_name("body")
    first = (
        next((each for each in body.named_children if each.type != "comment"), None)
        if body
        else None
    )
    if first is None:
        return None
    wait = "await " if source.of(function).startswith("async") else ""
    text = f'{wait}{begun.connection}.execute("{SET}")\n{source.indent(first.start_byte)}'
    return [Edit(start=first.start_byte, end=first.start_byte, text=text)]
