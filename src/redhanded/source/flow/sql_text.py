"""SQL as a program writes it, with values in it, as one text with numbered parameters.

Understands ``$1`` (PostgreSQL), ``?`` and ``??`` (mysql2, Knex), ``:name`` and ``:name:``
(Sequelize, Knex, SQLAlchemy), ``$name`` (Sequelize), ``%s`` and ``%(name)s`` (DB-API), and values
that stand in a template or are joined with ``+``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from redhanded.source.flow.values import (
    Computed,
    Either,
    Input,
    Known,
    Record,
    Result,
    Unknown,
    Value,
)

ALTERNATIVES_MAX = 8
PARTS_MAX = 1000
DEPTH_MAX = 60
"""Of texts in texts; ``sql += …`` in a long function is one level each."""
MARK = "qz{}zq"
"""An identifier that is not known stands in the text as this, so that it can be parsed."""
MARKED = re.compile(r"qz\d+zq")
SLOT = "sql"
"""A parameter is ``Input("sql", ("1",))`` until it is given its value."""

_TOKEN = re.compile(
    r"""
    (?P<quoted>[eE]?'(?:[^'\\]|''|\\.)*')
    | (?P<identifier>"(?:[^"]|"")*")
    | (?P<backtick>`[^`]*`)
    | (?P<dollar>\$(?P<tag>[A-Za-z_]*)\$.*?\$(?P=tag)\$)
    | (?P<remark>--[^\n]*|/\*.*?\*/)
    | (?P<value>\x00\d+\x00)
    | (?P<number>\$\d+)
    | (?P<escaped>\\\\?\?)
    | (?P<operator>\?[|&])
    | (?P<names>\?\?)
    | (?P<next>\?)
    | (?P<percent>%%|%s|%\((?P<percent_name>\w+)\)s)
    | (?P<cast>::)
    | (?P<named>(?<![\w:\]]):(?P<name>[A-Za-z_]\w*)(?P<is_name>:(?!:))?)
    | (?P<bound>\$(?P<bound_name>[A-Za-z_]\w*))
    """,
    re.VERBOSE | re.DOTALL,
)
_TABLE_FOLLOWS = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE|ONLY)\s+(?:\w+\.)?$", re.IGNORECASE)
_SET_FOLLOWS = re.compile(r"\bSET\s+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SqlText:
    """A statement whose values are ``$1``, ``$2`` … in the order in which they stand in it."""

    text: str
    slots: tuple[Value, ...]


def texts(
    value: Value,
    parameters: Value | None = None,
    inline: Callable[[Value], Value | None] | None = None,
) -> tuple[SqlText, ...]:
    """What is executed: one text, more where a branch decides, none where nothing is written.

    ``parameters``: a `Record` with the parts ``0``, ``1`` … or names. ``inline`` gives the text
    that a value stands for where it is SQL and no parameter (``sql.raw(x)``), else None.
    """
    found: list[SqlText] = []
    for parts in _Alternatives(inline).of(value)[:ALTERNATIVES_MAX]:
        if any(isinstance(one, str) and one.strip() for one in parts):
            one = _Writer(parts, parameters).write()
            if one not in found:
                found.append(one)
    return tuple(found)


@dataclass(slots=True)
class _Alternatives:
    """The ways in which a value is put together; values share parts, each is looked at once."""

    inline: Callable[[Value], Value | None] | None
    known: dict[int, list[tuple[str | Value, ...]]] = field(default_factory=dict)

    def of(self, value: Value, depth: int = DEPTH_MAX) -> list[tuple[str | Value, ...]]:
        found = self.known.get(id(value))
        if found is None:
            found = self.known[id(value)] = [(value,)] if depth == 0 else self._of(value, depth - 1)
        return found

    def _of(self, value: Value, depth: int) -> list[tuple[str | Value, ...]]:
        if self.inline is not None and (meant := self.inline(value)) is not None:
            return self._of(meant, depth - 1) if depth > 0 else [(value,)]
        if isinstance(value, Known) and value.value is not None:
            return [(str(value.value),)]
        if isinstance(value, Either):
            return [one for each in value.values for one in self.of(each, depth)]
        if isinstance(value, Computed) and value.operator in ("text", "+"):
            ways: list[tuple[str | Value, ...]] = [()]
            for operand in value.operands:
                more = self.of(operand, depth)
                if len(ways) * len(more) > ALTERNATIVES_MAX:
                    more = [(operand,)]
                ways = [(*way, *one) for way in ways for one in more]
            return ways if max(map(len, ways)) <= PARTS_MAX else [(value,)]
        return [(value,)]


def parameter(parameters: Value | None, name: str) -> Value:
    """One of the values that are given beside a text, by name or by index from 0."""
    if isinstance(parameters, Record):
        if name in parameters.parts:
            return parameters.parts[name]
    elif isinstance(parameters, Input):
        return Input(parameters.source, (*parameters.parts, name))
    elif isinstance(parameters, Result):
        return Result(parameters.event, (*parameters.parts, name))
    return Unknown(f"parameter {name}")


@dataclass(slots=True)
class _Writer:
    parts: tuple[str | Value, ...]
    parameters: Value | None
    values: list[Value] = field(default_factory=list)
    """What stands in the text itself."""
    slots: list[Value] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    """Of ``$1`` and names, which may stand in several places."""
    written: list[str] = field(default_factory=list)
    taken: int = 0
    """How many ``?`` and ``%s`` were met."""

    def write(self) -> SqlText:
        plain = ""
        for one in self.parts:
            if isinstance(one, str):
                plain += one.replace("\x00", "")
            else:
                self.values.append(one)
                plain += f"\x00{len(self.values) - 1}\x00"
        is_numbered = re.search(r"\$\d", plain) is not None
        place = 0
        for match in _TOKEN.finditer(plain):
            self.written.append(plain[place : match.start()])
            place = match.end()
            self.written.append(self._token(match, plain, is_numbered))
        self.written.append(plain[place:])
        return SqlText("".join(self.written).strip(), tuple(self.slots))

    def _token(self, match: re.Match[str], plain: str, is_numbered: bool) -> str:
        kind, text = match.lastgroup or "", match.group()
        if match["quoted"] is not None:
            return self._quoted(text)
        if match["value"] is not None:
            return self._value(match, plain)
        if match["identifier"] is not None or match["backtick"] is not None:
            inner = re.sub(r"\x00(\d+)\x00", self._named, text[1:-1])
            return f'"{inner}"'
        if match["number"] is not None:
            return self._numbered(str(int(text[1:]) - 1))
        if match["named"] is not None:
            if match["is_name"]:
                return self._identifier(parameter(self.parameters, match["name"]))
            return self._numbered(match["name"])
        if match["bound"] is not None:
            return self._numbered(match["bound_name"])
        if match["percent"] is not None:
            if text == "%%":
                return "%"
            name = match["percent_name"]
            return self._numbered(name) if name else self._slot(self._next())
        if match["names"] is not None and not is_numbered:
            return self._identifier(self._next())
        if match["next"] is not None and not is_numbered:
            return self._question()
        if kind == "escaped":
            return "?"
        return " " if match["remark"] is not None else text

    def _slot(self, value: Value) -> str:
        self.slots.append(value)
        return f"${len(self.slots)}"

    def _numbered(self, name: str) -> str:
        if name not in self.numbers:
            self._slot(parameter(self.parameters, name))
            self.numbers[name] = len(self.slots)
        return f"${self.numbers[name]}"

    def _next(self) -> Value:
        self.taken += 1
        return parameter(self.parameters, str(self.taken - 1))

    def _question(self) -> str:
        value = self._next()
        if isinstance(value, Record) and _SET_FOLLOWS.search("".join(self.written)):
            return ", ".join(f'"{name}" = {self._slot(one)}' for name, one in value.parts.items())
        return self._slot(value)

    def _identifier(self, value: Value) -> str:
        if isinstance(value, Known) and isinstance(value.value, str):
            return ".".join(f'"{one}"' for one in value.value.split("."))
        self.slots.append(value)
        return MARK.format(len(self.slots))

    def _named(self, match: re.Match[str]) -> str:
        self.slots.append(self.values[int(match[1])])
        return MARK.format(len(self.slots))

    def _quoted(self, text: str) -> str:
        if "\x00" not in text:
            return text
        pieces = re.split(r"\x00(\d+)\x00", text.strip("eE")[1:-1])
        parts: list[Value] = []
        for number, piece in enumerate(pieces):
            if number % 2:
                parts.append(self.values[int(piece)])
            elif piece:
                parts.append(Known(piece))
        return self._slot(parts[0] if len(parts) == 1 else Computed("text", tuple(parts)))

    def _value(self, match: re.Match[str], plain: str) -> str:
        value = self.values[int(match.group()[1:-1])]
        before, after = plain[: match.start()], plain[match.end() : match.end() + 1]
        is_name = (
            re.search(r"[\w.]$", before)
            or re.match(r"[\w.(]", after)
            or _TABLE_FOLLOWS.search(before)
        )
        if is_name:
            self.slots.append(value)
            return MARK.format(len(self.slots))
        return self._slot(value)
