"""Paths as bytes, to hand them from one process to another and to keep them.

Pickle, because values share their parts and may hold themselves. What is read was written by this
program, into a pipe of its own or into the user's own cache.
"""

from __future__ import annotations

import io
import pickle
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
    value = object.__new__(kind)
    for name, part in zip(kind.__slots__, parts, strict=True):
        object.__setattr__(value, name, part)
    return value


_TABLE: dict[type, Any] = dict.fromkeys(FLAT, _parts)
