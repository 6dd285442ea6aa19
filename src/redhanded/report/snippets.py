"""The lines of code that a case points at, with their surroundings, as they stand now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from redhanded.case.hypothesis import RootLocation

AROUND = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SnippetLine:
    """One line of a file."""

    number: int
    text: str
    roles: tuple[str, ...] = ()
    """Why it is marked; empty for surroundings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """Neighbouring lines of one file."""

    path: str
    lines: tuple[SnippetLine, ...]
    missing: str = ""
    """Why there are no lines."""


def cut(root: Path, locations: Iterable[RootLocation]) -> tuple[Snippet, ...]:
    """One snippet for each stretch of a file that holds marked lines, in the order given.

    Paths that lead out of ``root`` are not read. A line whose text is no longer the one the case
    recorded is said to have changed.
    """
    by_path: dict[str, list[RootLocation]] = {}
    for location in locations:
        by_path.setdefault(location.path, []).append(location)
    return tuple(
        snippet for path, found in by_path.items() for snippet in _of_file(root, path, found)
    )


def _of_file(root: Path, path: str, found: list[RootLocation]) -> list[Snippet]:
    file = (root / path).resolve()
    if not file.is_relative_to(root.resolve()) or not file.is_file():
        return [
            Snippet(path=path, lines=_recorded(found), missing="the file is not there any more")
        ]
    content = file.read_text(encoding="utf-8", errors="replace").splitlines()
    roles: dict[int, list[str]] = {}
    for location in found:
        roles.setdefault(location.line, []).append(_role(location, content))
    wanted = sorted(
        {
            number
            for line in roles
            for number in range(max(line - AROUND, 1), min(line + AROUND, len(content)) + 1)
        }
    )
    stretches: list[list[int]] = []
    for number in wanted:
        if stretches and stretches[-1][-1] == number - 1:
            stretches[-1].append(number)
        else:
            stretches.append([number])
    return [
        Snippet(
            path=path,
            lines=tuple(
                SnippetLine(
                    number=number, text=content[number - 1], roles=tuple(roles.get(number, ()))
                )
                for number in stretch
            ),
        )
        for stretch in stretches
    ]


def _role(location: RootLocation, content: list[str]) -> str:
    recorded = location.text.strip().rstrip("…")
    standing = content[location.line - 1] if 0 < location.line <= len(content) else ""
    if recorded and recorded[:60] not in standing:
        return f"{location.role} (this line has changed since)"
    return location.role


def _recorded(found: list[RootLocation]) -> tuple[SnippetLine, ...]:
    return tuple(
        SnippetLine(number=location.line, text=location.text, roles=(location.role,))
        for location in found
    )
