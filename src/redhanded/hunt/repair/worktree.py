"""A git worktree on a branch of its own; the user's tree is read and never written."""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from redhanded.case.errors import InputError
from redhanded.source import edit, line_ends

_NOT_COPIED = ("node_modules", ".redhanded", ".git", "__pycache__")
_AUTHOR = ("-c", "user.name=redhanded", "-c", "user.email=redhanded@localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Worktree:
    """A tree to change. Without git it is a plain copy, and ``branch`` and ``base`` are empty."""

    root: Path
    """The target's root in it; below ``top`` where the target is a folder of a repository."""
    top: Path
    taken_from: Path
    """The user's tree."""
    repository: Path | None
    branch: str
    base: str
    """Commit the branch starts from."""
    start: str
    """Commit that holds the tree as it was taken: ``base``, or the working state on top of it."""
    took_working_state: bool
    notes: tuple[str, ...]

    def write(self, files: Mapping[str, str]) -> None:
        """Put ``files`` (path relative to the root to content) there, with the line ends of the
        files that they replace."""
        for path, text in files.items():
            target = self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            before = line_ends.contents(target) if target.exists() else ""
            target.write_bytes(line_ends.with_ends_of(before, text).encode())

    def commit(self, message: str) -> str:
        """Commit everything that changed; the new commit, or empty without git or change."""
        if self.repository is None:
            return ""
        return _commit(self.top, message)

    def diff(self, *paths: str) -> str:
        """Everything since the tree was taken, as a unified diff; of ``paths`` only, if given.

        What was written but not committed is in it, new files only once they are.
        """
        if self.repository is None:
            return _plain_diff(self.taken_from, self.root, paths)
        words = ("diff", "--no-color", "--no-ext-diff", self.start, "--", *(paths or (":/",)))
        return _git(self.root, *words)

    def remove(self) -> None:
        """Take the tree away; the branch stays."""
        if self.repository is not None:
            _git(self.repository, "worktree", "remove", "--force", str(self.top))
        elif self.top.exists():
            shutil.rmtree(self.top)


def open_worktree(root: Path, branch: str, folder: Path) -> Worktree:
    """A worktree of ``root``'s repository in ``folder``, on a new branch named ``branch``.

    A dirty tree gives its working state, untracked files included, as a first commit. A branch of
    that name that exists already stays; the new one gets a number. Raises InputError if ``folder``
    is there already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder} is there already; remove it or name another folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    top, why = _repository(root)
    if top is None:
        shutil.copytree(
            root,
            folder,
            symlinks=True,
            ignore=shutil.ignore_patterns(*_NOT_COPIED),
            dirs_exist_ok=True,
        )
        note = f"{why}, so the fix is in a plain copy and not on a branch"
        return Worktree(
            root=folder,
            top=folder,
            taken_from=root,
            repository=None,
            branch="",
            base="",
            start="",
            took_working_state=False,
            notes=(note,),
        )
    return _from_repository(root, top, _free_branch(top, branch), folder)


def _from_repository(root: Path, top: Path, branch: str, folder: Path) -> Worktree:
    base = _git(top, "rev-parse", "HEAD").strip()
    prefix = _git(root, "rev-parse", "--show-prefix").strip()
    where = str(folder.absolute())  # By force: git may still know one there whose files are gone.
    _git(top, "worktree", "add", "--quiet", "--force", "-b", branch, where, base)
    changed = _changed(top)
    for path in changed:
        _take(top / path, folder / path)
    start = _commit(folder, "Take the working state") if changed else ""
    took = bool(start)
    notes: tuple[str, ...] = ()
    if took:
        named = (each.encode("utf-8", "replace").decode() for each in changed[:5])
        listed = ", ".join(named) + (" …" if len(changed) > 5 else "")
        notes = (f"the tree was not clean: the branch starts with its working state ({listed})",)
    return Worktree(
        root=folder.absolute() / prefix,
        top=folder.absolute(),
        taken_from=root,
        repository=top,
        branch=branch,
        base=base,
        start=start or base,
        took_working_state=took,
        notes=notes,
    )


def _plain_diff(before: Path, after: Path, paths: tuple[str, ...]) -> str:
    """The same without git: of every text file that differs."""
    found = []
    for path in sorted(each for each in after.rglob("*") if each.is_file()):
        name = path.relative_to(after).as_posix()
        old = before / name
        if (paths and name not in paths) or (old.exists() and filecmp.cmp(old, path, False)):
            continue
        text = line_ends.contents(old) if old.exists() else None
        found.append(edit.unified(name, text, line_ends.contents(path)))
    return "".join(found)


def _repository(root: Path) -> tuple[Path | None, str]:
    """The repository's top folder, or None and why there is none to branch from."""
    if shutil.which("git") is None:
        return None, "git is not installed"
    try:
        top = _git(root, "rev-parse", "--show-toplevel").strip()
        _git(root, "rev-parse", "--verify", "HEAD")
    except InputError:
        return None, f"{root} is not in a git repository with a commit"
    if not top or _ignored(root):
        return None, f"{root} is ignored by the repository around it"
    return Path(top), ""


def _ignored(root: Path) -> bool:
    return bool(_run(root, "check-ignore", "--quiet", ".").returncode == 0)


def _changed(top: Path) -> list[str]:
    """Paths that differ from the commit: changed, added, deleted, untracked; not the ignored."""
    listed = _git(top, "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
    return [entry[3:] for entry in listed.split("\0") if entry]


def _take(source: Path, target: Path) -> None:
    if source.is_symlink() or source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)
    elif not source.exists():
        target.unlink(missing_ok=True)


def _free_branch(top: Path, wish: str) -> str:
    number, branch = 1, wish
    while _run(top, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}").returncode == 0:
        number += 1
        branch = f"{wish}-{number}"
    return branch


def _commit(top: Path, message: str) -> str:
    _git(top, "add", "--all")
    if not _git(top, "status", "--porcelain").strip():
        return ""
    named = _run(top, "config", "user.email").returncode == 0
    author = () if named else _AUTHOR
    _git(
        top,
        *author,
        "-c",
        "commit.gpgsign=false",
        "commit",
        "--quiet",
        "--no-verify",
        "-m",
        message,
    )
    return _git(top, "rev-parse", "HEAD").strip()


def _git(folder: Path, *words: str) -> str:
    """Standard output of a git command; raises InputError with git's own words."""
    done = _run(folder, *words)
    if done.returncode != 0:
        verb = next((word for word in words if not word.startswith("-") and "=" not in word), "")
        said = done.stderr.strip()[-500:]
        raise InputError(f"git {verb} failed in {folder}: {said}")
    return done.stdout


def _run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Git without the user's hooks, pager and prompts, and without a caller's ``GIT_*``."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    safe = ("-c", "safe.directory=*", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=off")
    done = subprocess.run(
        ["git", "--no-pager", *safe, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )  # As bytes: text would lose the line ends of a diff, and stop at a name that is not UTF-8.
    said, complained = os.fsdecode(done.stdout), os.fsdecode(done.stderr)
    return subprocess.CompletedProcess(done.args, done.returncode, said, complained)
