"""Changes to unique constraints in written SQL (PostgreSQL)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_NAME = r'(?:"(?:[^"]+)"|[\w$]+)(?:\.(?:"(?:[^"]+)"|[\w$]+))?'
_COLUMNS = r"\(([^()]*(?:\([^()]*\)[^()]*)*)\)"
_MAYBE = r"(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change."""

    kind: Literal["unique", "drop name", "drop table", "drop column"]
    table: str = ""
    columns: tuple[str, ...] = ()
    name: str | None = None


def changes(text: str) -> list[tuple[Change, int]]:
    """The changes in order, each with its line in ``text`` (from 1)."""
    plain = re.sub(r"--[^\n]*", lambda m: " " * len(m[0]), text)
    found: list[tuple[int, Change]] = []
    for pattern, read in _STATEMENTS:
        for match in pattern.finditer(plain):
            found += [(match.start(), one) for one in read(match)]
    found.sort(key=lambda one: one[0])
    return [(change, plain.count("\n", 0, at) + 1) for at, change in found]


def _index(match: re.Match[str]) -> list[Change]:
    name, table, columns = match[1], _plain(match[2]), _split(match[3])
    given = _plain(name) if name else f"{table}_{'_'.join(columns)}_idx"
    return [Change(kind="unique", table=table, columns=columns, name=given)]


def _alter(match: re.Match[str]) -> list[Change]:
    table, found = _plain(match[1]), []
    for action in _actions(match[2]):
        added = re.match(
            rf"ADD\s+(?:CONSTRAINT\s+({_NAME})\s+)?(UNIQUE|PRIMARY\s+KEY)\s*{_COLUMNS}",
            action,
            re.I,
        )
        column = re.match(rf"ADD\s+(?:COLUMN\s+)?{_MAYBE}({_NAME})\s+.*\bUNIQUE\b", action, re.I)
        dropped = re.match(rf"DROP\s+(CONSTRAINT|COLUMN)\s+{_MAYBE}({_NAME})", action, re.I)
        if added:
            name = _plain(added[1]) if added[1] else None
            if name is None and added[2].upper() != "UNIQUE":
                name = f"{table}_pkey"
            columns = _split(added[3])
            found.append(Change(kind="unique", table=table, columns=columns, name=name))
        elif dropped and dropped[1].upper() == "CONSTRAINT":
            found.append(Change(kind="drop name", table=table, name=_plain(dropped[2])))
        elif dropped:
            columns = (_plain(dropped[2]),)
            found.append(Change(kind="drop column", table=table, columns=columns))
        elif column and column[1].upper() not in ("CONSTRAINT", "UNIQUE", "PRIMARY", "FOREIGN"):
            found.append(Change(kind="unique", table=table, columns=(_plain(column[1]),)))
    return found


def _create(match: re.Match[str]) -> list[Change]:
    table, found = _plain(match[1]), []
    for part in _actions(match[2]):
        whole = re.match(
            rf"(?:CONSTRAINT\s+({_NAME})\s+)?(UNIQUE|PRIMARY\s+KEY)\s*{_COLUMNS}", part, re.I
        )
        if whole:
            unique = whole[2].upper() == "UNIQUE"
            name = _plain(whole[1]) if whole[1] else None if unique else f"{table}_pkey"
            columns = _split(whole[3])
            found.append(Change(kind="unique", table=table, columns=columns, name=name))
            continue
        column = re.match(rf"({_NAME})\s", part)
        if column is None:
            continue
        own = (_plain(column[1]),)
        if re.search(r"\bPRIMARY\s+KEY\b", part, re.I):
            found.append(Change(kind="unique", table=table, columns=own, name=f"{table}_pkey"))
        elif re.search(r"\bUNIQUE\b", part, re.I):
            found.append(Change(kind="unique", table=table, columns=own))
    return found


def _drop_index(match: re.Match[str]) -> list[Change]:
    return [Change(kind="drop name", name=_plain(one)) for one in match[1].split(",")]


def _drop_table(match: re.Match[str]) -> list[Change]:
    return [Change(kind="drop table", table=_plain(one)) for one in match[1].split(",")]


_STATEMENTS = (
    (
        re.compile(
            rf"CREATE\s+UNIQUE\s+INDEX\s+(?:CONCURRENTLY\s+)?{_MAYBE}(?:(?!ON\b)({_NAME})\s+)?ON\s+"
            rf"(?:ONLY\s+)?({_NAME})\s*(?:USING\s+\w+\s*)?{_COLUMNS}",
            re.I,
        ),
        _index,
    ),
    (re.compile(rf"ALTER\s+TABLE\s+{_MAYBE}(?:ONLY\s+)?({_NAME})\s+([^;]*)", re.I), _alter),
    (re.compile(rf"CREATE\s+TABLE\s+{_MAYBE}({_NAME})\s*\(([^;]*)\)", re.I), _create),
    (
        re.compile(
            rf"DROP\s+INDEX\s+(?:CONCURRENTLY\s+)?{_MAYBE}({_NAME}(?:\s*,\s*{_NAME})*)", re.I
        ),
        _drop_index,
    ),
    (re.compile(rf"DROP\s+TABLE\s+{_MAYBE}({_NAME}(?:\s*,\s*{_NAME})*)", re.I), _drop_table),
)


def _plain(name: str) -> str:
    return re.split(r"\.(?=[^.]*$)", name.strip())[-1].strip('"')


def _split(columns: str) -> tuple[str, ...]:
    """Column names; an expression stays as it is written."""
    found = []
    for one in _actions(columns):
        plain = re.match(rf"({_NAME})(?:\s+(?:ASC|DESC|NULLS\s+\w+|\w+_ops))*$", one, re.I)
        found.append(_plain(plain[1]) if plain else one)
    return tuple(found)


def _actions(text: str) -> list[str]:
    """Split at the commas that stand outside parentheses."""
    parts, depth, start = [], 0, 0
    for position, character in enumerate(text):
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    return [one.strip() for one in parts if one.strip()]
