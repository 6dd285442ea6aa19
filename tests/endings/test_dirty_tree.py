"""A tree with changes that were not committed is hunted in as it is, and left as it is.

That a branch takes the working state and says so: ``tests/hunt/test_repair_worktree.py``.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from command_line import CommandLine
from systems import lay_out


def git(folder: Path, *words: str) -> str:
    named = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words]
    return subprocess.run(named, cwd=folder, check=True, capture_output=True, text=True).stdout


def test_the_working_state_is_hunted_in_and_left_alone(line: CommandLine) -> None:
    lay_out(line.target)
    whole = (line.target / "server.js").read_text()
    # What is committed does not fail; what is hunted in is the working state, which does.
    (line.target / "server.js").write_text(whole.replace("=== ':0'", "=== ':never'"))
    git(line.target, "init", "-q", "-b", "main")
    git(line.target, "add", "-A")
    git(line.target, "commit", "-q", "-m", "first")
    (line.target / "server.js").write_text(whole)
    before = git(line.target, "status", "--porcelain")
    ended = line.hunt("--yes", "--logs", line.target / "app.log", "--format", "json")
    assert ended.code == 1, ended.err
    case = json.loads(ended.out)
    assert case["reproduction"]["replays_failed"] > 0 and case["fix"] is None
    assert (line.target / "server.js").read_text() == whole
    assert git(line.target, "status", "--porcelain") == before
    assert git(line.target, "branch", "--format=%(refname:short)").split() == ["main"]
