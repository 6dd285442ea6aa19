"""Commits of lines."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

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


def test_a_renamed_file_is_followed_and_that_is_said(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", ".")
    commit(tmp_path, "first", "one\ntwo\nthree\n")
    git(tmp_path, "mv", "sub/a.js", "sub/b.js")
    git(tmp_path, "commit", "-q", "-m", "renamed")
    found = touched(tmp_path, [Location(path="sub/b.js", line=2)])
    assert [one.subject for one in found.commits] == ["first"]
    (limit,) = found.limits
    assert limit.startswith("sub/b.js was sub/a.js until ")


def test_in_a_shallow_clone_the_last_commit_is_not_blamed_for_everything(tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    origin.mkdir()
    repository(origin)
    url = origin.as_uri()
    git(tmp_path, "-c", "protocol.file.allow=always", "clone", "-q", "--depth=1", url, "near")
    found = touched(tmp_path / "near", [Location(path="sub/a.js", line=3)])
    assert found.commits == ()
    assert "is shallow" in found.limits[0]
    assert "git fetch --unshallow" in found.limits[0]


def test_a_file_that_is_not_committed_or_changed_is_said(tmp_path: Path) -> None:
    repository(tmp_path)
    (tmp_path / "new.js").write_text("x\n")
    (tmp_path / "sub/a.js").write_text("zero\none\nTWO\nthree\n")
    places = [Location(path="new.js", line=1), Location(path="sub/a.js", line=3)]
    found = touched(tmp_path, places)
    assert [one.subject for one in found.commits] == ["second"]
    assert "new.js is not committed: no history of its lines" in found.limits
    assert any("sub/a.js has changes that are not committed" in one for one in found.limits)


def test_without_git_a_limit_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    found = touched(tmp_path, [Location(path="sub/a.js", line=3)])
    assert (found.commits, found.limits) == ((), ("git is missing: no history",))


def test_a_repository_that_git_cannot_read_is_said(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: nowhere\n")
    (tmp_path / "a.js").write_text("x\n")
    (limit,) = touched(tmp_path, [Location(path="a.js", line=1)]).limits
    assert "cannot read the repository" in limit


def test_git_is_asked_no_longer_than_wanted(tmp_path: Path) -> None:
    repository(tmp_path)
    lines = [Location(path="sub/a.js", line=line) for line in (1, 2, 3)]
    found = touched(tmp_path, lines, seconds=0.0)
    assert found.commits == ()
    assert any("3 of 3 lines left" in one for one in found.limits)
