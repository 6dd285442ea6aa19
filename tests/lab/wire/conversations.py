"""Messages as clients and servers write them, and a recorder that cuts them at will."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

from redhanded.lab.wire.unit import Answer, Stream, Unit

Turn = tuple[str, bytes]
"""``("c", bytes)`` from the client or ``("s", bytes)`` from the server."""


def message(code: str, body: bytes = b"") -> bytes:
    return code.encode() + struct.pack(">I", len(body) + 4) + body


def startup(**parameters: str) -> bytes:
    words = b"".join(
        f"{name}\0{value}\0".encode() for name, value in (parameters or {"user": "u"}).items()
    )
    return struct.pack(">II", 9 + len(words), 196608) + words + b"\0"


SSL_REQUEST = struct.pack(">II", 8, 80877103)
READY = message("Z", b"I")
AUTH_OK = message("R", struct.pack(">I", 0))
LOGGED_IN = AUTH_OK + message("S", b"TimeZone\0UTC\0") + message("K", struct.pack(">II", 4711, 9))


def query(sql: str) -> bytes:
    return message("Q", sql.encode() + b"\0")


def parse(sql: str, name: str = "", types: tuple[int, ...] = ()) -> bytes:
    body = f"{name}\0{sql}\0".encode() + struct.pack(f">H{len(types)}I", len(types), *types)
    return message("P", body)


def bind(
    values: Iterable[bytes | None] = (),
    *,
    portal: str = "",
    name: str = "",
    formats: tuple[int, ...] = (),
) -> bytes:
    values = list(values)
    body = f"{portal}\0{name}\0".encode() + struct.pack(
        f">H{len(formats)}H", len(formats), *formats
    )
    body += struct.pack(">H", len(values))
    for value in values:
        body += struct.pack(">i", -1) if value is None else struct.pack(">i", len(value)) + value
    return message("B", body + struct.pack(">H", 0))


def describe(what: str = "P", name: str = "") -> bytes:
    return message("D", f"{what}{name}\0".encode())


def execute(portal: str = "", rows: int = 0) -> bytes:
    return message("E", f"{portal}\0".encode() + struct.pack(">I", rows))


def tag(text: str) -> bytes:
    return message("C", text.encode() + b"\0")


def row(*values: bytes) -> bytes:
    body = struct.pack(">H", len(values))
    return message("D", body + b"".join(struct.pack(">i", len(v)) + v for v in values))


def error(code: str, text: str, severity: str = "ERROR", **fields: str) -> bytes:
    parts = {"S": severity, "V": severity, "C": code, "M": text} | fields
    return message("E", b"".join(f"{k}{v}\0".encode() for k, v in parts.items()) + b"\0")


SYNC = message("S")
FLUSH = message("H")
PARSED, BOUND, CLOSED, NO_DATA = (message(code) for code in "123n")
ROW_SHAPE = message("T", struct.pack(">H", 0))


def command(*words: str | bytes) -> bytes:
    encoded = [word if isinstance(word, bytes) else word.encode() for word in words]
    body = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)
    return b"*%d\r\n%s" % (len(encoded), body)


def converse(stream: Stream, turns: Iterable[Turn]) -> tuple[list[Unit], list[Answer]]:
    units: list[Unit] = []
    answers: list[Answer] = []
    for side, data in turns:
        if side == "c":
            units += stream.client(data)
        else:
            answers += stream.server(data)
    return units, answers


def cut(turns: Iterable[Turn], places: list[int]) -> list[Turn]:
    """The same turns in smaller pieces, cut at ``places`` (taken modulo each turn's length)."""
    pieces: list[Turn] = []
    for side, data in turns:
        edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
        pieces += [(side, data[a:b]) for a, b in pairwise(edges)]
    return pieces


def joined_units(units: Iterable[Unit]) -> list[Unit]:
    """Continuations put together with the piece before them."""
    result: list[Unit] = []
    for unit in units:
        last = result[-1] if result else None
        if last is not None and unit.continuation and last.serial == unit.serial:
            result[-1] = replace(last, raw=last.raw + unit.raw)
        else:
            result.append(unit)
    return result


def joined_answers(answers: Iterable[Answer]) -> list[Answer]:
    """Pieces put together with what completes them, messages of nobody with each other."""
    result: list[Answer] = []
    for answer in answers:
        last = result[-1] if result else None
        same = last is not None and last.serial == answer.serial
        if last is not None and same and (not last.complete or answer.serial is None):
            failure = answer.failure or (last.failure if answer.serial is None else None)
            result[-1] = replace(answer, raw=last.raw + answer.raw, failure=failure)
        else:
            result.append(answer)
    return result


def assert_cut_does_not_matter(make: type[Stream], turns: list[Turn], places: list[int]) -> None:
    whole_units, whole_answers = converse(make(), turns)
    units, answers = converse(make(), cut(turns, places))
    assert joined_units(units) == joined_units(whole_units)
    assert joined_answers(answers) == joined_answers(whole_answers)
    assert_nothing_lost(turns, units, answers)


def assert_nothing_lost(turns: list[Turn], units: list[Unit], answers: list[Answer]) -> None:
    sent = b"".join(data for side, data in turns if side == "c")
    assert b"".join(unit.raw for unit in units) == sent
    assert b"".join(a.raw for a in answers) == b"".join(d for side, d in turns if side == "s")
    offset = 0
    for unit in units:
        assert unit.offset == offset
        offset += unit.length
