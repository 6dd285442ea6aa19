"""What is shown, what fails, what is told of comments and baselines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_programs import MadeRule, Program, finding, scanned

from redhanded.case.errors import InputError, UsageError
from redhanded.case.scan import ScanRequest
from redhanded.hunt import scan
from redhanded.hunt.scan import baseline
from redhanded.hunt.scan.shapes import shape
from redhanded.source.changes import Changes
from redhanded.source.flow.module import Note

NEXT = "redhanded-ignore-next-line"


def noted(text: str, line: int = 7, path: str = "src/seats.js") -> Program:
    return Program(notes=((path, (Note(line=line, text=text),)),))


def test_the_most_certain_comes_first_and_weak_ones_on_demand() -> None:
    given = (finding(7, weight=0.6), finding(20, weight=0.9), finding(30, weight=0.3))
    found = scanned(*given)
    assert [one.score for one in found.findings] == [0.9, 0.6]
    assert [one.rank for one in found.findings] == [1, 2]
    assert (found.counts.new, found.counts.weak) == (2, 1)
    assert found.fails
    shown = scanned(*given, shows_all=True)
    assert [one.state for one in shown.findings] == ["new", "new", "weak"]
    assert [one.fails for one in shown.findings] == [True, True, False]


@pytest.mark.parametrize(
    ("request_", "fails"),
    [
        ({}, True),
        ({"fail_on": 0.7}, False),
        ({"fail_on": 0.6}, True),
        ({"never_fails": True}, False),
    ],
)
def test_what_fails(request_: dict[str, object], fails: bool) -> None:
    assert scanned(finding(weight=0.6), **request_).fails is fails


def test_what_fails_is_never_hidden() -> None:
    found = scanned(finding(weight=0.3), fail_on=0.2)
    assert [one.score for one in found.findings] == [0.3]
    assert found.fails


def test_lines_reached_from_several_entries_are_one_finding() -> None:
    given = (
        finding(entry="GET /a", weight=0.5),
        finding(entry="POST /b", weight=0.9),
        finding(entry="job c", weight=0.7),
    )
    found = scanned(*given)
    assert len(found.findings) == 1
    assert found.findings[0].finding.entry == "POST /b"
    assert found.findings[0].finding.also_from == ("GET /a", "job c")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("redhanded-ignore check-then-create -- one person only", 7),
        ("redhanded-ignore: check-then-create -- one person only", 7),
        ("redhanded-ignore other, check-then-create — one person only", 7),
        ("redhanded-ignore-next-line check-then-create -- one person only", 6),
        ("eslint-disable x; redhanded-ignore check-then-create -- one person only */", 7),
    ],
)
def test_a_comment_with_a_reason_accepts(text: str, line: int) -> None:
    found = scanned(finding(), program=noted(text, line), shows_all=True)
    assert [one.state for one in found.findings] == ["suppressed"]
    assert found.findings[0].because == "one person only"
    assert not found.fails
    assert [one.kind for one in found.remarks if one.kind != "unknown-rule"] == []


def test_the_next_line_is_the_next_line_of_code() -> None:
    program = Program(
        text={5: "// which is why", 6: "", 7: "create()"},
        notes=(
            (
                "src/seats.js",
                (
                    Note(
                        line=4,
                        text="redhanded-ignore-next-line check-then-create -- one person only",
                    ),
                ),
            ),
        ),
    )
    assert scanned(finding(), program=program).counts.suppressed == 1


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("redhanded-ignore check-then-create", "no-reason", "no reason is given"),
        ("redhanded-ignore check-then-create --  ", "no-reason", "no reason is given"),
        ("redhanded-ignore -- because", "unreadable", "names no rule"),
        (
            "redhanded-ignore check-then-crate -- because",
            "unknown-rule",
            "did you mean check-then-create?",
        ),
        ("redhanded-ignore check-then-create (because)", "unreadable", "not read"),
        ("redhanded-ignore-nextline check-then-create -- because", "unreadable", "not read"),
    ],
)
def test_a_comment_that_cannot_be_used_suppresses_nothing_and_is_told(
    text: str, kind: str, says: str
) -> None:
    found = scanned(finding(), program=noted(text))
    assert found.fails
    assert [one.kind for one in found.remarks] == [kind]
    assert says in found.remarks[0].says
    assert found.remarks[0].location.line == 7


def test_a_comment_on_another_line_or_file_is_unused() -> None:
    text = "redhanded-ignore check-then-create -- because"
    for program in (noted(text, 8), noted(text, 7, "src/other.js")):
        found = scanned(finding(), program=program)
        assert found.fails
        assert [one.kind for one in found.remarks] == ["unused-suppression"]


def test_a_comment_for_a_rule_that_was_not_asked_is_not_unused() -> None:
    rule = MadeRule()
    found = scan.weigh(
        scanned_project(),
        noted("redhanded-ignore lost-update -- because").source(),
        ScanRequest(paths=()),
        asked=(rule,),
        known=(rule, MadeRule(name="lost-update")),
    )
    assert found.remarks == ()


def scanned_project() -> scan.Project:
    return scan.Project(root=Path("/project"), asked=(".",), repository=None)


def test_a_baseline_knows_findings_whose_lines_moved(tmp_path: Path) -> None:
    file = tmp_path / "known.json"
    before = scanned(finding(7), finding(30, subject="rows"), write_baseline=file)
    assert (before.fails, before.written) == (False, str(file))
    kept = baseline.read(file).findings
    assert len(kept) == 2
    assert ":7" not in file.read_text()
    moved = Program(text={107: "if (!seat)  await Seat.create( { number } )"})
    after = scanned(finding(107), program=moved, old=kept, shows_all=True)
    assert [one.state for one in after.findings] == ["known"]
    assert not after.fails
    assert [(one.subject, one.function) for one in after.gone] == [("rows", "book")]


def test_a_baseline_knows_findings_of_a_renamed_file() -> None:
    old = [baseline.known(finding(), mark) for mark in marks(finding())]
    after = scanned(finding(path="lib/seats.js"), old=old)
    assert (after.counts.known, after.gone) == (1, ())


def test_one_more_of_the_same_is_new() -> None:
    old = [baseline.known(finding(), mark) for mark in marks(finding())]
    program = Program(text={7: "create()", 17: "create()"})
    first = [baseline.known(finding(), mark) for mark in marks(finding(), program)]
    assert first != old
    after = scanned(finding(7), finding(17), program=program, old=first)
    assert (after.counts.known, after.counts.new) == (1, 1)


def marks(given: object, program: Program | None = None) -> tuple[scan.baseline.Fingerprint, ...]:
    text = (program or Program()).source().reading.text
    return scan.fingerprints([given], lambda one: shape(text(one.location)))  # type: ignore[list-item]


def test_the_file_is_sorted_and_written_anew_the_same(tmp_path: Path) -> None:
    one, other = tmp_path / "one.json", tmp_path / "other.json"
    given = [finding(line, path=path) for line in (7, 30) for path in ("b.js", "a.js")]
    scanned(*given, write_baseline=one)
    scanned(*reversed(given), write_baseline=other)
    assert one.read_bytes() == other.read_bytes()
    assert [each["path"] for each in json.loads(one.read_text())["findings"]] == [
        "a.js",
        "a.js",
        "b.js",
        "b.js",
    ]
    assert list(tmp_path.glob(".*")) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "cannot be read"),
        ("", "not a baseline"),
        ("[]", "not a baseline"),
        ('{"version": 1, "findings": [{"rule": 3}]}', "not a baseline"),
        ('{"version": 2, "findings": []}', "version 2"),
    ],
)
def test_a_file_that_is_no_baseline(tmp_path: Path, text: str | None, says: str) -> None:
    file = tmp_path / "known.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(InputError, match=says):
        baseline.read(file)


def test_a_baseline_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        scanned(finding(), write_baseline=tmp_path / "missing" / "known.json")


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        (Changes(lines={"src/seats.js": ((7, 7),)}), True),
        (Changes(lines={"src/seats.js": ((9, 9),)}), True),
        (Changes(lines={"src/seats.js": ((10, 12),)}), False),
        (Changes(lines={"src/other.js": ((7, 7),)}), False),
        (Changes(whole=frozenset({"src/seats.js"})), True),
        (Changes(), False),
    ],
)
def test_only_what_touches_changed_functions(changes: Changes, shown: bool) -> None:
    found = scanned(finding(), changed=changes)
    assert bool(found.findings) is shown
    assert found.counts.elsewhere == (not shown)


def test_findings_elsewhere_are_not_asked_for() -> None:
    here, there = finding(path="src/seats.js"), finding(path="lib/rows.js")
    found = scanned(here, there, asked=("src",))
    assert [one.finding.location.path for one in found.findings] == ["src/seats.js"]


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (ScanRequest(paths=(), rules=("check-then-crate",)), "did you mean check-then-create"),
        (ScanRequest(paths=(), rules=("x",)), "there are check-then-create"),
        (
            ScanRequest(paths=(), rules=("check-then-create",), write_baseline=Path("x")),
            "does not go with --rule",
        ),
        (
            ScanRequest(paths=(), changed_since="main", write_baseline=Path("x")),
            "does not go with --changed-since",
        ),
    ],
)
def test_options_that_cannot_be_used(request_: ScanRequest, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        scan.scan(request_, lambda sentence: None, [MadeRule()])
