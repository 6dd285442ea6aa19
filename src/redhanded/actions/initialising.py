"""A first ``redhanded.toml`` for a project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from redhanded.case.errors import InputError, UsageError
from redhanded.contract import FILE_NAME
from redhanded.contract.guess import Guess, guess


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialised:
    """What was written."""

    path: Path
    written: tuple[Path, ...]
    notes: tuple[str, ...]
    """What was guessed, and what is left to fill in."""


def initialise(target: Path, *, force: bool = False) -> Initialised:
    """Writes ``redhanded.toml`` and the fixtures it names, all of them or none.

    Raises ``UsageError`` if there is one already, unless ``force``. A fixture that is there is
    left as it is.
    """
    root = target.resolve()
    if not root.is_dir():
        raise InputError(f"there is no folder {root}; give the path of the project")
    path = root / FILE_NAME
    if path.exists() and not force:
        raise UsageError(f"{path} exists already; edit it, or overwrite it with --force")
    found: Guess = guess(root)
    written = []
    try:
        for name, content in found.fixtures.items():
            fixture = root / name
            if not fixture.exists():
                fixture.parent.mkdir(parents=True, exist_ok=True)
                fixture.write_text(content, encoding="utf-8")
                written.append(fixture)
        path.write_text(found.text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None
    return Initialised(path=path, written=(path, *written), notes=found.notes)
