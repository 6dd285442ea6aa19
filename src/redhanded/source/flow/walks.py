"""The paths of a tree: its units walked in several processes, and kept for the next time.

What is kept of a unit is good while nothing that its walk saw has changed: the files, what their
imports mean, the schema, and our own code. Every result goes through the same bytes, kept or not,
so that a scan says the same whatever was kept and whatever the number of processes.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path as File
from typing import Any

import msgspec
import zstandard

from redhanded.source.flow import sql_known, walk, written_down
from redhanded.source.flow.events import Path
from redhanded.source.flow.framework import Framework
from redhanded.source.flow.handing_over import joined
from redhanded.source.flow.kept_walks import KeptWalk, keep, kept
from redhanded.source.flow.program import Program
from redhanded.source.flow.reading import Files
from redhanded.source.flow.schema import Schema
from redhanded.source.flow.sharing import shared
from redhanded.source.flow.units import Seen, Unit, led_to, units
from redhanded.source.flow.walk import Walked

NESTING = 10_000
"""Values within values that are written down; each takes some hundred bytes of the stack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the walk of one unit gave."""

    walked: Walked
    limits: tuple[str, ...]


class Done(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The same as it comes from the process that walked."""

    touched: tuple[str, ...]
    """All files that it depends on."""
    data: bytes
    statements: bytes


def paths(
    files: Files,
    frameworks: Sequence[Framework],
    schema: Schema,
    cache: File | None = None,
    *,
    processes: int | None = None,
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """All paths of a tree, and what was not followed."""
    every = units(files.modules, files.manifests)
    by_folder = {one.folder: one for one in every}
    basis = _basis(files, frameworks, schema)
    known = kept(cache, files.root)
    found = {
        name: one
        for name, one in known.items()
        if one.basis == basis and _is_good(one, by_folder.get(name), files)
    }
    todo = [one for one in every if one.folder not in found]
    todo.sort(key=lambda one: (-len(one.own), one.folder))
    for each in todo:
        if each.folder in known:
            sql_known.know(_unpacked(known[each.folder].statements))
    work = partial(_work, files, frameworks, schema, by_folder)
    problems = []
    for folder, data in shared([one.folder for one in todo], work, processes=processes, few=2):
        if data is None:
            problems.append(f"{folder or '.'} could not be followed: the process died")
            continue
        one = _DONE.decode(data)
        touched = [(path, files.hashes.get(path, b"")) for path in one.touched]
        own = by_folder[folder].own
        found[folder] = KeptWalk(own, basis, touched, one.data, one.statements)
    if todo:
        keep(
            cache,
            files.root,
            {one.folder: found[one.folder] for one in every if one.folder in found},
        )
    results = [(one, _result(found[one.folder].data)) for one in every if one.folder in found]
    limits = dict.fromkeys(limit for _, one in results for limit in one.limits)
    return joined(_united(results)), (*limits, *problems)


def _basis(files: Files, frameworks: Sequence[Framework], schema: Schema) -> bytes:
    """Hash of what every walk of the tree depends on."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(files.layout)
    for text in (
        repr(schema),
        repr(sorted(files.stands_for.items())),
        repr([one.name for one in frameworks]),
        repr(list(files.modules)),
    ):
        digest.update(text.encode("utf-8", "replace") + b"\0")
    return digest.digest()


def _is_good(one: KeptWalk, unit: Unit | None, files: Files) -> bool:
    """Whether nothing that the walk saw has changed."""
    if unit is None or one.own != unit.own:
        return False
    return all(files.hashes.get(path) == hash for path, hash in one.touched)


def _work(
    files: Files,
    frameworks: Sequence[Framework],
    schema: Schema,
    by_folder: dict[str, Unit],
    folder: str,
) -> bytes:
    """Walks a unit."""
    unit = by_folder[folder]
    modules = Seen(files.modules, led_to(unit.own, files.leads))
    program = Program(
        modules,
        frameworks,
        resolving=files,
        schema=schema,
        stands_for=files.stands_for,
        own=frozenset(unit.own),
    )
    sql_known.begin()
    found = walk.walked(program)
    result = Result(walked=found, limits=tuple(program.limits))
    try:
        data = _packed(result)
    except RecursionError:
        data = _packed(_without_deep(result))
    files.modules.forget()
    done = Done(tuple(sorted(modules.touched)), data, _packed(sql_known.asked()))
    return msgspec.msgpack.encode(done)


def _packed(result: object) -> bytes:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, NESTING))
    try:
        data = written_down.written(result)
    finally:
        sys.setrecursionlimit(before)
    return zstandard.ZstdCompressor(level=1, write_checksum=True).compress(data)


def _without_deep(result: Result) -> Result:
    """Without the paths whose values lie in one another too deeply to be written down."""
    kept: list[Path] = []
    uncalled = {}
    limits = [*result.limits]
    for place, path in enumerate(result.walked.paths):
        try:
            _packed(path)
        except RecursionError:
            limits.append(f"{path.entry.location}: left out, its values are nested too deeply")
            continue
        if place in result.walked.uncalled:
            uncalled[len(kept)] = result.walked.uncalled[place]
        kept.append(path)
    walked = replace(result.walked, paths=tuple(kept), uncalled=uncalled)
    return replace(result, walked=walked, limits=tuple(limits))


def _unpacked(data: bytes) -> Any:
    return written_down.read(zstandard.ZstdDecompressor().decompress(data))


def _result(data: bytes) -> Result:
    found = _unpacked(data)
    assert isinstance(found, Result)
    return found


def _united(results: Sequence[tuple[Unit, Result]]) -> list[Path]:
    """The paths of all units, each once: what a unit finds in the files of another is that
    other's, and a function that another unit calls is called."""
    owns = [frozenset(unit.own) for unit, _ in results]
    elsewhere: set[tuple[str, int]] = set()
    is_outside = False
    for own, (_, one) in zip(owns, results, strict=True):
        elsewhere.update(each for each in one.walked.entered if each[0] not in own)
        is_outside = is_outside or not all(_begins_in(own, path) for path in one.walked.paths)
    owned: set[Iterable[object]] = set()
    if is_outside:
        for own, (_, one) in zip(owns, results, strict=True):
            owned.update(_key(path) for path in one.walked.paths if _begins_in(own, path))
    given: list[Path] = []
    for own, (_, one) in zip(owns, results, strict=True):
        for place, path in enumerate(one.walked.paths):
            function = one.walked.uncalled.get(place)
            if function is not None and function in elsewhere:
                continue
            if not _begins_in(own, path):
                if _key(path) in owned:
                    continue
                owned.add(_key(path))
            given.append(path)
    return given


def _begins_in(own: frozenset[str], path: Path) -> bool:
    return path.entry.location.path in own


def _key(path: Path) -> Iterable[object]:
    entry = path.entry
    return (entry.kind, entry.name, entry.location, entry.library, entry.queue, entry.job)


_DONE = msgspec.msgpack.Decoder(Done)
