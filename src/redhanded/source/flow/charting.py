"""A tree of sources to everything that happens in it: files, tables, paths."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path as File

from redhanded.source.flow import kept_schema, reading, walks
from redhanded.source.flow.events import Path
from redhanded.source.flow.framework import Framework
from redhanded.source.flow.frameworks import FRAMEWORKS
from redhanded.source.flow.reading import Files
from redhanded.source.flow.schema import Schema
from redhanded.source.flow.schema_texts import texts_of
from redhanded.source.flow.schemas import PACKAGES as SCHEMA_PACKAGES
from redhanded.source.garbage import collected_rarely


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What was found in a tree."""

    files: Files
    schema: Schema
    paths: tuple[Path, ...]
    limits: tuple[str, ...]
    """What was not read, not resolved, or not followed, and why."""


def chart(
    root: File,
    folders: Collection[str] = (".",),
    cache: File | None = None,
    *,
    frameworks: Sequence[Framework] = FRAMEWORKS,
    everything: bool = False,
    processes: int | None = None,
) -> Chart:
    """Reads the source under ``folders`` of ``root`` and follows it from every entry on.

    ``cache``: a folder of the caller's, in which what was read is kept for the next time.
    """
    with collected_rarely():
        return _chart(root, folders, cache, frameworks, everything, processes)


def _chart(
    root: File,
    folders: Collection[str],
    cache: File | None,
    frameworks: Sequence[Framework],
    everything: bool,
    processes: int | None,
) -> Chart:
    packages = {package for one in frameworks for package in one.packages} | set(SCHEMA_PACKAGES)
    files = reading.read(root, folders, packages, cache, everything=everything, processes=processes)
    schema = kept_schema.schema(files, texts_of(root, folders), cache)
    paths, unfollowed = walks.paths(files, frameworks, schema, cache, processes=processes)
    unfinished = dict.fromkeys(limit for one in paths for limit in one.limits)
    limits = (*files.limits, *schema.limits, *unfollowed, *unfinished)
    return Chart(files=files, schema=schema, paths=paths, limits=limits)
