"""Which tables a written SQL statement reads and writes."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Literal

import sqlglot
from sqlglot import exp

# sqlglot reports statements that it does not know in its log; here the answer is "not known".
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One access of a statement to a table."""

    table: str
    verb: str
    """``SELECT``, ``INSERT``, ``UPDATE``, ``DELETE``."""
    access: Literal["read", "write", "read-write"]
    columns: tuple[str, ...] = ()
    """Of the conditions, or those an INSERT names."""
    locked: bool = False


def statements(text: str) -> list[Statement]:
    """The accesses of one or more statements in PostgreSQL's dialect; empty where not understood.

    ``${…}`` and ``:name`` stand for values.
    """
    plain = re.sub(r"\$\{[^}]*\}", "$1", text)
    plain = re.sub(r"(?<![:\w]):([A-Za-z_]\w*)", "$1", plain)
    try:
        parsed = sqlglot.parse(plain, read="postgres")
    except (sqlglot.errors.SqlglotError, RecursionError):
        return []
    return [found for one in parsed if one is not None for found in _accesses(one)]


_VERBS: dict[type[exp.Expr], str] = {
    exp.Insert: "INSERT",
    exp.Update: "UPDATE",
    exp.Delete: "DELETE",
}


def _accesses(statement: exp.Expr) -> list[Statement]:
    found: list[Statement] = []
    written: set[str] = set()
    for kind, verb in _VERBS.items():
        for node in statement.find_all(kind):
            table = node.find(exp.Table)
            if table is None or not table.name:
                continue
            written.add(table.name)
            conflict = bool(node.args.get("conflict"))
            found.append(
                Statement(
                    table=table.name,
                    verb=verb,
                    access="read-write" if conflict else "write",
                    columns=_inserted(node) if kind is exp.Insert else _conditions(node),
                )
            )
    for select in statement.find_all(exp.Select):
        locked = bool(select.args.get("locks"))
        for table in select.find_all(exp.Table):
            if table.name and table.name not in written:
                found.append(
                    Statement(
                        table=table.name,
                        verb="SELECT",
                        access="read",
                        columns=_conditions(select),
                        locked=locked,
                    )
                )
    return list(dict.fromkeys(found))


def _inserted(node: exp.Expr) -> tuple[str, ...]:
    schema = node.this
    named = schema.expressions if isinstance(schema, exp.Schema) else []
    return tuple(dict.fromkeys(one.name for one in named))


def _conditions(node: exp.Expr) -> tuple[str, ...]:
    where = node.args.get("where")
    if where is None:
        return ()
    return tuple(dict.fromkeys(column.name for column in where.find_all(exp.Column)))
