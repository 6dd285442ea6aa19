"""The tree that a lab runs: a copy of the source with its dependencies beside it.

The user's tree is read and never written. Dependencies are installed once for each state of the
lock files and then linked, a build is kept for each state of the sources (``builds``): a variant of
the source costs the copy, and its build once.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from redhanded.case.errors import LabError
from redhanded.case.system import System
from redhanded.lab.builds import build_once
from redhanded.lab.embedded.binaries import PARTIAL_MARK, cached
from redhanded.lab.embedded.records import TEMPORARY_MARK, record
from redhanded.lab.services import exit_code, launch, node_environment, terminate, wait_for_exit

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
    "uv.lock",
    "setup.py",
    "setup.cfg",
    "Pipfile",
    "Pipfile.lock",
)
INSTALL_TIMEOUT_S = 600
GRACE_S = 0.5
NODE_COMMAND = re.compile(r"\b(?:node|npm|npx|yarn|pnpm|corepack)\b")


def materialise(
    system: System,
    root: Path,
    folder: Path,
    *,
    files: Mapping[str, str] | None = None,
    say: Callable[[str], None],
) -> Path:
    """A tree in ``folder``: ``root`` with ``files`` put over it, dependencies linked, built.

    Commands are recorded in the lab's folder, the one that holds ``folder``. Raises
    ``LabError`` with the last lines of an install or build command that fails.
    """
    _copy(root, folder)
    for path, text in (files or {}).items():
        target = folder / path
        if not target.resolve().is_relative_to(folder.resolve()):
            raise LabError(
                f"{path} would be written through a link to outside the lab's copy; replace the "
                "link in the tree by the folder itself."
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    source = root
    if system.prepare:
        source = _installed(system, root, folder.parent, say) / "tree"
    _link(source, folder)
    if system.build:
        build_once(
            folder,
            system.build,
            apart=NOT_COPIED,
            installed=INSTALLED,
            run=lambda command: _run(command, folder, "build", folder.parent),
            say=say,
        )
    return folder


def _copy(root: Path, folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    try:
        shutil.copytree(root, folder, symlinks=True, ignore=_left_out)
    except OSError as error:
        raise LabError(f"The tree {root} could not be copied to {folder}: {error}") from error


def _left_out(folder: str, names: list[str]) -> list[str]:
    """What need not be copied, and what cannot be: sockets, pipes, devices."""
    return [
        name
        for name in names
        if name in NOT_COPIED or _is_special((Path(folder) / name).lstat().st_mode)
    ]


def _is_special(mode: int) -> bool:
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))


def _installed(system: System, root: Path, lab: Path, say: Callable[[str], None]) -> Path:
    """The cached tree in which the dependencies of this state of the manifests are installed."""
    digest = hashlib.sha256("\0".join(system.prepare).encode())
    for path in sorted(_manifests(root)):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())

    def build(folder: Path) -> None:
        record(lab, what="a started installation", removes=folder)
        (folder / TEMPORARY_MARK).touch()
        tree = folder / "tree"
        _copy(root, tree)
        for command in system.prepare:
            say(f"installing dependencies (kept for later): {command}")
            _run(command, tree, "prepare", lab)
        _move_programs(tree, folder)
        (folder / TEMPORARY_MARK).unlink()

    return cached(f"installed/{digest.hexdigest()[:20]}", build)


def _manifests(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in NOT_COPIED]
        listed = Path(folder).name == "requirements"
        yield from (
            Path(folder) / name
            for name in names
            if name in MANIFESTS or (name.endswith(".txt") and (listed or "requirements" in name))
        )


def _move_programs(tree: Path, folder: Path) -> None:
    """Lets the programs of virtual environments name the place that ``folder`` is renamed to."""
    final = folder.with_name(folder.name.partition(PARTIAL_MARK)[0])
    for place, folders, _ in os.walk(tree):
        for program in Path(place, ".venv", "bin").glob("*") if ".venv" in folders else ():
            if not program.is_symlink() and program.is_file():
                text = program.read_bytes()
                if text[:2] == b"#!" or program.name.startswith("activate"):
                    program.write_bytes(text.replace(bytes(folder), bytes(final)))
        folders[:] = [name for name in folders if name not in NOT_COPIED]


def _link(source: Path, target: Path) -> None:
    """Links every installed folder of ``source`` at the same place below ``target``."""
    for folder, folders, _ in os.walk(source):
        for name in [name for name in folders if name in INSTALLED]:
            folders.remove(name)
            place = target / Path(folder).relative_to(source)
            if place.is_dir() and not (place / name).exists():
                _link_folder(Path(folder) / name, place / name, source.resolve(), target)
        folders[:] = [name for name in folders if name not in NOT_COPIED]


def _link_folder(installed: Path, place: Path, source: Path, target: Path) -> None:
    """One link, unless workspaces are linked in there: those lead to the packages of ``target``."""
    entries = sorted(installed.iterdir())
    own = {entry for entry in (*entries, *_scoped(entries)) if _in_tree(entry, source)}
    if not own:
        place.symlink_to(installed.resolve())
        return
    place.mkdir()
    for entry in entries:
        if entry in own:
            (place / entry.name).symlink_to(target / entry.resolve().relative_to(source))
        elif any(entry == inner.parent for inner in own):
            _link_folder(entry, place / entry.name, source, target)
        else:
            (place / entry.name).symlink_to(entry.resolve())


def _scoped(entries: list[Path]) -> list[Path]:
    return [inner for entry in entries if entry.name[0] == "@" for inner in entry.iterdir()]


def _in_tree(entry: Path, source: Path) -> bool:
    """Whether it is a link to a package of the tree itself, as workspaces have."""
    if not entry.is_symlink():
        return False
    leads_to = entry.resolve()
    if not leads_to.is_relative_to(source) or leads_to == source:
        return False
    return not any(part in INSTALLED for part in leads_to.relative_to(source).parts)


def node_environment_for(commands: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    """PATH with Node on it where one of ``commands`` names it; LabError if there is none then."""
    if any(NODE_COMMAND.search(command) for command in commands):
        return node_environment(environment)
    return {}


def _run(command: str, folder: Path, key: str, lab: Path) -> None:
    """Runs a command in a tree; recorded in the folder ``lab``, so that nothing outlives us."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("REDHANDED_")
    }
    environment |= node_environment_for([command], environment)
    log = lab / f"{key}.log"
    with log.open("wb") as output:
        launched = launch(
            command, cwd=folder, env=environment, stdout=output.fileno(), folder=lab, what=command
        )
        try:
            ended = wait_for_exit(launched.pid, timeout_s=INSTALL_TIMEOUT_S)
            code = exit_code(launched) if ended else None
        finally:
            terminate(launched, grace_s=GRACE_S)
    if code == 0:
        return
    how = f"no end within {INSTALL_TIMEOUT_S} s" if code is None else f"exit code {code}"
    tail = "\n  ".join(log.read_text(errors="replace").strip().splitlines()[-12:])
    raise LabError(
        f"The command `{command}` ([system] {key} in redhanded.toml) failed with {how}:\n"
        f"  {tail or '(it wrote nothing)'}"
    )
