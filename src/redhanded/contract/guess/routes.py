"""HTTP routes as the source writes them, with the prefix they are mounted under."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from redhanded.contract.guess.bodies import read_body
from redhanded.contract.guess.compiled import source_of
from redhanded.contract.guess.nestjs import nestjs_routes
from redhanded.contract.guess.project import Project
from redhanded.contract.guess.python.routes import python_routes

_ROUTE = re.compile(
    r"\b(\w+)\s*\.\s*(get|post|put|patch|delete)\s*\(\s*['\"`](/[^'\"`]*)['\"`]\s*,", re.IGNORECASE
)
_WHOLE = re.compile(
    r"\.route\s*\(\s*\{[^}]*?\bmethod\s*:\s*['\"](\w+)['\"][^}]*?\burl\s*:\s*['\"](/[^'\"]*)['\"]",
    re.IGNORECASE,
)
_MOUNT = re.compile(
    r"\.(?:use|register)\s*\(\s*['\"](/[^'\"]*)['\"]\s*,[^;]*?"
    r"(?:require\(\s*['\"](\.[^'\"]+)['\"]\s*\)|\b(\w+))\s*\)"
)
_PLUGIN = re.compile(
    r"\.register\s*\(\s*(?:(?:await\s+)?(?:require|import)\(\s*['\"](\.[^'\"]+)['\"]\s*\)(?:\.\w+)?"
    r"|(\w+))\s*,\s*\{[^}]*?\bprefix\s*:\s*['\"](/[^'\"]*)['\"]"
)
_OWN_PREFIX = re.compile(
    r"\b(\w+)\s*(?::[^=\n]+)?=\s*new\s+[\w.]+\s*(?:<[^<>]*>)?\(\s*\{[^{}]*?\bprefix\s*:\s*"
    r"['\"`](/[^'\"`]*)['\"`]"
    r"|\b(\w+)\.prefix\s*\(\s*['\"`](/[^'\"`]*)['\"`]\s*\)"
)
"""A router that is told its prefix (Koa, Elysia): ``new Router({ prefix: '/a' })``."""
_NAMED = re.compile(
    r"(?:const|let|var)\s+(\w+|\{[^}]*\})\s*=\s*require\(\s*['\"](\.[^'\"]+)['\"]"
    r"|import\s+(?:type\s+)?(?:\*\s+as\s+)?(\w+|\{[^}]*\})\s+from\s+['\"](\.[^'\"]+)['\"]"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRoute:
    """One route and the file it stands in."""

    method: str
    path: str
    file: str
    body: Mapping[str, object] | None = None
    """Fields that are read of it, where the source shows them."""


def routes(project: Project) -> list[FoundRoute]:
    """All that are literals, in the order of files."""
    prefixes = dict(_prefixes(project))
    found = [
        FoundRoute(method=route.method, path=route.path, file=route.file, body=route.body)
        for route in python_routes(project.sources)
    ]
    found += [
        FoundRoute(
            method=method, path=path, file=file, body=read_body(project.sources, file, start)
        )
        for method, path, file, start in nestjs_routes(project.sources)
    ]
    found += [
        FoundRoute(
            method=match[1].upper(),
            path=posixpath.normpath(prefixes.get(file, "") + match[2]),
            file=file,
            body=read_body(project.sources, file, match.start()),
        )
        for file, text in project.sources.items()
        for match in _WHOLE.finditer(text)
    ]
    return found + [
        FoundRoute(
            method=match[2].upper(),
            path=_joined(prefixes.get(file, ""), own.get(match[1], ""), match[3]),
            file=file,
            body=read_body(project.sources, file, match.start()),
        )
        for file, text in project.sources.items()
        for own in (_own_prefixes(text),)
        for match in _ROUTE.finditer(text)
        if match[1] not in ("axios", "request", "supertest", "nock", "http", "client")
    ]


def _own_prefixes(text: str) -> dict[str, str]:
    """Name of a router to the prefix that it is told."""
    return {match[1] or match[3]: match[2] or match[4] for match in _OWN_PREFIX.finditer(text)}


def _joined(*parts: str) -> str:
    path = posixpath.normpath("/".join(part.strip("/") for part in parts if part.strip("/")))
    return f"/{path}" if path != "." else "/"


def _prefixes(project: Project) -> Iterator[tuple[str, str]]:
    for file, text in project.sources.items():
        named = dict(_imported(text))
        mounts = [(match[2] or match[3], match[1]) for match in _MOUNT.finditer(text)]
        mounts += [(match[1] or match[2], match[3]) for match in _PLUGIN.finditer(text)]
        for mounted, prefix in mounts:
            wanted = mounted if mounted.startswith(".") else named.get(mounted, "")
            if wanted:
                target = source_of(posixpath.join(posixpath.dirname(file), wanted), project.sources)
                if target is not None:
                    yield target, prefix.rstrip("/")


def _imported(text: str) -> Iterator[tuple[str, str]]:
    """Names, and the file of the project that each comes from."""
    for match in _NAMED.finditer(text):
        for entry in (match[1] or match[3]).strip("{}").split(","):
            name = re.split(r"\bas\b|:", entry)[-1].removeprefix("type ").strip()
            yield name, match[2] or match[4]
