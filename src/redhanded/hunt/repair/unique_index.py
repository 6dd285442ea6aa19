"""A unique index as a migration that is safe on a live table with doubled rows in it."""

from __future__ import annotations

import re
from pathlib import Path

from redhanded.case.fix import FixPart
from redhanded.hunt.repair.remedy import Ground, part
from redhanded.hunt.repair.unique import scripts, ways
from redhanded.hunt.repair.unique.wanted import Drafted, following

name = "unique-index"

_DIGITS = re.compile(r"^(\d+)([-_.])")
_DEFAULT_FOLDER = "migrations"


def parts(ground: Ground) -> tuple[FixPart, ...]:
    """Part ``c`` where nothing keeps the needed columns unique; ``c2`` on tempting ones."""
    if ground.table is None:
        return ()
    if ground.tempting_columns and ground.migrates_with("sequelize"):
        return (_tempting(ground, ground.table, ground.tempting_columns),)
    found = _drafted(ground)
    if found is None:
        return ()
    listed = ", ".join(ground.look_up_columns)
    return (
        part(
            ground,
            key="c",
            remedy=name,
            title=f"Make {listed} of {ground.table} unique",
            why=f"Nothing in the database keeps two rows of one {listed} apart. {found.how}",
            files=found.files,
        ),
    )


def columns_kept(ground: Ground) -> tuple[str, ...]:
    """What the database keeps apart: the columns of the constraint that was violated, or those of
    the look-up where part ``c`` makes them unique; empty where neither is known."""
    if ground.constraint is not None:
        return () if ground.constraint.where else ground.constraint.columns
    return ground.look_up_columns if _drafted(ground) is not None else ()


def _drafted(ground: Ground) -> Drafted | None:
    """Files that make the columns of the look-up unique, where nothing does so."""
    columns, table = ground.look_up_columns, ground.table
    if table is None or ground.constraint is not None or not columns or ground.unique_on(columns):
        return None
    same = (each for each in ground.code.constraints if set(each.columns) == set(columns))
    if ground.looks_in_ranges or any(each.table == table and each.where for each in same):
        return None
    found = ways.drafted(ground, table, columns)
    if found is None and ground.migrates_with("sequelize"):
        path, text = _of_sequelize(ground, table, columns)
        return Drafted(files={path: text}, how=scripts.GUARDED)
    return found


def _tempting(ground: Ground, table: str, columns: tuple[str, ...]) -> FixPart:
    path, text = _of_sequelize(ground, table, columns)
    listed = ", ".join(columns)
    named = ground.constraint.name if ground.constraint else "the constraint"
    return part(
        ground,
        key="c2",
        remedy=name,
        title=f"Make {listed} of {table} unique",
        why=f"The handler looks by {listed}, and an index there looks like what is missing. "
        f"{named} is older and still refuses the insert first.",
        files={path: text},
        tempting=True,
    )


def _of_sequelize(ground: Ground, table: str, columns: tuple[str, ...]) -> tuple[str, str]:
    """Path and text of a migration where nothing tells the file that makes the table."""
    path, esm = _path(ground.root, _folder(ground), table, columns)
    return path, scripts.guarded("sequelize", table, columns, esm=esm, typescript=False)


def _folder(ground: Ground) -> str:
    """Where migrations are: as configured, as the code map saw them, or by what files hold."""
    try:
        settings = ground.text(".sequelizerc")
    except OSError:
        settings = ""
    named = re.search(
        r"migrations-path['\"]?\s*:\s*[^'\"]*((?:['\"][^'\"]+['\"][,\s]*)+)", settings
    )
    if named:
        folder = "/".join(re.findall(r"['\"]([^'\"]+)['\"]", named[1])).removeprefix("./")
        if (ground.root / folder).is_dir():
            return folder
    for constraint in ground.code.constraints:
        if constraint.source == "migration" and constraint.location is not None:
            return str(Path(constraint.location.path).parent)
    for folder in ground.system.source:
        for path in sorted((ground.root / folder).rglob("*.js")):
            if "queryInterface" in path.read_text(encoding="utf-8", errors="replace"):
                return path.parent.relative_to(ground.root).as_posix()
    return _DEFAULT_FOLDER


def _path(root: Path, folder: str, table: str, columns: tuple[str, ...]) -> tuple[str, bool]:
    """The next file name in the folder's own numbering, and whether its files are ES modules."""
    there = sorted(
        each
        for each in ((root / folder).iterdir() if (root / folder).is_dir() else ())
        if each.suffix in {".js", ".cjs", ".mjs"} and _DIGITS.match(each.name)
    )
    what = f"add-unique-index-to-{table}-{'-'.join(columns)}".replace("_", "-")
    if not there:
        return f"{folder}/20240101000000-{what}.js", False
    last = there[-1]
    match = _DIGITS.match(last.name)
    assert match is not None
    number = str(following(match[1])).zfill(len(match[1]))
    text = last.read_text(encoding="utf-8", errors="replace")
    esm = re.search(r"^export\s", text, re.M) is not None
    return f"{folder}/{number}{match[2]}{what}{last.suffix}", esm
