"""A system that is laid out as a repository of its own before it is hunted in."""

from __future__ import annotations

import hashlib
import itertools
import shlex
import subprocess
from pathlib import Path

from redhanded import contract
from redhanded.case.errors import InputError
from redhanded.lab.services import cache_folder


def free_place(target: Path, identifier: str) -> Path:
    """A folder outside the target's own tree that is not there yet."""
    folder = cache_folder() / "laid-out"
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(str(target).encode()).hexdigest()[:6]
    name = f"{target.name}-{digest}-{identifier}"
    taken = {entry.name for entry in folder.iterdir()}
    numbered = (f"{name}-{number}" for number in itertools.count(2))
    return folder / next(each for each in itertools.chain([name], numbered) if each not in taken)


def lay_out(command: str, target: Path, folder: Path) -> None:
    """Runs the contract's command that makes ``folder``; ``InputError`` with its last lines."""
    words = [word.replace("{dir}", str(folder)) for word in shlex.split(command)]
    try:
        done = subprocess.run(words, cwd=target, capture_output=True, text=True, check=False)
    except OSError as error:
        raise InputError(
            f"The lay_out command of {contract.FILE_NAME} cannot be run: {error}."
        ) from error
    if done.returncode != 0:
        tail = "\n  ".join((done.stdout + done.stderr).strip().splitlines()[-6:])
        raise InputError(f"The lay_out command `{command}` failed:\n  {tail}")
