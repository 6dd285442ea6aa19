"""Schemas of programs that tests write as text."""

from __future__ import annotations

from pathlib import PurePosixPath
from textwrap import dedent

from redhanded.source.flow.differences import differences
from redhanded.source.flow.languages import language_of
from redhanded.source.flow.schema import Schema
from redhanded.source.flow.schema_of import schema_of


def of(files: dict[str, str]) -> Schema:
    """Of files by path."""
    written = {path: dedent(text) for path, text in files.items()}
    modules = {}
    texts = {}
    for path, text in written.items():
        language = language_of(PurePosixPath(path).suffix)
        if language is None:
            texts[path] = text
        else:
            modules[path] = language.lower(path, text.encode())
    return schema_of(modules, texts)


def uniques(found: Schema, table: str) -> set[str]:
    """``a+b model+migration`` for each unique of a table; ``pk`` for the primary key, ``if …``
    for its condition."""
    known = found.table(table)
    assert known is not None, f"{table} is not among {sorted(found.tables)}"
    return {
        " ".join(
            [
                "+".join(one.columns),
                "+".join(one.said),
                *(["pk"] if one.is_primary else []),
                *([f"if {one.where}"] if one.where else []),
            ]
        )
        for one in known.uniques
    }


def columns(found: Schema, table: str) -> list[str]:
    """Names of a table's columns."""
    known = found.table(table)
    assert known is not None, f"{table} is not among {sorted(found.tables)}"
    return [one.name for one in known.columns]


def said(found: Schema) -> set[str]:
    """``table: a+b missing in …`` for each difference."""
    return {
        f"{one.table.name}: {'+'.join(one.unique.columns)} missing in {one.missing_in}"
        for one in differences(found)
    }
