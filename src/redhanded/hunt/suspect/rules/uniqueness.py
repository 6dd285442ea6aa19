"""Whether the database refuses a second row that is equal in the columns a program looks at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from redhanded.source.flow.schema import Table, Unique
from redhanded.source.flow.values import Value

UNREAD = "?"
"""The column of a condition that could not be read (`Effect.where`)."""


@lru_cache(maxsize=20_000)
def plain(name: str) -> str:
    """A column's name in one spelling: ``userId``, ``user_id`` and Django's ``user`` are one."""
    name = re.sub(r"__(?:exact|iexact|in|pk|id)$", "", name)
    name = name.rsplit(".", 1)[-1].strip("\"'`[] ")
    short = re.sub(r"(?<=[a-z0-9])(?:_id|Id|ID|_pk|_uuid|Uuid)$", "", name)
    return short.replace("_", "").lower()


def plain_columns(table: Table | None, names: Iterable[str]) -> frozenset[str]:
    """In one spelling, a model's attributes by the names of their columns."""
    renamed: dict[str, str] = {}
    if table is not None:
        renamed = {one.attribute: one.name for one in table.columns if one.attribute}
    return frozenset(plain(renamed.get(one, one)) for one in names)


def covering(table: Table, columns: Iterable[str], *, partial: bool = False) -> Unique | None:
    """A constraint that two rows equal in ``columns`` violate.

    An index on an expression (``lower(email)``) counts for the column in it. With ``partial``,
    one that holds for some rows only.
    """
    looked = plain_columns(table, columns)
    for one in table.uniques:
        if bool(one.where) != partial or not one.columns:
            continue
        if looked.issuperset(plain_columns(table, map(_column, one.columns))):
            return one
    return None


def _column(text: str) -> str:
    """The column in the expression of an index."""
    inner = re.fullmatch(r"\s*\(?\s*(?:lower|upper|trim|btrim)\s*\(\s*\"?(\w+)\"?.*", text, re.I)
    return inner[1] if inner else text


def excluded(table: Table) -> str | None:
    """The text of an exclusion constraint, which refuses rows that overlap."""
    return next((one for one in table.checks if "exclude" in one.lower()), None)


def named(where: Mapping[str, Value]) -> tuple[str, ...]:
    """The columns of a condition that could be read."""
    return tuple(one for one in where if one != UNREAD)
