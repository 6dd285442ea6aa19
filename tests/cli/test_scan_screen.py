"""What a scan looks like on the terminal."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from redhanded.case.evidence import Location
from redhanded.case.finding import Finding, Reason, Step
from redhanded.case.scan import Counts, Known, Remark, Reported, Scan, ScanRule
from redhanded.cli.scan_screen import FULL_MAX, show

RULE = ScanRule(
    name="lost-update",
    title="A value is read, changed and written back",
    wrong="What another run wrote in between is lost.",
    safe=("The store computes it: SET n = n - 1.", "The row is locked when it is read."),
    needs="two runs on one row",
    experiment="let the second run write between the first one's two statements",
    remedy="atomic-update",
    threshold=0.5,
)


def reported(rank: int = 1, **more: object) -> Reported:
    at = Location(path="app/seats.py", line=7, function="take")
    one = Reported(
        rank=rank,
        finding=Finding(
            rule=RULE.name,
            location=at,
            message="Two runs may both read free of seats and both write one less.",
            steps=(
                Step(location=Location(path="app/seats.py", line=6), says="run 1 reads free"),
                Step(location=at, says="run 2 writes what it has computed"),
            ),
            reasons=(Reason(weight=0.8, says="the value was read before"),),
            subject="seats",
            entry="POST /seats",
            also_from=("GET /a", "GET /b", "GET /c", "GET /d"),
        ),
        title=RULE.title,
        remedy=RULE.remedy,
        score=0.8,
        fingerprint=f"{rank:016x}",
        state="new",
        fails=True,
    )
    return replace(one, **more)  # type: ignore[arg-type]


def shown(*findings: Reported, explained: bool = False, width: int = 100, **more: object) -> str:
    scan = Scan(
        root=str(Path.cwd()),
        repository="",
        paths=(".",),
        files=1203,
        entries=1,
        findings=findings,
        counts=Counts(new=sum(one.state == "new" for one in findings)),
        rules=(RULE,),
        seconds=1.23,
    )
    console = Console(file=io.StringIO(), width=width, highlight=False, emoji=False)
    show(console, replace(scan, **more), explained=explained)  # type: ignore[arg-type]
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_finding_with_its_place_message_order_and_what_to_do() -> None:
    text = shown(reported())
    lines = [line.strip() for line in text.splitlines()]
    assert lines[0] == "1  0.80  A value is read, changed and written back  [lost-update]"
    assert lines[1] == "app/seats.py:7"
    assert "1. run 1 reads free [app/seats.py:6]" in lines
    assert "2. run 2 writes what it has computed [app/seats.py:7]" in lines
    assert "remedy: atomic-update" in lines
    assert "also from: GET /a, GET /b, GET /c and 1 more" in lines
    assert "1,203 files, 1 path: 1 finding" in lines
    assert "# redhanded-ignore-next-line lost-update -- why it is safe here" in text.replace(
        "\n", " "
    )
    assert lines[-1] == "1.2 s, 1 finding to look at, exit code 1"
    assert "because" not in text


def test_reasons_are_told_when_they_are_asked_for() -> None:
    text = shown(reported(), explained=True)
    assert "+0.80 the value was read before" in text
    assert "safe: The row is locked when it is read." in text


def test_nothing_found() -> None:
    counts = Counts(weak=2, suppressed=1, known=3)
    text = shown(limits=("a.py could not be parsed",), counts=counts, width=200)
    assert "Limits" in text
    told = "0 findings; 2 below the threshold (--all shows them); 1 accepted by a comment;"
    assert told in text
    assert text.rstrip().endswith("exit code 0")
    assert "To accept one" not in text


def test_further_findings_are_a_line_each() -> None:
    text = shown(*(reported(rank) for rank in range(1, FULL_MAX + 4)))
    rows = [
        line for line in text.splitlines() if line.endswith("lost-update (seats)  app/seats.py:7")
    ]
    assert len(rows) == 3


def test_what_is_gone_written_and_wrong_with_comments_is_told() -> None:
    text = shown(
        gone=(Known(fingerprint="a", moved="b", rule="lost-update", path="a.py", function="f"),),
        written="known.json",
        remarks=(
            Remark(
                kind="no-reason", location=Location(path="a.py", line=3), says="no reason is given"
            ),
        ),
    )
    assert "lost-update in a.py, f" in text
    assert "written: known.json" in text
    assert "a.py:3: no reason is given" in text


@pytest.mark.parametrize("width", [40, 80, 200])
def test_what_others_wrote_does_nothing_to_the_terminal(width: int) -> None:
    evil = "a\x1b[2J\u202e[red]x[/red]"
    one = reported()
    finding = replace(one.finding, message=evil, location=Location(path=f"{evil}.py", line=1))
    text = shown(replace(one, finding=finding), explained=True, width=width, limits=(evil,))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]x[/red]" in text


def test_limits_that_differ_by_the_place_alone_are_told_once() -> None:
    limits = (
        "a.py:3: visit calls itself; not followed further",
        "b.py:7: walk calls itself; not followed further",
        "c.py:9: not followed to the end: too much happens",
        "a migration at m/1.py:4 could not be read: execute",
        "a migration at m/2.py:5 could not be read: drop_constraint",
        "8 files were not read: above 2 MB (first: x.js)",
    )
    text = shown(limits=limits, width=200)
    told = text[text.index("Limits") :].splitlines()[1:5]
    assert [line.strip() for line in told] == [
        "a.py:3: visit calls itself; not followed further (and 1 more like it)",
        "c.py:9: not followed to the end: too much happens",
        "a migration at m/1.py:4 could not be read: execute (and 1 more like it)",
        "8 files were not read: above 2 MB (first: x.js)",
    ]
