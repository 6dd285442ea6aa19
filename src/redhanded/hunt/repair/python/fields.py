"""Which field of a Django model stands for a column, and what it is where nothing gives it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tree_sitter import Node

from redhanded.source import edit, edit_python
from redhanded.source.edit import Source

_SKIPPED = frozenset({"node_modules", ".git", ".redhanded", ".venv", "venv", "site-packages"})
_MOST_BASES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a model."""

    name: str
    column: str
    default: str | None
    """Source text of a literal default."""


def of_model(root: Path, folders: tuple[str, ...], model: str) -> dict[str, Field]:
    """Name to field of the class ``model`` and of the classes of the project that it stands on."""
    found: dict[str, Field] = {}
    wanted, seen = [model], set[str]()
    while wanted and len(seen) < _MOST_BASES:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        for source, definition in _classes(root, folders, name):
            for field in _fields(source, definition):
                found.setdefault(field.name, field)
            bases = definition.child_by_field_name("superclasses")
            wanted += [source.of(each) for each in edit.walk(bases)] if bases is not None else []
            break
    return found


def named(fields: dict[str, Field], column: str) -> Field:
    """The field that is stored in ``column``; one called like the column where none is known."""
    for field in fields.values():
        if field.column == column:
            return field
    return Field(name=column, column=column, default=None)


def python_files(root: Path, folders: tuple[str, ...]) -> Iterator[Path]:
    """The project's own programs, in order."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            if not _SKIPPED & set(path.relative_to(root).parts):
                yield path


def _classes(root: Path, folders: tuple[str, ...], name: str) -> Iterator[tuple[Source, Node]]:
    if not name.isidentifier():
        return
    for path in python_files(root, folders):
        text = path.read_text(encoding="utf-8", errors="replace")
        if f"class {name}" not in text:
            continue
        source = edit.read(text, path.name)
        definition = edit_python.class_named(source, name)
        if definition is not None:
            yield source, definition


def _fields(source: Source, definition: Node) -> Iterator[Field]:
    for name, value in edit_python.assigned(source, definition).items():
        if value.type != "call":
            continue
        kind = edit.callee(source, value)[1]
        given = {each.name: each.value for each in edit_python.arguments(source, value)}
        column = _text(given.get("db_column"))
        if column is None:
            refers = kind in {"ForeignKey", "OneToOneField", "ParentalKey"}
            column = f"{name}_id" if refers else name
        default = given.get("default")
        literal = default if default is not None and _is_literal(default) else None
        yield Field(name=name, column=column, default=literal)


def _text(literal: str | None) -> str | None:
    if literal is None or not _is_literal(literal):
        return None
    value = ast.literal_eval(literal)
    return value if isinstance(value, str) else None


def _is_literal(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return False
    return True
