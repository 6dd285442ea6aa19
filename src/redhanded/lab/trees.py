"""The tree that a lab runs: a copy of the source with its dependencies beside it.

The user's tree is read and never written. Dependencies are installed once for each state of the
lock files and then linked, so that a variant of the source costs only the copy.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from redhanded.case.errors import LabError
from redhanded.case.system import System
from redhanded.lab.embedded.binaries import cached
from redhanded.lab.services import node_environment

INSTALLED = ("node_modules", ".venv")
"""Folders that installing makes; linked into each tree."""
NOT_COPIED = (*INSTALLED, ".git", ".redhanded", "__pycache__")
MANIFESTS = (
    "package.json",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    ".npmrc",
    "requirements.txt",
    "requirements.lock",
    "pyproject.toml",
    "poetry.lock",
    "Pipfile.lock",
)
INSTALL_TIMEOUT_S = 600


def materialise(
    system: System,
    root: Path,
    folder: Path,
    *,
    files: Mapping[str, str] | None = None,
    say: Callable[[str], None],
) -> Path:
    """A tree in ``folder``: ``root`` with ``files`` put over it, dependencies linked, built.

    Raises ``LabError`` with the last lines of an install or build command that fails.
    """
    _copy(root, folder)
    for path, text in (files or {}).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    source = root
    if system.prepare:
        source = _installed(system, root, say) / "tree"
    _link(source, folder)
    for command in system.build:
        say(f"building: {command}")
        _run(command, folder, "build")
    return folder


def _copy(root: Path, folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    shutil.copytree(
        root,
        folder,
        symlinks=True,
        ignore=shutil.ignore_patterns(*NOT_COPIED),
        ignore_dangling_symlinks=True,
    )


def _installed(system: System, root: Path, say: Callable[[str], None]) -> Path:
    """The cached tree in which the dependencies of this state of the manifests are installed."""
    digest = hashlib.sha256("\0".join(system.prepare).encode())
    for path in sorted(_manifests(root)):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())

    def build(folder: Path) -> None:
        tree = folder / "tree"
        _copy(root, tree)
        for command in system.prepare:
            say(f"installing dependencies (kept for later): {command}")
            _run(command, tree, "prepare")

    return cached(f"installed/{digest.hexdigest()[:20]}", build)


def _manifests(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in NOT_COPIED]
        yield from (Path(folder) / name for name in names if name in MANIFESTS)


def _link(source: Path, target: Path) -> None:
    """Links every installed folder of ``source`` at the same place below ``target``."""
    for folder, folders, _ in os.walk(source):
        for name in [name for name in folders if name in INSTALLED]:
            folders.remove(name)
            place = target / Path(folder).relative_to(source)
            if place.is_dir() and not (place / name).exists():
                (place / name).symlink_to((Path(folder) / name).resolve())
        folders[:] = [name for name in folders if name not in NOT_COPIED]


def _run(command: str, folder: Path, key: str) -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("REDHANDED_")
    }
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=folder,
            env=environment | node_environment(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=INSTALL_TIMEOUT_S,
            check=False,
        )
        output, code = done.stdout, f"exit code {done.returncode}"
        if done.returncode == 0:
            return
    except subprocess.TimeoutExpired as error:
        output, code = error.output or b"", f"no end within {INSTALL_TIMEOUT_S} s"
    tail = "\n  ".join(output.decode("utf-8", "replace").strip().splitlines()[-12:])
    raise LabError(
        f"The command `{command}` ([system] {key} in redhanded.toml) failed with {code}:\n  {tail}"
    )
