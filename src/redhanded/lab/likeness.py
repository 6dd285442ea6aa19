"""How alike two statements are, whatever they are spelled like.

A statement without its values is taken apart: which rows (``WHERE``, ``ON``), which columns, and
the rest. White space, letter case, quotes, aliases, the order of columns and of conditions, the
length of lists of values and casts of values are spelling. What cannot be parsed is its words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

Node: TypeAlias = Any
VALUE = "'?'"
_SEPARATOR = "; "
_ENDS = frozenset({"BEGIN", "COMMIT", "END", "START TRANSACTION"})
_WORD = re.compile(r"[\w$*]+")
_WEIGHTS = (3, 2, 1)
WORDS_SHARED_MIN = 0.6
"""Of statements that cannot be parsed; others have to speak of the same columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anatomy:
    """One statement, taken apart."""

    verb: str
    rows: frozenset[str] = frozenset()
    """Its conditions."""
    sought: frozenset[str] = frozenset()
    """The columns that these speak of."""
    columns: frozenset[str] = frozenset()
    """What is read, or set to what."""
    rest: frozenset[str] = frozenset()
    """Tables, order, limits, locks, what happens in case of a conflict."""


def identical(one: str, other: str) -> bool:
    """Whether two statements differ in spelling at most."""
    return one == other or anatomies(one) == anatomies(other)


def likeness(one: str, other: str) -> float:
    """From 0 (another statement) to 1 (the same, spelled in some way).

    Of two units with several statements: the mean of each statement's best counterpart.
    """
    if identical(one, other):
        return 1.0
    mine, theirs = anatomies(one), anatomies(other)
    best = [max((_alike(each, there) for there in theirs), default=0.0) for each in mine]
    return sum(best) / max(len(mine), len(theirs), 1)


def contained(one: str, other: str) -> float:
    """How alike a statement of ``one`` and its best counterpart in ``other`` are."""
    pairs = (_alike(mine, theirs) for mine in anatomies(one) for theirs in anatomies(other))
    return max(pairs, default=0.0)


@lru_cache(maxsize=4096)
def anatomies(text: str) -> tuple[Anatomy, ...]:
    """The statements of a unit, without those that open and end its transaction."""
    parts = [part.strip() for part in text.split(_SEPARATOR)]
    kept = [part for part in parts if part.upper() not in _ENDS] or parts
    return tuple(_anatomy(part) for part in kept)


def _anatomy(text: str) -> Anatomy:
    try:
        trees = sqlglot.parse(text.replace("?", VALUE), dialect="postgres")
    except (SqlglotError, RecursionError):
        trees = []
    tree = trees[0] if len(trees) == 1 else None
    if not isinstance(tree, exp.Select | exp.Insert | exp.Update | exp.Delete):
        words = [word.lower() for word in _WORD.findall(text)]
        return Anatomy(verb=words[0] if words else "", rest=frozenset(words))
    _respell(tree)
    conditions = list(_conditions(tree))
    return Anatomy(
        verb=tree.key,
        rows=frozenset(_text(each) for each in conditions),
        sought=frozenset(
            column.name for each in conditions for column in each.find_all(exp.Column)
        ),
        columns=frozenset(_columns(tree)),
        rest=frozenset(_rest(tree)),
    )


def _respell(tree: Node) -> None:
    """Undoes what spelling can be different, in place."""
    tables = list(tree.find_all(exp.Table))
    names = {table.alias_or_name.lower(): table.name.lower() for table in tables}
    for column in list(tree.find_all(exp.Column)):
        owner = names.get(column.table.lower(), column.table.lower())
        column.set("table", exp.to_identifier(owner) if owner and len(tables) > 1 else None)
    for table in tables:
        table.set("alias", None)
        table.set("db", None if table.db.lower() == "public" else table.args.get("db"))
    for cast in list(tree.find_all(exp.Cast)):
        if isinstance(cast.this, exp.Literal):
            cast.replace(cast.this)
    for paren in list(tree.find_all(exp.Paren)):
        if isinstance(paren.this, exp.Literal | exp.Column):
            paren.replace(paren.this)
    for name in tree.find_all(exp.Identifier):
        name.set("this", name.name if name.args.get("quoted") else name.name.lower())
        name.set("quoted", False)
    for found in list(tree.find_all(exp.In)):
        listed = found.expressions
        if listed and all(isinstance(each, exp.Literal) for each in listed):
            value = exp.Literal.string("?")
            found.replace(exp.EQ(this=found.this, expression=exp.Any(this=value)))


def _conditions(tree: Node) -> Iterator[Node]:
    """What is joined by AND in WHERE, HAVING and ON."""
    joined = [tree.args.get("where"), tree.args.get("having")]
    clauses = [clause.this for clause in joined if clause is not None]
    clauses += [join.args["on"] for join in tree.args.get("joins") or () if join.args.get("on")]
    pending = clauses[::-1]
    while pending:
        clause = pending.pop().unnest()
        if isinstance(clause, exp.And):
            pending += [clause.expression, clause.this]
        else:
            yield clause


def _columns(tree: Node) -> Iterator[str]:
    for each in tree.expressions:
        yield _text(each.this if isinstance(each, exp.Alias) else each)
    if isinstance(tree, exp.Insert) and isinstance(tree.this, exp.Schema):
        yield from (_text(column) for column in tree.this.expressions)


def _rest(tree: Node) -> Iterator[str]:
    yield from (f"table {table.name}" for table in tree.find_all(exp.Table))
    parts = ("conflict", "group", "order", "distinct", "with_", "with", "limit", "offset", "locks")
    for part in parts:
        held = tree.args.get(part)
        for each in held if isinstance(held, list) else [held]:
            if each is not None and each is not False:
                yield _text(each) if isinstance(each, exp.Expression) else f"{part} {each}"
    rows = tree.args.get("expression")
    if rows is not None and not isinstance(rows, exp.Values):
        yield _text(rows)


def _text(node: Node) -> str:
    return str(node.sql(dialect="postgres"))


def _alike(one: Anatomy, other: Anatomy) -> float:
    if one == other:
        return 1.0
    if one.verb != other.verb or not _comparable(one, other):
        return 0.0
    parts = ((one.rows, other.rows), (one.columns, other.columns), (one.rest, other.rest))
    weighed = [
        weight * _share(mine, theirs)
        for weight, (mine, theirs) in zip(_WEIGHTS, parts, strict=True)
    ]
    return sum(weighed) / sum(_WEIGHTS)


def _comparable(one: Anatomy, other: Anatomy) -> bool:
    """Whether they may be the same statement: they look for rows by a common column, or, where
    they look for none, speak of a common column."""
    if one.sought or other.sought:
        return bool(one.sought & other.sought)
    if one.rows or other.rows:
        return bool(one.rows & other.rows)
    if not one.columns or not other.columns:
        # An INSERT without a list of columns names them all.
        return one.verb == "insert" or _share(one.rest, other.rest) >= WORDS_SHARED_MIN
    return bool(one.columns & other.columns)


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    """Dice's coefficient; two empty sets are alike."""
    if not one and not other:
        return 1.0
    return 2 * len(one & other) / (len(one) + len(other))
