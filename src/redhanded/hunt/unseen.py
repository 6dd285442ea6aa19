"""Whether a failure that is known by its text alone could show in the lab at all.

What a check outside the system writes (a nightly audit, a monitor) is written by nothing that the
lab runs. That no order shows it there says nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

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
FILE_BYTES_MAX = 200_000_000
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
    if not words or any(_holds(file, words) for file in _programs(root)):
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


def _holds(file: Path, words: Iterable[bytes]) -> bool:
    """Whether all words are in one file; what cannot be read may hold them."""
    try:
        content = file.read_bytes().lower()
    except OSError:
        return True
    return all(word in content for word in words)


def _programs(root: Path) -> Iterator[Path]:
    """What the system is made of, its own files first; too much of it ends with the root itself,
    which cannot be read."""
    own: list[Path] = []
    packages: list[Path] = []
    for file, installed in _files(root):
        if file.suffix in (PACKAGES if installed else OWN) and file.name != "redhanded.toml":
            (packages if installed else own).append(file)
    yield from own
    budget = BYTES_MAX
    for count, file in enumerate(packages):
        size = file.stat().st_size
        budget -= size
        if count >= FILES_MAX or budget < 0 or size > FILE_BYTES_MAX:
            yield root
            return
        yield file
    yield from (find() for find in (find_postgres, find_redis, find_node))


def _files(root: Path) -> Iterator[tuple[Path, bool]]:
    seen: set[tuple[int, int]] = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        status = os.stat(folder)  # noqa: PTH116 (os.walk gives text)
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = [name for name in folders if name not in SKIPPED]
        installed = bool(INSTALLED & set(Path(folder).relative_to(root).parts))
        for name in names:
            file = Path(folder, name)
            if file.is_file():
                yield file, installed
