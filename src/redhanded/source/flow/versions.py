"""Which versions of its libraries a program asks for: what the lock file says, else the lowest."""

from __future__ import annotations

import json
import re
from pathlib import Path

from redhanded.source.plain import plain_text

_PINNED = re.compile(r"^\s*([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?\s*==\s*([\w.]+)", re.MULTILINE)
_LOCKED = re.compile(r'^name = "([^"]+)"\nversion = "([^"]+)"', re.MULTILINE)
_NUMBER = re.compile(r"\d+(?:\.\d+)*")


def versions_of(root: Path) -> dict[str, str]:
    """Package to version, of the manifests and lock files at the root. What cannot be read is left
    out."""
    found: dict[str, str] = {}
    for name in sorted(one.name for one in root.glob("requirements*.txt")):
        found.update(_PINNED.findall(_text(root / name)))
    for name in ("poetry.lock", "uv.lock"):
        found.update(_LOCKED.findall(_text(root / name)))
    found.update(_asked_for(_json(root / "package.json")))
    found.update(_locked(_json(root / "package-lock.json")))
    return found


def is_before(version: str, other: str) -> bool:
    """Whether a version is older; numbers only, as far as both have them."""
    return _numbers(version) < _numbers(other)


def _numbers(version: str) -> tuple[int, ...]:
    match = _NUMBER.search(version)
    return tuple(int(one) for one in match[0].split(".")) if match else ()


def _asked_for(fields: dict[str, object]) -> dict[str, str]:
    found: dict[str, str] = {}
    for kind in ("dependencies", "devDependencies"):
        listed = fields.get(kind)
        for name, wanted in listed.items() if isinstance(listed, dict) else ():
            number = _NUMBER.search(str(wanted))
            if number:
                found[str(name)] = number[0]
    return found


def _locked(fields: dict[str, object]) -> dict[str, str]:
    listed = fields.get("packages")
    found: dict[str, str] = {}
    for place, known in listed.items() if isinstance(listed, dict) else ():
        name = str(place).removeprefix("node_modules/")
        if name and "node_modules/" not in name and isinstance(known, dict):
            version = known.get("version")
            if isinstance(version, str):
                found[name] = version
    return found


def _text(path: Path) -> str:
    return plain_text(path) or ""


def _json(path: Path) -> dict[str, object]:
    try:
        found = json.loads(_text(path) or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
