"""The GitHub Action and the pre-commit hook call the command line as it is."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
STEPS = {step.get("id") or step.get("name"): step for step in ACTION["runs"]["steps"]}
FAKE = """#!/bin/sh
for argument in "$@"; do printf '%s\\n' "$argument"; done > "$SEEN"
exit "$CODE"
"""


def scanned(tmp_path: Path, code: int = 0, **given: str) -> tuple[int, list[str], dict[str, str]]:
    """The step's exit code, what redhanded was given, and the step's outputs."""
    program = tmp_path / "redhanded"
    program.write_text(FAKE)
    program.chmod(0o755)
    outputs, seen = tmp_path / "outputs", tmp_path / "seen"
    outputs.touch()
    variables = {"PATHS": ".", "FAIL_ON": "", "CHANGED_SINCE": "", "BASELINE": ""} | given
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS["scan"]["run"]],
        env=variables
        | {
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "RUNNER_TEMP": str(tmp_path),
            "GITHUB_OUTPUT": str(outputs),
            "SEEN": str(seen),
            "CODE": str(code),
        },
        cwd=tmp_path,
        check=False,
    )
    told = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
    return done.returncode, seen.read_text().splitlines(), told


def test_the_inputs_reach_the_command_line(tmp_path: Path) -> None:
    code, seen, told = scanned(
        tmp_path,
        1,
        PATHS="src\n\nweb app\n$(touch owned)\n",
        FAIL_ON="0.7",
        CHANGED_SINCE="origin/main",
        BASELINE="known.json",
    )
    sarif = str(tmp_path / "redhanded.sarif")
    assert code == 0
    assert seen == [
        *("scan", "--format", "sarif", "--output", sarif, "--fail-on", "0.7"),
        *("--changed-since", "origin/main", "--baseline", "known.json"),
        *("--", "src", "web app", "$(touch owned)"),
    ]
    assert told == {"exit-code": "1", "sarif": sarif}
    assert not (tmp_path / "owned").exists()


def test_a_scan_that_could_not_be_made_uploads_nothing(tmp_path: Path) -> None:
    code, _, told = scanned(tmp_path, 2)
    assert code == 2
    assert "sarif" not in told


@pytest.mark.parametrize("step", [each for each in STEPS.values() if "run" in each])
def test_inputs_stand_in_no_script(step: dict[str, str]) -> None:
    assert "${{" not in step["run"]


def test_what_is_given_by_the_action_and_the_hook_are_options_that_there_are() -> None:
    from typer.main import get_command

    from redhanded.cli.main import app

    commands = get_command(app).commands  # type: ignore[attr-defined]
    known = {name for each in commands["scan"].params for name in each.opts}
    script = STEPS["scan"]["run"]
    given = {word.strip('"()') for word in script.split() if word.lstrip("(").startswith("--")}
    assert {each.lstrip("(") for each in given} - {"--"} <= known
    assert HOOK["entry"].split() == ["redhanded", "scan"]
    assert HOOK["require_serial"] is True
