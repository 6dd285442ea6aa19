"""Which files matter: those that use a known library, reach one that does, or are reached by it.

The rest of a repository (front ends, assets, tools) is looked at once and not read further.
"""

from __future__ import annotations

import posixpath
import re
import sys
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping

import msgspec

from redhanded.source.flow.scanning import Look

CONVENTIONS = re.compile(
    r"(?:^|/)(?:migrations?|migrate|models?|entity|entities|schemas?|seeders|prisma|drizzle"
    r"|database|db|controllers?|workers?|processors?|consumers?|subscribers?|listeners?|jobs?"
    r"|queues?|cron)(?:/|\.\w+$)"
    r"|(?:^|/)app/(?:.*/)?route\.[cm]?[jt]sx?$|(?:^|/)pages/api/"
)
"""Files that a framework finds by where they are, so that nothing imports them."""
HANDED = (
    "agenda", "bullmq", "celery", "django", "drizzle", "fastify", "ioredis", "knex", "koa",
    "mongoose", "prisma", "redis", "sequelize", "sqlalchemy", "typeorm",
)  # fmt: skip
"""Libraries that files are handed rather than import: ``module.exports = (knex) => …``."""
WEAK = frozenset(
    [
        "axios",
        "cross-fetch",
        "cuid",
        "follow-redirects",
        "fs-extra",
        "isomorphic-fetch",
        "ky",
        "nanoid",
        "node-fetch",
        "request",
        "shortid",
        "superagent",
        "ulid",
        "undici",
        "uuid",
        "child_process",
        "crypto",
        "events",
        "fs",
        "node",
        "os",
        "path",
        "perf_hooks",
        "process",
        "timers",
        "util",
        "httpx",
        "pendulum",
        "requests",
        "shortuuid",
        "urllib3",
    ]
) | (sys.stdlib_module_names - {"sqlite3", "http", "smtplib"})
"""What front ends and tools use as well: alone, it does not make a file matter. A file that
matters may well use it."""
FOLDER_FILES_MAX = 500

Resolve = Callable[[str, str], "str | None"]


def words_of(packages: Collection[str]) -> tuple[str, ...]:
    """Names by which a file speaks of a known library that it is handed."""
    return tuple(one for one in HANDED if any(one in package for package in packages))


def package_of(specifier: str, path: str) -> str:
    """The package that a specifier names."""
    if path.endswith(".py"):
        return specifier.split(".")[0]
    bare = specifier.removeprefix("node:")
    return "/".join(bare.split("/")[: 2 if bare.startswith("@") else 1])


class Edges(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where a file leads, as places in the sorted list of all files."""

    loads: tuple[int, ...] = ()
    mentions: tuple[int, ...] = ()
    """Of imports that only give types."""

    def paths(self, ordered: list[str]) -> tuple[str, ...]:
        return tuple([ordered[one] for one in (*self.loads, *self.mentions)])


def edges(path: str, look: Look, ordered: list[str], resolve: Resolve) -> Edges:
    """Where a file leads."""
    loads = _targets(path, look.imports, resolve)
    for folder in look.folders:
        loads.update(_within(ordered, path, folder))
    mentions = _targets(path, look.types, resolve) - loads
    return Edges(_places(loads, ordered), _places(mentions, ordered))


def mattering(
    looks: Mapping[str, Look],
    leads: Mapping[str, Edges],
    ordered: list[str],
    packages: Collection[str],
) -> frozenset[str]:
    """The files that matter."""
    known = frozenset(packages) - WEAK
    starts = []
    loaded_by: dict[int, list[int]] = {}
    found: dict[int, tuple[int, ...]] = {}
    for place, path in enumerate(ordered):
        look = looks.get(path)
        if look is None:
            continue
        if look.has_word or _uses_any(path, look, known) or CONVENTIONS.search(path):
            starts.append(place)
        found[place] = leads[path].loads + leads[path].mentions
        for one in leads[path].loads:
            loaded_by.setdefault(one, []).append(place)
    reaching = _reached(starts, loaded_by)
    matter = {ordered[one] for one in _reached(reaching, found)}
    return frozenset(matter & looks.keys())


def _uses_any(path: str, look: Look, known: frozenset[str]) -> bool:
    return any(package_of(one, path) in known for one in look.imports)


def uses(looks: Mapping[str, Look], packages: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Known packages and the files that import them."""
    known = frozenset(packages)
    found: dict[str, list[str]] = {}
    for path, look in looks.items():
        for one in {package_of(specifier, path) for specifier in look.imports} & known:
            found.setdefault(one, []).append(path)
    return {one: tuple(paths) for one, paths in sorted(found.items())}


def imported(looks: Mapping[str, Look]) -> dict[str, tuple[str, ...]]:
    """First names of all that is imported, known or not, and the files that do."""
    found: dict[str, list[str]] = {}
    for path, look in looks.items():
        for one in {package_of(specifier, path) for specifier in look.imports}:
            if one and not one.startswith((".", "/")):
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


def _places(paths: Iterable[str], ordered: list[str]) -> tuple[int, ...]:
    """What lies where a tool writes a client is no file."""
    places = [(bisect_left(ordered, one), one) for one in paths]
    return tuple(sorted(at for at, one in places if at < len(ordered) and ordered[at] == one))


def _reached(starts: Iterable[int], leads: Mapping[int, Collection[int]]) -> set[int]:
    found = set(starts)
    waiting = list(found)
    while waiting:
        for one in leads.get(waiting.pop(), ()):
            if one not in found:
                found.add(one)
                waiting.append(one)
    return found
