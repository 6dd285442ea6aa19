"""Which functions of a package may lead to a store, by the names that they call.

Most of a package does nothing to the world: parsing, formatting, compiling. Only what can reach a
client is worth to be followed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from redhanded.source.flow import form, importing
from redhanded.source.flow.module import Module
from redhanded.source.flow.walking import looking
from redhanded.source.flow.walking.handed import COMMANDS, Handed
from redhanded.source.flow.walking.used import last_name
from redhanded.source.flow.walking.words import words

SQL = re.compile(
    r"\s*(?:select|insert|update|delete|with|create|alter|drop|lock|begin|merge|replace)\b", re.I
)
ALIKE_MAX = 3
"""Functions of one name; of more, a call by that name says nothing."""
EXECUTING = words(
    "query execute exec raw run all get one none any many unsafe prepare select column fetch"
    " fetchrow fetchval executemany oneOrNone executescript $queryRaw $executeRaw text sql"
)
"""Methods that are given SQL."""

Key = tuple[str, int]


def touching(modules: Iterable[Module], handed: Handed, known: Collection[str]) -> frozenset[Key]:
    """The functions, by file and place."""
    found: set[Key] = set()
    callers: dict[str, list[Key]] = {}
    names: dict[Key, str] = {}
    parents: dict[Key, Key] = {}
    for module in modules:
        clients = frozenset(_clients(module, known))
        for place, function in enumerate(module.functions):
            key = (module.path, place)
            names[key] = function.name
            parents[key] = (module.path, function.parent)
            for one in looking.inside(function.body):
                if isinstance(one, form.Call):
                    callers.setdefault(last_name(one.function), []).append(key)
                    if _touches(one, clients, handed, module.path):
                        found.add(key)
                elif isinstance(one, form.Attribute):
                    callers.setdefault(one.name, []).append(key)
    many = {name for name, count in Counter(names.values()).items() if count > ALIKE_MAX}
    waiting = list(found)
    while waiting:
        key = waiting.pop()
        by_name = () if names[key] in many else callers.get(names[key], ())
        for one in (parents[key], *by_name):
            if one[1] >= 0 and one not in found:
                found.add(one)
                waiting.append(one)
    return frozenset(found)


def _clients(module: Module, known: Collection[str]) -> Iterator[str]:
    is_python = module.language == "python"
    for one in module.imports:
        whole = importing.library(one.specifier, is_python) if one.specifier else None
        if one.local and whole is not None and whole.package in known:
            yield one.local


def _touches(one: form.Call, clients: frozenset[str], handed: Handed, path: str) -> bool:
    function = one.function
    if isinstance(function, form.Name):
        return function.name in clients or handed.is_typed(function.name, path)
    if not isinstance(function, form.Attribute):
        return False
    if function.name in ("apply", "call") and isinstance(function.base, form.Attribute):
        function = function.base
    if function.name in COMMANDS or function.name.removesuffix("Async") in COMMANDS:
        return True
    if handed.is_typed(last_name(function.base), path) or last_name(function.base) in clients:
        return True
    return function.name in EXECUTING and any(_is_sql(each.value) for each in one.arguments[:2])


def _is_sql(one: form.Expression) -> bool:
    if isinstance(one, form.Text) and one.parts:
        return _is_sql(one.parts[0])
    if isinstance(one, form.Operation) and one.operator == "+" and one.operands:
        return _is_sql(one.operands[0])
    return (
        isinstance(one, form.Constant) and isinstance(one.value, str) and bool(SQL.match(one.value))
    )
