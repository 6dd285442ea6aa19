"""Which property of a model stands for a column, and what a create call sets it to."""

from __future__ import annotations

import re
from pathlib import Path

from tree_sitter import Node

from redhanded.source import edit
from redhanded.source.edit import Property, Source

_SCRIPT = frozenset({".js", ".cjs", ".mjs", ".ts"})
_SKIPPED = frozenset({"node_modules", ".git", ".redhanded", "dist", "build", "coverage"})


def snake(attribute: str) -> str:
    """``createdAt`` as a database would name it with ``underscored``."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", attribute).lower()


def camel(column: str) -> str:
    """``created_at`` as an attribute is usually named."""
    head, *rest = column.split("_")
    return head + "".join(each.capitalize() for each in rest)


def attribute_in(names: list[str], column: str, aliases: dict[str, str]) -> str | None:
    """The one of ``names`` that is stored in ``column``."""
    for name in names:
        if aliases.get(name) == column:
            return name
    for name in names:
        if name == column or (name not in aliases and snake(name) == column):
            return name
    return None


def aliases(root: Path, folders: tuple[str, ...]) -> dict[str, str]:
    """Attribute to column, wherever a model's definition names a ``field``."""
    found: dict[str, str] = {}
    pattern = re.compile(
        r"""(\w+)\s*:\s*\{[^{}]*?\bfield\s*:\s*['"](\w+)['"]"""
        r"""|field\s*:\s*['"](\w+)['"][^)]*\)[\s\w!?]*?(\w+)\s*[!?]?:""",
        re.S,
    )
    for path in scripts(root, folders):
        text = path.read_text(encoding="utf-8", errors="replace")
        if "field" not in text:
            continue
        for match in pattern.finditer(text):
            found[match[1] or match[4]] = match[2] or match[3]
    return found


def drizzle_columns(root: Path) -> dict[str, str]:
    """Property to column, wherever a table of Drizzle gives a column another name."""
    pattern = re.compile(r"""(\w+)\s*:\s*\w+\(\s*['"](\w+)['"]""")
    found: dict[str, str] = {}
    for path in scripts(root, (".",)):
        text = path.read_text(encoding="utf-8", errors="replace")
        if "drizzle-orm" in text and "Table(" in text:
            found.update({match[1]: match[2] for match in pattern.finditer(text)})
    return found


def attribute_named(root: Path, folders: tuple[str, ...], column: str) -> str:
    """The attribute for ``column`` where no object literal shows it: from the models."""
    known = aliases(root, folders)
    for attribute, stored in known.items():
        if stored == column:
            return attribute
    wanted = re.compile(rf"\b{re.escape(camel(column))}\s*[!?]?:")
    for path in scripts(root, folders):
        if wanted.search(path.read_text(encoding="utf-8", errors="replace")):
            return camel(column)
    return column


def where(
    source: Source,
    values: Node,
    columns: tuple[str, ...],
    known: dict[str, str],
    named: dict[str, str],
) -> dict[str, tuple[str, Property | None]] | None:
    """Attribute to its value's source text, and the property that set it, for every column.

    ``known`` are the models' aliases, ``named`` the attribute to assume where the values are not
    written out. None if a column's value cannot be told.
    """
    if values.type != "object":
        if values.type not in {"identifier", "member_expression"}:
            return None
        return {named[each]: (f"{source.of(values)}.{named[each]}", None) for each in columns}
    entries = edit.properties(source, values)
    by_name = {each.name: each for each in entries if each.name and not each.method}
    spread = [each.value for each in entries if each.spread and each.value.isidentifier()]
    found: dict[str, tuple[str, Property | None]] = {}
    for column in columns:
        attribute = attribute_in(list(by_name), column, known)
        if attribute is not None:
            found[attribute] = (by_name[attribute].value, by_name[attribute])
        elif len(spread) == 1:
            found[named[column]] = (f"{spread[0]}.{named[column]}", None)
        else:
            return None
    return found


def entry(attribute: str, value: str) -> str:
    """``name: value``, or the short form."""
    return attribute if attribute == value else f"{attribute}: {value}"


def scripts(root: Path, folders: tuple[str, ...]) -> list[Path]:
    """The JavaScript and TypeScript files in some folders of the tree, without dependencies."""
    found: list[Path] = []
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            parts = path.relative_to(root).parts
            if path.suffix in _SCRIPT and path.is_file() and not _SKIPPED & set(parts):
                found.append(path)
    return found
