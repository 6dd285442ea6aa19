"""HTTP routes as the source writes them, with the prefix they are mounted under."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from redhanded.contract.guess.project import Project

_ROUTE = re.compile(
    r"\b(\w+)\s*\.\s*(get|post|put|patch|delete)\s*\(\s*['\"`](/[^'\"`]*)['\"`]\s*,", re.IGNORECASE
)
_MOUNT = re.compile(
    r"\.(?:use|register)\s*\(\s*['\"](/[^'\"]*)['\"]\s*,[^;]*?"
    r"(?:require\(\s*['\"](\.[^'\"]+)['\"]\s*\)|\b(\w+))\s*\)"
)
_NAMED = re.compile(
    r"(?:const|let|var)\s+(\w+)\s*=\s*require\(\s*['\"](\.[^'\"]+)['\"]"
    r"|import\s+(?:\*\s+as\s+)?(\w+)\s+from\s+['\"](\.[^'\"]+)['\"]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRoute:
    """One route and the file it stands in."""

    method: str
    path: str
    file: str


def routes(project: Project) -> list[FoundRoute]:
    """All that are literals, in the order of files."""
    prefixes = dict(_prefixes(project))
    return [
        FoundRoute(
            method=match[2].upper(),
            path=posixpath.normpath(prefixes.get(file, "") + match[3]) or "/",
            file=file,
        )
        for file, text in project.sources.items()
        for match in _ROUTE.finditer(text)
        if match[1] not in ("axios", "request", "supertest", "nock", "http", "client")
    ]


def _prefixes(project: Project) -> Iterator[tuple[str, str]]:
    for file, text in project.sources.items():
        named = {m[1] or m[3]: m[2] or m[4] for m in _NAMED.finditer(text)}
        for match in _MOUNT.finditer(text):
            wanted = match[2] or named.get(match[3] or "")
            if wanted:
                target = posixpath.normpath(posixpath.join(posixpath.dirname(file), wanted))
                for candidate in (target, *(f"{target}{end}" for end in _ENDINGS)):
                    if candidate in project.sources:
                        yield candidate, match[1].rstrip("/")


_ENDINGS = (".js", ".ts", ".mjs", ".cjs", "/index.js", "/index.ts")
