"""A unique index as a migration that is safe on a live table with doubled rows in it."""

from __future__ import annotations

import re
from pathlib import Path

import jinja2

from redhanded.case.fix import FixPart
from redhanded.hunt.repair.remedy import Ground, part

name = "unique-index"

_DIGITS = re.compile(r"^(\d+)([-_.])")
_DEFAULT_FOLDER = "migrations"
_POSTGRES_NAME_MAX = 63


def parts(ground: Ground) -> tuple[FixPart, ...]:
    """Part ``c`` where nothing keeps the needed columns unique; ``c2`` on tempting ones."""
    if ground.table is None or not ground.migrates_with("sequelize"):
        return ()
    if ground.tempting_columns:
        return (_part(ground, ground.table, ground.tempting_columns, tempting=True),)
    columns = ground.look_up_columns
    if ground.constraint is None and columns and not ground.unique_on(columns):
        return (_part(ground, ground.table, columns, tempting=False),)
    return ()


def migration(table: str, columns: tuple[str, ...], *, esm: bool) -> str:
    """The migration's text, for sequelize-cli and umzug on PostgreSQL."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    return environment.get_template("unique_index.js.j2").render(
        table=table, columns=columns, index=index_name(table, columns), esm=esm
    )


def index_name(table: str, columns: tuple[str, ...]) -> str:
    """``uq_<table>_<columns>``, within what PostgreSQL keeps of a name."""
    return f"uq_{table}_{'_'.join(columns)}"[:_POSTGRES_NAME_MAX]


def _part(ground: Ground, table: str, columns: tuple[str, ...], *, tempting: bool) -> FixPart:
    folder = _folder(ground)
    path, esm = _path(ground.root, folder, table, columns)
    listed = ", ".join(columns)
    named = ground.constraint.name if ground.constraint else "the constraint"
    why = (
        f"The handler looks by {listed}, and an index there looks like what is missing. {named} is "
        "older and still refuses the insert first."
        if tempting
        else f"Nothing in the database keeps two rows of one {listed} apart. The migration names "
        "doubled rows and stops before it changes anything, builds the index without blocking "
        "writers, and gives up instead of queueing behind a long transaction."
    )
    return part(
        ground,
        key="c2" if tempting else "c",
        remedy=name,
        title=f"Make {listed} of {table} unique",
        why=why,
        files={path: migration(table, columns, esm=esm)},
        tempting=tempting,
    )


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
    number = str(_next(match[1])).zfill(len(match[1]))
    text = last.read_text(encoding="utf-8", errors="replace")
    esm = re.search(r"^export\s", text, re.M) is not None
    return f"{folder}/{number}{match[2]}{what}{last.suffix}", esm


def _next(number: str) -> int:
    """The next number; for a time to the second one that is still a time."""
    if len(number) == 14 and number.endswith("59"):
        return int(number) + 41 if not number.endswith("5959") else int(number) + 4041
    return int(number) + 1
