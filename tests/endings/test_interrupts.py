"""However a hunt is ended, whatever it started is gone."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from command_line import CommandLine, Until
from systems import configure, lay_out

from redhanded import store
from redhanded.case.case import Gate
from redhanded.case.fix import Fix, FixPart
from redhanded.case.reproduction import RootCause
from redhanded.lab.embedded.interrupts import uninterrupted

SLOW = "sh -c 'sleep 1000 & sleep 1000'"
MOMENTS = [
    "reading 1 log file",
    "starting seats (redis)",
    "waiting until web serves",
    "first trials",
    "with the log's gaps",
    "all at the same instant",
    "replaying the smallest order",
]


def test_an_interrupt_waits_until_a_process_was_started() -> None:
    done = []
    # A suite that was started in the background was told to ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), uninterrupted():
            signal.raise_signal(signal.SIGINT)
            done.append("started")
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert done == ["started"]


def given(line: CommandLine) -> tuple[str | Path, ...]:
    return ("--yes", "--logs", line.target / "app.log")


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_interrupt_leaves_nothing(line: CommandLine, until: Until, moment: str) -> None:
    lay_out(line.target)
    hunt = line.start_hunt(*given(line))
    until(lambda: moment in line.stderr(hunt))
    hunt.send_signal(signal.SIGINT)
    ended = line.end(hunt)
    assert ended.code == 130, ended.err
    assert ended.err.endswith("--resume goes on after it\n")
    assert "Traceback" not in ended.out + ended.err
    assert line.left() == []


@pytest.mark.parametrize(
    ("where", "number"),
    [
        ("prepare", signal.SIGINT),
        ("prepare", signal.SIGTERM),
        ("setup", signal.SIGINT),
        ("command", signal.SIGHUP),
    ],
)
def test_commands_of_the_contract_end_with_all_their_children(
    line: CommandLine, until: Until, where: str, number: signal.Signals
) -> None:
    lay_out(line.target)
    slow_down(line.target, where)
    hunt = line.start_hunt(*given(line))
    until(lambda: sleeping(line) == 2)
    hunt.send_signal(number)
    hunt.send_signal(number)
    assert line.end(hunt).code == 130
    assert line.left() == []


def slow_down(target: Path, where: str) -> None:
    if where == "setup":
        contract = target / "redhanded.toml"
        contract.write_text(contract.read_text() + f'\n[setup]\ncommand = "{SLOW}"\n')
    elif where == "prepare":
        configure(target, prepare=f'["{SLOW}"]')
    else:
        configure(target, command=f'"{SLOW}"')


def sleeping(line: CommandLine) -> int:
    commands = [Path(f"/proc/{pid}/cmdline") for pid in line.lab_processes()]
    return sum(path.exists() and path.read_bytes().startswith(b"sleep") for path in commands)


@pytest.mark.parametrize("where", ["prepare", "setup", "trials"])
def test_the_next_start_clears_up_after_a_kill(line: CommandLine, until: Until, where: str) -> None:
    lay_out(line.target)
    if where != "trials":
        slow_down(line.target, where)
    hunt = line.start_hunt(*given(line))
    if where == "trials":
        until(lambda: "with the log's gaps" in line.stderr(hunt))
    else:
        until(lambda: sleeping(line) == 2)
    hunt.send_signal(signal.SIGKILL)
    assert line.end(hunt).code == -signal.SIGKILL
    configure(line.target)
    ended = line.hunt("--yes", "--resume", "--format", "json")
    assert ended.code == 1, ended.err
    case = json.loads(ended.out)
    assert case["identifier"] == "0001-booked-twice"
    assert "observe: finished before" in ended.err
    assert stages(line.target).count("observe") == 1
    assert line.left() == []


def stages(target: Path) -> list[str]:
    text = (target / ".redhanded/cases/0001-booked-twice/stages.jsonl").read_text()
    return [json.loads(each)["stage"] for each in text.splitlines()]


def test_a_hunt_that_still_runs_is_not_touched(line: CommandLine, until: Until) -> None:
    lay_out(line.target)
    slow_down(line.target, "setup")
    first = line.start_hunt(*given(line))
    until(lambda: sleeping(line) == 2)
    held = set(line.lab_processes())
    second = line.start_hunt(*given(line))
    until(lambda: sleeping(line) == 4)
    assert held <= set(line.lab_processes())
    assert first.poll() is None
    for hunt in (first, second):
        hunt.send_signal(signal.SIGINT)
    assert [line.end(hunt).code for hunt in (first, second)] == [130, 130]
    assert line.left() == []


def test_a_case_in_hand_is_not_given_to_a_second_hunt(line: CommandLine, until: Until) -> None:
    lay_out(line.target)
    slow_down(line.target, "setup")
    first = line.start_hunt(*given(line))
    until(lambda: sleeping(line) == 2)
    ended = line.hunt("--yes", "--resume")
    assert ended.code == 2
    assert f"process {first.pid}" in ended.err
    first.send_signal(signal.SIGINT)
    assert line.end(first).code == 130


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_end_during_the_proof(line: CommandLine, until: Until, number: signal.Signals) -> None:
    lay_out(line.target)
    assert line.hunt(*given(line)).code == 1
    pretend_repaired(line.target)
    hunt = line.start_hunt("--yes", "--resume")
    until(lambda: in_proof(line.target))
    hunt.send_signal(number)
    ended = line.end(hunt)
    assert ended.code == (130 if number == signal.SIGINT else -number), ended.err
    if number == signal.SIGKILL:
        finished = line.hunt("--yes", "--resume")
        assert finished.code == 1, finished.err
    assert line.left() == []
    assert store.read(store.find(line.target)).fix is not None


def in_proof(target: Path) -> bool:
    """Whether the second variant of the system is being run."""
    return any(target.glob(".redhanded/cases/*/labs/prove/subset-2/started.jsonl"))


def pretend_repaired(target: Path) -> None:
    """The case with a cause and a fix of our own: this system is none that remedies are for."""
    fixed = (target / "server.js").read_text().replace("':0' &&", "':0' && false &&")
    part = FixPart(key="a", remedy="none", title="t", why="w", files={"server.js": fixed}, diff="")
    fix = Fix(branch="b", worktree=str(target), base="", parts=(part,), chosen=("a",), diff="")
    cause = RootCause(mechanism="none", title="t", sentence="s", locations=())
    gates = tuple(
        Gate(number=number, name="n", decision="passed", by="--yes", at="2026-01-01T00:00:00Z")
        for number in (1, 2, 3)
    )
    with store.resume_case(target) as case:
        case.append("repair", {"fix": fix, "root_cause": cause, "gates": gates})
