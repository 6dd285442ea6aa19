#!/usr/bin/env python3
"""Lays this service out as a git repository of its own.

    python3 scripts/lay-out.py DEST

DEST gets the history in ``scripts/history`` (one patch per commit, with author and date) and, as
the last commit, exactly the files that are here now. What is not part of the service stays
behind: this script and the history, the recorded logs, the patch beside the service, installed
modules. DEST must not exist or must be empty. Python's standard library and git are all it needs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent.parent
HISTORY = HERE / "scripts" / "history"
LEFT_BEHIND = {
    ".env",
    ".git",
    ".redhanded",
    "fix.patch",
    "logs",
    "node_modules",
    "scripts/history",
    "scripts/lay-out.py",
    "scripts/record-logs.js",
}
LOCK_FILE = "package-lock.json"


class Commit(NamedTuple):
    """One commit of the history."""

    name: str
    email: str
    date: str
    message: str
    patch: str


RELEASE = Commit(
    name="Mia Lindqvist",
    email="mia@snowdrop.example",
    date="2024-11-18T11:06:29+01:00",
    message="Release 1.8.2\n\nA README that says how it works, and redhanded.toml.",
    patch="",
)


def main() -> int:
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    destination = Path(sys.argv[1]).resolve()
    if destination == HERE or HERE in destination.parents:
        print(f"{destination} is inside of the service: choose a folder elsewhere", file=sys.stderr)
        return 2
    if destination.exists() and any(destination.iterdir()):
        print(f"{destination} is not empty: choose another folder", file=sys.stderr)
        return 2
    lay_out(destination)
    return 0


def lay_out(destination: Path) -> None:
    """Writes every commit, then the files as they are here."""
    destination.mkdir(parents=True, exist_ok=True)
    git(destination, "init", "--quiet")
    git(destination, "symbolic-ref", "HEAD", "refs/heads/main")
    shutil.copyfile(HERE / LOCK_FILE, destination / LOCK_FILE)
    for path in sorted(HISTORY.glob("*.patch")):
        commit = parse(path.read_text(encoding="utf-8"))
        git(destination, "apply", "--whitespace=nowarn", "-", stdin=commit.patch)
        record(destination, commit)
    synchronize(destination)
    record(destination, RELEASE)


def parse(text: str) -> Commit:
    """Reads one patch file: three header lines, the message, ``---``, the differences."""
    head, _, patch = text.partition("\n---\n")
    header, _, body = head.partition("\n\n")
    fields = dict(line.split(": ", 1) for line in header.splitlines())
    name, _, email = fields["From"].rstrip(">").partition(" <")
    message = "\n\n".join(part for part in (fields["Subject"], body.strip()) if part)
    return Commit(name=name, email=email, date=fields["Date"], message=message, patch=patch)


def synchronize(destination: Path) -> None:
    """Makes the tree at ``destination`` equal to the service as it is here."""
    wanted = set(files_of(HERE))
    for path in files_of(destination):
        if path not in wanted:
            (destination / path).unlink()
    for path in wanted:
        target = destination / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(HERE / path, target)


def files_of(root: Path) -> list[Path]:
    found = []
    for folder, subfolders, names in os.walk(root):
        here = Path(folder).relative_to(root)
        subfolders[:] = [one for one in subfolders if (here / one).as_posix() not in LEFT_BEHIND]
        found += [here / one for one in names if (here / one).as_posix() not in LEFT_BEHIND]
    return found


def record(destination: Path, commit: Commit) -> None:
    identity = {
        f"GIT_{role}_{field}": value
        for role in ("AUTHOR", "COMMITTER")
        for field, value in (
            ("NAME", commit.name),
            ("EMAIL", commit.email),
            ("DATE", commit.date),
        )
    }
    git(destination, "add", "--all")
    git(destination, "commit", "--quiet", "--no-verify", "--message", commit.message, **identity)


def git(folder: Path, *arguments: str, stdin: str | None = None, **environment: str) -> None:
    """Runs git without the settings of whoever runs it: no signing, no hooks, no templates."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    neutral = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**inherited, **neutral, **environment},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"git {arguments[0]} failed in {folder}: {done.stderr.strip()}")


if __name__ == "__main__":
    sys.exit(main())
