"""What a tool that knows tables gives: its models, or its migrations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from redhanded.case.evidence import Location
from redhanded.source.flow.schema import Table
from redhanded.source.flow.schemas.changes import Change
from redhanded.source.flow.schemas.evaluation import Evaluation
from redhanded.source.flow.schemas.sql_text import UNKNOWN_WORD
from redhanded.source.flow.values import Computed, Either, Known, Library, Made, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """What the models of one tool say."""

    tool: str
    tables: tuple[Table, ...]
    """Uniques are said by ``model``; one name may stand twice (models of one table)."""
    creates: Location | None = None
    """Where the tool is told to create what the models say, by itself (``sync()``)."""


class ModelTool(Protocol):
    """A library in which models are written; one file, one line in ``MODELS``."""

    def __call__(self, evaluation: Evaluation) -> Models: ...


Order = tuple[int, tuple[int, ...], str]
"""Kind of name (numbered ones first), its numbers, the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file that changes a database."""

    path: str
    group: str
    """The folder, or what else runs together and in order."""
    order: Order
    """Place within the group; see `natural`."""
    changes: Callable[[], Iterable[Change]]
    """Reads it. Called in order, once."""
    tool: str
    is_dump: bool = False
    """It makes a whole schema at once; migrations that create the same tables count instead."""


class MigrationTool(Protocol):
    """A library in which migrations are written; one file, one line in ``MIGRATIONS``."""

    def __call__(self, evaluation: Evaluation) -> Iterable[Migration]: ...


def natural(name: str) -> Order:
    """A file name to sort by: leading numbers count as numbers, as in ``V10__x`` and ``2_y``."""
    lead = re.match(r"[vV]?(\d+(?:[._]\d+)*)", name)
    if lead is None:
        return (1, (), name)
    return (0, tuple(int(one) for one in re.split(r"[._]", lead[1])), name[lead.end() :])


def last_call(value: Value | None) -> tuple[str, Made] | None:
    """Of a library's value that ends in a call: the name called, and what it was given."""
    if not isinstance(value, Library) or len(value.steps) < 1:
        return None
    made = value.steps[-1]
    if not isinstance(made, Made):
        return None
    name = value.steps[-2] if len(value.steps) > 1 else ""
    return (name if isinstance(name, str) else "", made)


def is_true(value: Value | None) -> bool:
    """Known to be true."""
    return isinstance(value, Known) and bool(value.value)


_TEXTS = frozenset(
    (
        "text",
        "DDL",
        "sql",
        "raw",
        "literal",
        "literal_column",
        "SQL",
        "Literal",
        "func",
        "dedent",
        "",
    )
)
"""Functions that are given SQL and give something to execute."""


def sql_of(value: Value | None) -> str | None:
    """The text of a statement, with ``UNKNOWN_WORD`` for what is computed; None: nothing is
    known of it."""
    if isinstance(value, Known):
        return value.value if isinstance(value.value, str) else None
    if isinstance(value, Computed) and value.operator == "text":
        parts = [
            str(one.value) if isinstance(one, Known) else UNKNOWN_WORD for one in value.operands
        ]
        return "".join(parts) if any(isinstance(one, Known) for one in value.operands) else None
    if isinstance(value, Either):
        return None
    called = last_call(value)
    if called is not None and called[0] in _TEXTS and called[1].arguments:
        # ``text('…')``, ``sql`…```, ``knex.raw('…')``.
        return sql_of(called[1].arguments[0])
    return None


def written(value: Value | None) -> str:
    """A default or an expression as people would write it; empty for none."""
    if value is None or (isinstance(value, Known) and value.value is None):
        return ""
    if isinstance(value, Known):
        return str(value.value)
    if isinstance(value, Library):
        return _written_steps(value)
    if isinstance(value, Computed) and value.operands:
        if value.operator == "text":
            return "".join(written(one) for one in value.operands)
        joined = f" {value.operator} ".join(written(one) for one in value.operands)
        return joined if len(value.operands) > 1 else f"{value.operator} {joined}"
    return "computed"


def _written_steps(value: Library) -> str:
    """``text('now()')``, ``Q(day=None)``: from the last name before the first call on."""
    made = [place for place, one in enumerate(value.steps) if isinstance(one, Made)]
    if not made:
        return value.names[-1] if value.steps else value.package
    said: list[str] = []
    for one in value.steps[max(made[0] - 1, 0) :]:
        if isinstance(one, str):
            said.append(f".{one}" if said else one)
        else:
            given = [written(each) or "None" for each in one.arguments]
            given += [f"{key}={written(each) or 'None'}" for key, each in one.keywords.items()]
            said.append(f"({', '.join(given)})")
    return "".join(said)
