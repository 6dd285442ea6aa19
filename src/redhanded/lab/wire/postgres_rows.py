"""The rows in an answer of PostgreSQL, with what is known of their columns.

Layouts of RowDescription and DataRow as in the manual, section 55.7. An answer to a statement that
was described when it was prepared holds rows only: its description is given beside it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from redhanded.lab.wire.postgres_values import binary_as_text

_MESSAGE = struct.Struct(">BI").unpack_from
_COUNT = struct.Struct(">H").unpack_from
_FIELD = struct.Struct(">IhIhih")
"""Table, column's number in it, type, its size, its modifier, format."""
_LENGTH = struct.Struct(">i").unpack_from
_COLUMNS, _ROW, _COMPLETE = b"TDC"

Row = tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of an answer."""

    name: str
    table: int
    """OID of the table or view that it is a column of; 0 if it is computed."""
    number: int
    """Which column of that table."""
    type: int
    binary: bool


def rows_in(
    answer: bytes, described: bytes = b"", results: Sequence[int] = ()
) -> Iterator[tuple[tuple[Column, ...], Row]]:
    """The rows in the bytes of an answer, each with its columns; values as text, None is NULL.

    ``described`` is the RowDescription that was given when the statement was prepared, ``results``
    the formats that the client then asked for. Rows without any description are left out, and so is
    what does not fit: an answer may be cut short.
    """
    try:
        columns = _with_formats(_columns(described), results) if described else ()
        position = 0
        while position + 5 <= len(answer):
            code, length = _MESSAGE(answer, position)
            end = position + 1 + length
            if end > len(answer):
                return
            if code == _COLUMNS:
                columns = _columns(answer[position + 5 : end])
            elif code == _COMPLETE:
                columns = ()
            elif code == _ROW and columns:
                yield columns, _row(answer, position + 5, columns)
            position = end
    except (struct.error, ValueError):
        return


def _columns(body: bytes) -> tuple[Column, ...]:
    found = []
    position = 2
    for _ in range(_COUNT(body, 0)[0]):
        end = body.index(0, position)
        table, number, oid, _size, _modifier, form = _FIELD.unpack_from(body, end + 1)
        name = body[position:end].decode("utf-8", "replace")
        found.append(Column(name=name, table=table, number=number, type=oid, binary=form == 1))
        position = end + 1 + _FIELD.size
    return tuple(found)


def _with_formats(columns: tuple[Column, ...], results: Sequence[int]) -> tuple[Column, ...]:
    """What is described before it is asked for has no formats yet."""
    forms = results if len(results) > 1 else [*results, 0][:1] * len(columns)
    return tuple(
        Column(
            name=each.name,
            table=each.table,
            number=each.number,
            type=each.type,
            binary=form == 1,
        )
        for each, form in zip(columns, forms, strict=False)
    )


def _row(answer: bytes, position: int, columns: tuple[Column, ...]) -> Row:
    count = _COUNT(answer, position)[0]
    position += 2
    values: list[str | None] = []
    for column in columns[:count]:
        size = _LENGTH(answer, position)[0]
        position += 4
        if size < 0:
            values.append(None)
            continue
        value = answer[position : position + size]
        position += size
        values.append(
            binary_as_text(column.type, value)
            if column.binary
            else value.decode("utf-8", "replace")
        )
    return tuple(values)
