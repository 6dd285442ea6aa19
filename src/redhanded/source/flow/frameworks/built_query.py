"""A statement that is put together by a chain of calls, as far as it has been read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.frameworks.reading import elements, pattern, text
from redhanded.source.flow.values import Either, Known, Record, Stored, Unknown, Value


@dataclass(slots=True)
class BuiltQuery:
    """What the links of a chain have said; `effects` gives the whole."""

    library: str
    kind: EffectKind = "read"
    verb: str = "select"
    table: str | None = None
    alias: str = ""
    model: str = ""
    where: dict[str, Value] = field(default_factory=dict)
    ranges: dict[str, Value] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    conflict: Literal["", "ignore", "update", "error"] = ""
    conflict_columns: tuple[str, ...] = ()
    lock: Literal["", "update", "share"] = ""
    session: Value | None = None
    aggregates: tuple[str, ...] = ()
    joined: list[str] = field(default_factory=list)
    options: dict[str, Value] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    """Attribute to column, where they differ."""
    is_ordered: bool = False
    is_many: bool = False
    is_one: bool = False

    def effects(self) -> tuple[Effect, ...]:
        """Joined tables are read, too."""
        kind: EffectKind = self.kind
        if kind == "insert" and self.conflict:
            kind = "upsert"
        main = Effect(
            kind=kind,
            store="database",
            library=self.library,
            verb=self.verb,
            subject=self.table,
            model=self.model,
            where=self.where,
            ranges=self.ranges,
            values=self.values,
            conflict=self.conflict,
            conflict_columns=self.conflict_columns,
            lock=self.lock,
            session=self.session,
            aggregates=self.aggregates,
            ordered=self.is_ordered,
            many=self._is_many(),
            options=self.options,
        )
        others = tuple(
            Effect(
                kind="read",
                store="database",
                library=self.library,
                verb="join",
                subject=name,
                session=self.session,
                where={"?": Unknown("join")},
            )
            for name in self.joined
        )
        return (main, *others) if self.kind == "read" else (*others, main)

    def _is_many(self) -> bool:
        if self.is_one or self.aggregates:
            return False
        if self.kind == "insert":
            return self.is_many
        return self.is_many or not any(column != "?" for column in self.where)

    def named(self, table: Value | None) -> None:
        """``'seats'``, ``'seats as s'``, ``{s: 'seats'}``."""
        if isinstance(table, Record) and table.parts:
            self.alias, table = next(iter(table.parts.items()))
        found = pattern(table)
        if found is None:
            self.table = self.table or ("?" if table is not None else None)
            return
        name, _, alias = re.sub(r"\s+as\s+", " ", found, flags=re.IGNORECASE).partition(" ")
        self.table, self.alias = name.rpartition(".")[2], alias or self.alias

    def column(self, name: str) -> str | None:
        """As the database has it; None: of another table."""
        table, _, column = name.rpartition(".")
        if table and table.rpartition(".")[2] not in (self.table, self.alias, self.model, "?"):
            return None
        return self.columns.get(column, column)

    def equal(self, name: Value | str | None, value: Value | None) -> None:
        """A condition for equality; a column of another table is left out."""
        written = name if isinstance(name, str) else text(name)
        if written is None:
            self.unread(value)
            return
        column = self.column(written)
        if column is None:
            return
        if isinstance(value, Record) and elements(value):
            self.among(written, value)
        elif column in self.where and self.where[column] != value:
            self.unread(value)
        else:
            self.where[column] = value if value is not None else Known(None)

    def among(self, name: Value | str | None, values: Value | None) -> None:
        """``IN``."""
        written = name if isinstance(name, str) else text(name)
        column = self.column(written) if written is not None else None
        if written is None or column is None:
            return
        several = elements(values)
        self.is_many = True
        if len(several) > 1:
            self.where[column] = Either(several[:8])
        else:
            self.where[column] = several[0] if several else values or Unknown()

    def compared(self, name: Value | str | None, operator: str, value: Value | None) -> None:
        """``column operator value``."""
        operator = operator.strip().lower()
        if operator in ("=", "is", "eq", "=="):
            self.equal(name, value)
            return
        if operator in ("in", "any"):
            self.among(name, value)
            return
        written = name if isinstance(name, str) else text(name)
        column = self.column(written) if written is not None else None
        if column is not None:
            self.ranges.setdefault(column, value if value is not None else Known(None))

    def all_equal(self, values: Value | None) -> None:
        """``{column: value}``."""
        if not isinstance(values, Record):
            self.unread(values)
            return
        for name, value in values.parts.items():
            self.equal(name, value)
        if not values.is_complete:
            self.unread(None)

    def unread(self, value: Value | None) -> None:
        self.where.setdefault("?", value if value is not None else Unknown("condition"))

    def write(self, values: Value | None) -> None:
        """What an insert or update gives; of several rows the first."""
        rows = elements(values)
        if rows:
            self.is_many = True
            values = rows[0]
        if isinstance(values, Record):
            each = values.parts.get("*")
            if each is not None:
                self.is_many = True
                self.write(each)
                return
            for name, value in values.parts.items():
                self.values[self.column(name) or name] = value
            if not values.is_complete:
                self.values.setdefault("?", Unknown("values"))
        elif values is not None:
            self.values.setdefault("?", values)

    def count(self, given: Value | None, amount: Value | None, sign: str) -> None:
        """``increment('free', 2)``, ``increment({free: 2})``."""
        pairs = (
            list(given.parts.items())
            if isinstance(given, Record)
            else [(text(given) or "?", amount or Known(1))]
        )
        for name, one in pairs:
            column = self.column(name) or name
            shown = one.value if isinstance(one, Known) else "?"
            self.values[column] = Stored(f"{column} {sign} {shown}", (column,))


def columns_in(sql: str) -> tuple[str, ...]:
    """The names in a SQL expression that are no functions or keywords."""
    plain = re.sub(r"'[^']*'|:\w+", "", sql)
    found = re.findall(r'"?\b([A-Za-z_]\w*)\b"?(?!\s*[(.])', plain)
    keywords = {
        *("case", "when", "then", "else", "end", "and", "or", "not", "null", "interval", "as"),
        *("current_timestamp", "true", "false", "excluded"),
    }
    return tuple(dict.fromkeys(one for one in found if one.lower() not in keywords))
