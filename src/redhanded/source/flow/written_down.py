"""Paths as bytes, to hand them from one process to another and to keep them.

Pickle, because values share their parts and may hold themselves. What is read was written by this
program, into a pipe of its own or into the user's own cache.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
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
from redhanded.source.flow.values import Input, Kind, Known, Result, Stored, Unknown

FLAT = (
    *(Catcher, Effect, Entry, Event, Guard, Handover, Location, Path, Transaction),
    *(Input, Kind, Known, Result, Stored, Unknown),
)
"""Values without a way of their own to be written, and that never hold themselves."""


def written(value: object) -> bytes:
    """Raises ``RecursionError`` where values lie in one another too deeply."""
    stream = io.BytesIO()
    pickler = pickle.Pickler(stream, protocol=5)
    pickler.dispatch_table = _TABLE
    pickler.dump(value)
    return stream.getvalue()


def read(data: bytes) -> Any:
    return pickle.loads(data)


def _parts(value: Any) -> tuple[Any, tuple[Any, ...]]:
    kind = type(value)
    return _made, (kind, *[getattr(value, name) for name in kind.__slots__])


def _made(kind: Any, *parts: object) -> Any:
    value = _new(kind)
    for put, part in zip(_PUTTING[kind], parts, strict=True):
        put(value, part)
    return value


_new = object.__new__
_TABLE: dict[type, Any] = dict.fromkeys(FLAT, _parts)
_PUTTING: dict[type, tuple[Callable[[object, object], None], ...]] = {
    kind: tuple([getattr(kind, name).__set__ for name in kind.__slots__]) for kind in FLAT
}
"""By kind, what sets each of its parts, frozen or not."""
