"""The commits that touched some lines, from plain git. Nothing is ever written."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from redhanded.case.codemap import Commit
from redhanded.case.evidence import Location

LOCATIONS_MAX = 40
COMMITS_PER_LINE_MAX = 20
TIME_MAX_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Commits, newest first."""

    commits: tuple[Commit, ...] = ()
    limits: tuple[str, ...] = ()


def touched(root: Path, locations: Iterable[Location]) -> History:
    """The commits that changed these lines, as they stand in the working tree.

    Lines of a file with changes that are not committed are followed by ``git blame`` (the last
    commit of each line); of others by ``git log -L`` (all of them). Without git, or outside a
    repository, nothing is found and a limit says so.
    """
    wanted = list(dict.fromkeys((one.path, one.line) for one in locations if one.line > 0))
    wanted = [one for one in wanted if (root / one[0]).is_file()]
    limits: list[str] = []
    if git(root, "rev-parse", "--is-inside-work-tree") is None:
        return History(limits=(f"{root.name} is not in a git repository: no history",))
    if git(root, "rev-parse", "--verify", "--quiet", "HEAD") is None:
        return History(limits=("the git repository has no commit yet: no history",))
    if len(wanted) > LOCATIONS_MAX:
        limits.append(f"history of the first {LOCATIONS_MAX} of {len(wanted)} lines only")
    wanted = wanted[:LOCATIONS_MAX]
    changed = _changed(root, list(dict.fromkeys(path for path, _ in wanted)))
    found: dict[str, tuple[Commit, int, list[Location]]] = {}
    until = time.monotonic() + TIME_MAX_S
    for path, line in wanted:
        if time.monotonic() > until:
            limits.append(f"history was read for {TIME_MAX_S:.0f} s and is not complete")
            break
        read = _blamed if path in changed else _logged
        for commit, seconds in read(root, path, line):
            entry = found.setdefault(commit.sha, (commit, seconds, []))
            entry[2].append(Location(path=path, line=line))
    ordered = sorted(found.values(), key=lambda one: -one[1])
    commits = tuple(
        Commit(
            sha=one.sha,
            author=one.author,
            date=one.date,
            subject=one.subject,
            locations=tuple(at),
        )
        for one, _, at in ordered
    )
    return History(commits=commits, limits=tuple(limits))


FORMAT = "%x01%H%x00%an%x00%aI%x00%ct%x00%s"


def _logged(root: Path, path: str, line: int) -> list[tuple[Commit, int]]:
    where = f"{line},{line}:./{path}"
    most = f"-n{COMMITS_PER_LINE_MAX}"
    text = git(root, "log", most, "--no-patch", f"--format={FORMAT}", "-L", where)
    return commits_in(text or "")


def _blamed(root: Path, path: str, line: int) -> list[tuple[Commit, int]]:
    text = git(root, "blame", "--porcelain", "-L", f"{line},{line}", "--", path)
    sha = (text or "").split(" ", 1)[0]
    if not re.fullmatch(r"[0-9a-f]{40,64}", sha) or not sha.strip("0"):
        return []
    return commits_in(git(root, "show", "--no-patch", f"--format={FORMAT}", sha) or "")


def commits_in(text: str) -> list[tuple[Commit, int]]:
    """The commits that git wrote in ``FORMAT``, each with its time in seconds."""
    found = []
    for record in text.split("\x01")[1:]:
        fields = record.split("\n", 1)[0].split("\x00")
        if len(fields) == 5:
            sha, author, date, seconds, subject = fields
            commit = Commit(sha=sha, author=author, date=date, subject=subject)
            found.append((commit, int(seconds)))
    return found


def _changed(root: Path, paths: list[str]) -> frozenset[str]:
    """Those whose content is not that of the last commit.

    By content: ``git diff`` and ``git status`` would go by times and rewrite the index.
    """
    hashes = (git(root, "hash-object", "--", *paths) or "").split()
    now = dict(zip(paths, hashes, strict=False))
    committed = {}
    for entry in (git(root, "ls-tree", "-z", "HEAD", "--", *paths) or "").split("\x00"):
        facts, _, path = entry.partition("\t")
        committed[path] = facts.split(" ")[-1]
    return frozenset(one for one in paths if now.get(one) != committed.get(one))


def git(root: Path, command: str, *arguments: str) -> str | None:
    """The output of a git command that only reads; None where it fails or git is missing.

    Settings of the repository that would run programs are switched off.
    """
    quiet = ("--no-ext-diff", "--no-textconv") if command in ("log", "show") else ()
    call = [
        *("git", "--no-pager", "-c", "safe.directory=*", "-c", "core.fsmonitor=false"),
        *("-c", "log.showSignature=false", "-c", "core.quotePath=false", "-c", "color.ui=false"),
        *(command, *quiet, *arguments),
    ]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            call,
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIME_MAX_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
