from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from redhanded.case.case import Case, Gate
from redhanded.case.fix import Counted, Fix, FixPart, Proof, SubsetResult
from redhanded.case.hypothesis import RootLocation
from redhanded.case.reproduction import RootCause
from redhanded.case.symptom import Symptom
from redhanded.cli import ending

COPY = "/var/tmp/a-rather-long-folder-of-copies/parcels-0002-label-printed-twice"
HOME = "/srv/parcels"


def case() -> Case:
    def part(key: str, *, tempting: bool = False) -> FixPart:
        return FixPart(
            key=key,
            remedy="r",
            title=f"title of {key}",
            why=f"why {key} (lib#1).",
            files={},
            diff="",
            tempting=tempting,
        )

    counted = Counted(runs=20, failed=0)
    return Case(
        identifier="0002-label-printed-twice",
        target=COPY,
        outcome="CONFIRMED",
        symptom=Symptom(text="x", constraint="labels_code_key", limits=("same limit",)),
        root_cause=RootCause(
            mechanism="m",
            title="The label is printed twice",
            sentence="A second scan looks (src/scan.js:4) too early.",
            locations=(RootLocation(path="src/scan.js", line=4, role="look-up"),),
        ),
        fix=Fix(
            branch="redhanded/0002",
            worktree=f"{HOME}/.redhanded/cases/0002-label-printed-twice/worktree",
            base="0123456789abcdef",
            parts=(part("a"), part("b", tempting=True)),
            chosen=("a",),
            subsets=(
                SubsetResult(parts=("a",), outcome="holds", forced="passed 5/5"),
                SubsetResult(
                    parts=("b",), outcome="fails", error='symptom: {"msg":"refused","pid":1}'
                ),
            ),
        ),
        proof=Proof(
            before=counted,
            after=counted,
            planted=counted,
            planted_serial=counted,
            own_tests=counted,
            explored=1,
            equivalent=0,
            failures=0,
            exhausted=True,
            bound="b",
            statement="Shown: this. Not shown: that.",
            proven=True,
        ),
        gates=(Gate(number=1, name="hypothesis", decision="passed", by="--yes", at="t"),),
        limits=("Same limit.", "another"),
        timings_s={"observe": 1.0, "prove": 2.0},
    )


def shown(width: int = 80) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False, emoji=False)
    folder = Path(f"{HOME}/.redhanded/cases/0002-label-printed-twice")
    ending.show(console, case(), folder / "report.html")
    return out.getvalue().splitlines()


def test_commands_stand_whole_on_lines_of_their_own() -> None:
    lines = shown()
    assert f"    git -C {COPY} diff 0123456789ab..redhanded/0002" in lines
    assert f"    git -C {COPY} merge redhanded/0002" in lines
    assert f"    redhanded replay 0002-label-printed-twice --target {HOME}" in lines
    assert max(len(line) for line in lines if COPY not in line) <= 80


def test_the_copy_is_mentioned_once_beside_the_commands() -> None:
    text = " ".join(" ".join(shown()).split())
    assert text.count("a repository laid out for it") == 1


def test_headline_parts_and_reasons_are_short() -> None:
    lines = shown()
    assert "  The label is printed twice, and labels_code_key refuses it" in lines
    assert "  a   title of a. why a (lib#1)." in lines
    assert "  b   title of b (tempting; measured, never proposed)" in lines
    assert "  b: symptom: refused" in lines
    assert not any(".." in line.replace("ab..redhanded", "") for line in lines)


def test_each_limit_is_said_once() -> None:
    lines = shown()
    first = lines.index("Limits")
    assert lines[first + 1 : first + 4] == ["  - Same limit.", "  - Another.", ""]


def test_the_gates_and_the_time_of_each_stage_are_told() -> None:
    lines = shown()
    assert "Gates: 1 hypothesis passed, by --yes." in lines
    assert lines[-1].endswith("exit code 1. Time: observe 1 s, prove 2 s.")
