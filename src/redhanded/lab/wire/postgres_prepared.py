"""Prepared statements and portals of one PostgreSQL connection: which SQL an Execute runs.

Each function takes the body of one client message (after type and length); layouts as in the
manual, section 55.7 "Message Formats". A body that is cut short raises ``ValueError`` or
``struct.error``.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Generic, TypeVar

from redhanded.lab.wire.postgres_values import binary_as_text
from redhanded.lab.wire.unit import Bound

NAMES_MAX = 10_000
"""Of statements, and of portals; beyond it the oldest are forgotten (a client that leaks names)."""

Value = TypeVar("Value")
_TWO_BYTES = struct.Struct(">H").unpack_from
_FOUR_BYTES = struct.Struct(">i").unpack_from


@dataclass(slots=True)
class Statement:
    """What Parse said, and what the server said of it since."""

    sql: str
    types: tuple[int, ...]
    """OIDs of the parameters; 0 where the client leaves it to the server."""
    columns: bytes = b""
    """Body of the RowDescription that the server gave, if it was asked about the statement."""


@dataclass(slots=True)
class Renaming(Generic[Value]):
    """One name that means something else from now on, if the server agrees."""

    names: dict[bytes, Value]
    name: bytes
    now: Value | None
    """None: nothing any more."""
    before: Value | None

    def undo(self) -> None:
        """As before, unless the name was given again since."""
        if self.names.get(self.name) is not self.now:
            return
        if self.before is not None:
            self.names[self.name] = self.before
        else:
            self.names.pop(self.name, None)


Change = Renaming[Statement] | Renaming[Bound]


class Prepared:
    """Names known on one connection."""

    def __init__(self) -> None:
        self._statements: dict[bytes, Statement] = {}
        self._portals: dict[bytes, Bound] = {}

    def parse(self, body: bytes) -> Change:
        name, position = _name(body, 0)
        sql, position = _name(body, position)
        count = _TWO_BYTES(body, position)[0]
        types = struct.unpack_from(f">{count}I", body, position + 2)
        text = sql.decode("utf-8", "replace").strip().removesuffix(";").rstrip()
        return _remember(self._statements, name, Statement(text, types))

    def bind(self, body: bytes) -> Change:
        portal, position = _name(body, 0)
        name, position = _name(body, position)
        statement = self._statements.get(name) or Statement("", ())
        count = _TWO_BYTES(body, position)[0]
        formats = struct.unpack_from(f">{count}H", body, position + 2)
        position += 2 + 2 * count
        values, position = _values(body, position, formats, statement.types)
        count = _TWO_BYTES(body, position)[0] if position < len(body) else 0
        results = struct.unpack_from(f">{count}H", body, position + 2) if count else ()
        bound = Bound(sql=statement.sql, values=values, results=results)
        return _remember(self._portals, portal, bound)

    def execute(self, body: bytes) -> Bound:
        """What runs; empty SQL for a portal that was made by other means (DECLARE CURSOR)."""
        portal, _ = _name(body, 0)
        return self._portals.get(portal) or Bound(sql="")

    def describe(self, body: bytes) -> Statement | None:
        """The statement that the server will name parameter types for, if it is one."""
        if body[:1] != b"S":
            return None
        return self._statements.get(_name(body, 1)[0])

    def columns_of(self, sql: str) -> bytes:
        """What the server said of the answer's columns; empty if it was not asked."""
        described = (each.columns for each in self._statements.values() if each.sql == sql)
        return next((columns for columns in described if columns), b"")

    def close(self, body: bytes) -> Change:
        name, _ = _name(body, 1)
        if body[:1] == b"S":
            return Renaming(self._statements, name, None, self._statements.pop(name, None))
        return Renaming(self._portals, name, None, self._portals.pop(name, None))


def _values(
    body: bytes, position: int, formats: tuple[int, ...], types: tuple[int, ...]
) -> tuple[tuple[str | None, ...], int]:
    """The values, and where they end."""
    count = _TWO_BYTES(body, position)[0]
    position += 2
    values: list[str | None] = []
    for index in range(count):
        length = _FOUR_BYTES(body, position)[0]
        position += 4
        if length < 0:
            values.append(None)
            continue
        value = body[position : position + length]
        position += length
        if position > len(body):
            raise ValueError("a parameter is longer than its message")
        if formats and formats[index if len(formats) > 1 else 0]:
            values.append(binary_as_text(types[index] if index < len(types) else 0, value))
        else:
            values.append(value.decode("utf-8", "replace"))
    return tuple(values), position


def _name(body: bytes, position: int) -> tuple[bytes, int]:
    """Bytes up to the zero, and where the next field begins."""
    end = body.index(0, position)
    return body[position:end], end + 1


def _remember(names: dict[bytes, Value], name: bytes, value: Value) -> Renaming[Value]:
    before = names.pop(name, None)
    names[name] = value
    if len(names) > NAMES_MAX:
        del names[next(iter(names))]
    return Renaming(names, name, value, before)
