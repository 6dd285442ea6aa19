"""The specimens: small real services with a known fault, what is known of it, and a safe twin.

Each is a folder: ``specimen.toml`` (what is known, read by nobody but those who judge a result),
``app/`` (the service with its ``redhanded.toml``), ``twin/`` (files that are put over ``app/`` and
make the fault impossible) and ``production.log`` (what it wrote while it failed by itself).
"""

from __future__ import annotations

import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SPECIMENS = Path(__file__).resolve().parent
IGNORED = shutil.ignore_patterns("node_modules", ".venv", "__pycache__", ".redhanded", "dist")


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """What is known of one specimen; nothing of it is told to the lab but the symptom."""

    name: str
    """Of its folder."""
    title: str
    """What goes wrong, in a sentence."""
    source: str
    """Where it was published (project and issue or pull request), or ``realistic``."""
    mechanism: str
    """In words: what is not atomic, what is done twice, what expires."""
    symptom: str
    """What a user would search for in the log; empty where only an invariant shows it."""
    lines: tuple[str, ...]
    """Root cause, ``path:line`` relative to ``app/``; in a package below ``node_modules`` or
    ``site-packages`` the path begins there."""
    fix: str
    """The right one."""
    twin: str
    """What makes the twin safe: a version, or a change."""
    gaps_ms: tuple[float, ...]
    """Realistic gaps between the entries of the workload, for natural runs."""
    redis: bool
    """Whether the order that fails has to do with Redis."""
    choices: tuple[str, ...]
    """What has to be chosen to see it: ``order``, ``fault``, ``time``, ``overlap``."""

    @property
    def folder(self) -> Path:
        return SPECIMENS / self.name


def specimens() -> tuple[Specimen, ...]:
    """All of them, by name."""
    return tuple(_read(file) for file in sorted(SPECIMENS.glob("*/specimen.toml")))


def lay_out(specimen: Specimen, folder: Path, *, twin: bool = False) -> Path:
    """Copies the service, or its safe twin, into ``folder``, which is made; gives it."""
    shutil.copytree(specimen.folder / "app", folder, ignore=IGNORED)
    if twin:
        shutil.copytree(specimen.folder / "twin", folder, ignore=IGNORED, dirs_exist_ok=True)
    return folder


def _read(file: Path) -> Specimen:
    told: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
    return Specimen(
        name=file.parent.name,
        title=told["title"],
        source=told["source"],
        mechanism=told["mechanism"],
        symptom=told["symptom"],
        lines=tuple(told["lines"]),
        fix=told["fix"],
        twin=told["twin"],
        gaps_ms=tuple(float(gap) for gap in told["gaps_ms"]),
        redis=told["redis"],
        choices=tuple(told["choices"]),
    )
