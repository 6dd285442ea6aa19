"""Reading what a call is given: parts of options, texts, durations, functions."""

from __future__ import annotations

import re
from collections.abc import Mapping

from redhanded.source.flow.framework import Callback, CallSite
from redhanded.source.flow.values import (
    Computed,
    Either,
    Input,
    Known,
    Library,
    Made,
    Procedure,
    Record,
    Unknown,
    Value,
)

FAILED = Unknown("error")
"""What a callback is given first."""
JOB = Input("job")
RESOLVE = Library("global", ("Promise", Made(), "resolve"))
"""What somebody who waits for a promise has given to be called."""
DEPTH_MAX = 6
OPERANDS_MAX = 40
"""Values share parts; one that is looked at as a tree can be very large."""


def argument(site: CallSite, place: int, name: str = "") -> Value | None:
    """By place, or by keyword; None where it is not given."""
    if place < len(site.arguments):
        return site.arguments[place]
    return site.keywords.get(name) if name else None


def members(value: Value | None) -> Mapping[str, Value]:
    """Parts of an object or dict; none where it is not known."""
    return value.parts if isinstance(value, Record) else {}


def elements(value: Value | None) -> tuple[Value, ...]:
    """Of a sequence whose elements are known."""
    if not isinstance(value, Record):
        return ()
    found: list[Value] = []
    while str(len(found)) in value.parts:
        found.append(value.parts[str(len(found))])
    return tuple(found)


def text(value: Value | None) -> str | None:
    """A written text."""
    return value.value if isinstance(value, Known) and isinstance(value.value, str) else None


def number(value: Value | None, depth: int = DEPTH_MAX) -> float | None:
    """A written number, also as ``60 * 1000`` or ``"60"``."""
    if depth == 0:
        return None
    if isinstance(value, Known):
        if isinstance(value.value, int | float) and not isinstance(value.value, bool):
            return float(value.value)
        if isinstance(value.value, str) and value.value.isdecimal():
            return float(value.value)
    if isinstance(value, Computed) and value.operator in ("*", "+", "-", "/"):
        operands = [number(one, depth - 1) for one in value.operands]
        return _computed(value.operator, operands)
    return None


def _computed(operator: str, operands: list[float | None]) -> float | None:
    known = [one for one in operands if one is not None]
    if len(known) != len(operands) or not known:
        return None
    result = known[0]
    for one in known[1:]:
        if operator == "/" and one == 0:
            return None
        result = {
            "*": lambda a, b: a * b,
            "+": lambda a, b: a + b,
            "-": lambda a, b: a - b,
            "/": lambda a, b: a / b,
        }[operator](result, one)
    return result


def is_true(value: Value | None) -> bool:
    return isinstance(value, Known) and bool(value.value)


def pattern(value: Value | None, depth: int = DEPTH_MAX) -> str | None:
    """A key or path with ``*`` for what is not written out; None where nothing is."""
    if depth == 0:
        return None
    if isinstance(value, Known):
        return None if value.value is None else str(value.value)
    if isinstance(value, Computed) and value.operator in ("text", "+"):
        parts = [pattern(one, depth - 1) or "*" for one in value.operands[:OPERANDS_MAX]]
        joined = "".join(parts)
        while "**" in joined:
            joined = joined.replace("**", "*")
        return None if joined == "*" else joined
    if isinstance(value, Computed) and (formed := _formed(value, depth)) is not None:
        return None if formed.strip("*:.-_/") == "" else formed
    if isinstance(value, Either):
        found = {pattern(one, depth - 1) for one in value.values}
        return found.pop() if len(found) == 1 else None
    return None


def _formed(value: Computed, depth: int) -> str | None:
    """``'a:{0}'.format(x)``, ``'a:%s' % x``, ``[a, x].join(':')``, ``':'.join([a, x])``."""
    first, *others = value.operands or (Unknown(),)
    written = text(first)
    if value.operator == "call:format" and written is not None:
        return re.sub(r"\{[^{}]*\}", "*", written)
    if value.operator == "%" and written is not None:
        return re.sub(r"%(?:\(\w+\))?[-#0 +]*\d*(?:\.\d+)?[a-zA-Z]", "*", written)
    if value.operator == "call:join" and others:
        between, listed = (text(others[0]), first) if written is None else (written, others[0])
        parts = [pattern(one, depth - 1) or "*" for one in elements(listed)[:OPERANDS_MAX]]
        return between.join(parts) if between is not None and parts else None
    return None


def function(value: Value | None) -> Value | None:
    """A function of the program, also one that a library wraps (``asyncHandler(f)``)."""
    if isinstance(value, Procedure):
        return value
    if isinstance(value, Library) and value.steps and isinstance(value.steps[-1], Made):
        for one in value.steps[-1].arguments:
            if isinstance(one, Procedure):
                return one
    if isinstance(value, Either):
        return next((one for one in map(function, value.values) if one is not None), None)
    return None


def functions(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """All functions among arguments, lists of them included, in order."""
    found: list[Value] = []
    for value in values:
        if isinstance(value, Record) and value.of is None:
            found.extend(functions(elements(value)))
        elif (one := function(value)) is not None:
            found.append(one)
    return tuple(found)


def last_function(site: CallSite) -> Value | None:
    """A callback at the end of the arguments."""
    return function(site.arguments[-1]) if site.arguments else None


def base(library: Library) -> Library:
    """What a method was called on."""
    return Library(library.package, library.steps[:-1], library.through)


def made(library: Library) -> Made | None:
    """The call that the last step is."""
    last = library.steps[-1] if library.steps else None
    return last if isinstance(last, Made) else None


def called_back(site: CallSite, *results: Value) -> tuple[Callback, ...]:
    """A function at the end of the arguments gets an error or the results."""
    called = last_function(site)
    if called is None and site.arguments[-1:] == (RESOLVE,):
        called = RESOLVE
    if called is None:
        return ()
    return (Callback(function=called, arguments=(FAILED, *results), is_outcome=True),)


def told(site: CallSite, needed: int, *results: Value) -> tuple[Callback, ...]:
    """Who is told of the outcome where a call is given more than it needs: a function, or what is
    one in a caller's hands (``function (id, done) { job.save(done); }``)."""
    found = called_back(site, *results)
    if found or len(site.arguments) <= needed:
        return found
    return (Callback(function=site.arguments[-1], is_outcome=True),)


def gives(site: CallSite) -> Library:
    """What a call gives that does nothing yet: the callee with the call as a step."""
    step = Made(site.arguments, site.keywords, site.location)
    return Library(site.callee.package, (*site.callee.steps, step), site.callee.through)


def words(text: str) -> frozenset[str]:
    """The words of a text, for tables of names."""
    return frozenset(text.split())
