"""The documents are true: paths and names in them exist, links lead somewhere."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    "AGENTS.md",
    "ARCHITECTURE.md",
    "README.md",
    "docs/scan.md",
    *(path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs" / "add").glob("*.md"))),
]
NOT_YET = {"agent/", "mcp/", "board/", "testing.py"}
"""Named as missing; once there, the page has to say so."""
GENERATED = {".redhanded/", ".venv/", "redhanded.toml"}
"""Not in a checkout: in the target, or made by the first command."""
CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"(?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:py|md|toml|json|cjs)")
NAME = re.compile(r"[A-Z][a-z]+[A-Z]?\w*|[A-Z]{3,}[A-Z_]*|[a-z]+(?:_[a-z]+)+|[a-z]+")
WORDS = {"queue"}
"""In code style, but no names of ours."""


@pytest.mark.parametrize("page", PAGES)
def test_paths_exist(page: str) -> None:
    missing = {path for path in paths_in(page) if not exists(path)}
    assert missing - NOT_YET == set()


def test_what_is_said_to_be_missing_is_missing() -> None:
    assert {path for path in NOT_YET if exists(path)} == set()


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)#\s]+)\)", read(page))
    here = (ROOT / page).parent
    assert [link for link in links if "://" not in link and not (here / link).exists()] == []


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("docs/")])
def test_names_stand_in_the_source(page: str) -> None:
    given = {each.partition("(")[0] for each in CODE.findall(read(page))}
    names = {name for name in given if NAME.fullmatch(name)} - WORDS
    assert {name for name in names if not re.search(rf"\b{name}\b", source())} == set()


@cache
def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def paths_in(page: str) -> set[str]:
    """Paths in code style, without commands and generated files."""
    found = {match for match in CODE.findall(read(page)) if PATH.fullmatch(match)}
    return {path for path in found if not any(path.startswith(each) for each in GENERATED)}


def exists(path: str) -> bool:
    """Whether a path, or one that ends so within the package, is there."""
    wanted = path.rstrip("/")
    if (ROOT / wanted).exists() or (ROOT / "src" / "redhanded" / wanted).exists():
        return True
    return any(each.endswith(f"/{wanted}") for each in package_paths())


@cache
def package_paths() -> tuple[str, ...]:
    package = ROOT / "src" / "redhanded"
    return tuple(f"/{path.relative_to(package).as_posix()}" for path in package.rglob("*"))


@cache
def source() -> str:
    files = [*(ROOT / "src").rglob("*.py"), ROOT / "pyproject.toml"]
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(files))
