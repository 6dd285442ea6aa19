"""psycopg and asyncpg: what is read and written back, in one transaction of their connection."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from redhanded.hunt.repair import region as regions
from redhanded.hunt.repair.python import written_sql
from redhanded.hunt.repair.region import Region
from redhanded.hunt.repair.remedy import Ground
from redhanded.source import edit, edit_python
from redhanded.source.edit import Edit, Source

_HEAD = "with {}.transaction():"
_LIBRARIES = frozenset({"psycopg", "psycopg_pool", "asyncpg"})
"""psycopg 2 has no such block, and ``with connection`` cannot stand in another one."""
_PLAIN = frozenset(
    {
        *("str", "int", "float", "bool", "len", "max", "min", "round", "sum", "abs", "dict"),
        *("list", "tuple", "set", "sorted", "any", "all", "zip", "isinstance", "Decimal"),
        *("log", "logger", "logging", "datetime", "time", "json", "math"),
    }
)
_WRITES = re.compile(r"""['"]\s*(?:insert|update|delete|merge)\b""", re.IGNORECASE)
_GIVES = frozenset({"acquire", "connection", "connect", "getconn", "get_conn"})
_IN_ITS_WAY = frozenset({"try_statement", "yield", "with_statement", "async"})
_ENDS = frozenset({"commit", "rollback", "transaction", "start", "close"})
_IMPORTS = frozenset({"import_statement", "import_from_statement"})
_ROOT = re.compile(r"[(\s]*(?:await\s+[(\s]*)*(\w+)")


def block(ground: Ground, region: Region, reads: tuple[int, ...]) -> tuple[str, list[Edit]] | None:
    """What begins the block, and the lock at each of ``reads``; None where a transaction is not
    known to do no harm there."""
    source = region.source
    asked = {each.library for each in ground.code.accesses if region.holds(each.location)}
    names = {name for each in region.statements for name in written_sql.receivers(source, each)}
    if len(asked) != 1 or len(names) != 1:
        return None
    name, library = names.pop(), asked.pop()
    on = _connection(source, region, name)
    locks = [written_sql.lock(source, line) for line in reads]
    within = [each for each in locks if each and region.start <= each.start <= region.end]
    if on is None or library not in _LIBRARIES or len(within) != len(reads):
        return None
    if not _is_harmless(ground, region, name):
        return None
    waits = "async " if library == "asyncpg" or next(region.nodes("await"), None) else ""
    further = f"\n{source.indent_unit}"
    inside = [
        each
        if regions.in_text(region, each.start)
        else Edit(start=each.start, end=each.end, text=each.text.replace("\n", further))
        for each in within
    ]
    return waits + _HEAD.format(on), inside


def _connection(source: Source, region: Region, name: str) -> str | None:
    """The connection in the words of the function: of a cursor, its own; None for a pool, and for
    what is bound in the region itself."""
    if not name.isidentifier() or any(
        name in edit_python.bound(source, each) for each in region.statements
    ):
        return None
    made = written_sql.names_bound(source, region.function).get(name)
    given = name in edit_python.parameters(source, region.function)
    by = edit.callee(source, made)[1] if made is not None else ""
    word = name.rpartition("_")[2] if given and made is None else ""
    if by == "cursor" or word in ("cur", "cursor"):
        return f"{name}.connection"
    return name if by in _GIVES or word in ("conn", "connection") else None


def _is_harmless(ground: Ground, region: Region, name: str) -> bool:
    """Whether nothing else happens in it: what asks the database on another connection might wait
    for the lock for ever."""
    source = region.source
    if next(region.nodes(*_IN_ITS_WAY), None) is not None or regions.queues(ground, region):
        return False
    raises = next((each for each in region.nodes("raise_statement") if each.is_named), None)
    if raises is not None and sum(1 for _ in _writing(region)) > 1:
        return False  # What was written before it stays today.
    ours = set(_of_the_program(ground, source))
    bound = {one for each in region.statements for one in edit_python.bound(source, each)}
    for call in region.nodes("call"):
        subject, called = edit.callee(source, call)
        root = _root(subject) if subject else called
        known = root in _PLAIN | bound | {name} or _is_raised(call)
        if root != name and (root in ours or not known):
            return False
        if root == name and called in _ENDS:
            return False
    awaited = (each.named_children[0] for each in region.nodes("await") if each.is_named)
    return all(_root(source.of(each)) == name for each in awaited)


def _writing(region: Region) -> Iterator[Node]:
    """Calls that are given SQL that writes."""
    for call in region.nodes("call"):
        given = edit.arguments(call)
        if given and _WRITES.search(region.source.of(given[0])):
            yield call


def _is_raised(call: Node) -> bool:
    return call.parent is not None and call.parent.type == "raise_statement"


def _root(text: str) -> str:
    found = _ROOT.match(text)
    return found[1] if found else ""


def _of_the_program(ground: Ground, source: Source) -> Iterator[str]:
    """Names of functions of the program's own, and of what it imports of itself; ``self``."""
    yield from ("self", "cls")
    for each in edit.walk(source.tree):
        if each.type == "function_definition":
            named = each.child_by_field_name("name")
            yield source.of(named) if named is not None else ""
        elif each.type in _IMPORTS and _is_own(ground, source, each):
            yield from edit_python.bound(source, each)


def _is_own(ground: Ground, source: Source, statement: Node) -> bool:
    module = statement.child_by_field_name("module_name") or statement.named_children[0]
    first = source.of(module).partition(".")[0].partition(" ")[0]
    folder = (ground.root / source.path).parent
    places = [folder, *(each for each in folder.parents if ground.root in (each, *each.parents))]
    return not first or any(
        (each / first).is_dir() or (each / f"{first}.py").is_file() for each in places
    )
