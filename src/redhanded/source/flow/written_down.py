"""Paths as bytes, to hand them from one process to another and to keep them.

Pickle, because values share their parts and may hold themselves. What is read was written by this
program, into a pipe of its own or into the user's own cache.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from typing import Any

from redhanded.case.evidence import Location
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import (
    Catcher,
    Entry,
    Event,
    Guard,
    Handover,
    Path,
    Transaction,
)
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
)
from redhanded.source.garbage import collected_never

FLAT = (
    *(Catcher, Effect, Entry, Event, Guard, Handover, Location, Path, Transaction),
    *(Computed, Either, Input, Kind, Known, Library, Made, Procedure, Result, Stored, Unknown),
)
"""Values that hold themselves through a `Record` only: written as all their parts, and made of
these. What does not count when two are compared is left out."""


def written(value: object) -> bytes:
    """Raises ``RecursionError`` where values lie in one another too deeply."""
    stream = io.BytesIO()
    pickler = pickle.Pickler(stream, protocol=5)
    pickler.dispatch_table = _TABLE
    pickler.dump(value)
    return stream.getvalue()


def read(data: bytes) -> Any:
    with collected_never():
        return pickle.loads(data)


def _parts(value: Any) -> tuple[Any, tuple[Any, ...]]:
    """What makes a value again, and of which parts; the last ones are left out where they are as
    they are when nothing is said."""
    make, names, defaults = _MAKING[type(value)]
    parts = [getattr(value, name) for name in names]
    while parts and _is_default(parts[-1], defaults[len(parts) - 1]):
        parts.pop()
    return make, tuple(parts)


def _is_default(part: object, default: object) -> bool:
    return part is default or (default is dict and type(part) is dict and not part)


def _default(field: Field[Any]) -> Any:
    """The value itself, or ``dict`` for a new one each time."""
    return field.default if field.default_factory is MISSING else field.default_factory


def _maker(kind: Any) -> Callable[..., object]:
    """A function that makes a value of its parts in their order, frozen or not.

    It is compiled from a text, as those of `dataclasses` are: a scan makes millions of values, and
    a loop over their parts takes twice the time.
    """
    known: dict[str, object] = {"new": object.__new__, "kind": kind}
    given, lines = [], []
    for place, field in enumerate(fields(kind)):
        default = _default(field)
        known[f"put_{place}"] = getattr(kind, field.name).__set__
        known[f"default_{place}"] = default
        part = f"part_{place}"
        if not field.compare:
            part = f"default_{place}"
        elif default is MISSING:
            given.append(part)
        elif default is dict:
            given.append(f"{part}=None")
            part = f"{{}} if {part} is None else {part}"
        else:
            given.append(f"{part}=default_{place}")
        lines.append(f"    put_{place}(value, {part})\n")
    name = f"_make_{kind.__name__}"
    text = f"def {name}({', '.join(given)}):\n    value = new(kind)\n{''.join(lines)}"
    exec(f"{text}    return value\n", known)
    made: Any = known[name]
    made.__module__ = __name__
    return globals().setdefault(name, made)  # type: ignore[no-any-return]


def _record_parts(value: Record) -> tuple[Any, ...]:
    """First there is an empty one, then it gets its parts, which may hold it."""
    return _empty_record, (), (value.parts, value.of, value.is_complete), None, None, _fill_record


def _empty_record() -> Record:
    return object.__new__(Record)


def _fill_record(value: Record, parts: tuple[object, object, object]) -> None:
    for put, part in zip(_PUTTING, parts, strict=True):
        put(value, part)


_PUTTING = tuple(getattr(Record, name).__set__ for name in ("parts", "of", "is_complete"))
_MAKING: dict[type, tuple[Callable[..., object], tuple[str, ...], tuple[object, ...]]] = {
    kind: (
        _maker(kind),
        tuple(one.name for one in fields(kind) if one.compare),
        tuple(_default(one) for one in fields(kind) if one.compare),
    )
    for kind in FLAT
}
_TABLE: dict[type, Any] = {**dict.fromkeys(FLAT, _parts), Record: _record_parts}
