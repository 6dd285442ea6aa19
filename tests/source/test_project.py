"""Which folder has to be read to understand some files."""

from __future__ import annotations

from pathlib import Path

import pytest

from redhanded.case.errors import InputError
from redhanded.source.project import project_of


def tree(root: Path, *paths: str) -> Path:
    for path in paths:
        if path.endswith("/"):
            (root / path).mkdir(parents=True, exist_ok=True)
        else:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text('{"workspaces": ["packages/*"]}' if "!" in path else "{}")
    return root


@pytest.mark.parametrize(
    ("paths", "asked", "root", "within"),
    [
        # A file or folder of a project: all of it has to be read.
        ((".git/", "package.json", "src/a.js"), ("src",), ".", ("src",)),
        ((".git/", "package.json", "src/a.js"), ("src/a.js",), ".", ("src/a.js",)),
        ((".git/", "a/package.json", "a/src/x.js"), ("a/src",), "a", ("src",)),
        ((".git/", "pyproject.toml", "src/a.py", "lib/b.py"), ("src", "lib"), ".", ("src", "lib")),
        # What unites several projects.
        ((".git/", "pnpm-workspace.yaml", "p/a/package.json"), ("p/a",), ".", ("p/a",)),
        # No mark at all, and nothing that a map would leave out.
        ((".git/", "src/a.js"), ("src",), "src", (".",)),
        (
            (".git/", "package.json", "node_modules/x/i.js"),
            ("node_modules/x",),
            "node_modules/x",
            (".",),
        ),
        ((".git/", "package.json", "tests/app/i.js"), ("tests/app",), "tests/app", (".",)),
        # Without git a folder is what it says.
        (("package.json", "src/a.js"), ("src",), "src", (".",)),
        (("package.json", "src/a.js"), ("src/a.js",), ".", ("src/a.js",)),
    ],
)
def test_root(
    tmp_path: Path,
    paths: tuple[str, ...],
    asked: tuple[str, ...],
    root: str,
    within: tuple[str, ...],
) -> None:
    tree(tmp_path, *paths)
    found = project_of([tmp_path / one for one in asked])
    assert found.root == (tmp_path / root).resolve()
    assert found.asked == within
    assert found.repository == (tmp_path.resolve() if ".git/" in paths else None)


def test_workspaces_of_a_package(tmp_path: Path) -> None:
    tree(tmp_path, ".git/", "packages/a/package.json")
    (tmp_path / "package.json").write_text('{"workspaces": ["packages/*"]}')
    assert project_of([tmp_path / "packages" / "a"]).root == tmp_path.resolve()


def test_a_submodule_is_a_repository(tmp_path: Path) -> None:
    tree(tmp_path, ".git/", "package.json", "inner/.git", "inner/package.json", "inner/src/")
    found = project_of([tmp_path / "inner" / "src"])
    assert found.repository == found.root == (tmp_path / "inner").resolve()


def test_what_was_asked_for() -> None:
    found = project_of([])
    assert found.holds("anything.js")


def test_parts(tmp_path: Path) -> None:
    tree(tmp_path, ".git/", "package.json", "src/a.js", "srcs/b.js")
    found = project_of([tmp_path / "src"])
    assert found.holds("src/a.js")
    assert not found.holds("srcs/b.js")


def test_a_path_that_is_not_there_and_a_loop(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no"):
        project_of([tmp_path / "nowhere"])
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(InputError, match="cannot be read"):
        project_of([tmp_path / "loop"])
