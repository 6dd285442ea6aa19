"""What is called under which name in the files of a package."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeGuard

from redhanded.source.flow import form
from redhanded.source.flow.form import Expression
from redhanded.source.flow.module import Module
from redhanded.source.flow.walking import looking

PROMISING = frozenset(("promisify", "denodeify", "pify", "thenify"))
"""They give a method as one that promises: ``promisify(client.get)``."""
FLAGS = frozenset(("NX", "XX", "PX", "EX", "nx", "xx", "px", "ex"))
"""Arguments of SET in the protocol."""


@dataclass(frozen=True, slots=True)
class Uses:
    """The methods that are called under a name, and those of them that something waits for."""

    called: frozenset[str]
    waited: frozenset[str]
    is_proven: bool = False
    """One of the calls says by itself that it is a Redis client."""


def last_name(one: Expression) -> str:
    """``client`` of ``this.queue.client``; the function's of what a call gives."""
    if isinstance(one, form.Name):
        return one.name
    if isinstance(one, form.Attribute):
        return one.name
    if isinstance(one, form.Call):
        return last_name(one.function)
    if isinstance(one, form.Await):
        return last_name(one.value)
    return ""


def uses_in(modules: Iterable[Module]) -> dict[str, Uses]:
    """What is called under each name in some files."""
    called: dict[str, set[str]] = {}
    waited: dict[str, set[str]] = {}
    proven: set[str] = set()
    for module in modules:
        for function in module.functions:
            for name, call, method, is_waited in _calls(function.body):
                called.setdefault(name, set()).add(method)
                if is_waited:
                    waited.setdefault(name, set()).add(method)
                if _proves(call, method):
                    proven.add(name)
    return {
        name: Uses(frozenset(methods), frozenset(waited.get(name, ())), name in proven)
        for name, methods in called.items()
    }


def _proves(one: form.Call, method: str) -> bool:
    """Whether a call alone tells a Redis client: ``set(key, value, 'NX')``, ``set(…, nx=True)``, a
    script of ``redis.call``."""
    if method == "set":
        flags = {each.value.value for each in one.arguments[2:] if _is_constant(each.value)}
        named = {each.name for each in one.arguments if each.name}
        return bool(flags & FLAGS) or bool(named & {"nx", "xx"})
    if method in ("eval", "evaluate", "register_script", "defineCommand"):
        texts = (text for text in looking.inside(one) if isinstance(text, form.Constant))
        return any("redis.call" in str(text.value) for text in texts)
    return False


def _is_constant(one: form.Expression) -> TypeGuard[form.Constant]:
    return isinstance(one, form.Constant) and isinstance(one.value, str)


def _calls(body: object) -> Iterator[tuple[str, form.Call, str, bool]]:
    """Under which name which method is called, and whether something waits for its result."""
    waited: set[int] = set()
    for one in looking.inside(body):
        if isinstance(one, form.Await):
            waited.add(id(one.value))
        if not isinstance(one, form.Call):
            continue
        if last_name(one.function) in PROMISING:
            for each in one.arguments:
                if isinstance(each.value, form.Attribute) and last_name(each.value.base):
                    yield last_name(each.value.base), one, each.value.name, True
        if not isinstance(one.function, form.Attribute):
            continue
        function = one.function
        if function.name in ("then", "catch"):
            waited.add(id(function.base))
        if function.name in ("apply", "call") and isinstance(function.base, form.Attribute):
            function = function.base
        name = last_name(function.base)
        if name:
            yield name, one, function.name, id(one) in waited or _has_callback(one)


def _has_callback(one: form.Call) -> bool:
    """``store.get(key, function …)``, also through ``bind``, also a callback that is handed on."""
    last = one.arguments[-1].value if len(one.arguments) > 1 else None
    if isinstance(last, form.Call):
        inside = (each.value for each in last.arguments)
        return any(isinstance(each, form.Lambda) for each in inside)
    return isinstance(last, form.Lambda)
