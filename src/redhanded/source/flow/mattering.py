"""Which files matter: those that use a known library, reach one that does, or are reached by it.

The rest of a repository (front ends, assets, tools) is looked at once and not read further.
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping

from redhanded.source.flow.scanning import Look

CONVENTIONS = re.compile(
    r"(?:^|/)(?:migrations?|migrate|models?|entity|entities|schemas?|seeders|prisma|drizzle"
    r"|database|db)(?:/|\.\w+$)"
    r"|(?:^|/)app/(?:.*/)?route\.[cm]?[jt]sx?$|(?:^|/)pages/api/"
)
"""Files that a framework finds by where they are, so that nothing imports them."""
COMMON_WORDS = frozenset(
    [
        "assert",
        "buffer",
        "child_process",
        "client",
        "common",
        "core",
        "crypto",
        "data",
        "events",
        "express-session",
        "fetch",
        "global",
        "http",
        "http2",
        "https",
        "koa-router",
        "next",
        "node",
        "path",
        "process",
        "send",
        "server",
        "stream",
        "timers",
        "util",
        "utils",
        "worker_threads",
    ]
)
FOLDER_FILES_MAX = 500

Resolve = Callable[[str, str], "str | None"]


def words_of(packages: Collection[str]) -> tuple[bytes, ...]:
    """By which names a file speaks of a library that is handed to it: ``(sequelize, types) =>``."""
    found = set()
    for package in packages:
        for one in package.removeprefix("@").split("/"):
            if len(one) >= 4 and one not in COMMON_WORDS:
                found.add(one.lower().encode())
    return tuple(sorted(found))


def package_of(specifier: str, path: str) -> str:
    """The package that a specifier names."""
    if path.endswith(".py"):
        return specifier.split(".")[0]
    bare = specifier.removeprefix("node:")
    return "/".join(bare.split("/")[: 2 if bare.startswith("@") else 1])


def mattering(
    looks: Mapping[str, Look], packages: Collection[str], resolve: Resolve
) -> frozenset[str]:
    """The files that matter."""
    known = frozenset(packages)
    ordered = sorted(looks)
    loads: dict[str, set[str]] = {}
    mentions: dict[str, set[str]] = {}
    starts = []
    for path, look in looks.items():
        uses = any(package_of(one, path) in known for one in look.imports)
        if uses or look.has_word or CONVENTIONS.search(path):
            starts.append(path)
        loads[path] = _targets(path, look.imports, resolve)
        for folder in look.folders:
            loads[path].update(_within(ordered, path, folder))
        mentions[path] = loads[path] | _targets(path, look.types, resolve)
    loaded_by: dict[str, list[str]] = {}
    for path, targets in loads.items():
        for one in targets:
            loaded_by.setdefault(one, []).append(path)
    reaching = _reached(starts, loaded_by)
    return frozenset(_reached(reaching, mentions) & looks.keys())


def uses(looks: Mapping[str, Look], packages: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Known packages and the files that import them."""
    known = frozenset(packages)
    found: dict[str, list[str]] = {}
    for path, look in looks.items():
        for one in {package_of(specifier, path) for specifier in look.imports} & known:
            found.setdefault(one, []).append(path)
    return {one: tuple(paths) for one, paths in sorted(found.items())}


def _targets(path: str, specifiers: Iterable[str], resolve: Resolve) -> set[str]:
    return {found for one in specifiers if (found := resolve(one, path)) is not None}


def _within(ordered: list[str], path: str, folder: str) -> list[str]:
    """Files in a folder that a file loads by computed names, and below."""
    place = posixpath.normpath(posixpath.join(posixpath.dirname(path), folder.lstrip("/")))
    if place.startswith(".."):
        return []
    prefix = "" if place == "." else place + "/"
    start = bisect_left(ordered, prefix)
    found = []
    for one in ordered[start : start + FOLDER_FILES_MAX]:
        if not one.startswith(prefix):
            break
        found.append(one)
    return found


def _reached(starts: Iterable[str], edges: Mapping[str, Collection[str]]) -> set[str]:
    found = set(starts)
    waiting = list(found)
    while waiting:
        for one in edges.get(waiting.pop(), ()):
            if one not in found:
                found.add(one)
                waiting.append(one)
    return found
