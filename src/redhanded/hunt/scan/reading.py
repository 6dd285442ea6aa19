"""The program as the rules see it, and what the scan needs beside that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from redhanded.case.evidence import Location
from redhanded.hunt.program import lines_of, span_in, usual_folder
from redhanded.hunt.program import read as read_program
from redhanded.hunt.suspect.rules.rule import Reading
from redhanded.source.flow.languages import language_of
from redhanded.source.flow.module import Note
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
    )


def _unknown(project: Project) -> Iterator[str]:
    """Files that were asked for by name and cannot be read."""
    for path in project.asked:
        if (project.root / path).is_file() and language_of(PurePosixPath(path).suffix) is None:
            yield f"{path} is in no language that is read"
