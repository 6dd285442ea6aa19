"""Programs written in tests as text, read and followed as a scan does it."""

from __future__ import annotations

import textwrap
from pathlib import Path

from redhanded.case.evidence import Location
from redhanded.case.finding import Finding
from redhanded.hunt.suspect.rules.rule import Reading, Rule
from redhanded.source.flow.frameworks import FRAMEWORKS
from redhanded.source.flow.program import Program
from redhanded.source.flow.reading import read
from redhanded.source.flow.schema_of import schema_of
from redhanded.source.flow.schema_texts import texts_of
from redhanded.source.flow.walk import walk


def read_program(root: Path, files: dict[str, str]) -> Reading:
    """Writes the files below a folder and follows them from their entries."""
    for name, text in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
    packages = [package for one in FRAMEWORKS for package in one.packages]
    found = read(root, ["."], packages, processes=1)
    schema = schema_of(found.modules, texts_of(root))
    program = Program(
        found.modules,
        FRAMEWORKS,
        resolving=found,
        schema=schema,
        stands_for=found.stands_for,
    )

    def text_at(place: Location) -> str:
        lines = (root / place.path).read_text(encoding="utf-8").splitlines()
        return lines[place.line - 1].strip()

    return Reading(paths=walk(program), schema=schema, text=text_at)


def shown(rule: Rule, reading: Reading) -> list[Finding]:
    """The findings that are shown without being asked for."""
    return [one for one in rule.look(reading) if one.score >= rule.threshold]


def lines_shown(rule: Rule, root: Path, files: dict[str, str]) -> list[str]:
    """The source lines that a rule says are to be changed."""
    reading = read_program(root, files)
    return [reading.text(one.location) for one in shown(rule, reading)]
