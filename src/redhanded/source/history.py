"""The commits that touched some lines, from plain git. Nothing is ever written."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from redhanded.case.codemap import Commit
from redhanded.case.evidence import Location
from redhanded.source.git import Repository, git, repositories

LOCATIONS_MAX = 40
COMMITS_PER_LINE_MAX = 20
TIME_MAX_S = 20.0
FORMAT = "%x01%H%x00%an%x00%aI%x00%ct%x00%s"
_RENAMED = re.compile(r"^R\d*\t([^\t\n]+)\t[^\t\n]+$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Commits, newest first."""

    commits: tuple[Commit, ...] = ()
    limits: tuple[str, ...] = ()


def touched(root: Path, locations: Iterable[Location], seconds: float = TIME_MAX_S) -> History:
    """The commits that changed these lines, as they stand in the working tree.

    Lines of a file with changes that are not committed are followed by ``git blame`` (the last
    commit of each line); of others by ``git log -L`` (all of them), through renames. A file in a
    submodule has the commits of its own repository. What git cannot tell, and what it was not asked
    for in ``seconds``, is a limit: no repository, a shallow clone, a file that git does not know.
    """
    root = root.resolve()
    wanted = list(dict.fromkeys((one.path, one.line) for one in locations if one.line > 0))
    wanted = [one for one in wanted if (root / one[0]).is_file()]
    limits: list[str] = []
    if len(wanted) > LOCATIONS_MAX:
        limits.append(f"history of the first {LOCATIONS_MAX} of {len(wanted)} lines only")
    wanted = wanted[:LOCATIONS_MAX]
    paths = list(dict.fromkeys(path for path, _ in wanted))
    around = repositories(root, paths or ["."])
    limits += around.limits
    known = {path: around.of[path] for path in paths if path in around.of}
    asking = _Asking(root, known, time.monotonic() + seconds)
    found: dict[str, tuple[Commit, list[Location]]] = {}
    for place, (path, line) in enumerate(wanted):
        for commit in asking.line(path, line):
            entry = found.setdefault(commit.sha, (commit, []))
            entry[1].append(Location(path=path, line=line))
        if asking.left_s() <= 0:
            left = len(wanted) - place
            limits.append(f"git was asked for {seconds:.0f} s; {left} of {len(wanted)} lines left")
            break
    limits += asking.said()
    ordered = sorted(found.values(), key=lambda one: -(one[0].at_ms or 0.0))
    return History(
        commits=tuple(replace(commit, locations=tuple(at)) for commit, at in ordered),
        limits=tuple(limits),
    )


class _Asking:
    """Questions to git about files of one tree, until the time is over."""

    def __init__(self, root: Path, of: dict[str, Repository], until: float) -> None:
        self.root = root
        self.of = of
        self.until = until
        self.changed = self._changed()

    def left_s(self) -> float:
        return self.until - time.monotonic()

    def git(self, repository: Repository, command: str, *arguments: str) -> str:
        """Empty where git fails, and when the time is over."""
        left_s = self.left_s()
        if left_s <= 0:
            return ""
        return git(repository.top, command, *arguments, seconds=left_s) or ""

    def line(self, path: str, line: int) -> Iterator[Commit]:
        """The commits of a line that git can tell."""
        repository = self.of.get(path)
        if repository is None or self.changed.get(path) == "unknown":
            return
        inside = repository.inside(self.root / path)
        ask = self._blamed if path in self.changed else self._logged
        for commit in ask(repository, inside, line):
            if commit.sha not in repository.boundary:
                yield replace(commit, repository=repository.name)

    def _logged(self, repository: Repository, path: str, line: int) -> list[Commit]:
        most = f"-n{COMMITS_PER_LINE_MAX}"
        shown = ("--no-patch", f"--format={FORMAT}")
        return commits_in(self.git(repository, "log", most, *shown, "-L", f"{line},{line}:{path}"))

    def _blamed(self, repository: Repository, path: str, line: int) -> list[Commit]:
        text = self.git(repository, "blame", "--porcelain", "-L", f"{line},{line}", "--", path)
        sha = text.split(" ", 1)[0]
        if not re.fullmatch(r"[0-9a-f]{40,64}", sha) or not sha.strip("0"):
            return []
        return commits_in(self.git(repository, "show", "--no-patch", f"--format={FORMAT}", sha))

    def _changed(self) -> dict[str, str]:
        """Files whose content is not that of the last commit, and how: ``changed`` or ``unknown``
        to git.

        By content: ``git diff`` and ``git status`` would go by times and rewrite the index.
        """
        found: dict[str, str] = {}
        for repository in dict.fromkeys(self.of.values()):
            paths = [path for path, one in self.of.items() if one == repository]
            inside = [repository.inside(self.root / path) for path in paths]
            hashes = self.git(repository, "hash-object", "--", *inside).split()
            committed = {}
            listed = self.git(repository, "ls-tree", "-z", "HEAD", "--", *inside)
            for entry in listed.split("\x00"):
                facts, _, name = entry.partition("\t")
                committed[name] = facts.split(" ")[-1]
            for path, name, now in zip(paths, inside, hashes, strict=False):
                if name not in committed:
                    found[path] = "unknown"
                elif committed[name] != now:
                    found[path] = "changed"
        return found

    def said(self) -> Iterator[str]:
        """What was not followed as far as one may think."""
        for path, repository in self.of.items():
            state = self.changed.get(path)
            if state == "unknown":
                yield f"{path} is not committed: no history of its lines"
                continue
            if state == "changed":
                yield f"{path} has changes that are not committed: the last commit of a line only"
            named = ("--follow", "--diff-filter=R", "--name-status", "--format=%h of %as", "-n1")
            text = self.git(repository, "log", *named, "--", repository.inside(self.root / path))
            if (renamed := _RENAMED.search(text)) is not None:
                when = text.partition("\n")[0]
                yield f"{path} was {renamed[1]} until {when}; lines are followed through that"


def commits_in(text: str) -> list[Commit]:
    """The commits that git wrote in ``FORMAT``."""
    found = []
    for record in text.split("\x01")[1:]:
        fields = record.split("\n", 1)[0].split("\x00")
        if len(fields) == 5:
            sha, author, date, seconds, subject = fields
            at_ms = int(seconds) * 1000.0
            found.append(Commit(sha=sha, author=author, date=date, subject=subject, at_ms=at_ms))
    return found
