"""A tree with changes that were not committed is hunted in as it is, and the case says so."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from command_line import CommandLine
from systems import lay_out

from redhanded import store
from redhanded.case.reproduction import RootCause


def git(folder: Path, *words: str) -> str:
    named = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words]
    return subprocess.run(named, cwd=folder, check=True, capture_output=True, text=True).stdout


def test_the_branch_takes_the_working_state_and_says_so(line: CommandLine) -> None:
    lay_out(line.target)
    whole = (line.target / "server.js").read_text()
    # What is committed does not fail; what is hunted in is the working state, which does.
    (line.target / "server.js").write_text(whole.replace("=== ':0'", "=== ':never'"))
    git(line.target, "init", "-q", "-b", "main")
    git(line.target, "add", "-A")
    git(line.target, "commit", "-q", "-m", "first")
    (line.target / "server.js").write_text(whole)
    before = git(line.target, "status", "--porcelain")
    first = line.hunt("--yes", "--logs", line.target / "app.log")
    assert first.code == 1, first.err
    mechanism = store.read(store.find(line.target, None)).hypotheses[0].mechanism
    cause = RootCause(mechanism=mechanism, title="t", sentence="s", locations=())
    with store.resume_case(line.target) as case:
        case.append("note", {"root_cause": cause, "finished": ()})
    ended = line.hunt("--yes", "--resume", "--format", "json")
    assert ended.code == 1, ended.err
    fix = json.loads(ended.out)["fix"]
    assert fix["took_working_state"]
    assert any("not clean" in note and "server.js" in note for note in fix["notes"])
    assert "not clean" in ended.err
    assert git(line.target, "show", f"{fix['branch']}:server.js") == whole
    assert git(line.target, "status", "--porcelain") == before
    assert git(line.target, "branch", "--show-current").strip() == "main"
