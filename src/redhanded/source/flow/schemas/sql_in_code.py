"""Tables that a program creates by SQL of its own: ``CREATE TABLE IF NOT EXISTS`` at its start.

Only what is written out in one text counts. Such a text makes a whole schema at once; migrations
that make the same tables count instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from redhanded.case.evidence import Location
from redhanded.source.flow import form
from redhanded.source.flow.form import Expression
from redhanded.source.flow.module import Module
from redhanded.source.flow.schemas.changes import Change, Unread
from redhanded.source.flow.schemas.evaluation import Evaluation
from redhanded.source.flow.schemas.sql import sql_changes
from redhanded.source.flow.schemas.sql_text import UNKNOWN_WORD
from redhanded.source.flow.schemas.tool import Migration
from redhanded.source.flow.schemas.walking import flat, inside, said_in

_NAME = r"[\"`\w][\w$.\"`]*"
_CREATING = re.compile(
    rf"""^\s*(?:--[^\n]*\n\s*|BEGIN;\s*)*(?:
      CREATE\s+(?:UNLOGGED\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?{_NAME}\s*\(
      |CREATE\s+UNIQUE\s+INDEX\s+[^()]*\sON\s+{_NAME}[^()]*\(
      |ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?{_NAME}\s+(?:ADD|ALTER|DROP|RENAME)\s)""",
    re.IGNORECASE | re.VERBOSE,
)
_CREATES_TABLE = re.compile(r"\bCREATE\s+(?:UNLOGGED\s+)?TABLE\b", re.IGNORECASE)


def migrations(evaluation: Evaluation) -> Iterable[Migration]:
    """Every file that has such texts, and is no migration of a tool."""
    for module in evaluation.program.marked("create table"):
        if _is_down(module):
            continue
        texts = list(_texts(module))
        if any(_CREATES_TABLE.search(one) for one, _ in texts):
            yield Migration(
                path=module.path,
                group=f"code {module.path}",
                order=(0, (), module.path),
                changes=_reader(texts),
                tool="sql",
                is_dump=True,
            )


def _is_down(module: Module) -> bool:
    """A migration of some tool: its texts also undo."""
    names = {one.name for one in module.functions}
    return bool(names & {"down", "downgrade"}) or any(
        one.name == "Migration" for one in module.classes
    )


def _reader(texts: list[tuple[str, Location]]) -> Callable[[], Iterable[Change]]:
    def read() -> Iterator[Change]:
        for text, at in texts:
            changes = sql_changes(text, at, is_file=False)
            yield from (one for one in changes if not isinstance(one, Unread))

    return read


def _texts(module: Module) -> Iterator[tuple[str, Location]]:
    for function in module.functions:
        for statement in flat(function.body):
            for one in said_in(statement):
                for text in dict.fromkeys(_written(one)):
                    if _CREATING.match(text):
                        line = getattr(statement, "line", function.line)
                        yield text, Location(path=module.path, line=line)


def _written(expression: Expression) -> Iterator[str]:
    for one in inside(expression):
        if isinstance(one, form.Constant) and isinstance(one.value, str):
            yield one.value
        elif isinstance(one, form.Text):
            parts = [
                str(part.value) if isinstance(part, form.Constant) else UNKNOWN_WORD
                for part in one.parts
            ]
            yield "".join(parts)
