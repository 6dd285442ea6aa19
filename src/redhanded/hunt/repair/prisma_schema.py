"""What a Prisma schema says of a table: its model's fields, and how its unique keys are called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SKIPPED = frozenset({"node_modules", ".git", ".redhanded", "dist", "build"})
_MODEL = re.compile(r"^\s*model\s+(\w+)\s*\{(.*?)^\s*\}", re.DOTALL | re.MULTILINE)
_FIELD = re.compile(r"^\s*(\w+)\s+(\w+)(\[\])?\??(.*)$")
_SCALARS = frozenset({"String", "Int", "BigInt", "Float", "Decimal", "Boolean", "DateTime"})
_TOGETHER = re.compile(r"@@(?:unique|id)\(\s*(?:fields\s*:\s*)?\[([^\]]*)\](.*?)\)\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model."""

    name: str
    fields: dict[str, str]
    """Column to field."""
    casts: dict[str, str | None]
    """Field to the cast that a value of it needs in SQL; None where that is not known."""
    uniques: tuple[tuple[tuple[str, ...], str], ...]
    """Fields that are unique together, and the name that a condition has for them; for a single
    one that is the field."""

    def key_of(self, columns: tuple[str, ...]) -> tuple[tuple[str, ...], str] | None:
        """The unique key that holds these columns and no others."""
        wanted = {self.fields.get(each) for each in columns}
        return next((each for each in self.uniques if set(each[0]) == wanted), None)


def model_of(root: Path, table: str) -> Model | None:
    """The model of a table, as ``@@map`` or its own name say."""
    for path in _schemas(root):
        for match in _MODEL.finditer(path.read_text(encoding="utf-8", errors="replace")):
            if _table_of(match) == table.rpartition(".")[2]:
                return _model(match[1], match[2])
    return None


def with_unique(
    root: Path, table: str, columns: tuple[str, ...], index: str
) -> tuple[str, str] | None:
    """Path and text of the schema with a unique key of these columns in their model; None where a
    column has no field."""
    for path in _schemas(root):
        text = path.read_text(encoding="utf-8", errors="replace")
        for match in _MODEL.finditer(text):
            if _table_of(match) != table.rpartition(".")[2]:
                continue
            fields = [_model(match[1], match[2]).fields.get(each) for each in columns]
            if None in fields:
                return None
            listed = ", ".join(each for each in fields if each is not None)
            inner = re.search(r"^([ \t]+)\w", match[2], re.MULTILINE)
            pad = inner[1] if inner is not None else "  "
            apart = "" if "@@" in match[2] else "\n"
            key = f'{apart}{pad}@@unique([{listed}], map: "{index}")\n'
            at = match.end(2)
            return path.relative_to(root).as_posix(), text[:at] + key + text[at:]
    return None


def _table_of(match: re.Match[str]) -> str:
    mapped = re.search(r'@@map\(\s*(?:name\s*:\s*)?"([^"]+)"', match[2])
    return mapped[1] if mapped else match[1]


def _model(name: str, body: str) -> Model:
    fields: dict[str, str] = {}
    casts: dict[str, str | None] = {}
    uniques = []
    for line in body.splitlines():
        text = line.split("//", 1)[0].rstrip()
        together = _TOGETHER.search(text)
        if together is not None:
            listed = [re.sub(r"\(.*", "", each).strip() for each in together[1].split(",")]
            named = re.search(r'\bname\s*:\s*"([^"]+)"', together[2])
            uniques.append((tuple(listed), named[1] if named else "_".join(listed)))
            continue
        field = _FIELD.match(text)
        if field is None or text.lstrip().startswith("@@") or field[3]:
            continue
        mapped = re.search(r'@map\(\s*(?:name\s*:\s*)?"([^"]+)"', field[4])
        fields[mapped[1] if mapped else field[1]] = field[1]
        plain = "::uuid" if "@db.Uuid" in field[4] else ""
        casts[field[1]] = plain if field[2] in _SCALARS else None
        if re.search(r"@(?:unique|id)\b", field[4]):
            uniques.append(((field[1],), field[1]))
    return Model(name=name, fields=fields, casts=casts, uniques=tuple(uniques))


def _schemas(root: Path) -> Iterator[Path]:
    for path in sorted(root.rglob("*.prisma")):
        if not _SKIPPED & set(path.relative_to(root).parts):
            yield path
