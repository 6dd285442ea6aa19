"""What the build commands of a tree make, kept for each state of its sources.

A build is done again only if a file of the tree, a command, or what is installed has changed. Kept
are the files that it made or changed. It is not kept where that would not be the same again: if it
wrote into the installed dependencies, which other trees share, or the tree's own place into a file.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from redhanded.lab.clock import epoch_s
from redhanded.lab.embedded.binaries import cached

KEPT_MAX = 20
"""Builds of all systems together; older ones are removed."""
KEPT_AT_LEAST_S = 3600.0
MARKS = ("node_modules/.package-lock.json", "node_modules/.yarn-integrity", ".venv/pyvenv.cfg")
"""Files of installers that tell what is installed."""
GONE = ".redhanded-gone"
"""Lists the files that a build removed."""
State = dict[str, str]
"""Path to a digest of its content and mode."""


def build_once(
    tree: Path,
    commands: Sequence[str],
    *,
    apart: Sequence[str],
    installed: Sequence[str],
    run: Callable[[str], None],
    say: Callable[[str], None],
) -> None:
    """Runs ``commands`` in ``tree``, or puts there what they made of the same files before.

    ``apart`` are names of folders that are not part of the tree, and ``installed`` those of them
    that other trees share.
    """
    before = state_of(tree, apart)
    digest = _digest(tree, commands, before)
    kept: list[str] = []

    def keep(folder: Path) -> None:
        began_s = epoch_s()
        for command in commands:
            say(f"building (kept for later): {command}")
            run(command)
        after = state_of(tree, apart)
        changed = [path for path, content in after.items() if before.get(path) != content]
        reason = _not_the_same_again(tree, changed, installed, began_s)
        if reason:
            raise _NotKept(reason)
        for path in changed:
            _copy(tree / path, folder / path)
        gone = sorted(before.keys() - after.keys())
        (folder / GONE).write_text("\n".join(gone), encoding="utf-8")
        kept.extend(changed)

    try:
        folder = cached(f"built/{digest}", keep)
    except _NotKept as error:
        say(f"the build is not kept: {error}")
        return
    if not kept:
        _put(folder, tree)
    os.utime(folder)
    _remove_old(folder.parent)


class _NotKept(Exception):
    """Why a build that went well has to be done again for the next tree."""


def state_of(tree: Path, apart: Sequence[str]) -> State:
    """Every file and link of a tree."""
    found: State = {}
    for path in _files(tree, apart):
        if path.is_symlink():
            content = b"link " + os.fsencode(path.readlink())
        else:
            executable = path.stat().st_mode & stat.S_IXUSR
            content = (b"x" if executable else b"-") + path.read_bytes()
        found[str(path.relative_to(tree))] = hashlib.sha256(content).hexdigest()
    return found


def _files(tree: Path, apart: Sequence[str]) -> Iterator[Path]:
    for place, folders, names in os.walk(tree):
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        folders[:] = [name for name in folders if name not in (*apart, *links)]
        yield from (Path(place) / name for name in (*names, *links) if name not in apart)


def _digest(tree: Path, commands: Sequence[str], state: State) -> str:
    digest = hashlib.sha256("\0".join(commands).encode())
    for path, content in sorted(state.items()):
        digest.update(f"\0{path}\0{content}".encode())
    for mark in MARKS:
        if (tree / mark).is_file():
            digest.update((tree / mark).read_bytes())
    for program in ("node", "python3"):
        digest.update(os.path.realpath(shutil.which(program) or "").encode())
    return digest.hexdigest()[:20]


def _not_the_same_again(
    tree: Path, changed: Sequence[str], installed: Sequence[str], began_s: float
) -> str:
    place = os.fsencode(tree.resolve())
    for path in changed:
        file = tree / path
        if not file.is_symlink() and place in file.read_bytes():
            return f"{path} names the folder that it was made in"
    for shared in _installed(tree, installed):
        for folder, _, names in os.walk(shared):
            for name in names:
                with suppress(OSError):
                    if (Path(folder) / name).lstat().st_mtime >= began_s:
                        return f"it wrote {Path(folder, name).relative_to(shared.parent)}"
    return ""


def _installed(tree: Path, installed: Sequence[str]) -> Iterator[Path]:
    """The folders that are not part of the tree, where they really are."""
    for place, folders, _ in os.walk(tree):
        yield from (Path(place, name).resolve() for name in folders if name in installed)
        folders[:] = [name for name in folders if name not in installed]


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    shutil.copy2(source, target, follow_symlinks=False)


def _put(folder: Path, tree: Path) -> None:
    for path in (folder / GONE).read_text(encoding="utf-8").splitlines():
        (tree / path).unlink(missing_ok=True)
    for source in _files(folder, ()):
        if source.name != GONE:
            _copy(source, tree / source.relative_to(folder))


def _remove_old(folder: Path) -> None:
    """Keeps the newest builds; another lab may be copying one that was used just now."""
    entries = sorted(folder.iterdir(), key=lambda entry: entry.stat().st_mtime, reverse=True)
    for entry in entries[KEPT_MAX:]:
        if epoch_s() - entry.stat().st_mtime > KEPT_AT_LEAST_S:
            shutil.rmtree(entry, ignore_errors=True)
