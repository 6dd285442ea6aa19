"""Changed lines, from real git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from redhanded.case.errors import InputError
from redhanded.source.changes import changes, parsed


def git(root: Path, *arguments: str) -> str:
    call = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments]
    return subprocess.run(call, cwd=root, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    (root / "src").mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    (root / "src" / "a.js").write_text("".join(f"line{n};\n" for n in range(1, 21)))
    (root / "src" / "b.js").write_text("".join(f"other{n};\n" for n in range(1, 21)))
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    return root


def edit(path: Path, **lines: str) -> None:
    kept = path.read_text().split("\n")
    for name, text in lines.items():
        kept[int(name.removeprefix("at")) - 1] = text
    path.write_text("\n".join(kept))


def test_lines_of_the_working_tree_and_files_that_git_does_not_know(repository: Path) -> None:
    edit(repository / "src" / "a.js", at5="changed;", at6="changed;")
    (repository / "new file.js").write_text("x;\n")
    found = changes(repository, "HEAD")
    assert found.lines == {"src/a.js": ((5, 6),)}
    assert found.whole == {"new file.js"}
    assert found.touch("src/a.js", 6, 9)
    assert not found.touch("src/a.js", 7, 9)
    assert found.touch("new file.js", 1, 1)


def test_what_the_base_branch_did_meanwhile_is_not_ours(repository: Path) -> None:
    git(repository, "switch", "-qc", "ours")
    edit(repository / "src" / "a.js", at3="ours;")
    git(repository, "commit", "-qam", "ours")
    git(repository, "switch", "-q", "main")
    edit(repository / "src" / "b.js", at3="theirs;")
    git(repository, "commit", "-qam", "theirs")
    git(repository, "switch", "-q", "ours")
    assert changes(repository, "main").lines == {"src/a.js": ((3, 3),)}


def test_a_gap_touches_the_lines_around_it(repository: Path) -> None:
    path = repository / "src" / "a.js"
    kept = path.read_text().split("\n")
    path.write_text("\n".join(kept[:9] + kept[12:]))
    assert changes(repository, "HEAD").lines == {"src/a.js": ((9, 10),)}


def test_a_renamed_file_counts_with_the_lines_that_differ(repository: Path) -> None:
    git(repository, "mv", "src/a.js", "src/c.js")
    edit(repository / "src" / "c.js", at8="changed;")
    assert changes(repository, "HEAD").lines == {"src/c.js": ((8, 8),)}


def test_paths_are_relative_to_the_folder_that_is_asked(repository: Path) -> None:
    edit(repository / "src" / "a.js", at8="changed;")
    assert changes(repository / "src", "HEAD").lines == {"a.js": ((8, 8),)}


def test_lines_that_look_like_a_diff_are_lines() -> None:
    text = (
        'diff --git "a/sp\\303\\244t\\tx.js" "b/sp\\303\\244t\\tx.js"\n'
        '--- "a/sp\\303\\244t\\tx.js"\n+++ "b/sp\\303\\244t\\tx.js"\n'
        "@@ -2 +2,2 @@ function x()\n--- a\n+++ b/other.js\n+@@ -1 +9 @@\n@@ -7,0 +9 @@\n+x\n"
    )
    assert parsed(text) == {"spät\tx.js": ((2, 3), (9, 9))}


def test_outside_of_a_repository(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"not in a git repository.*--baseline"):
        changes(tmp_path, "main")


@pytest.mark.parametrize("revision", ["nowhere", "--output=x", ""])
def test_a_revision_that_is_not_there(repository: Path, revision: str) -> None:
    with pytest.raises(InputError, match="no revision"):
        changes(repository, revision)
    assert not (repository / "x").exists()


def test_a_shallow_clone_says_how_to_deepen_it(repository: Path, tmp_path: Path) -> None:
    git(repository, "switch", "-qc", "ours")
    for n in (3, 4, 5):
        edit(repository / "src" / "a.js", **{f"at{n}": "ours;"})
        git(repository, "commit", "-qam", "ours")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repository}", str(clone))
    with pytest.raises(InputError, match=r"--unshallow.*fetch-depth: 0"):
        changes(clone, "origin/main")
    git(clone, "fetch", "-q", "--depth=1", "origin", "main:refs/remotes/origin/main")
    with pytest.raises(InputError, match=r"no common ancestor.*fetch-depth: 0"):
        changes(clone, "origin/main")


def test_inside_a_submodule(repository: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-q", "-b", "main")
    allowed = ("-c", "protocol.file.allow=always")
    git(outer, *allowed, "submodule", "add", "-q", str(repository), "inner")
    git(outer, "commit", "-qm", "first")
    edit(outer / "inner" / "src" / "a.js", at8="changed;")
    assert changes(outer / "inner", "HEAD").lines == {"src/a.js": ((8, 8),)}
    assert changes(outer, "HEAD").lines == {"inner/src/a.js": ((8, 8),)}
