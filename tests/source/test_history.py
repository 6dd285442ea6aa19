"""Commits of lines."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from redhanded.case.evidence import Location
from redhanded.source.history import touched


def git(root: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=root, check=True, capture_output=True, text=True
    )
    return done.stdout


def commit(root: Path, subject: str, text: str) -> None:
    (root / "sub").mkdir(exist_ok=True)
    (root / "sub/a.js").write_text(text)
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", subject)


def repository(root: Path) -> Path:
    git(root, "init", "-q", ".")
    commit(root, "first", "one\ntwo\n")
    commit(root, "second", "one\nTWO\n")
    commit(root, "third", "zero\none\nTWO\n")
    return root


def test_every_commit_of_a_line_is_found_newest_first(tmp_path: Path) -> None:
    repository(tmp_path)
    found = touched(tmp_path / "sub", [Location(path="a.js", line=3)]).commits
    assert {one.subject for one in found} == {"first", "second"}
    assert found[0].author == "Ada" and found[0].locations == (Location(path="a.js", line=3),)


def test_lines_of_a_changed_file_are_those_of_the_working_tree(tmp_path: Path) -> None:
    repository(tmp_path)
    (tmp_path / "sub/a.js").write_text("new\nzero\none\nTWO\n")
    found = touched(
        tmp_path, [Location(path="sub/a.js", line=4), Location(path="sub/a.js", line=1)]
    )
    assert [one.subject for one in found.commits] == ["second"]


def test_reading_changes_nothing(tmp_path: Path) -> None:
    repository(tmp_path)
    index = (tmp_path / ".git/index").read_bytes()
    os.utime(tmp_path / "sub/a.js", (1, 1))
    found = touched(tmp_path, [Location(path="sub/a.js", line=3)])
    assert (tmp_path / ".git/index").read_bytes() == index
    assert len(found.commits) == 2, "a file with another time is not a changed file"


def test_without_a_repository_or_a_commit_a_limit_says_so(tmp_path: Path) -> None:
    outside = touched(tmp_path, [Location(path="a.js", line=1)])
    git(tmp_path, "init", "-q", ".")
    empty = touched(tmp_path, [Location(path="a.js", line=1)])
    assert outside.commits == empty.commits == ()
    assert "not in a git repository" in outside.limits[0]
    assert "no commit" in empty.limits[0]


def test_a_line_beyond_the_end_is_no_error(tmp_path: Path) -> None:
    repository(tmp_path)
    assert touched(tmp_path, [Location(path="sub/a.js", line=99)]).commits == ()
