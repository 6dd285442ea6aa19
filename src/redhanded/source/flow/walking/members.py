"""What an attribute or item of a value is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from redhanded.source.flow.values import (
    Computed,
    Either,
    Input,
    Kind,
    Known,
    Library,
    Made,
    Procedure,
    Record,
    Result,
    Stored,
    Unknown,
    Value,
)
from redhanded.source.flow.walking import classes, relations, words
from redhanded.source.flow.walking.carried import HOLDERS, carried
from redhanded.source.flow.walking.recorder import ELSEWHERE
from redhanded.source.flow.walking.run import Run
from redhanded.source.flow.walking.scope import either
from redhanded.source.flow.walking.words import COLLECTIONS

STEPS_MAX = 40
PARTS_MAX = 8
TEXT_MAX = 120
ENVIRONMENTS = {("global", ("process", "env")), ("os", ("environ",))}
REQUESTS = {(one, ("request",)) for one in ("flask", "quart", "bottle")}
"""The request that is being served, as a variable of a library."""
MODULES = Library("sys", ("modules",))
"""Python's modules by name."""
REQUEST_PARTS = {"json": "body", "data": "body", "args": "query", "view_args": "params"}
CARRIERS = {"server": "fastify"}
"""Parts of a request that are the application, and whose: ``request.server.pool`` is what the
program has given to it by ``decorate``."""
EACH = "*"
"""The part of a `Record` that stands for each element of a sequence whose length is not known."""


def part(run: Run, value: Value, name: str) -> Value | None:
    """``value.name``; None where it surely has none of that name."""
    found = _PART[type(value)](run, value, name)
    return here(run, found) if isinstance(found, Result) else found


def here(run: Run, value: Value) -> Value:
    """A value as this path may see it: what an event of another path gave is not known here."""
    if isinstance(value, Result) and value.event >= ELSEWHERE and run.record.first < ELSEWHERE:
        if isinstance(value.of, Kind | Library):
            return Record({}, of=value.of, is_complete=False)
        return Unknown(".".join(value.parts))
    return value


def item(run: Run, value: Value, key: Value) -> Value:
    """``value[key]``."""
    if value == MODULES and isinstance(key, Known) and isinstance(key.value, str):
        first, *rest = key.value.split(".")
        return Library(first, tuple(rest))
    if isinstance(key, Known) and isinstance(key.value, str | int):
        found = part(run, value, str(key.value))
        if found is not None:
            return found
    return element(run, value, key)


def element(run: Run, value: Value, key: Value | None = None) -> Value:
    """One of the elements of a value, not known which."""
    if isinstance(value, Record):
        if EACH in value.parts:
            return value.parts[EACH]
        inside = [value.parts[one] for one in list(value.parts)[:PARTS_MAX]]
        return either(inside) if inside else Unknown()
    if isinstance(value, Input):
        return Input(value.source, (*value.parts[:PARTS_MAX], EACH))
    if isinstance(value, Either):
        return either([element(run, one, key) for one in value.values if one != Known(None)])
    if isinstance(value, Library):
        made = value.steps[-1] if value.package == "global" and value.steps else None
        if isinstance(made, Made) and made.arguments and value.steps[0] in COLLECTIONS:
            return element(run, made.arguments[0], key)
        return Library(value.package, (*value.steps[:STEPS_MAX], "[]"), through=value.through)
    if isinstance(value, Result):
        return value
    if isinstance(value, Computed):
        return Computed("[]", (value,) if key is None else (value, key))
    return Unknown()


def _of_record(run: Run, value: Record, name: str) -> Value | None:
    found = value.parts.get(name)
    if found is not None:
        return _as_declared(run, value, name, found)
    if isinstance(value.of, Kind):
        led_to = relations.related(run, value, name)
        return classes.member(run, value.of, name, value) if led_to is None else led_to
    if isinstance(value.of, Library):
        return classes.inherited(value.of, name, value)
    if EACH in value.parts and name.isdigit():
        return value.parts[EACH]
    return None if value.is_complete else Unknown(name)


def _as_declared(run: Run, value: Record, name: str, found: Value) -> Value:
    """What a field holds by its annotation, where what was put into it is not known: a client that
    somebody hands over, or that is made when the program has started."""
    is_given = isinstance(found, Input) and found.source == "argument"
    if not isinstance(value.of, Kind) or not (
        is_given or isinstance(found, Unknown) or found == Known(None)
    ):
        return found
    declared = classes.declared(run, value.of, name, value)
    if isinstance(declared, Library) and run.program.frameworks_of(declared.package):
        return declared
    if isinstance(declared, Record) and found != Known(None):
        return declared
    return found


def _of_library(run: Run, value: Library, name: str) -> Value:
    if (value.package, value.names) in ENVIRONMENTS:
        return Input("environment", (name,))
    if (value.package, value.names) in REQUESTS:
        return Input("request", (REQUEST_PARTS.get(name, name),))
    if name == "default" and not value.steps:
        return value
    added = run.program.added.get(value.package)
    if added is not None and name in added:
        return added[name]
    if value.package in words.CARRIERS and value.names and value.names[-1] in HOLDERS:
        found = carried(run, name)
        if found is not None:
            return found
    return Library(value.package, (*value.steps[:STEPS_MAX], name), through=value.through)


def _of_kind(run: Run, value: Kind, name: str) -> Value | None:
    found = classes.member(run, value, name, value)
    if found is None and name in ("name", "__name__"):
        return Known(value.name)
    return found


def _of_procedure(run: Run, value: Procedure, name: str) -> Value | None:
    for one in classes.decorators(run.program, value):
        if isinstance(one, Library):
            return Library(one.package, (*one.steps, name), through=value)
    cell = run.program.function_parts.get((value.path, value.function))
    return cell.get(name) if cell else None


def _of_result(run: Run, value: Result, name: str) -> Value | None:
    cell = run.record.changed.get(Result(value.event, value.parts))
    if cell is not None and name in cell:
        return cell[name]
    if isinstance(value.of, Kind):
        found = classes.method_of(run, value.of, name, value)
        if found is not None:
            return found
        found = relations.related(run, value, name)
        if found is not None:
            return found
    of = value.of if name.isdigit() else None
    return Result(value.event, (*value.parts[:PARTS_MAX], name), of)


def _of_input(run: Run, value: Input, name: str) -> Value:
    if value.source == "request" and len(value.parts) == 1:
        known = run.program.added.get(CARRIERS.get(value.parts[0], ""), {})
        if name in known:
            return known[name]
    if value.source == "request" and value.parts and value.parts[-1] in HOLDERS:
        found = carried(run, name)
        if found is not None:
            return found
    return Input(value.source, (*value.parts[:PARTS_MAX], name))


def _of_either(run: Run, value: Either, name: str) -> Value | None:
    found = [part(run, one, name) for one in value.values]
    some = [one for one in found if one is not None and one != Known(None)]
    return either(some) if some else None


def _of_computed(run: Run, value: Value, name: str) -> Value:
    return Computed(f".{name}", (value,))


def _of_known(run: Run, value: Known, name: str) -> Value:
    if name == "length" and isinstance(value.value, str):
        return Known(len(value.value))
    return Unknown(name)


def _of_unknown(run: Run, value: Unknown, name: str) -> Value:
    return Unknown(f"{value.text}.{name}"[-TEXT_MAX:] if value.text else name)


_PART: dict[type, Callable[[Run, Any, str], Value | None]] = {
    Record: _of_record,
    Library: _of_library,
    Kind: _of_kind,
    Procedure: _of_procedure,
    Result: _of_result,
    Input: _of_input,
    Either: _of_either,
    Computed: _of_computed,
    Stored: _of_computed,
    Known: _of_known,
    Unknown: _of_unknown,
}
