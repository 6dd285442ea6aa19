"""Whether a failure that is known by its text alone could show in the lab at all.

What a check outside the system writes (a nightly audit, a monitor) is written by nothing that the
lab runs. That no order shows it there says nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

from redhanded.case.errors import LabError
from redhanded.case.inert import inert
from redhanded.case.symptom import Symptom
from redhanded.case.system import System
from redhanded.lab.services import find_node, find_postgres, find_redis

PREFIX = "Nothing that the lab runs"
OWN = frozenset(
    {
        *(".js", ".cjs", ".mjs", ".jsx", ".ts", ".cts", ".mts", ".tsx", ".prisma", ".vue"),
        *(".py", ".rb", ".go", ".java", ".kt", ".php", ".rs", ".ex", ".exs", ".cs", ".lua"),
        *(".sql", ".json", ".yaml", ".yml", ".j2", ".html", ".txt"),
    }
)
PACKAGES = frozenset({".js", ".cjs", ".mjs", ".py", ".so", ".node"})
INSTALLED = frozenset({"node_modules", ".venv", "venv", "env", "site-packages"})
SKIPPED = frozenset({".git", ".redhanded", "logs", "log", "coverage"})
FILES_MAX = 60_000
BYTES_MAX = 600_000_000
WORD = re.compile(r"(?<![\w$])[^\W\d_]{4,}(?![\w$])")
"""Shorter ones are everywhere."""


def says_so(root: Path, system: System, symptom: Symptom) -> str:
    """A sentence where no program of the lab holds the words; empty where one may, or where the
    failure shows otherwise too: by the database's answer, by a status, by the line that threw it.
    """
    known = (symptom.invariants, symptom.sqlstate, symptom.constraint, symptom.stack)
    if any(known) or system.symptom.sqlstate or system.symptom.status:
        return ""
    words = words_of(symptom.text)
    if not words or _may_hold(root, system, words):
        return ""
    return (
        f"{PREFIX} holds the words {inert(symptom.text)!r} (the project's files, its packages and "
        "the servers were searched): something else logs this failure, so that no order can show "
        "it here. Say in redhanded.toml what has to hold, [invariants.NAME] with `sql`, or have "
        "the workload run what logs it ([[workload]] with `run`)."
    )


def words_of(text: str) -> tuple[bytes, ...]:
    """The words that do not change from line to line, in lower case."""
    found = WORD.findall(text.lower())
    return tuple(dict.fromkeys(word.encode() for word in found))


def _may_hold(root: Path, system: System, words: Iterable[bytes]) -> bool:
    """Whether one file of what the system is made of has all the words; also where there is too
    much to look at, or something cannot be read."""
    budget = BYTES_MAX
    try:
        for count, file in enumerate(chain(_files(root), _servers(system))):
            budget -= file.stat().st_size
            if budget < 0 or count >= FILES_MAX or _holds(file, words):
                return True
    except (OSError, LabError):
        return True
    return False


def _holds(file: Path, words: Iterable[bytes]) -> bool:
    content = file.read_bytes().lower()
    return all(word in content for word in words)


def _servers(system: System) -> Iterator[Path]:
    """The programs that are not the project's own: those of the lab stand for a server that is
    reached by its address, too; Node's, where there is one, for whatever runs on it."""
    kinds = {service.kind for service in system.services}
    if "postgres" in kinds:
        yield find_postgres()
    if "redis" in kinds:
        yield find_redis()
    with suppress(LabError):
        yield find_node()


def _files(root: Path) -> Iterator[Path]:
    """Of the project and its packages, those that programs are made of."""
    seen: set[tuple[int, int]] = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        status = os.stat(folder)  # noqa: PTH116 (os.walk gives text)
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = [name for name in folders if name not in SKIPPED]
        installed = bool(INSTALLED & set(Path(folder).relative_to(root).parts))
        endings = PACKAGES if installed else OWN
        for name in names:
            file = Path(folder, name)
            if file.suffix in endings and name != "redhanded.toml" and file.is_file():
                yield file
