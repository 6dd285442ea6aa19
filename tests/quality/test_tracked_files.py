"""What is handed on holds no address and no path of the machine that it was written on."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("files", "pythonhosted", "org"),
        ("proxy", "golang", "org"),
        ("ghcr", "io"),
    )
)
INDEX_VARIABLES = (
    "NPM_CONFIG_REGISTRY",
    "PIP_EXTRA_INDEX_URL",
    "PIP_INDEX_URL",
    "UV_DEFAULT_INDEX",
    "UV_INDEX_URL",
    "npm_config_registry",
)
MACHINE_PATH = re.compile(r"(?<![\w.~$}-])/(?:work|root)/")


def test_no_file_names_a_registry() -> None:
    hosts = {*REGISTRIES, *configured_hosts(os.environ)}
    pattern = re.compile("|".join(map(re.escape, sorted(hosts))))
    assert lines_with(pattern) == []


def test_no_file_holds_a_path_of_this_machine() -> None:
    folders = [folder for folder in (ROOT, Path.home()) if len(folder.parts) > 2]
    patterns = [MACHINE_PATH.pattern, *(re.escape(f"{folder}/") for folder in folders)]
    assert lines_with(re.compile("|".join(patterns))) == []


def test_package_locks_hold_no_addresses() -> None:
    locks = [path for path in handed_on() if path.name.startswith("package-lock")]
    assert locks, "the example has a package-lock.json"
    for path in locks:
        packages = json.loads(path.read_text(encoding="utf-8"))["packages"]
        resolved = [  # A link is to a workspace: a folder beside the lock.
            name
            for name, package in packages.items()
            if "resolved" in package and not package.get("link")
        ]
        assert resolved == [], path


def test_requirement_locks_hold_no_index() -> None:
    locks = sorted(ROOT.glob("requirements*"))
    assert locks
    for path in locks:
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"^\s*--(?:extra-)?index-url|^\s*--find-links|@ (?:http|file)", text, re.M
        )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see /" + "work/main/src", True),
        ("file:///" + "root/src/app.js", True),
        ("GET /api/" + "work/1", False),
        ("https://example.org/" + "root/", False),
        ("~/" + "work/x", False),
        ("the " + "work/ folder", False),
    ],
)
def test_machine_paths_are_told_from_others(text: str, found: bool) -> None:
    assert bool(MACHINE_PATH.search(text)) is found


def configured_hosts(environment: os._Environ[str]) -> set[str]:
    """Hosts of the package indexes that this machine is told to use; local ones have none."""
    hosts = set()
    for name in INDEX_VARIABLES:
        for address in environment.get(name, "").split():
            host = urlsplit(address).hostname
            if host and host != "localhost":
                hosts.add(host)
    return hosts


def handed_on() -> list[Path]:
    """Files that git holds, or would hold after ``git add``; deleted ones left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = {name for name in listed.stdout.decode().split("\0") if name}
    return [ROOT / name for name in sorted(names) if (ROOT / name).is_file()]


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    """``path:line: what was found`` in all text files that are handed on."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for path in handed_on()
        for number, line in enumerate(
            path.read_text(encoding="utf-8", errors="replace").splitlines(), 1
        )
        if (match := pattern.search(line))
    ]
