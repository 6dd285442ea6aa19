"""Who may pass a gate, and what stands on stdout."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from command_line import ENTRY, QUICK, TIMEOUT_S, CommandLine
from systems import lay_out


def schema(line: CommandLine) -> Any:
    return json.loads(line.run("schema").out)


@pytest.mark.parametrize(("runs", "code"), [(True, 1), (False, 4)])
def test_json_is_one_document_alone_on_stdout(line: CommandLine, runs: bool, code: int) -> None:
    lay_out(line.target)
    if not runs:
        (line.target / "server.js").write_text("process.exit(9)")
    ended = line.hunt("--yes", "--logs", line.target / "app.log", "--format", "json")
    assert ended.code == code, ended.err
    case = json.loads(ended.out)
    jsonschema.validate(case, schema(line))
    assert ended.out.count("\n") == 1 and ended.out.endswith("\n")
    assert "reading 1 log file" in ended.err
    assert "\x1b" not in ended.err


def test_where_nobody_can_be_asked_it_stops_before_the_first_gate(line: CommandLine) -> None:
    lay_out(line.target)
    ended = line.hunt("--logs", line.target / "app.log", "--format", "json")
    assert ended.code == 4
    case = json.loads(ended.out)
    jsonschema.validate(case, schema(line))
    assert [(gate["number"], gate["decision"]) for gate in case["gates"]] == [(1, "stopped")]
    assert case["finished"] == ["observe", "explore", "suspect"]
    assert "--yes" in ended.err and "--resume" in ended.err
    assert not (line.target / ".redhanded/cases/0001-booked-twice/labs").exists()
    resumed = line.hunt("--yes", "--resume", "--format", "json")
    assert resumed.code == 1, resumed.err
    case = json.loads(resumed.out)
    assert case["gates"][0]["decision"] == "passed"
    assert case["gates"][0]["by"] == "--yes"


@pytest.mark.parametrize(("typed", "code", "decision"), [("n", 4, "stopped"), ("", 1, "passed")])
def test_a_person_decides_on_a_terminal(
    line: CommandLine, typed: str, code: int, decision: str
) -> None:
    lay_out(line.target)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*ENTRY, "hunt", line.target, *QUICK, "--logs", line.target / "app.log"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=line.environment | {"TERM": "xterm", "COLUMNS": "100"},
        start_new_session=True,
    )
    os.close(theirs)
    seen = b""
    answered = 0
    try:
        while chunk := os.read(ours, 65536):
            seen += chunk
            if seen.count(b"n stops") > answered:
                answered += 1
                os.write(ours, typed.encode() + b"\r")
    except OSError:
        # The other side of a terminal that nobody holds any more cannot be read.
        pass
    finally:
        os.close(ours)
    assert process.wait(TIMEOUT_S) == code, seen.decode(errors="replace")
    gates = _gates(line.target)
    assert gates[0]["decision"] == decision
    assert gates[0]["by"] not in ("", "--yes")


def _gates(target: Path) -> list[dict[str, Any]]:
    text = (target / ".redhanded/cases/0001-booked-twice/stages.jsonl").read_text()
    lines = [json.loads(each) for each in text.splitlines()]
    return [each["values"]["gates"] for each in lines if "gates" in each["values"]][-1]
