"""Which lines have changed since a revision, from plain git. Nothing is ever written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from redhanded.case.errors import InputError
from redhanded.source.git import git

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE = re.compile(rb"\\(?:([0-7]{3})|(.))")
_ESCAPED = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"v": b"\v"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Ranges of lines of files, as they stand now."""

    lines: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """Path to first and last line, both included. Where lines were only taken away, the two
    around the gap."""
    whole: frozenset[str] = frozenset()
    """Files that git does not know yet."""

    def touch(self, path: str, first: int, last: int) -> bool:
        """Whether one of these lines has changed."""
        if path in self.whole:
            return True
        return any(one <= last and first <= other for one, other in self.lines.get(path, ()))


def toplevel(folder: Path) -> Path | None:
    """The top of the repository that a folder is in."""
    said = git(folder, "rev-parse", "--show-toplevel")
    return Path(said.rstrip("\n")) if said and said.strip() else None


def changes(root: Path, revision: str) -> Changes:
    """What differs between the working tree under ``root`` and where it branched off ``revision``.

    Renamed files count with the lines that are different. Raises ``InputError`` outside of a
    repository, for a revision that is not there, and where a shallow clone lacks the common
    ancestor; each says what to do.
    """
    base = _ancestor(root, revision)
    text = git(
        root,
        "diff",
        *("--unified=0", "--find-renames", "--relative", "--no-color", "--submodule=diff"),
        *("--src-prefix=a/", "--dst-prefix=b/", "--no-ext-diff", "--no-textconv"),
        base,
    )
    if text is None:
        raise InputError(f"git cannot compare {root} with {revision}; look at `git diff {base}`")
    new = git(root, "ls-files", "--others", "--exclude-standard", "-z") or ""
    return Changes(lines=parsed(text), whole=frozenset(one for one in new.split("\x00") if one))


def _ancestor(root: Path, revision: str) -> str:
    if git(root, "rev-parse", "--is-inside-work-tree") is None:
        raise InputError(
            f"{root} is not in a git repository (or git is missing), so nothing is known of "
            "changes; leave out --changed-since, or take a --baseline"
        )
    shallow = (git(root, "rev-parse", "--is-shallow-repository") or "").strip() == "true"
    deepen = (
        "this clone is shallow: fetch all of it with `git fetch --unshallow` "
        "(actions/checkout: `fetch-depth: 0`)"
    )
    wanted = f"{revision}^{{commit}}"
    commit = git(root, "rev-parse", "--verify", "--quiet", wanted)
    commit = "" if revision.startswith("-") else (commit or "").strip()
    if not re.fullmatch(r"[0-9a-f]{40,64}", commit):
        what = deepen if shallow else "name a commit, a tag or a branch; `git fetch` may get it"
        raise InputError(f"there is no revision {revision} in {root}; {what}")
    if git(root, "rev-parse", "--verify", "--quiet", "HEAD") is None:
        return commit
    base = (git(root, "merge-base", commit, "HEAD") or "").strip()
    if base:
        return base
    what = deepen if shallow else "name a revision that HEAD has descended from"
    raise InputError(f"{revision} and HEAD have no common ancestor in {root}; {what}")


def parsed(diff: str) -> dict[str, tuple[tuple[int, int], ...]]:
    """Changed lines of each file of a diff, with context or without (git gives it for submodules
    whatever it is told)."""
    found: dict[str, list[tuple[int, int]]] = {}
    path: str | None = None
    lines = iter(diff.split("\n"))
    for line in lines:
        if line.startswith("+++ "):
            path = _named(line.removeprefix("+++ ").rstrip("\t"))
        elif (hunk := _HUNK.match(line)) is not None:
            ranges = _ranges(hunk, lines)
            if path is not None:
                found.setdefault(path, []).extend(ranges)
    return {path: tuple(ranges) for path, ranges in found.items()}


def _ranges(hunk: re.Match[str], lines: Iterator[str]) -> list[tuple[int, int]]:
    """Of one hunk, whose lines are taken; they may look like anything."""
    old, first, new = int(hunk[1] or 1), int(hunk[2]), int(hunk[3] or 1)
    line = first if new else first + 1
    found: list[tuple[int, int]] = []
    gap = False
    while old > 0 or new > 0:
        mark = next(lines, "")[:1]
        if mark == "-":
            old, gap = old - 1, True
        elif mark == "+":
            found.append((line, line))
            new, line, gap = new - 1, line + 1, False
        elif mark != "\\":
            found += [(max(line - 1, 1), line)] if gap else []
            old, new, line, gap = old - 1, new - 1, line + 1, False
    found += [(max(line - 1, 1), line)] if gap else []
    return _joined(found)


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, last in ranges:
        if joined and first == joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


def _named(name: str) -> str | None:
    if name == "/dev/null":
        return None
    if name.startswith('"') and name.endswith('"'):
        raw = name[1:-1].encode("utf-8", "surrogateescape")
        name = _ESCAPE.sub(_unescaped, raw).decode("utf-8", "surrogateescape")
    return name.removeprefix("b/")


def _unescaped(match: re.Match[bytes]) -> bytes:
    if match[1]:
        return bytes([int(match[1], 8) & 0xFF])
    return _ESCAPED.get(match[2], match[2])
