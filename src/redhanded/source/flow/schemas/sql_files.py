"""Migrations in plain SQL: folders of numbered files (Flyway, dbmate, goose, Prisma, Drizzle …),
and dumps of a whole schema.

Reference: https://documentation.red-gate.com/flyway, https://github.com/amacneil/dbmate,
https://pressly.github.io/goose/, https://www.prisma.io/docs/orm/prisma-migrate.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable

from redhanded.case.evidence import Location
from redhanded.source.flow.schemas.changes import Change
from redhanded.source.flow.schemas.evaluation import Evaluation
from redhanded.source.flow.schemas.sql import sql_changes
from redhanded.source.flow.schemas.tool import Migration, natural

_CHANGING = re.compile(
    r"\b(?:CREATE\s+(?:UNLOGGED\s+|FOREIGN\s+)?TABLE|ALTER\s+TABLE|CREATE\s+UNIQUE\s+INDEX"
    r"|DROP\s+(?:TABLE|INDEX)|RENAME\s+TABLE)\b",
    re.IGNORECASE,
)
_DOWN = re.compile(
    r"(?im)^\s*(?:--+|\#)[\s-]*(?:\+\s*\w+\s+down\b|migrate:down|down[ ]migration|//@undo|!downs"
    r"|down\s*:?\s*$|undo\s*:?\s*$|rollback\s*:?\s*$)"
)
_UNDOING = re.compile(
    r"(?i)[._-](?:down|undo|rollback|revert)\.sql$|^(?:down|undo|revert)\.sql$"
    r"|\.(?:undo|down)\.|^U\d+(?:[._]\d+)*__"
)
_NO_SCHEMA = re.compile(
    r"(?i)tests?|testdata|fixtures?|seed(?:er)?s?|samples?|examples?|docs?|down|rollbacks?|undo"
    r"|quer(?:y|ies)|benchmarks?"
)
"""Folders whose files of SQL make no schema of the program."""
_WHOLE = re.compile(
    r"(?i)^(?:schema|structure|dump|init(?:ial)?|ddl|tables|database|db|setup|create|install"
    r"|bootstrap|base(?:line)?)(?:[._-][\w.-]*)?\.sql$"
)
_IN_FOLDER = frozenset(("migration.sql", "up.sql"))


def migrations(evaluation: Evaluation) -> Iterable[Migration]:
    """Every file of SQL that changes tables, in its place."""
    for path, text in evaluation.program.texts.items():
        if path.endswith(".sql") and _is_schema(path) and _CHANGING.search(text):
            folder, name = posixpath.split(path)
            is_dump = bool(_WHOLE.match(name)) and "migrat" not in folder.lower()
            if name in _IN_FOLDER:
                group, order = posixpath.dirname(folder), natural(posixpath.basename(folder))
            elif is_dump:
                group, order = path, (0, (), "")
            else:
                group, order = folder, natural(name)
            if re.match(r"R__", name):
                order = (2, (), name)  # Flyway's repeatable ones come last
            yield Migration(
                path=path,
                group=group,
                order=order,
                changes=_reader(path, text),
                tool="sql",
                is_dump=is_dump,
            )


def _is_schema(path: str) -> bool:
    folder, name = posixpath.split(path)
    if _UNDOING.search(name):
        return False
    return not any(_NO_SCHEMA.fullmatch(one) for one in folder.split("/"))


def _reader(path: str, text: str) -> Callable[[], Iterable[Change]]:
    return lambda: sql_changes(up_part(text), Location(path=path, line=1))


def up_part(text: str) -> str:
    """Without the part that undoes the migration."""
    found = _DOWN.search(text)
    return text[: found.start()] if found is not None else text
