"""What compose files and Dockerfiles say of the programs of a system."""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redhanded.contract.guess.yaml_reading import read_yaml

COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")

_PLACE = re.compile(r"\$\{(\w+)(?::?[-?]([^}]*))?\}|\$(\w+)")
_SHELL = re.compile(r"^(?:/bin/)?(?:ba|a)?sh\s+-l?c\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """One service of a compose file."""

    name: str
    image: str = ""
    folder: str = ""
    """Of the program that is built, relative to the root; empty if it is not built here."""
    command: str = ""
    """Of the compose file, else of the Dockerfile; a shell around it is taken off."""
    environment: dict[str, str] = field(default_factory=dict)
    serves: bool = False
    """Whether a port of it is published."""
    replicas: int = 1


def composed(root: Path, known: dict[str, str]) -> tuple[Composed, ...]:
    """The services of all compose files; ``known`` has values for ``${…}``."""
    found = {}
    for name in COMPOSE_FILES:
        document = read_yaml(_text(root / name))
        services = document.get("services") if isinstance(document, dict) else None
        for key, table in services.items() if isinstance(services, dict) else ():
            if isinstance(table, dict):
                found[key] = _service(root, key, table, known)
    return tuple(found.values())


def steps(command: str) -> list[str]:
    """The commands that ``&&`` and ``;`` join."""
    return [step.strip() for step in re.split(r"&&|;", command) if step.strip()]


def _service(root: Path, name: str, table: dict[str, Any], known: dict[str, str]) -> Composed:
    build = table.get("build")
    context = build.get("context", ".") if isinstance(build, dict) else build
    folder = posixpath.normpath(context) if isinstance(context, str) and context else ""
    command = _command(table.get("command"))
    if folder and not command:
        dockerfile = build.get("dockerfile") if isinstance(build, dict) else None
        command = _image_command(root / folder / (dockerfile or "Dockerfile"))
    deploy = table.get("deploy")
    replicas = deploy.get("replicas", "1") if isinstance(deploy, dict) else "1"
    return Composed(
        name=name,
        image=str(table.get("image") or ""),
        folder=folder,
        command=_filled(command, known),
        environment=_environment(table, known),
        serves=bool(table.get("ports") or table.get("expose")),
        replicas=int(replicas) if str(replicas).isdigit() else 1,
    )


def _command(value: Any) -> str:
    if isinstance(value, list):
        words = [str(word) for word in value]
        if len(words) == 3 and _SHELL.match(f"{words[0]} {words[1]} "):
            return words[2]
        return shlex.join(words)
    text = str(value or "").strip()
    if _SHELL.match(text):
        rest = _SHELL.sub("", text)
        return rest[1:-1].strip() if rest[:1] in "\"'" and rest[-1:] == rest[:1] else rest
    return text


def _image_command(dockerfile: Path) -> str:
    """What the last CMD or, without one, ENTRYPOINT of a Dockerfile runs."""
    text = re.sub(r"\\\n", " ", _text(dockerfile))
    last = re.findall(r"^\s*CMD\s+(.+)$", text, re.MULTILINE | re.IGNORECASE) or re.findall(
        r"^\s*ENTRYPOINT\s+(.+)$", text, re.MULTILINE | re.IGNORECASE
    )
    if not last:
        return ""
    try:
        return _command(json.loads(last[-1]))
    except ValueError:
        return _command(last[-1])


def _environment(table: dict[str, Any], known: dict[str, str]) -> dict[str, str]:
    """Without ``env_file``: what is in there is not for another file."""
    found: dict[str, str] = {}
    given = table.get("environment") or {}
    if isinstance(given, list):
        pairs = (str(entry).partition("=") for entry in given)
        given = {name: value if sign else f"${{{name}}}" for name, sign, value in pairs}
    for name, value in given.items():
        found[name] = _filled(str(value if value is not None else f"${{{name}}}"), known)
    return found


def env_lines(text: str) -> dict[str, str]:
    """Variables of the text of a .env file."""
    pairs = (
        re.match(r"\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=\s*(.*)", line)
        for line in text.splitlines()
    )
    return {pair[1]: pair[2].strip().strip("\"'") for pair in pairs if pair}


def _filled(text: str, known: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        return known.get(match[1] or match[3]) or match[2] or ""

    return _PLACE.sub(value, text)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
