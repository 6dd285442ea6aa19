"""The program that is hunted in, as the source shows it: read once, kept for the next time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from pathlib import Path

from redhanded.case.evidence import Location
from redhanded.logs.index.place import usual_folder as logs_folder
from redhanded.source.flow.charting import Chart, chart
from redhanded.source.flow.module import Module

FILES_KEPT = 256


def read(root: Path, cache: Path | None = None) -> Chart:
    """Everything below ``root``: migrations and shared code may stand beside the source."""
    return chart(root, (".",), cache)


def is_under(path: str, source: Iterable[str]) -> bool:
    """Whether a file is in one of these folders."""
    folders = [one.strip("/").removeprefix("./") for one in source]
    return any(one in ("", ".") or path == one or path.startswith(f"{one}/") for one in folders)


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


def within(found: Chart) -> Callable[[Location], Location]:
    """Gives a place with the name of the innermost function around it that has one."""

    @cache
    def named(path: str, line: int) -> str | None:
        module = found.files.modules.get(path)
        functions = module.functions[1:] if module is not None else ()
        around = [one for one in functions if one.name and one.line <= line <= one.end_line]
        inner = min(around, key=lambda one: one.end_line - one.line, default=None)
        return inner.name if inner is not None else None

    return lambda at: Location(
        path=at.path, line=at.line, function=named(at.path, at.line) or at.function
    )
