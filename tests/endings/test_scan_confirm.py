"""A scan whose findings the lab tries: what is kept, what is told, and that nothing is left."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from command_line import CommandLine, Until
from lockers import lay_out

MOMENTS = ["starting seats (redis)", "waiting until web serves", "first trials", "in the lab"]


def confirmed(line: CommandLine, *options: str, code: int = 1) -> dict[str, object]:
    ended = line.run("scan", line.target, "--confirm", "--format", "json", *options)
    assert ended.code == code, ended.err
    assert "Traceback" not in ended.err
    scan: dict[str, object] = json.loads(ended.out)
    return scan


def words(scan: dict[str, object]) -> dict[int, dict[str, str]]:
    """What the lab said, by line of the finding."""
    findings: list[dict[str, dict[str, dict[str, int]]]] = scan["findings"]  # type: ignore[assignment]
    return {one["finding"]["location"]["line"]: one["confirmation"] for one in findings}  # type: ignore[misc]


def test_what_happened_is_kept_and_happens_again(line: CommandLine) -> None:
    lay_out(line.target)
    told = words(confirmed(line))
    assert told[10]["word"] == "CONFIRMED", told[10]["why"]
    assert "10 of 10 runs" in told[10]["why"]
    assert told[18]["word"] == "UNDECIDED"
    assert "does not come to these lines" in told[18]["why"]
    kept = line.target / str(told[10]["schedule"])
    left = [path.name for path in kept.parent.iterdir()]
    assert left == [kept.name]
    again = line.run("replay", "--target", line.target, "--schedule", kept)
    assert again.code == 1, again.err
    assert "1 of 1 replays" in again.out


def test_what_did_not_happen_is_left_out_only_where_asked(line: CommandLine) -> None:
    lay_out(line.target)
    scan = confirmed(line, "--only-confirmed")
    assert list(words(scan)) == [10]
    assert scan["counts"]["not_confirmed"] == 1  # type: ignore[index]
    refused = line.run("scan", line.target, "--only-confirmed")
    assert refused.code == 2
    assert "give both" in refused.err


def test_a_system_that_does_not_run_leaves_every_finding_with_the_reason(
    line: CommandLine,
) -> None:
    lay_out(line.target)
    (line.target / "server.js").write_text(
        (line.target / "server.js").read_text().replace("server.listen", "nothing.listen")
    )
    told = words(confirmed(line))
    assert {one["word"] for one in told.values()} == {"UNDECIDED"}
    assert len(told) == 2
    assert all("ReferenceError" in one["why"] for one in told.values()), told


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_interrupt_while_confirming_leaves_nothing(
    line: CommandLine, until: Until, moment: str
) -> None:
    lay_out(line.target)
    process = line.start("scan", line.target, "--confirm")
    until(lambda: moment in line.stderr(process) or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    ended = line.end(process)
    assert ended.code == 130, ended.err
    assert "Traceback" not in ended.err
    assert line.left() == []
    assert list((line.target / ".redhanded" / "scan").iterdir()) == []


def test_the_next_scan_clears_up_after_a_kill(line: CommandLine, until: Until) -> None:
    lay_out(line.target)
    process = line.start("scan", line.target, "--confirm")
    until(lambda: "first trials" in line.stderr(process) or process.poll() is not None)
    process.kill()
    assert line.end(process).code == -signal.SIGKILL
    assert words(confirmed(line))[10]["word"] == "CONFIRMED"
    left = [path.suffix for path in (line.target / ".redhanded" / "scan").iterdir()]
    assert left == [".json"]
    assert not list(Path(line.temporary).iterdir())
