"""What has to be unique, the file that makes its table, and what a file beside that is called."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from redhanded.hunt.repair.remedy import Ground
from redhanded.hunt.repair.tested import quoted

_POSTGRES_NAME_MAX = 63
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)?")
_WORDS = (
    "all analyse analyze and any array as asc both case cast check collate column constraint "
    "create current_date current_user default deferrable desc distinct do else end except "
    "false fetch for foreign from grant group having in initially intersect into lateral "
    "leading limit localtime not null offset on only or order placing primary references "
    "returning select session_user some symmetric table then to trailing true union unique "
    "user using variadic when where window with"
)
_RESERVED = frozenset(_WORDS.split())
"""Of PostgreSQL, as names of tables and columns."""
_DATED = re.compile(r"\d{4}-\d\d-\d\d")
_NUMBERED = re.compile(r"^(V?)(\d+)(__|[-_.])(.*)$", re.DOTALL)
_ENDINGS = (".up.sql", ".sql", ".js", ".cjs", ".mjs", ".ts", ".cts", ".mts", ".py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Columns of a table that nothing keeps apart yet."""

    ground: Ground
    table: str
    columns: tuple[str, ...]
    path: str
    """The file that makes the table, relative to the root."""
    line: int
    """Where it does."""
    text: str
    """What it holds."""

    @property
    def index(self) -> str:
        """``uq_<table>_<columns>``, within what PostgreSQL keeps of a name."""
        return index_name(self.table, self.columns)

    @property
    def dropped(self) -> str:
        """That it is taken away by: it is in the schema of its table."""
        schema, dot, _ = self.table.rpartition(".")
        return f"DROP INDEX IF EXISTS {written(f'{schema}{dot}{self.index}')}"

    @property
    def folder(self) -> str:
        """Where that file stands."""
        return PurePosixPath(self.path).parent.as_posix()

    @property
    def statement(self) -> str:
        """That makes it, without a semicolon."""
        listed = ", ".join(map(written, self.columns))
        return f"CREATE UNIQUE INDEX {written(self.index)} ON {written(self.table)} ({listed})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """Files that make it."""

    files: dict[str, str]
    how: str
    """What they do, and what is left to the person at the gate: sentences."""


Way: TypeAlias = Callable[[Wanted], Drafted | None]
"""None where the file that makes the table is of another kind, or is not understood."""


def index_name(table: str, columns: tuple[str, ...]) -> str:
    """``uq_<table>_<columns>``, within what PostgreSQL keeps of a name."""
    name = "_".join(("uq", table.rpartition(".")[2], *columns))
    return re.sub(r"\W", "_", name)[:_POSTGRES_NAME_MAX]


def written(name: str) -> str:
    """A name in SQL: in quotes where it needs them."""
    plain = _PLAIN.fullmatch(name) and not _RESERVED & set(name.split("."))
    return name if plain else quoted(name)


def next_name(wanted: Wanted, what: str, *, folders: bool = False) -> str | None:
    """The name of a file (or of a folder) that comes after those beside the one that makes the
    table, numbered and ended as they are; None where they bear no numbers.

    ``what`` it does, words with hyphens between.
    """
    at = Path(wanted.ground.root / wanted.folder)
    beside = at.parent if folders else at
    found = [
        (int(match[2]), match)
        for each in (beside.iterdir() if beside.is_dir() else ())
        if (match := _NUMBERED.match(each.name)) and (folders or each.name.endswith(_ENDINGS))
    ]
    if not found or any(_DATED.match(match[0]) for _, match in found):
        return None  # By the day: theirs of tomorrow would come before ours.
    last = max(found, key=lambda each: (each[0], each[1][0]))[1]
    number = str(following(last[2])).zfill(len(last[2]))
    ending = next((each for each in _ENDINGS if f"{last[3]}{last[4]}".endswith(each)), "")
    words = f"{last[3]}{last[4]}".removesuffix(ending)
    if not folders and (not ending or "." in words or (last[1] and last[3] != "__")):
        return None  # In a way of naming that is not known.
    hyphens = last[3] == "-" or ("-" in last[4] and "_" not in last[4])
    joined = what if hyphens else what.replace("-", "_")
    return f"{last[1]}{number}{last[3]}{joined}{'' if folders else ending}"


def following(number: str) -> int:
    """The next number; for a time to the second one that is still a time."""
    if len(number) == 14 and number.endswith("59"):
        return int(number) + 41 if not number.endswith("5959") else int(number) + 4041
    return int(number) + 1
