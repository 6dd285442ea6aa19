"""A `Library` as the links of a chain, and what calls in it were given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from redhanded.source.flow.framework import CallSite
from redhanded.source.flow.values import (
    Computed,
    Either,
    Kind,
    Known,
    Library,
    Made,
    Record,
    Result,
    Value,
)


@dataclass(frozen=True, slots=True)
class Link:
    """``name`` or ``name(…)`` in a chain; a call of what a call gave has no name."""

    name: str
    made: Made | None = None


def links(value: Library) -> tuple[Link, ...]:
    """The steps with each call beside what is called."""
    found: list[Link] = []
    for step in value.steps:
        if isinstance(step, str):
            found.append(Link(step))
        elif found and found[-1].made is None:
            found[-1] = Link(found[-1].name, step)
        else:
            found.append(Link("", step))
    return tuple(found)


def called(site: CallSite) -> tuple[Link, ...]:
    """The links of a call, the call itself included."""
    made = Made(site.arguments, site.keywords, site.location)
    return links(Library(site.callee.package, (*site.callee.steps, made)))


def argument(made: CallSite | Made | None, position: int, *names: str) -> Value | None:
    """What a call is given at a position or by one of these names."""
    if made is None:
        return None
    for name in names:
        if name in made.keywords:
            return made.keywords[name]
    if 0 <= position < len(made.arguments):
        return made.arguments[position]
    return None


def literal(value: Value | None) -> str | int | float | bool | None:
    """A literal, else None."""
    return value.value if isinstance(value, Known) else None


def text(value: Value | None) -> str | None:
    """A text that is known."""
    found = literal(value)
    return found if isinstance(found, str) else None


def number(value: Value | None) -> float | None:
    """A number that is known, sums and products of such included (``60 * 5``)."""
    if isinstance(value, Computed) and value.operator in ("*", "+", "-", "/"):
        parts = [number(one) for one in value.operands]
        if any(one is None for one in parts) or not parts:
            return None
        result = parts[0] or 0.0
        for one in parts[1:]:
            other = one or 0.0
            if value.operator == "/" and other == 0:
                return None
            result = {
                "*": result * other,
                "+": result + other,
                "-": result - other,
                "/": result / (other or 1.0),
            }[value.operator]
        return result
    found = literal(value)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return float(found)


def truth(value: Value | None) -> bool:
    """Whether it is known to be true."""
    return bool(literal(value))


def pattern(value: Value | None) -> str | None:
    """A text with ``*`` for what is not written out: ``stock:*``; None where nothing is."""
    found = _pattern(value)
    return None if found is None or not found.strip("*") else found


def _pattern(value: Value | None) -> str | None:
    if isinstance(value, Known):
        return None if value.value is None else str(value.value)
    if isinstance(value, Computed) and value.operator in ("text", "+"):
        parts = [_pattern(one) or "*" for one in value.operands]
        found = "".join(parts)
        while "**" in found:
            found = found.replace("**", "*")
        return found
    if isinstance(value, Either):
        several = {_pattern(one) for one in value.values}
        return several.pop() if len(several) == 1 else None
    return None


def kind(value: Value | None) -> Kind | None:
    """The class of the program that a value is, or is an instance of."""
    if isinstance(value, Kind):
        return value
    if isinstance(value, Result | Record):
        return kind(value.of)
    if isinstance(value, Library):
        return kind(value.through)
    return None


def several(value: Value | None) -> tuple[Value, ...]:
    """The elements of a list or tuple that is known; else none."""
    if not isinstance(value, Record):
        return ()
    found = []
    for position in range(len(value.parts)):
        if str(position) not in value.parts:
            break
        found.append(value.parts[str(position)])
    return tuple(found)


def parts(value: Value | None) -> Mapping[str, Value]:
    """The members of a dict or object that is known; else none."""
    return value.parts if isinstance(value, Record) else {}
