"""Django and SQLAlchemy: a function whose transaction is run again if PostgreSQL turns it away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from redhanded.case.errors import InputError
from redhanded.case.evidence import Location
from redhanded.hunt.repair.isolation import SET, named_weaker
from redhanded.hunt.repair.python.home import test_home
from redhanded.hunt.repair.python.imports import imported, top
from redhanded.hunt.repair.remedy import Ground
from redhanded.source import edit, edit_python
from redhanded.source.edit import Edit, Source

NAME = "retried"
_ATOMIC = re.compile(r"\batomic\b")
_RUNS, _ATOM = frozenset({"begin", "commit"}), frozenset({"atomic"})
_CHANGES = frozenset({"append", "extend", "insert", "pop", "remove"})
_CATCHES = re.compile(
    r"\b(?:Exception|BaseException|Error|DatabaseError|OperationalError|DBAPIError|SQLAlchemyError)\b"
)
_HELPER = '''\
def retried(work):
    """Runs a transaction again that PostgreSQL has turned away for the sake of another."""

    @functools.wraps(work)
    def again({first}*args, **kwargs):
        attempts = 10
        for attempt in range(1, attempts + 1):
            try:
                return work({first}*args, **kwargs)
            except {error} as error:
{back}                refused = getattr(error.{of}, "{code}", None) in ("40001", "40P01")
                if not refused or attempt == attempts:
                    raise

    return again
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class _Session:
    """What the statements of SQLAlchemy are given to."""

    text: str
    """As it is written."""
    made: bool = False
    """It is made in the function, and ends with it; else it has to be rolled back."""
    given: bool = False
    """It is the first parameter of the function."""


def found(ground: Ground, frames: Sequence[Location]) -> tuple[Location, ...]:
    """The first lines of the functions of ``frames`` that run a transaction, the best first: with
    Django the outermost, whose transaction holds those inside of it."""
    functions: dict[Location, None] = {}
    for each in frames:
        source = edit.read(ground.text(each.path), each.path)
        function = _function(source, each.line)
        if function is not None and _runs_one(source, function, _words(ground)):
            line = function.start_point.row + 1
            functions[Location(path=each.path, line=line)] = None
    ordered = list(functions)
    return tuple(reversed(ordered)) if _is_django(ground) else tuple(ordered)


def rewritten(ground: Ground, path: str, lines: Sequence[int], serializable: bool) -> str | None:
    """The file with the functions that begin at ``lines`` run again, ``serializable`` or as they
    are; None where one of them is not known to do no harm when it is run twice."""
    source = edit.read(ground.text(path), path)
    edits: list[Edit] = []
    kinds: dict[tuple[str, str], None] = {}
    for line in lines:
        function = _function(source, line)
        if function is None or NAME in edit_python.names(source, source.tree):
            return None
        session = None if _is_django(ground) else _session(source, function)
        if not _is_django(ground) and session is None:
            return None
        level = _level(source, function, session) if serializable else []
        if level is None or not _can_be_repeated(ground, source, function):
            return None
        decorated = _decorated(source, function, session)
        if decorated is None:
            return None
        edits += [decorated, *level]
        given = f"{session.text}, " if session is not None and session.given else ""
        back = f"{session.text}.rollback()" if session is not None and not session.made else ""
        kinds[given, back] = None
    helper = _helper(ground, source, lines, kinds)
    if helper is None:
        return None
    wanted = [("functools", ""), *_names(ground)]
    if any(each.text.lstrip().startswith("with connection.") for each in edits):
        wanted.append(("django.db", "connection"))
    return edit.apply(source, _joined([helper, *edits, *imported(source, wanted)]))


def _joined(edits: list[Edit]) -> list[Edit]:
    """Insertions at one place as one, in the order in which they were given."""
    places: dict[tuple[int, int], str] = {}
    for each in edits:
        key = (each.start, each.end)
        places[key] = places.get(key, "") + each.text
    return [Edit(start=start, end=end, text=text) for (start, end), text in places.items()]


def _helper(
    ground: Ground, source: Source, lines: Sequence[int], kinds: dict[tuple[str, str], None]
) -> Edit | None:
    """The decorator, before the first function or class; None where one does not do for all."""
    functions = [each for line in lines if (each := _function(source, line)) is not None]
    waits = {source.of(each).startswith("async") for each in functions}
    code = _code(ground)
    if len(kinds) != 1 or len(waits) != 1 or code is None:
        return None
    ((first, back),) = kinds
    is_async = waits.pop()
    error, of = ("OperationalError", "__cause__") if _is_django(ground) else ("DBAPIError", "orig")
    text = _HELPER.replace("{first}", first).replace("{error}", error)
    text = text.replace("{of}", of).replace("{code}", code)
    wait = "await " if is_async else ""
    text = text.replace("{back}", f"                {wait}{back}\n" if back else "")
    if is_async:
        text = text.replace("    def again", "    async def again")
        text = text.replace("return work(", "return await work(")
    text = text.replace("    ", source.indent_unit)
    at = _before_the_first(source)
    return Edit(start=at, end=at, text=f"{text}\n\n") if at is not None else None


def _before_the_first(source: Source) -> int | None:
    """Where the first function or class of the file begins, with what decorates it."""
    kinds = ("function_definition", "class_definition", "decorated_definition")
    first = next((each for each in source.tree.named_children if each.type in kinds), None)
    last = top(source)
    if first is None or (last and last[-1].start_byte > first.start_byte):
        return None
    return first.start_byte


def _names(ground: Ground) -> list[tuple[str, str]]:
    if _is_django(ground):
        return [("django.db", "OperationalError")]
    return [("sqlalchemy.exc", "DBAPIError")]


def _code(ground: Ground) -> str | None:
    """Where the driver's error has PostgreSQL's code."""
    try:
        driver = test_home(ground.root, ground.system).driver
    except InputError:
        return None
    return "pgcode" if driver == "psycopg2" else "sqlstate"


def _is_django(ground: Ground) -> bool:
    return any(each.library.startswith("django") for each in ground.code.accesses)


def _function(source: Source, line: int) -> Node | None:
    """The innermost function around a line."""
    inside = None
    for each in edit.walk(source.tree):
        if each.type == "function_definition":
            covers = each.start_point.row < line <= each.end_point.row + 1
            inside = each if covers else inside
    return inside


def _words(ground: Ground) -> frozenset[str]:
    """What is called to begin or commit a transaction."""
    return _ATOM if _is_django(ground) else _RUNS


def _runs_one(source: Source, function: Node, words: frozenset[str]) -> bool:
    """Whether a function's own lines begin or commit a transaction."""
    if words is _ATOM and any(_ATOMIC.search(source.of(each)) for each in _decorators(function)):
        return True
    return next(_runners(source, function, words), None) is not None


def _runners(source: Source, function: Node, words: frozenset[str]) -> Iterator[Node]:
    """Calls in its own lines that begin or commit a transaction."""
    for each in edit_python.own(function, "call"):
        if edit.callee(source, each)[1] in words:
            yield each


def _decorators(function: Node) -> list[Node]:
    holder = function.parent
    if holder is None or holder.type != "decorated_definition":
        return []
    return [each for each in holder.named_children if each.type == "decorator"]


def _decorated(source: Source, function: Node, session: _Session | None) -> Edit | None:
    """``@retried`` outside of ``@atomic``, and inside of what else is there."""
    decorators = _decorators(function)
    if session is not None and session.given and decorators:
        return None  # A framework may give it by its name.
    outside = next((each for each in decorators if _ATOMIC.search(source.of(each))), function)
    at = outside.start_byte
    return Edit(start=at, end=at, text=f"@{NAME}\n{source.indent(at)}")


def _session(source: Source, function: Node) -> _Session | None:
    """What commits, as far as it is one thing, and known to the decorator."""
    roots = {edit.callee(source, each)[0] for each in _runners(source, function, _RUNS)}
    made = edit_python.bound(source, function)
    parameters = edit_python.parameters(source, function)
    listed = function.child_by_field_name("parameters")
    first = listed.named_children[0] if listed is not None and listed.named_children else None
    if len(roots) != 1:
        return None
    (text,) = roots
    name = text.partition(".")[0]
    if name in made - parameters:
        return _Session(text=text, made=True)
    if name in parameters:
        of_first = first is not None and name in edit_python.names(source, first)
        known = of_first and name == text and text != "self"
        return _Session(text=text, given=True) if known else None
    bound = _bound_by(source, function, text)
    if bound is not None:
        return _Session(text=bound, made=True)
    anywhere = edit_python.bound(source, source.tree)
    return _Session(text=text) if "." in text and name in anywhere else None


def _bound_by(source: Source, function: Node, text: str) -> str | None:
    """The name of ``with Session.begin() as name``."""
    for each in edit_python.own(function, "as_pattern"):
        alias = each.child_by_field_name("alias")
        if alias is not None and source.of(each).startswith(f"{text}.begin("):
            return source.of(alias)
    return None


def _level(source: Source, function: Node, session: _Session | None) -> list[Edit] | None:
    """SERIALIZABLE as the first thing of the transaction."""
    if "serializable" in source.of(function).lower():
        return []
    weaker = named_weaker(source, function)
    if weaker:
        return weaker
    first = _first_inside(source, function, session)
    if first is None:
        return None
    at, pad = first.start_byte, source.indent(first.start_byte)
    if session is None:
        inside = f'{pad}{source.indent_unit}cursor.execute("{SET}")'
        asked = f"with connection.cursor() as cursor:\n{inside}\n{pad}"
        return [Edit(start=at, end=at, text=asked)]
    wait = "await " if source.of(function).startswith("async") else ""
    options = 'execution_options={"isolation_level": "SERIALIZABLE"}'
    return [Edit(start=at, end=at, text=f"{wait}{session.text}.connection({options})\n{pad}")]


def _first_inside(source: Source, function: Node, session: _Session | None) -> Node | None:
    """The first statement of the transaction; None where others may have come before it."""
    for each in edit_python.own(function, "with_statement"):
        head = source.of(each).partition(":\n")[0]
        body = each.child_by_field_name("body")
        atomic = session is None and _ATOMIC.search(head) is not None and "using" not in head
        named = re.search(rf"\bas\s+{re.escape(session.text)}\b", head) if session else None
        if body is not None and (atomic or (named is not None and "connect(" not in head)):
            return next((one for one in body.named_children if one.type != "comment"), None)
    decorated = any(_ATOMIC.search(source.of(each)) for each in _decorators(function))
    if (session is None and decorated) or (session is not None and not session.made):
        return edit_python.first_statement(function)
    return None


def _can_be_repeated(ground: Ground, source: Source, function: Node) -> bool:
    """Whether nothing is queued in it, it yields nothing, and errors of the database leave it."""
    queues = any(
        each.location.path == source.path
        and function.start_point.row < each.location.line <= function.end_point.row + 1
        for each in ground.code.enqueues
    )
    yields = next(edit_python.own(function, "yield"), None) is not None
    outside = next(edit_python.own(function, "global_statement", "nonlocal_statement"), None)
    changed = _changed_in(source, function) & edit_python.parameters(source, function)
    if queues or yields or outside is not None or changed:
        return False
    return _lets_errors_through(source, function, _words(ground))


def _changed_in(source: Source, function: Node) -> set[str]:
    """The names of what another run would change once more: ``n += 1``, ``row.n += 1``,
    ``rows.append``."""
    found: set[str] = set()
    for each in edit_python.own(function, "augmented_assignment", "call"):
        target = each.child_by_field_name("left")
        if each.type == "call" and edit.callee(source, each)[1] in _CHANGES:
            target = each.child_by_field_name("function")
        if target is not None:
            found.add(source.of(target).partition(".")[0].partition("[")[0])
    return found


def _lets_errors_through(source: Source, function: Node, words: frozenset[str]) -> bool:
    runners = list(_runners(source, function, words))
    for each in edit_python.own(function, "except_clause"):
        holder = each.parent
        around = holder is not None and any(
            holder.start_byte <= one.start_byte < each.start_byte for one in runners
        )
        head, _, _ = source.of(each).partition(":\n")
        broad = head.strip() == "except" or _CATCHES.search(head) is not None
        body = next((one for one in each.named_children if one.type == "block"), None)
        last = body.named_children[-1] if body is not None and body.named_children else None
        again = last is not None and last.type == "raise_statement" and not last.named_children
        if around and broad and not again:
            return False
    return True
