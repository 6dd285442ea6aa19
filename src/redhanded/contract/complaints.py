"""What pydantic found wrong, as one sentence with a line and the nearest right key."""

from __future__ import annotations

import difflib
import re
import types
import typing
from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from redhanded.contract.lines import line_of
from redhanded.contract.model import Contract

_TAG = re.compile(r"(?:constrained-str|str|int|float|bool|none|(?:literal|list|dict)\[.*)$")
"""How pydantic names the branches of a union in the place of an error."""
_QUOTED = re.compile(r"'([^']+)'")
"""In ``'postgres' or 'redis'``: the values that there are."""


def complaint(error: ValidationError, file_name: str, text: str) -> str:
    """The first thing that is wrong (unknown keys first), and how many more there are."""
    problems = sorted(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
    problem = problems[0]
    where = _written(problem)
    others = len({_written(other) for other in problems} - {where})
    more = (
        f" ({others} more {'problem' if others == 1 else 'problems'} after this)" if others else ""
    )
    return f"{file_name}:{line_of(text, where)}: {_sentence(problem, where)}{more}"


def nearest(name: str, known: Iterable[str]) -> str:
    """``; did you mean …?``, or what there is, or nothing."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; there is {', '.join(map(repr, names))}" if names else ""


def _written(problem: ErrorDetails) -> tuple[str | int, ...]:
    """The error's place as the file spells it: without the branches of unions."""
    kept: list[str | int] = []
    kind: object = Contract
    for part in problem["loc"]:
        if isinstance(part, str) and _TAG.match(part) and len(_branches(kind)) > 1:
            continue
        step = _below(kind, part)
        if step is None:
            if problem["type"] in ("extra_forbidden", "missing") and part == problem["loc"][-1]:
                kept.append(part)
            continue
        kept.append(part)
        kind = step
    return tuple(kept)


def _sentence(problem: ErrorDetails, where: Sequence[str | int]) -> str:
    key = str(where[-1]) if where else ""
    table = _table(where[:-1])
    match problem["type"]:
        case "extra_forbidden":
            return f"unknown key {key!r} {table}{nearest(key, _keys_at(where[:-1]))}"
        case "missing":
            return f"{key!r} is missing {table}"
        case "literal_error" if known := _QUOTED.findall(
            problem.get("ctx", {}).get("expected", "")
        ):
            words = [part for part in where if isinstance(part, str)]
            place = f"{words[-1]!r} {_table(where[: where.index(words[-1])])}"
            return f"{place} cannot be {problem['input']!r}{nearest(str(problem['input']), known)}"
        case "string_pattern_mismatch" if key in ("request", "http"):
            return f'{key} = {problem["input"]!r} is not a method and a path, e.g. "POST /hooks"'
        case _:
            message = problem["msg"][:1].lower() + problem["msg"][1:]
            return f"{key!r} {table}: {message}, not {problem['input']!r}"


def _table(where: Sequence[str | int]) -> str:
    """``in [processes.web]``, ``in the second [[workload]]``, ``at the top of the file``."""
    if not where:
        return "at the top level"
    position = next((part for part in where if isinstance(part, int)), None)
    dotted = ".".join(str(part) for part in where if not isinstance(part, int))
    if position is None:
        return f"in [{dotted}]"
    return f"in [[{dotted}]] number {position + 1}"


def _keys_at(where: Sequence[str | int]) -> list[str]:
    kind: object = Contract
    for part in where:
        kind = _below(kind, part)
    model = _model(kind)
    if model is None:
        return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _below(kind: object, part: str | int) -> object | None:
    """The type under ``part`` of a value of ``kind``; None where ``part`` is no key of it."""
    model = _model(kind)
    if model is not None:
        for name, field in model.model_fields.items():
            if part in (name, field.alias):
                return field.annotation
        return None
    for branch in _branches(kind):
        origin, arguments = typing.get_origin(branch), typing.get_args(branch)
        if origin is dict and isinstance(part, str):
            return typing.cast(object, arguments[1])
        if origin is list and isinstance(part, int):
            return typing.cast(object, arguments[0])
    return None


def _model(kind: object) -> type[BaseModel] | None:
    for branch in _branches(kind):
        if isinstance(branch, type) and issubclass(branch, BaseModel):
            return branch
    return None


def _branches(kind: object) -> list[object]:
    """The members of a union, without ``Annotated`` around them."""
    if typing.get_origin(kind) is typing.Annotated:
        return _branches(typing.get_args(kind)[0])
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return [leaf for branch in typing.get_args(kind) for leaf in _branches(branch)]
    return [kind]
