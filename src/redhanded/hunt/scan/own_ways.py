"""What a program does in its own way, so that a fault of a package does not reach it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from redhanded.case.evidence import Location
from redhanded.case.finding import Finding
from redhanded.hunt.suspect.rules.absence import ANY_ROW
from redhanded.source.flow import form
from redhanded.source.flow.module import Class, Module
from redhanded.source.flow.schema_texts import texts_of
from redhanded.source.flow.walking.looking import inside

LINES_MAX = 2_000
WORD = re.compile(r"[A-Za-z_$][\w$]*")


def overridden(
    imports: Iterable[Location],
    module: Callable[[str], Module | None],
    text: Callable[[Location], str],
) -> frozenset[str]:
    """Methods of a package's class that the program has written anew in a class of its own, where
    it makes no objects of the package's class itself."""
    found: set[str] = set()
    for place in imports:
        file = module(place.path)
        if file is None:
            continue
        named = set(WORD.findall(text(place)))
        for one in file.classes:
            bases = {each.value.name for each in one.bases if isinstance(each.value, form.Name)}
            for base in bases & named:
                if not _is_made(base, place.path, text):
                    found |= _methods(file, one)
    return frozenset(found)


def _methods(file: Module, of: Class) -> set[str]:
    """Those that do not call the method that they stand for."""
    names = set()
    for place in of.methods:
        function = file.functions[place]
        if not any(one == form.Name("super") for one in inside(function.body)):
            names.add(function.name)
    return names


def _is_made(name: str, path: str, text: Callable[[Location], str]) -> bool:
    word = re.compile(rf"\bnew\s+{re.escape(name)}\s*\(|(?<!extends\s)\b{re.escape(name)}\s*\(")
    lines = (text(Location(path=path, line=line)) for line in range(1, LINES_MAX))
    return any(word.search(line) and "extends" not in line for line in lines if line)


def has_row(finding: Finding, root: Path) -> bool:
    """Whether a table that a package fills where it is empty is never empty: the structure that the
    program begins with brings a row along."""
    if not finding.subject or not any(one.says == ANY_ROW for one in finding.reasons):
        return False
    name = re.escape(finding.subject.rpartition(".")[2])
    insert = re.compile(rf"\bINSERT\s+INTO\s+(?:\w+\.)?[\"\'`]?{name}\b", re.IGNORECASE)
    return any(
        path.endswith(".sql") and insert.search(text)
        for path, text in texts_of(root, (".",)).items()
    )
