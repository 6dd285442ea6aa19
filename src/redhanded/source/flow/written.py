"""A value as a person would write it, as far as it is known."""

from __future__ import annotations

import json
import re

from redhanded.source.flow.values import (
    Computed,
    Either,
    Input,
    Known,
    Library,
    Record,
    Result,
    Unknown,
    Value,
)

LENGTH_MAX = 120
DEPTH_MAX = 8
UNSAID = "…"


def written(value: Value | None, path: str = "") -> str:
    """In the language of the file that it stands in; ``…`` for what is not known."""
    text = _written(value, python=path.endswith((".py", ".pyi")), depth=DEPTH_MAX)
    return text if len(text) <= LENGTH_MAX else f"{text[: LENGTH_MAX - 1]}{UNSAID}"


def _written(value: Value | None, *, python: bool, depth: int) -> str:
    if depth == 0:
        return UNSAID
    if isinstance(value, Known):
        return repr(value.value) if python else json.dumps(value.value, ensure_ascii=False)
    if isinstance(value, Input):
        return ".".join((value.source, *value.parts))
    if isinstance(value, Result):
        return ".".join((UNSAID, *value.parts)) if value.parts else UNSAID
    if isinstance(value, Unknown):
        return value.text or UNSAID
    if isinstance(value, Library):
        return ".".join(name for name in (value.package, *value.names) if name != "()")
    if isinstance(value, Either):
        known = dict.fromkeys(_written(one, python=python, depth=depth - 1) for one in value.values)
        return " or ".join(known)
    if isinstance(value, Record):
        return _record(value, python=python, depth=depth)
    if isinstance(value, Computed):
        return _computed(value, python=python, depth=depth)
    return UNSAID


def _record(value: Record, *, python: bool, depth: int) -> str:
    quote = '"' if python else ""
    parts = [
        f"{quote}{name}{quote}: {_written(one, python=python, depth=depth - 1)}"
        for name, one in (value.parts.items() if isinstance(value.parts, dict) else ())
    ]
    more = [] if value.is_complete else [UNSAID]
    return "{" + ", ".join((*parts, *more)) + "}" if python else _spaced(parts + more)


def _spaced(parts: list[str]) -> str:
    return "{ " + ", ".join(parts) + " }" if parts else "{}"


def _computed(value: Computed, *, python: bool, depth: int) -> str:
    given = [_written(one, python=python, depth=depth - 1) for one in value.operands]
    operator = value.operator
    if re.fullmatch(r"\.\w+", operator) and len(given) == 1:
        return f"{given[0]}{operator}"
    if operator.startswith("call:"):
        return f"{operator.removeprefix('call:')}({', '.join(given)})"
    if operator == "text":
        return " + ".join(given)
    if len(given) == 2 and re.fullmatch(r"[^\w\s\[\]]+|and|or", operator):
        return f"{given[0]} {operator} {given[1]}"
    return UNSAID
