"""Restores a plain-text dump of PostgreSQL (``pg_dump --format=plain``) through the driver.

Rows come in ``COPY … FROM stdin`` blocks, which only the copy protocol takes (manual, COPY and
psql). Owners and grants are left out, since the roles of another server are not here, and settings
that this server does not know are passed over, as psql does by default.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from redhanded.case.errors import InputError

ARCHIVE = b"PGDMP"
"""How a dump in PostgreSQL's own archive format begins."""
PASSED_OVER = re.compile(
    r"^(?:ALTER .* OWNER TO .*;|(?:GRANT|REVOKE) .*;|\\(?:un)?restrict\b.*)$", re.MULTILINE
)
_COPY = re.compile(r"^COPY .* FROM stdin;$", re.IGNORECASE)
_SETTING = re.compile(r"^SET [\w.]+ (?:=|TO) .*;$", re.IGNORECASE)
_CREATES = re.compile(rb"^CREATE (?:UNLOGGED )?TABLE\b", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Statements, or one COPY with its rows."""

    line: int
    """Where it begins, from 1."""
    statements: str
    rows: str | None = None


def holds_schema(path: Path) -> bool:
    """Whether a dump makes tables itself; if not, the migrations have to be there first."""
    return _CREATES.search(_bytes(path)) is not None


def restore(connection: psycopg.Connection[Any], path: Path) -> None:
    """Runs a dump on a database; the connection's settings are as before afterwards.

    Raises ``InputError`` with the line for what the server refuses, and for other formats.
    """
    try:
        for piece in pieces(_text(path)):
            _run(connection, piece, path)
    finally:
        connection.execute("DISCARD ALL")


def pieces(text: str) -> Iterator[Piece]:
    """A dump taken apart: settings one by one, COPY blocks, and whatever is between them."""
    lines = text.splitlines(keepends=True)
    between: list[str] = []
    begins = 1
    number = 0
    while number < len(lines):
        line = lines[number].rstrip("\r\n")
        alone = _COPY.match(line) or _SETTING.match(line)
        if alone and (before := "".join(between)).strip():
            yield Piece(line=begins, statements=before)
        if alone:
            between = []
        if _COPY.match(line):
            end = _end_of_rows(lines, number + 1)
            yield Piece(line=number + 1, statements=line, rows="".join(lines[number + 1 : end]))
            number, begins = end + 1, end + 2
            continue
        if alone:
            yield Piece(line=number + 1, statements=line)
            begins = number + 2
        else:
            between.append(lines[number])
        number += 1
    if "".join(between).strip():
        yield Piece(line=begins, statements="".join(between))


def _end_of_rows(lines: list[str], start: int) -> int:
    for number in range(start, len(lines)):
        if lines[number].rstrip("\r\n") == "\\.":
            return number
    return len(lines)


def _run(connection: psycopg.Connection[Any], piece: Piece, path: Path) -> None:
    statements = PASSED_OVER.sub("", piece.statements)
    if command := re.search(r"^\\\w+.*$", statements, re.MULTILINE):
        raise InputError(
            f"The dump {path.name} has the psql command {command[0]!r} after line {piece.line}, "
            "which only psql runs: take it out, or make one dump for each database."
        )
    try:
        if piece.rows is None:
            connection.execute(statements.encode())
            return
        with connection.cursor() as cursor, cursor.copy(statements.encode()) as copy:
            copy.write(piece.rows)
    except psycopg.errors.UndefinedObject as error:
        if not _SETTING.match(statements):
            raise _refused(path, piece, error) from error
    except psycopg.Error as error:
        raise _refused(path, piece, error) from error


def _refused(path: Path, piece: Piece, error: psycopg.Error) -> InputError:
    return InputError(
        f"The dump {path.name} cannot be restored, at or after line {piece.line}: "
        f"{' '.join(str(error).split())}. Correct it, or [setup] dump in redhanded.toml."
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"The dump {path} cannot be read: {error.strerror}.") from error


def _text(path: Path) -> str:
    data = _bytes(path)
    if data.startswith(ARCHIVE):
        raise InputError(
            f"The dump {path.name} is in PostgreSQL's archive format: make it again with "
            "`pg_dump --format=plain`, or turn it into text with `pg_restore --file=dump.sql`."
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"The dump {path.name} is not UTF-8 text: {error}.") from error
