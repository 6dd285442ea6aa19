"""A program read once: its calls, what the frameworks make of them, its schema."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from redhanded.case.codemap import UniqueConstraint
from redhanded.source.callgraph import CallGraph
from redhanded.source.evaluate import Evaluator
from redhanded.source.files import SKIPPED_FOLDERS, source_files
from redhanded.source.frameworks import FRAMEWORKS
from redhanded.source.frameworks.facts import (
    AccessFact,
    ConsumerFact,
    EnqueueFact,
    Facts,
    RouteFact,
)
from redhanded.source.languages import LANGUAGES
from redhanded.source.program import Program
from redhanded.source.schema import migrated


@dataclass(slots=True, kw_only=True)
class Reading:
    """What was recognised, and the calls it was recognised in."""

    program: Program
    graph: CallGraph
    facts: Facts
    constraints: tuple[UniqueConstraint, ...]
    """From migrations; from models only where no migration makes the same one."""
    limits: tuple[str, ...]
    routes: dict[int, list[RouteFact]] = field(default_factory=dict)
    """By the identity of the call."""
    enqueues: dict[int, list[EnqueueFact]] = field(default_factory=dict)
    consumers: dict[int, list[ConsumerFact]] = field(default_factory=dict)
    accesses: dict[int, list[AccessFact]] = field(default_factory=dict)


def read(root: Path, folders: tuple[str, ...]) -> Reading:
    """Reads the source under ``folders`` of ``root``; migrations are found beside it as well."""
    migrations = _migrations(root)
    program = Program(root, folders, also=[one for one in migrations if not one.endswith(".sql")])
    results = tuple(one.result for one in FRAMEWORKS if one.result is not None)
    libraries = [package for one in FRAMEWORKS for package in one.libraries]
    graph = CallGraph(evaluator=Evaluator(program, results=results, libraries=libraries))
    sites = graph.walk()
    facts = Facts()
    for framework in FRAMEWORKS:
        framework.read(graph, sites, facts)
    changed = migrated(graph, tuple(one for one in migrations if one.endswith(".sql")))
    reading = Reading(
        program=program,
        graph=graph,
        facts=facts,
        constraints=_constraints(changed, facts.constraints),
        limits=(*program.limits, *graph.limits, *facts.limits),
    )
    _index(reading)
    return reading


def _index(reading: Reading) -> None:
    for route in reading.facts.routes:
        reading.routes.setdefault(id(route.site), []).append(route)
    for enqueue in reading.facts.enqueues:
        reading.enqueues.setdefault(id(enqueue.site), []).append(enqueue)
    for consumer in reading.facts.consumers:
        reading.consumers.setdefault(id(consumer.site), []).append(consumer)
    for access in reading.facts.accesses:
        reading.accesses.setdefault(id(access.site), []).append(access)


def _migrations(root: Path) -> list[str]:
    """Files in folders called ``migrations``: the convention of every migration tool."""
    suffixes = [suffix for one in LANGUAGES for suffix in one.suffixes] + [".sql"]
    found: list[str] = []
    for folder in _folders(root):
        found += source_files(root, (folder,), suffixes).paths
    return list(dict.fromkeys(found))


def _folders(root: Path, depth_max: int = 6) -> list[str]:
    found = []
    for folder, folders, _ in os.walk(root):
        relative = Path(os.path.relpath(folder, root))
        folders[:] = sorted(set(folders) - SKIPPED_FOLDERS)
        if len(relative.parts) >= depth_max:
            folders.clear()
        if relative.name == "migrations":
            found.append(relative.as_posix())
            folders.clear()
    return found


def _constraints(
    changed: tuple[UniqueConstraint, ...], declared: Iterable[UniqueConstraint]
) -> tuple[UniqueConstraint, ...]:
    known = {(one.table, frozenset(one.columns)) for one in changed}
    found = list(changed)
    for one in declared:
        key = (one.table, frozenset(one.columns))
        if key not in known:
            known.add(key)
            found.append(one)
    return tuple(found)
