"""Prisma's schema files.

Reference: https://www.prisma.io/docs/orm/reference/prisma-schema-reference.
"""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import dataclass, field

from redhanded.case.evidence import Location
from redhanded.source.flow.schema import Column, Table, Unique
from redhanded.source.flow.schemas.changes import table_name
from redhanded.source.flow.schemas.evaluation import Evaluation
from redhanded.source.flow.schemas.tool import Models

_BLOCK = re.compile(
    r"^[ \t]*(model|type|view|enum)\s+(\w+)\s*\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}", re.MULTILINE
)
_FIELD = re.compile(r"^\s*(\w+)\s+(\w+|Unsupported\(\"[^\"]*\"\))(\[\])?(\?)?(.*)$")
_ARGUMENTS = r"\(((?:[^()\"]|\"(?:[^\"\\]|\\.)*\"|\((?:[^()]|\([^()]*\))*\))*)\)"


def models(evaluation: Evaluation) -> Models:
    """Every model of every schema file."""
    texts = {p: t for p, t in evaluation.program.texts.items() if p.endswith(".prisma")}
    blocks = [
        (path, text, match)
        for path, text in sorted(texts.items())
        for match in _BLOCK.finditer(_plain(text))
    ]
    known = {match[2] for _, _, match in blocks if match[1] in ("model", "view")}
    tables = tuple(
        _table(path, text, match, known) for path, text, match in blocks if match[1] == "model"
    )
    return Models(tool="prisma", tables=tables, creates=_pushes(evaluation) if texts else None)


def _plain(text: str) -> str:
    """Without comments, every line in its place."""
    return re.sub(r"//[^\n]*", lambda match: " " * len(match[0]), text)


@dataclass(slots=True, kw_only=True)
class _Said:
    columns: list[Column] = field(default_factory=list)
    uniques: list[Unique] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """Field to column."""
    table: str = ""
    schema: str = ""


def _table(path: str, text: str, match: re.Match[str], known: set[str]) -> Table:
    said = _Said(table=match[2])
    first = text.count("\n", 0, match.start(3)) + 1
    lines = match[3].split("\n")
    for kind in ("field", "attribute"):
        for offset, line in enumerate(lines):
            at = Location(path=path, line=first + offset)
            if line.strip().startswith("@@"):
                if kind == "attribute":
                    _attribute(line.strip(), said, at)
            elif kind == "field":
                _field(line, said, at, known)
    return Table(
        name=table_name(said.schema, said.table),
        columns=tuple(said.columns),
        uniques=tuple(said.uniques),
        models=(match[2],),
        location=Location(path=path, line=text.count("\n", 0, match.start(2)) + 1),
    )


def _field(line: str, said: _Said, at: Location, known: set[str]) -> None:
    match = _FIELD.match(line)
    if match is None or match[2] in known or match[3]:
        if match is not None and match[3] and match[2] not in known:
            said.columns.append(Column(name=match[1], type=match[2].lower() + "[]"))
        return
    rest = match[5]
    mapped = re.search(r"@map\(\s*(?:name\s*:\s*)?\"([^\"]*)\"", rest)
    name = mapped[1] if mapped else match[1]
    said.names[match[1]] = name
    default = re.search(r"@default" + _ARGUMENTS, rest)
    said.columns.append(
        Column(
            name=name,
            type=match[2].lower(),
            default=default[1].strip() if default else "",
            attribute=match[1] if match[1] != name else "",
            is_nullable=bool(match[4]),
        )
    )
    if re.search(r"@id\b", rest):
        said.uniques.append(_unique((name,), at, is_primary=True))
    unique = re.search(r"@unique\b(?:" + _ARGUMENTS + ")?", rest)
    if unique is not None:
        said.uniques.append(_unique((name,), at, name=_mapped(unique[1] or "")))


def _attribute(line: str, said: _Said, at: Location) -> None:
    match = re.match(r"@@(\w+)" + _ARGUMENTS, line)
    if match is None:
        return
    arguments = match[2]
    quoted = re.search(r"\"([^\"]*)\"", arguments)
    if match[1] == "map" and quoted:
        said.table = quoted[1]
    elif match[1] == "schema" and quoted:
        said.schema = quoted[1]
    elif match[1] in ("unique", "id"):
        listed = re.search(r"\[([^\]]*)\]", arguments)
        names = re.findall(r"(?:^|,)\s*([\w.]+)", listed[1]) if listed else []
        columns = tuple(said.names.get(one, one) for one in names)
        if columns:
            where = re.search(r"where\s*:\s*(?:raw\(\s*\"([^\"]*)\"\s*\)|(\{[^}]*\}))", arguments)
            said.uniques.append(
                _unique(
                    columns,
                    at,
                    name=_mapped(arguments),
                    where=(where[1] or where[2]) if where else "",
                    is_primary=match[1] == "id",
                )
            )


def _mapped(arguments: str) -> str:
    match = re.search(r"map\s*:\s*\"([^\"]*)\"", arguments)
    return match[1] if match else ""


def _unique(
    columns: tuple[str, ...],
    at: Location,
    *,
    name: str = "",
    where: str = "",
    is_primary: bool = False,
) -> Unique:
    return Unique(
        columns=columns,
        said=("model",),
        location=at,
        name=name or None,
        where=where,
        is_primary=is_primary,
    )


def _pushes(evaluation: Evaluation) -> Location | None:
    """A script of a package.json that runs ``prisma db push``, and none that migrates."""
    return pushed_by(evaluation, r"prisma\s+db\s+push", r"prisma\s+migrate\s+deploy")


def pushed_by(evaluation: Evaluation, pushes: str, migrates: str) -> Location | None:
    """Where a package's scripts create tables from the models, and never migrate."""
    found: Location | None = None
    for path, text in evaluation.program.texts.items():
        if posixpath.basename(path) != "package.json":
            continue
        try:
            said = json.loads(text)
        except ValueError:
            continue
        scripts = said.get("scripts") if isinstance(said, dict) else None
        joined = (
            "\n".join(str(one) for one in scripts.values()) if isinstance(scripts, dict) else ""
        )
        if re.search(migrates, joined):
            return None
        match = re.search(pushes, text)
        if match and re.search(pushes, joined):
            found = Location(path=path, line=text.count("\n", 0, match.start()) + 1)
    return found
