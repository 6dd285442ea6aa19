"""A case can be replayed alone, and a hunt that was killed goes on where it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from hunting import PROGRAM, Hunted, copy_of_example, hunt

WAIT_S = 240


def test_a_replay_makes_it_happen_again(example_hunt: Hunted) -> None:
    done = subprocess.run(
        [PROGRAM, "replay", example_hunt.case["identifier"], "--target", example_hunt.target],
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )
    assert done.returncode == 1, done.stderr[-3000:]


def test_kill_minus_nine_loses_no_finished_stage(tmp_path: Path) -> None:
    target = copy_of_example(tmp_path)
    words = [PROGRAM, "hunt", target, "--logs", target / "logs", "--symptom", "duplicate key"]
    killed = subprocess.Popen(
        [*map(str, words), "--quick", "--yes"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    stages = wait_for_stage(target, "reproduce", killed)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    resumed = hunt("hunt", target, target / "logs", "duplicate key", ["--resume"])
    assert resumed.exit_code == 1, resumed.shown[-3000:]
    assert resumed.case["proof"]["proven"]
    again = read_stages(target)
    assert again[: len(stages)] == stages
    assert [each["stage"] for each in again].count("reproduce") == 1


def test_the_same_seed_gives_the_same_verdict(example_hunt: Hunted, tmp_path: Path) -> None:
    target = copy_of_example(tmp_path)
    again = hunt("reproduce", target, target / "logs", "duplicate key")
    first, second = example_hunt.case["reproduction"], again.case["reproduction"]
    assert again.case["outcome"] == example_hunt.case["outcome"]
    assert first["schedule"] == second["schedule"]
    assert first["trials_to_first_failure"] == second["trials_to_first_failure"]
    names = [operation["name"] for operation in first["run"]["operations"]]
    assert [operation["name"] for operation in second["run"]["operations"]][:12] == names[:12]


def wait_for_stage(target: Path, stage: str, process: subprocess.Popen[bytes]) -> list[dict]:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        stages = read_stages(target)
        if any(each["stage"] == stage for each in stages):
            return stages
        assert process.poll() is None, "the hunt ended before it could be killed"
        os.sched_yield()
    raise AssertionError(f"no stage {stage} within {WAIT_S} s")


def read_stages(target: Path) -> list[dict]:
    files = sorted((target / ".redhanded" / "cases").glob("*/stages.jsonl"))
    lines = files[-1].read_bytes().splitlines(keepends=True) if files else []
    return [json.loads(line) for line in lines if line.endswith(b"\n")]
