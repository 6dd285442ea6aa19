"""The program as the rules see it, and what the scan needs beside that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from redhanded.case.evidence import Location
from redhanded.hunt.program import lines_of, span_in, usual_folder
from redhanded.hunt.program import read as read_program
from redhanded.hunt.suspect.rules.rule import Reading
from redhanded.source.flow.languages import language_of
from redhanded.source.flow.module import Module, Note
from redhanded.source.flow.schema import Schema
from redhanded.source.flow.versions import versions_of
from redhanded.source.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A program that was read."""

    reading: Reading
    files: int
    notes: tuple[tuple[str, tuple[Note, ...]], ...]
    """Of the files that have any."""
    span: Callable[[Location], tuple[int, int]]
    """First and last line of the function around a place; the line itself at the top of a file."""
    limits: tuple[str, ...] = ()
    imports: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """All that is imported by a name of its own, and the files that do."""
    module: Callable[[str], Module | None] = lambda path: None
    """A file that was read."""


def read(project: Project, say: Callable[[str], None], *, keeps: bool) -> Source:
    """Reads the project and follows it from every entry on.

    With ``keeps`` what was read is kept in the user's cache for the next time.
    """
    say(f"reading {project.root}")
    found = read_program(project.root, usual_folder() if keeps else None)
    modules = found.files.modules
    return Source(
        reading=Reading(
            paths=found.paths,
            schema=found.schema,
            text=lines_of(project.root),
            versions=versions_of(project.root),
        ),
        files=len(modules),
        notes=tuple((one, modules[one].notes) for one in found.files.noted if modules[one].notes),
        span=lambda at: span_in(modules.get(at.path), at.line),
        limits=(*_unknown(project), *found.limits),
        imports=found.files.imports,
        module=modules.get,
    )


def nothing(project: Project) -> Source:
    """For a scan that looks at packages alone."""
    schema = Schema(tables={}, has_migrations=False)
    return Source(
        reading=Reading(paths=(), schema=schema, text=lines_of(project.root)),
        files=0,
        notes=(),
        span=lambda at: (at.line, at.line),
    )


def _unknown(project: Project) -> Iterator[str]:
    """Files that were asked for by name and cannot be read."""
    for path in project.asked:
        if (project.root / path).is_file() and language_of(PurePosixPath(path).suffix) is None:
            yield f"{path} is in no language that is read"
