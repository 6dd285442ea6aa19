"""Requests that a README shows with curl: what a person would send."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

PAGES = ("README*", "docs/*.md", "doc/*.md", "*.http")

_CURL = re.compile(r"\bcurl\b((?:[^\n'\"]|'[^']*'|\"(?:\\.|[^\"\\])*\")*)")
_DATA = re.compile(
    r"(?:-d|--data(?:-raw|-binary|-ascii)?|--json)[ =]?\s*(?:'([^']*)'|\"((?:\\.|[^\"\\])*)\")"
)
_ADDRESS = re.compile(
    r"(?:https?://[^/\s'\"]+|\$\{?\w+\}?|(?:localhost|127\.0\.0\.1|0\.0\.0\.0)?:\d+|localhost)"
    r"(/[^\s'\"?#]*)"
)
_NUMBER = re.compile(r"\d{3,}(?!.*\d{3,})")
_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d\d:\d\d")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-", re.IGNORECASE)
_NAMES_ONE = re.compile(r"id$|key|number|serial|code|ref|token|name|email|slug", re.IGNORECASE)


def example_bodies(root: Path) -> dict[str, dict[str, Any]]:
    """Path to JSON body, its identifiers made ``{unique}``; the first of each path."""
    found: dict[str, dict[str, Any]] = {}
    for pattern in PAGES:
        for page in sorted(root.glob(pattern)):
            for path, body in _requests(page):
                found.setdefault(path, made_unique(body))
    return found


def made_unique(body: dict[str, Any]) -> dict[str, Any]:
    """``"C-1001"`` becomes ``"C-{unique}"``; without such a value the first name gets an ending."""
    changed = {key: _unique(value) for key, value in body.items()}
    if changed != body:
        return changed
    for key, value in body.items():
        if isinstance(value, str) and _NAMES_ONE.search(key) and not _UUID.match(value):
            before, at, after = value.partition("@")
            return {**body, key: f"{before}-{{unique}}{at}{after}"}
    return body


def _unique(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unique(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_unique(inner) for inner in value]
    if isinstance(value, str) and not _DATE.search(value) and not _UUID.match(value):
        return _NUMBER.sub("{unique}", value)
    return value


def _requests(page: Path) -> list[tuple[str, dict[str, Any]]]:
    try:
        text = page.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    found = []
    for command in _CURL.finditer(re.sub(r"\\\s*\n", " ", text)):
        data = _DATA.search(command[1])
        address = _ADDRESS.search(_DATA.sub(" ", command[1]))
        if data is None or address is None:
            continue
        try:
            body = json.loads(data[1] if data[1] is not None else data[2].replace('\\"', '"'))
        except ValueError:
            continue
        if isinstance(body, dict):
            found.append((address[1].rstrip("/") or "/", body))
    return found
