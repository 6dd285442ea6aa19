"""The program as the rules see it, and what the scan needs beside that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from redhanded.case.evidence import Location
from redhanded.hunt.suspect.rules.rule import Reading
from redhanded.logs.index.place import usual_folder as logs_folder
from redhanded.source.flow.charting import chart
from redhanded.source.flow.languages import language_of
from redhanded.source.flow.module import Module, Note
from redhanded.source.flow.versions import versions_of
from redhanded.source.project import Project

FILES_KEPT = 256


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
    found = chart(project.root, (".",), usual_folder() if keeps else None)
    modules = found.files.modules
    return Source(
        reading=Reading(
            paths=found.paths,
            schema=found.schema,
            text=lines_of(project.root),
            versions=versions_of(project.root),
        ),
        files=len(modules),
        notes=tuple((path, one.notes) for path, one in modules.items() if one.notes),
        span=lambda at: span_in(modules.get(at.path), at.line),
        limits=(*_unknown(project), *found.limits),
    )


def _unknown(project: Project) -> Iterator[str]:
    """Files that were asked for by name and cannot be read."""
    for path in project.asked:
        if (project.root / path).is_file() and language_of(PurePosixPath(path).suffix) is None:
            yield f"{path} is in no language that is read"


def usual_folder() -> Path:
    """Beside what is kept of logs: in the user's cache."""
    return logs_folder().with_name("source")


def lines_of(root: Path) -> Callable[[Location], str]:
    """Source lines, stripped; empty where there is none."""

    @lru_cache(maxsize=FILES_KEPT)
    def lines(path: str) -> tuple[str, ...]:
        try:
            text = (root / path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ()
        return tuple(text.split("\n"))

    def text(at: Location) -> str:
        known = lines(at.path)
        return known[at.line - 1].strip() if 1 <= at.line <= len(known) else ""

    return text


def span_in(module: Module | None, line: int) -> tuple[int, int]:
    """The innermost function around a line; the first function is the top of the file."""
    if module is None:
        return (line, line)
    around = [one for one in module.functions[1:] if one.line <= line <= one.end_line]
    inner = min(around, key=lambda one: one.end_line - one.line, default=None)
    return (line, line) if inner is None else (inner.line, inner.end_line)
