"""Where the embedded programs are, and a private place from which they can be run.

PostgreSQL refuses to run as root. As root the programs are therefore copied once to a folder that
an unprivileged user can reach (a virtual environment below a mode-700 home is not), and run as that
user. Nothing is installed, no user is added, and no existing folder's mode is changed.
"""

from __future__ import annotations

import functools
import os
import pwd
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from redhanded.case.errors import LabError
from redhanded.lab.embedded.interrupts import uninterrupted
from redhanded.lab.embedded.process_table import is_alive
from redhanded.lab.embedded.records import TEMPORARY_MARK, record

CACHE_PATH_LENGTH_MAX = 60
"""A unix socket's path has at most 107 bytes (unix(7)), and ours are deep inside the cache."""
NAME_BYTES = 6
PARTIAL_MARK = ".partial-"
"""In the name of a folder of the cache that is not complete yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Whom a server runs as."""

    uid: int
    gid: int

    @property
    def options(self) -> tuple[str, ...]:
        """What `enter` is told to become this user; empty if it is us."""
        if self.uid == os.geteuid():
            return ()
        return ("--uid", str(self.uid), "--gid", str(self.gid))


@functools.cache
def server_user() -> User:
    """Ourselves, or ``nobody`` when we are root. LabError if this system has no such user."""
    if os.geteuid() != 0:
        return User(uid=os.geteuid(), gid=os.getegid())
    for name in ("nobody", "daemon"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid:
            return User(uid=entry.pw_uid, gid=entry.pw_gid)
    raise LabError(
        "PostgreSQL refuses to run as root and this system has no user `nobody`; "
        "add one, or run redhanded as an ordinary user"
    )


def package_folder(package: str, distribution: str) -> Path:
    """The folder of an installed package, without importing it. LabError if it is not installed."""
    found = util.find_spec(package)
    if found is None or found.origin is None:
        raise LabError(
            f"the Python package {distribution} is not installed; "
            f"run `pip install {distribution}` in redhanded's environment"
        )
    return Path(found.origin).parent


def runnable(source: Path, name: str, distribution: str, parts: tuple[str, ...]) -> Path:
    """A folder with ``parts`` of ``source`` that `server_user` can run: a copy if we are root."""
    if os.geteuid() != 0:
        return source

    def copy(target: Path) -> None:
        for part in parts:
            (target / part).parent.mkdir(parents=True, exist_ok=True)
            if (source / part).is_dir():
                shutil.copytree(source / part, target / part, symlinks=True)
            else:
                shutil.copy2(source / part, target / part)
        for path in (target, *target.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)

    return cached(f"programs/{name}-{metadata.version(distribution)}", copy)


def cached(name: str, build: Callable[[Path], None]) -> Path:
    """A folder of the cache, built once: beside its place first, then renamed to it in one step."""
    target = cache_folder() / name
    if target.exists():
        return target
    target.parent.mkdir(mode=0o755, exist_ok=True)
    _remove_abandoned(target)
    partial = target.with_name(f"{target.name}{PARTIAL_MARK}{os.getpid()}")
    partial.mkdir(mode=0o755)
    try:
        build(partial)
        _rename_unless_there(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def make_run_folder(folder: Path, name: str) -> Path:
    """A new temporary folder owned by `server_user`, recorded in ``folder`` for `reap`."""
    parent = cache_folder() / "run"
    parent.mkdir(mode=0o755, exist_ok=True)
    made = parent / f"{name}-{secrets.token_hex(NAME_BYTES)}"
    user = server_user()
    with uninterrupted():
        # Noted down before it is there: a kill between the two leaves nothing.
        record(folder, what=f"data of {name}", removes=made)
        made.mkdir(mode=0o700)
        (made / TEMPORARY_MARK).touch()
        os.chown(made, user.uid, user.gid)
    return made


@functools.cache
def cache_folder() -> Path:
    """The first private folder that the server user can reach, or a new temporary one.

    Each existing folder must be ours, not a link, and not writable for others, so that nobody can
    have put programs there for us to run.
    """
    candidates = [Path("/var/tmp"), Path("/tmp")]
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
    for folder, name in [(Path(home), "redhanded")] + [
        (place, f"redhanded-{os.geteuid()}") for place in candidates
    ]:
        if _can_hold(path := folder / name):
            return path
    path = Path(tempfile.mkdtemp(prefix="redhanded-"))
    path.chmod(0o755)
    return path


def _can_hold(path: Path) -> bool:
    if not path.is_absolute() or len(str(path)) > CACHE_PATH_LENGTH_MAX:
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o755, exist_ok=True)
        found = path.lstat()
        noexec = os.statvfs(path).f_flag & os.ST_NOEXEC
    except OSError:
        return False
    mine = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    private = not found.st_mode & 0o022 and os.access(path, os.W_OK)
    return mine and private and not noexec and (os.geteuid() != 0 or _reachable(path))


def _reachable(path: Path) -> bool:
    """Whether any user can traverse to ``path``, and only root (or nobody but us) could swap it."""
    for folder in (path, *path.parents):
        found = folder.stat()
        if not found.st_mode & stat.S_IXOTH:
            return False
        if found.st_uid != 0 or (found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX):
            return False
    return True


def _rename_unless_there(partial: Path, target: Path) -> None:
    """Another process may have built the same meanwhile; its copy is as good."""
    try:
        partial.rename(target)
    except OSError:
        if not target.exists():
            raise


def _remove_abandoned(target: Path) -> None:
    for left in target.parent.glob(f"{target.name}{PARTIAL_MARK}*"):
        owner = left.name.rpartition("-")[2]
        if owner.isdigit() and not is_alive(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
