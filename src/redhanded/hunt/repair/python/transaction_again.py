"""Django and SQLAlchemy: a function whose transaction is run again if PostgreSQL turns it away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from redhanded.case.evidence import Location
from redhanded.hunt.repair.isolation import SET, is_named, named_weaker
from redhanded.hunt.repair.python import connection_again
from redhanded.hunt.repair.python.decorating import (
    before_the_first,
    decorators,
    function_at,
    indent_unit,
    is_route,
    is_taken,
    joined,
)
from redhanded.hunt.repair.python.fields import python_files
from redhanded.hunt.repair.python.imports import imported
from redhanded.hunt.repair.python.repeatable import binds, is_repeatable
from redhanded.hunt.repair.region import Runner
from redhanded.hunt.repair.remedy import Ground
from redhanded.source import edit, edit_python
from redhanded.source.edit import Edit, Source

NAME = "retried"
_ATOMIC = re.compile(r"\batomic\b")
_OWN_DATABASE = re.compile(r"\batomic\((?!\s*(?:(?:savepoint|durable)\b[^()]*)?\))")
_RUNS, _ATOM = frozenset({"begin", "commit"}), frozenset({"atomic"})
_HELPER = '''\
def retried(work):
    """Runs a transaction again that PostgreSQL has turned away for the sake of another."""

    @functools.wraps(work)
    def again({first}*args, **kwargs):
{guard}        attempts = 10
        for attempt in range(1, attempts + 1):
{level}            try:
                return work({first}*args, **kwargs)
            except {error} as error:
{back}                cause = error.{of}
                code = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
                if code not in ("40001", "40P01") or attempt == attempts:
                    raise

    return again
'''
_AT_LEVEL = 'connection(execution_options={"isolation_level": "SERIALIZABLE"})'
_GUARD = """\
        if {session}.in_transaction():  # It is for who has begun it to run it again.
            return work({first}*args, **kwargs)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Session:
    """What the statements of SQLAlchemy are given to."""

    text: str
    """As it is written."""
    made: bool = False
    """It is made in the function, and ends with it; else it has to be rolled back."""
    given: bool = False
    """It is the first parameter of the function."""


def found(ground: Ground, frames: Sequence[Location]) -> tuple[Runner, ...]:
    """The functions of ``frames`` that run a transaction around them, the best first: with Django
    the outermost, whose transaction holds those inside of it."""
    if connection_again.is_asked(ground):
        return connection_again.found(ground, frames)
    known: dict[Runner, None] = {}
    for each in frames:
        source = edit.read(ground.text(each.path), each.path)
        function = function_at(source, each.line)
        if function is not None and _runs_one(source, function, _words(ground), each.line):
            first, last = function.start_point.row + 1, function.end_point.row + 1
            known[Runner(path=each.path, line=first, last=last)] = None
    ordered = list(known)
    return tuple(reversed(ordered)) if _is_django(ground) else tuple(ordered)


def rewritten(ground: Ground, path: str, lines: Sequence[int], serializable: bool) -> str | None:
    """The file with the functions that begin at ``lines`` run again, ``serializable`` or as they
    are; None where one of them is not known to do no harm when it is run twice."""
    if connection_again.is_asked(ground):
        return connection_again.rewritten(ground, path, lines, serializable)
    source = edit.read(ground.text(path), path)
    edits: list[Edit] = []
    kinds: dict[tuple[str, str], None] = {}
    for line in lines:
        function = function_at(source, line)
        if function is None or NAME in edit_python.names(source, source.tree):
            return None
        session = None if _is_django(ground) else _session(source, function)
        if not _is_known(ground, session):
            return None
        level = _level(source, function, session) if serializable else []
        if level is None or not is_repeatable(ground, source, function):
            return None
        decorated = _decorated(source, function, session)
        if decorated is None:
            return None
        edits += [decorated, *level]
        given = f"{session.text}, " if session is not None and session.given else ""
        kinds[given, session.text if session is not None and not session.made else ""] = None
    helper = _helper(ground, source, lines, kinds, serializable=serializable)
    sets = any(SET in each.text for each in edits)
    wanted = [("functools", ""), *_names(ground), *([("django.db", "connection")] if sets else [])]
    if helper is None or is_taken(source, wanted, lines if sets else ()):
        return None
    return edit.apply(source, joined([helper, *edits, *imported(source, wanted)]))


def _is_known(ground: Ground, session: _Session | None) -> bool:
    """Whether it is a program of Django whose requests are no transactions, or of SQLAlchemy."""
    libraries = {each.library.partition(".")[0] for each in ground.code.accesses}
    if not _is_django(ground):
        return session is not None and libraries <= {"sqlalchemy", "flask_sqlalchemy", "sqlmodel"}
    texts = (each.read_text("utf-8", "replace") for each in python_files(ground.root, (".",)))
    return not any("ATOMIC_REQUESTS" in text for text in texts)


def _helper(
    ground: Ground,
    source: Source,
    lines: Sequence[int],
    kinds: dict[tuple[str, str], None],
    *,
    serializable: bool,
) -> Edit | None:
    """The decorator, before the first function or class; None where one does not do for all."""
    functions = [each for line in lines if (each := function_at(source, line)) is not None]
    waits = {source.of(each).startswith("async") for each in functions}
    if len(kinds) != 1 or len(waits) != 1:
        return None
    ((first, back),) = kinds
    is_async = waits.pop()
    error, of = ("OperationalError", "__cause__") if _is_django(ground) else ("DBAPIError", "orig")
    wait = "await " if is_async else ""
    taken_back = f"                {wait}{back}.rollback()\n" if back else ""
    begun = f"            {wait}{back}.{_AT_LEVEL}\n" if back and serializable else ""
    text = _HELPER.replace("{guard}", _GUARD if back else "").replace("{back}", taken_back)
    text = text.replace("{level}", begun)
    for key, value in (("session", back), ("first", first), ("error", error), ("of", of)):
        text = text.replace(f"{{{key}}}", value)
    if is_async:
        text = text.replace("    def again", "    async def again")
        text = text.replace("return work(", "return await work(")
    text = text.replace("    ", indent_unit(source, functions[0]))
    at = before_the_first(source)
    return Edit(start=at, end=at, text=f"{text}\n\n") if at is not None else None


def _names(ground: Ground) -> list[tuple[str, str]]:
    if _is_django(ground):
        return [("django.db", "OperationalError")]
    return [("sqlalchemy.exc", "DBAPIError")]


def _is_django(ground: Ground) -> bool:
    return any(each.library.startswith("django") for each in ground.code.accesses)


def _words(ground: Ground) -> frozenset[str]:
    """What is called to begin or commit a transaction."""
    return _ATOM if _is_django(ground) else _RUNS


def _runs_one(source: Source, function: Node, words: frozenset[str], line: int) -> bool:
    """Whether a function's own lines run one transaction, which has one of them in it."""
    runners = list(_runners(source, function, words))
    if words is _ATOM and any(_ATOMIC.search(source.of(each)) for each in decorators(function)):
        return not runners
    if len(runners) != 1:
        return False
    around = edit.enclosing(runners[0], (*edit_python.LOOPS, "function_definition", "if_statement"))
    if around is None or around.id != function.id:
        return False
    block = edit.enclosing(runners[0], ("with_statement",))
    inside = block is None or edit.covers(block, line)
    return inside if words is _ATOM else inside or edit.callee(source, runners[0])[1] == "commit"


def _runners(source: Source, function: Node, words: frozenset[str]) -> Iterator[Node]:
    """Calls in its own lines that begin or commit a transaction."""
    for each in edit_python.own(function, "call"):
        if edit.callee(source, each)[1] in words:
            yield each


def _decorated(source: Source, function: Node, session: _Session | None) -> Edit | None:
    """``@retried`` outside of ``@atomic``, and inside of what else is there."""
    known = decorators(function)
    if session is not None and session.given and known:
        return None  # A framework may give it by its name.
    outside = next((each for each in known if _ATOMIC.search(source.of(each))), function)
    at = outside.start_byte
    return Edit(start=at, end=at, text=f"@{NAME}\n{source.indent(at)}")


def _session(source: Source, function: Node) -> _Session | None:
    """What commits, as far as it is one thing, and known to the decorator."""
    roots = {edit.callee(source, each)[0] for each in _runners(source, function, _RUNS)}
    made = {name for each in edit_python.own(function, *_BINDS) for name in binds(source, each)}
    made |= {
        name
        for each in edit_python.own(function, "as_pattern_target")
        for name in edit_python.names(source, each)
    }
    parameters = edit_python.parameters(source, function)
    listed = function.child_by_field_name("parameters")
    first = listed.named_children[0] if listed is not None and listed.named_children else None
    if len(roots) != 1:
        return None
    (text,) = roots
    name = text.partition(".")[0]
    if name in made - parameters:
        return _Session(text=text, made=True)
    if name in parameters and is_route(source, function):
        return _Session(text=f'kwargs["{name}"]') if name == text else None
    if name in parameters:
        of_first = first is not None and name in edit_python.names(source, first)
        known = of_first and name == text and text != "self"
        return _Session(text=text, given=True) if known else None
    bound = _bound_by(source, function, text)
    if bound is not None:
        return _Session(text=bound, made=True)
    anywhere = edit_python.bound(source, source.tree)
    return _Session(text=text) if "." in text and name in anywhere else None


_BINDS = ("assignment", "for_statement")


def _bound_by(source: Source, function: Node, text: str) -> str | None:
    """The name of ``with Session.begin() as name``; a connection of an engine's has none."""
    for each in edit_python.own(function, "as_pattern"):
        alias = each.child_by_field_name("alias")
        begins = source.of(each).startswith(f"{text}.begin(")
        if alias is not None and begins and "engine" not in text.lower():
            return source.of(alias)
    return None


def _level(source: Source, function: Node, session: _Session | None) -> list[Edit] | None:
    """SERIALIZABLE as the first thing of the transaction."""
    if is_named(source, function):
        return []
    weaker = named_weaker(source, function)
    if weaker:
        return weaker
    if session is not None and not session.made:
        return []  # It is begun by the decorator.
    around = [source.of(each) for each in decorators(function)]
    whole = "\n".join((*around, source.of(function)))
    first = _first_inside(source, function, session)
    if first is None or _OWN_DATABASE.search(whole):
        return None
    at, pad = first.start_byte, source.indent(first.start_byte)
    more = indent_unit(source, function)
    if session is None:
        asked = (
            f"if not connection.savepoint_ids:  # Later, PostgreSQL takes no level.\n"
            f"{pad}{more}with connection.cursor() as cursor:\n"
            f'{pad}{more}{more}cursor.execute("{SET}")\n{pad}'
        )
        return [Edit(start=at, end=at, text=asked)]
    wait = "await " if source.of(function).startswith("async") else ""
    return [Edit(start=at, end=at, text=f"{wait}{session.text}.{_AT_LEVEL}\n{pad}")]


def _first_inside(source: Source, function: Node, session: _Session | None) -> Node | None:
    """The first statement of the transaction; None where others may have come before it."""
    found: Node | None = None
    for each in edit_python.own(function, "with_statement"):
        head = source.of(each).partition(":\n")[0]
        body = each.child_by_field_name("body")
        named = session is not None and re.search(rf"\bas\s+{re.escape(session.text)}\b", head)
        begun = session is not None and f"{session.text}.begin(" in head
        fits = _ATOMIC.search(head) if session is None else named or begun
        if body is not None and fits and "connect(" not in head:
            found = next((one for one in body.named_children if one.type != "comment"), None)
    decorated = any(_ATOMIC.search(source.of(each)) for each in decorators(function))
    if found is None and session is None and decorated:
        return edit_python.first_statement(function)
    return found
