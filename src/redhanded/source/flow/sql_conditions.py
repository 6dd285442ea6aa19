"""Conditions and values of SQL: which column is compared with what, what a column is given."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sqlglot import exp

from redhanded.source.flow.sql_text import MARKED, SLOT
from redhanded.source.flow.values import Computed, Either, Input, Known, Stored, Unknown, Value

_MIRRORED = (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NEQ, exp.NullSafeNEQ)
_SIMILAR = (
    exp.Like,
    exp.ILike,
    exp.RegexpLike,
    exp.RegexpILike,
    exp.SimilarTo,
    exp.ArrayContainsAll,
)


def name_of(text: str) -> str:
    """A name or text whose unknown parts are shown as ``?``."""
    return MARKED.sub("?", text)


def text_of(node: exp.Expr) -> str:
    """As PostgreSQL writes it, for people; parameters are ``?``."""
    text = node.sql(dialect="postgres", normalize_functions=False)
    return name_of(re.sub(r"\$\d+", "?", text))


def table_name(table: exp.Expr) -> str:
    """Of a table; ``?`` where a value stands for it."""
    return "?" if isinstance(table.this, exp.Parameter) else name_of(table.name)


def column_name(node: exp.Expr) -> str:
    """Of a column, or the text of an expression as an index would have it."""
    while isinstance(node, exp.Paren | exp.Cast | exp.Ordered | exp.Collate):
        node = node.this
    if isinstance(node, exp.Column | exp.Identifier):
        return name_of(node.name)
    return text_of(node).lower()


def value_of(node: exp.Expr, inserted: dict[str, Value] | None = None) -> Value | None:
    """What an expression gives; None for ``DEFAULT``. ``inserted``: for ``EXCLUDED.x``."""
    while isinstance(node, exp.Paren | exp.Cast):
        node = node.this
    if isinstance(node, exp.Parameter | exp.Literal | exp.Null | exp.Boolean | exp.Neg):
        return _plain(node)
    if isinstance(node, exp.Column) and not node.table and node.name.upper() == "DEFAULT":
        return None
    if inserted is not None and (name := _excluded(node)):
        return inserted.get(name, Unknown(f"excluded.{name}"))
    columns = tuple(
        dict.fromkeys(
            name_of(one.name)
            for one in node.find_all(exp.Column)
            if one.table.lower() != "excluded" and not isinstance(one.this, exp.Star)
        )
    )
    text = text_of(node)
    parameters = [one for one in map(_plain, node.find_all(exp.Parameter)) if one is not None]
    if columns or not parameters or node.find(exp.Select):
        return Stored(text, columns)
    name = node.name if isinstance(node, exp.Anonymous) else node.key
    operator = f"call:{name.lower()}" if isinstance(node, exp.Func) else f"sql:{node.key}"
    return Computed(operator, tuple(parameters))


def _excluded(node: exp.Expr) -> str:
    if isinstance(node, exp.Column) and node.table.lower() == "excluded":
        return name_of(node.name)
    if isinstance(node, exp.Anonymous) and node.name.upper() == "VALUES" and node.expressions:
        return name_of(node.expressions[0].name)
    return ""


def _plain(node: exp.Expr) -> Value | None:
    if isinstance(node, exp.Parameter):
        return Input(SLOT, (node.this.name,))
    if isinstance(node, exp.Null):
        return Known(None)
    if isinstance(node, exp.Boolean):
        return Known(bool(node.this))
    sign = -1 if isinstance(node, exp.Neg) else 1
    literal = node.this if isinstance(node, exp.Neg) else node
    if not isinstance(literal, exp.Literal):
        return Stored(text_of(node), tuple(one.name for one in node.find_all(exp.Column)))
    if literal.is_string:
        return Known(literal.name)
    try:
        return Known(sign * int(literal.name))
    except ValueError:
        return Known(sign * float(literal.name))


@dataclass(slots=True)
class OfTable:
    """Conditions on one table."""

    where: dict[str, Value] = field(default_factory=dict)
    ranges: dict[str, Value] = field(default_factory=dict)
    is_many: bool = False


@dataclass(slots=True)
class Conditions:
    """Conditions of one statement by its tables: pairs of alias and name, the main one first."""

    tables: list[tuple[str, str]]
    found: dict[str, OfTable] = field(default_factory=dict)

    def of(self, alias: str) -> OfTable:
        return self.found.setdefault(alias, OfTable())

    def add(self, node: exp.Expr) -> None:
        """All parts of a conjunction; what is no comparison with a column is ``?``."""
        while isinstance(node, exp.Paren):
            node = node.this
        if isinstance(node, exp.And):
            self.add(node.left)
            self.add(node.right)
        elif not self._comparison(node):
            self._unread(node)

    def _comparison(self, node: exp.Expr) -> bool:
        if isinstance(node, exp.EQ | exp.NullSafeEQ):
            return self._equal(node.left, node.right) or self._equal(node.right, node.left)
        if isinstance(node, exp.Is):
            return self._put(node.this, value_of(node.expression))
        if isinstance(node, exp.In):
            return self._among(node)
        if isinstance(node, exp.Column):
            return self._put(node, Known(True))
        if isinstance(node, exp.Not):
            return self._negated(node.this)
        if isinstance(node, _MIRRORED):
            sides = ((node.left, node.right), (node.right, node.left))
            return any(self._range(column, value_of(other)) for column, other in sides)
        if isinstance(node, exp.Between):
            return self._range(node.this, value_of(node.args["low"]))
        if isinstance(node, _SIMILAR):
            return self._range(node.this, value_of(node.expression))
        return False

    def _negated(self, node: exp.Expr) -> bool:
        if isinstance(node, exp.Column):
            return self._put(node, Known(False))
        if isinstance(node, exp.Is | exp.EQ | exp.Like | exp.ILike):
            return self._range(node.this, value_of(node.expression))
        if isinstance(node, exp.In):
            first = node.expressions[0] if node.expressions else node
            return self._range(node.this, value_of(first))
        return False

    def _equal(self, column: exp.Expr, other: exp.Expr) -> bool:
        if isinstance(column, exp.Tuple) and isinstance(other, exp.Tuple):
            pairs = zip(column.expressions, other.expressions, strict=False)
            each = [self._equal(one, value) for one, value in pairs]
            return all(each)
        if isinstance(other, exp.Any):
            done = self._put(column, value_of(other.this))
            if done and (alias := self._alias(column)) is not None:
                self.of(alias).is_many = True
            return done
        return self._put(column, value_of(other))

    def _among(self, node: exp.In) -> bool:
        values = [value_of(one) for one in node.expressions]
        known = tuple(one for one in values if one is not None)
        value: Value = Unknown(text_of(node)[:80])
        if len(known) == 1:
            value = known[0]
        elif known:
            value = Either(known[:8])
        if node.args.get("query") is not None:
            value = Stored(text_of(node.args["query"])[:200])
        done = self._put(node.this, value)
        is_one = len(known) == 1 and isinstance(known[0], Known)
        if done and not is_one and (alias := self._alias(node.this)) is not None:
            self.of(alias).is_many = True
        return done

    def _put(self, column: exp.Expr, value: Value | None) -> bool:
        alias = self._alias(column)
        if alias is None or value is None:
            return False
        of = self.of(alias)
        name = column_name(column)
        if name in of.where:
            of.where.setdefault("?", Unknown(name))
        else:
            of.where[name] = value
        return True

    def _range(self, column: exp.Expr, value: Value | None) -> bool:
        alias = self._alias(column)
        if alias is None:
            return False
        self.of(alias).ranges.setdefault(column_name(column), value or Unknown())
        return True

    def _alias(self, column: exp.Expr) -> str | None:
        """The table that a column is of; with several tables only if it says so."""
        while isinstance(column, exp.Paren | exp.Cast | exp.Collate):
            column = column.this
        if not isinstance(column, exp.Column):
            if not isinstance(column, exp.Func) or column.find(exp.Select, exp.Parameter):
                return None
            inner = list(column.find_all(exp.Column))
            return self._alias(inner[0]) if len(inner) == 1 else None
        if column.table:
            for alias, name in self.tables:
                if column.table in (alias, name):
                    return alias
            return None
        return self.tables[0][0] if len(self.tables) == 1 else None

    def _unread(self, node: exp.Expr) -> None:
        parameter = node if isinstance(node, exp.Parameter) else None
        value = _plain(parameter) if parameter is not None else None
        named = {one.table for one in node.find_all(exp.Column) if one.table}
        for alias, name in self.tables:
            if not named or alias in named or name in named:
                self.of(alias).where.setdefault("?", value or Unknown(text_of(node)[:200]))
