"""What may be written shorter, and what may not be written yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from redhanded.case.errors import InputError
from redhanded.contract.names import KINDS_BY_NAME

Fail = Callable[[tuple[str | int, ...], str], InputError]

_UNSUPPORTED = {
    ("services", "files"): "configuration files as templates are not supported yet; "
    "pass the address in a variable with `env`",
    ("stubs", "run"): "stubs that are programs are not supported yet; "
    "record the answers in a file and name it with `routes`",
    ("stubs", "tls"): "TLS to stubs is not supported yet; give the system an http:// address",
}
"""Planned keys, by table: refused with a sentence, never ignored."""


def refuse_unsupported(document: dict[str, Any], fail: Fail) -> None:
    """Raises what ``fail`` makes for a key that the design has and this version has not."""
    for section, key in _UNSUPPORTED:
        for where, table in _tables(document, section):
            if key in table:
                raise fail((*where, key), _UNSUPPORTED[section, key])


def _tables(
    document: dict[str, Any], section: str
) -> list[tuple[tuple[str | int, ...], dict[str, Any]]]:
    content = document.get(section)
    found: list[tuple[tuple[str | int, ...], Any]] = []
    if isinstance(content, list):
        found = [((section, position), entry) for position, entry in enumerate(content)]
    elif isinstance(content, dict):
        found = [((section, name), entry) for name, entry in content.items()]
        if section == "setup":
            found = [((section,), content)]
    return [(where, entry) for where, entry in found if isinstance(entry, dict)]


def written_out(document: dict[str, Any], notes: list[str]) -> dict[str, Any]:
    """The document with every short form in its long form; ``notes`` gains what was filled in."""
    full = dict(document)
    if isinstance(services := document.get("services"), dict):
        full["services"] = {name: _service(name, table, notes) for name, table in services.items()}
    if isinstance(stubs := document.get("stubs"), dict):
        full["stubs"] = {name: _env_written_out(table) for name, table in stubs.items()}
    if isinstance(invariants := document.get("invariants"), dict):
        full["invariants"] = {
            name: {"sql": table} if isinstance(table, str) else table
            for name, table in invariants.items()
        }
    return full


def _service(name: str, table: Any, notes: list[str]) -> Any:
    if not isinstance(table, dict):
        return table
    full = _env_written_out(table)
    if "kind" not in full and name in KINDS_BY_NAME:
        full["kind"] = KINDS_BY_NAME[name]
        notes.append(f"service {name} is of kind {full['kind']}, by its name")
    return full


def _env_written_out(table: Any) -> Any:
    """``env = "NAME"`` means that NAME holds the address."""
    if isinstance(table, dict) and isinstance(table.get("env"), str):
        return table | {"env": {table["env"]: "{url}"}}
    return dict(table) if isinstance(table, dict) else table
