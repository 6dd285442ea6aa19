"""A tree with changes that were not committed is hunted in as it is, and the case says so."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

from command_line import CommandLine
from systems import lay_out

from redhanded import store
from redhanded.case.reproduction import RootCause, RootLocation

INTAKE = """\
const Queue = require('bull');

const seats = new Queue('seats');

module.exports = (event) => seats.add('book', { eventId: event.id, seat: event.seat });
"""
DEFECT = "missing-job-deduplication"


def git(folder: Path, *words: str) -> str:
    named = ["git", "-c", "user.name=a", "-c", "user.email=a@b", *words]
    return subprocess.run(named, cwd=folder, check=True, capture_output=True, text=True).stdout


def test_the_branch_takes_the_working_state_and_says_so(line: CommandLine) -> None:
    lay_out(line.target)
    (line.target / "intake.js").write_text(INTAKE)
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
    # A cause against which a part of a fix is known is set in, as if it had been found.
    known = store.read(store.find(line.target, None))
    place = RootLocation(path="intake.js", line=5, role="enqueue")
    suspected = replace(known.hypotheses[0], mechanism=DEFECT, remedies=("job-id",))
    cause = RootCause(mechanism=DEFECT, title="t", sentence="s", locations=(place,))
    with store.resume_case(line.target) as case:
        found = {"root_cause": cause, "hypotheses": (suspected,), "finished": ()}
        case.append("note", found)
    ended = line.hunt("--yes", "--resume", "--format", "json")
    assert ended.code == 1, ended.err
    fix = json.loads(ended.out)["fix"]
    assert fix["took_working_state"] and fix["chosen"] == ["a"]
    assert any("not clean" in note and "server.js" in note for note in fix["notes"])
    assert "not clean" in ended.err
    assert git(line.target, "show", f"{fix['branch']}:server.js") == whole
    assert "jobId" in git(line.target, "show", f"{fix['branch']}:intake.js")
    assert git(line.target, "status", "--porcelain") == before
    assert git(line.target, "branch", "--show-current").strip() == "main"
