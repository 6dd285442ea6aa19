from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from redhanded.case.errors import InputError
from redhanded.hunt.repair import open_worktree


def git(folder: Path, *words: str) -> str:
    named = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words]
    done = subprocess.run(named, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    top = tmp_path / "repository"
    (top / "service").mkdir(parents=True)
    (top / "service/a.js").write_text("one\n")
    (top / "service/gone.js").write_text("x\n")
    (top / ".gitignore").write_text("secret\n")
    git(top, "init", "-q", "-b", "main")
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", "first")
    return top


def test_clean_tree_gives_a_branch_at_its_commit(repository: Path, tmp_path: Path) -> None:
    tree = open_worktree(repository / "service", "fix/it", tmp_path / "w")
    assert tree.root == tmp_path / "w/service" and not tree.took_working_state
    tree.write({"a.js": "two\n", "new/b.js": "b\n"})
    commit = tree.commit("Fix it")
    assert git(repository, "rev-parse", "fix/it").strip() == commit
    assert git(repository, "status", "--porcelain") == ""
    assert "+two" in tree.diff() and "service/new/b.js" in tree.diff()
    assert "b.js" not in tree.diff("a.js") and "+two" in tree.diff("a.js")
    tree.remove()
    assert not (tmp_path / "w").exists()
    assert git(repository, "show", "fix/it:service/a.js") == "two\n"


def test_dirty_tree_gives_its_working_state_and_says_so(repository: Path, tmp_path: Path) -> None:
    service = repository / "service"
    (service / "a.js").write_text("changed\n")
    (service / "gone.js").unlink()
    (service / "fräsch.js").write_text("new\n")
    (repository / "secret").write_text("s")
    before = git(repository, "status", "--porcelain")
    tree = open_worktree(service, "fix", tmp_path / "w")
    assert tree.took_working_state and "a.js" in tree.notes[0]
    assert sorted(each.name for each in tree.root.iterdir()) == ["a.js", "fräsch.js"]
    assert (tree.root / "a.js").read_text() == "changed\n"
    assert not (tree.top / "secret").exists()
    assert tree.diff() == "" and tree.start != tree.base
    assert git(repository, "status", "--porcelain") == before


def test_branch_that_is_there_stays(repository: Path, tmp_path: Path) -> None:
    first = open_worktree(repository, "fix", tmp_path / "w1")
    second = open_worktree(repository, "fix", tmp_path / "w2")
    assert (first.branch, second.branch) == ("fix", "fix-2")


def test_without_git_it_is_a_copy_and_says_so(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    (plain / "node_modules").mkdir(parents=True)
    (plain / "a.js").write_text("one\n")
    tree = open_worktree(plain, "fix", tmp_path / "w")
    assert tree.branch == "" and "plain copy" in tree.notes[0]
    assert [each.name for each in tree.root.iterdir()] == ["a.js"]
    tree.write({"a.js": "two\n"})
    assert "-one" in tree.diff() and "+two" in tree.diff() and tree.diff("b.js") == ""
    assert tree.commit("x") == "" and (plain / "a.js").read_text() == "one\n"


def test_folder_in_use_is_refused(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "w/x").write_text("")
    with pytest.raises(InputError, match="there already"):
        open_worktree(repository, "fix", tmp_path / "w")


def test_a_worktree_whose_files_are_gone_is_no_hindrance(repository: Path, tmp_path: Path) -> None:
    first = open_worktree(repository, "fix", tmp_path / "w")
    shutil.rmtree(tmp_path / "w")
    again = open_worktree(repository, "fix", tmp_path / "w")
    assert again.branch != first.branch
    assert (again.root / "service/a.js").read_text() == "one\n"


def test_line_ends_stay_as_they_are(repository: Path, tmp_path: Path) -> None:
    """Of files with several kinds too; what is new ends as most lines do."""
    (repository / "service/a.js").write_bytes(b"one\r\ntwo\nthree\x0c3\r\nfour")
    git(repository, "commit", "-q", "-a", "-m", "ends")
    tree = open_worktree(repository / "service", "fix", tmp_path / "w")
    tree.write({"a.js": "one\nhalf\ntwo\nthree\x0c3\nFOUR"})
    assert (tree.root / "a.js").read_bytes() == b"one\r\nhalf\r\ntwo\nthree\x0c3\r\nFOUR"
    diff = tree.diff()
    assert [line[:2] for line in diff.split("\n") if line.startswith(("+", "-"))][2:] == [
        "+h",
        "-f",
        "+F",
    ]
    (tmp_path / "p.diff").write_bytes(diff.encode())
    git(repository, "apply", "--check", str(tmp_path / "p.diff"))


def test_a_name_that_is_not_utf_8_is_taken_along(repository: Path, tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.txt")
    (repository / "service" / name).write_text("x")
    tree = open_worktree(repository, "fix", tmp_path / "w")
    assert (tree.root / "service" / name).read_text() == "x"
    assert "caf?.txt" in tree.notes[0]
