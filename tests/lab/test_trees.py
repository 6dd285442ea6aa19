"""The tree that a lab runs: a copy, dependencies linked, the user's own never written."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from redhanded.case.errors import LabError
from redhanded.case.system import System
from redhanded.lab import trees
from redhanded.lab.embedded import binaries
from redhanded.lab.trees import materialise


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with dependencies, history and state of ours in it."""
    root = tmp_path / "project"
    for path, text in {
        "src/app.js": "original",
        "package.json": "{}",
        "node_modules/library/index.js": "library",
        "packages/inner/node_modules/other/index.js": "other",
        "packages/inner/index.js": "inner",
        ".git/HEAD": "ref",
        ".redhanded/case": "case",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / "link.js").symlink_to("src/app.js")
    return root


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is installed here is not kept."""
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setattr(binaries, "cache_folder", lambda: folder)
    return folder


def made(root: Path, folder: Path, files: dict[str, str] | None = None, **fields: object) -> Path:
    system = System(name="project", root=str(root), **fields)  # type: ignore[arg-type]
    return materialise(system, root, folder / "lab" / "tree", files=files, say=lambda _text: None)


@pytest.fixture(autouse=True)
def lab_folder(tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()


def test_sources_are_copied_and_history_is_not(root: Path, tmp_path: Path) -> None:
    tree = made(root, tmp_path)
    assert (tree / "src/app.js").read_text() == "original"
    assert not (tree / ".git").exists() and not (tree / ".redhanded").exists()
    assert (tree / "link.js").is_symlink()
    (tree / "src/app.js").write_text("changed")
    assert (root / "src/app.js").read_text() == "original"


def test_dependencies_are_linked_and_not_copied(root: Path, tmp_path: Path) -> None:
    tree = made(root, tmp_path)
    for path in ("node_modules", "packages/inner/node_modules"):
        assert (tree / path).is_symlink()
        assert (tree / path).resolve() == root / path
    assert (tree / "packages/inner/index.js").read_text() == "inner"


def test_files_are_put_over_the_copy(root: Path, tmp_path: Path) -> None:
    tree = made(root, tmp_path, {"src/app.js": "variant", "tests/new/test.js": "new"})
    assert (tree / "src/app.js").read_text() == "variant"
    assert (tree / "tests/new/test.js").read_text() == "new"
    assert (root / "src/app.js").read_text() == "original"
    assert not (root / "tests").exists()


def test_a_tree_that_was_there_is_replaced(root: Path, tmp_path: Path) -> None:
    made(root, tmp_path, {"src/extra.js": "extra"})
    assert not (made(root, tmp_path) / "src/extra.js").exists()


INSTALL = "mkdir -p node_modules/installed && echo run >> node_modules/installed/log"


def test_installing_is_done_once_for_each_state_of_the_manifests(
    root: Path, tmp_path: Path
) -> None:
    first = made(root, tmp_path, prepare=(INSTALL,))
    log = (first / "node_modules/installed/log").resolve()
    assert log.read_text() == "run\n"
    assert not (root / "node_modules/installed").exists()
    (root / "src/app.js").write_text("another source")
    second = made(root, tmp_path, prepare=(INSTALL,))
    assert (second / "node_modules/installed/log").resolve() == log
    assert log.read_text() == "run\n"
    (root / "package.json").write_text('{"dependencies": {"new": "1"}}')
    third = made(root, tmp_path, prepare=(INSTALL,))
    assert (third / "node_modules/installed/log").resolve() != log


def test_a_build_command_runs_in_the_tree(root: Path, tmp_path: Path) -> None:
    tree = made(root, tmp_path, build=("cp src/app.js built.js",))
    assert (tree / "built.js").read_text() == "original"
    assert not (root / "built.js").exists()


@pytest.mark.parametrize("key", ["prepare", "build"])
def test_a_command_that_fails_shows_its_last_lines(root: Path, tmp_path: Path, key: str) -> None:
    command = "seq 1 40; echo it went wrong >&2; exit 9"
    with pytest.raises(LabError) as caught:
        made(root, tmp_path, **{key: (command,)})
    text = str(caught.value)
    assert f"[system] {key}" in text and "exit code 9" in text
    assert text.endswith("it went wrong") and "\n  40\n" in text and "\n  20\n" not in text


def test_a_failed_installation_is_tried_again(root: Path, tmp_path: Path) -> None:
    switch = tmp_path / "online"
    command = f"test -e {switch} && {INSTALL}"
    with pytest.raises(LabError):
        made(root, tmp_path, prepare=(command,))
    switch.touch()
    assert (made(root, tmp_path, prepare=(command,)) / "node_modules/installed/log").exists()


def test_a_command_that_does_not_end_is_stopped(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trees, "INSTALL_TIMEOUT_S", 0.2)
    with pytest.raises(LabError, match="no end within"):
        made(root, tmp_path, build=("echo started; exec sleep 60",))


def test_nothing_of_ours_reaches_a_command(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDHANDED_SECRET", "x")
    tree = made(root, tmp_path, build=('echo "<$REDHANDED_SECRET>" > seen',))
    assert (tree / "seen").read_text() == "<>\n"


def test_links_between_workspaces_lead_to_the_copy(root: Path, tmp_path: Path) -> None:
    """Else a change of one package, or its build, would not be seen by the others."""
    (root / "node_modules" / "@acme").mkdir()
    (root / "node_modules" / "@acme" / "inner").symlink_to("../../packages/inner")
    (root / "node_modules" / "@acme" / "bought").mkdir()
    (root / "node_modules" / ".bin").mkdir()
    tree = made(root, tmp_path, {"packages/inner/index.js": "changed"})
    modules = tree / "node_modules"
    assert (modules / "@acme" / "inner" / "index.js").read_text() == "changed"
    assert (modules / "@acme" / "inner").resolve() == (tree / "packages" / "inner").resolve()
    for name in ("library", "@acme/bought", ".bin"):
        assert (modules / name).resolve() == (root / "node_modules" / name).resolve()


def test_links_within_installed_folders_are_no_workspaces(root: Path, tmp_path: Path) -> None:
    (root / "node_modules" / "same").symlink_to("library")
    tree = made(root, tmp_path)
    assert (tree / "node_modules").is_symlink()
    assert (tree / "node_modules" / "same" / "index.js").read_text() == "library"


def test_programs_of_a_virtual_environment_run_from_where_it_is_kept(
    root: Path, tmp_path: Path
) -> None:
    python = shlex.quote(sys.executable)
    text = "#!$PWD/.venv/bin/python\\nimport sys; print(sys.prefix)\\n"
    prepare = (
        f"{python} -m venv --without-pip .venv",
        f'printf "{text}" > .venv/bin/tool && chmod +x .venv/bin/tool',
    )
    tree = made(root, tmp_path, prepare=prepare)
    ran = subprocess.run([tree / ".venv/bin/tool"], capture_output=True, text=True, check=True)
    assert Path(ran.stdout.strip()) == (tree / ".venv").resolve()


def built(root: Path, folder: Path, *commands: str, files: dict[str, str] | None = None) -> Path:
    return made(root, folder, files, build=commands)


def test_a_build_is_done_once_for_each_state_of_the_sources(root: Path, tmp_path: Path) -> None:
    command = "mkdir -p out && date +%s%N > out/stamp && rm src/app.js && ln -s stamp out/link"
    first = (built(root, tmp_path, command) / "out/stamp").read_text()
    tree = built(root, tmp_path, command)
    assert (tree / "out/stamp").read_text() == first
    assert (tree / "out/link").is_symlink() and (tree / "out/link").read_text() == first
    assert not (tree / "src/app.js").exists()
    changed = built(root, tmp_path, command, files={"src/app.js": "variant"})
    assert (changed / "out/stamp").read_text() != first
    other = built(root, tmp_path, f"{command} && true")
    assert (other / "out/stamp").read_text() != first
    assert (built(root, tmp_path, command) / "out/stamp").read_text() == first


@pytest.mark.parametrize(
    ("also", "says"),
    [
        ("echo made > node_modules/library/made.js", "node_modules/library/made.js"),
        ("pwd > out/place", "out/place names the folder"),
    ],
)
def test_a_build_that_would_not_be_the_same_again_is_not_kept(
    root: Path, tmp_path: Path, also: str, says: str
) -> None:
    command = f"mkdir -p out && date +%s%N > out/stamp && {also}"
    said: list[str] = []
    stamps = set()
    for _ in range(2):
        system = System(name="project", root=str(root), build=(command,))
        tree = materialise(system, root, tmp_path / "lab" / "tree", say=said.append)
        stamps.add((tree / "out/stamp").read_text())
    assert len(stamps) == 2
    assert any(says in sentence for sentence in said)


def test_a_failed_build_is_tried_again(root: Path, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    command = f"test -e {shlex.quote(str(ready))} && touch out"
    with pytest.raises(LabError, match="exit code 1"):
        built(root, tmp_path, command)
    ready.touch()
    assert (built(root, tmp_path, command) / "out").exists()
