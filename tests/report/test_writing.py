from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
import sample

from redhanded.case import document
from redhanded.case.case import CASE_SCHEMA, Case
from redhanded.case.errors import InputError
from redhanded.case.evidence import Location
from redhanded.case.overlay import Laid, Overlay
from redhanded.case.symptom import Symptom
from redhanded.report import sentences, write
from redhanded.report.writing import as_html, as_markdown


@pytest.fixture
def case(tmp_path: Path) -> Case:
    sample.lay_out(tmp_path)
    return sample.case(tmp_path)


def test_the_page_asks_nothing_of_the_network_and_runs_nothing(case: Case, tmp_path: Path) -> None:
    page = write(case, tmp_path / "out").read_text()
    assert not re.search(r"<(script|link|img|iframe|object|embed)\b", page)
    assert not re.search(r"@import|url\(", page)
    addresses = set(re.findall(r"https?://[^\"'\s<]+", page))
    assert addresses == {"http://www.w3.org/2000/svg"}


def test_values_are_escaped(case: Case) -> None:
    page = as_html(case)
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "'<b>&'" not in page


def test_the_pictures_are_well_formed(case: Case) -> None:
    pictures = re.findall(r"<svg.*?</svg>", as_html(case), flags=re.DOTALL)
    assert len(pictures) == 9
    for picture in pictures:
        ET.fromstring(picture)


def test_the_page_tells_the_whole_story(case: Case) -> None:
    page = as_html(case)
    for expected in (
        "A second reservation that looks for a seat",
        "src/api/reserve.js:7",
        "◂ enqueue",
        "100 of 100",
        "23505 seat_assignments_reference_key",
        "Must two workers run at the same time?",
        "a + b",
        "could not be met",
        "tempting; measured, never proposed",
        "2026-03-02 02:58:11",
        "Clocks were not controlled.",
        "Assign seats in the worker",
        "No order of 2 deliveries",
        "the file is not there any more",
    ):
        assert expected in page, expected


def test_markdown_says_the_same_in_text(case: Case) -> None:
    text = as_markdown(case)
    assert text.startswith("# The same reservation is queued twice, and seat_assignments")
    assert "A second reservation that looks for a seat" in text
    assert "1 first" in text
    assert "FAILS" in text
    assert "| a + b (proposed) | holds |" in text
    assert "```diff" in text


def test_a_case_with_nothing_but_a_symptom_has_a_page(tmp_path: Path) -> None:
    case = Case(
        identifier="0001-x",
        target=str(tmp_path),
        symptom=Symptom(text="x"),
        limits=("There is no redhanded.toml, so nothing was run.",),
    )
    page = write(case, tmp_path / "out").read_text()
    assert "The cause is not decided." in page
    assert "There is no redhanded.toml" in page
    assert "The order that fails" not in page
    assert "--resume" in as_markdown(case)


def test_advice_stands_only_where_no_fix_was_drafted(case: Case) -> None:
    assert case.root_cause is not None
    measured = replace(case, root_cause=replace(case.root_cause, mechanism="read-modify-write"))
    without = replace(measured, fix=None, proof=None)
    said = [step.words for step in sentences.what_to_do(without)]
    assert said[0].startswith("What makes such a pattern safe (advice, not measured here): one ato")
    assert said[1] == "Make it fail again, alone:"
    assert sentences.headline(case).endswith(", and seat_assignments_reference_key refuses it")
    assert sentences.headline(without) == case.root_cause.title
    assert not any("advice" in step.words for step in sentences.what_to_do(measured))


def test_a_cause_that_no_remedy_fits_here_is_advised_on_all_the_same(case: Case) -> None:
    assert case.root_cause is not None
    for mechanism in ("missing-job-deduplication", "create-without-idempotency"):
        cause = replace(case.root_cause, mechanism=mechanism)
        without = replace(case, root_cause=cause, fix=None, proof=None)
        assert "(advice, not measured here): " in sentences.what_to_do(without)[0].words


def test_a_test_that_fails_on_the_fixed_code_is_not_to_be_kept_unread(case: Case) -> None:
    assert case.proof is not None and case.fix is not None and case.fix.test_path
    words = [step.words for step in sentences.what_to_do(case)]
    assert f"Keep the test that comes with it: {case.fix.test_path}" in words
    after = replace(case.proof.after, runs=4, failed=3)
    doubted = replace(case, proof=replace(case.proof, after=after, proven=False))
    said = " ".join(step.words for step in sentences.what_to_do(doubted))
    assert "since 3 of 4 runs failed on the fixed code" in said and "Keep the test" not in said


def test_what_was_printed_stays_out_of_a_limit(case: Case) -> None:
    failed = replace(case, limits=("The command `make` failed with exit code 1:\n    no rule",))
    assert sentences.limits(failed)[0] == "The command `make` failed with exit code 1."


def test_a_quiet_case_says_that_nothing_failed(tmp_path: Path, case: Case) -> None:
    quiet = replace(
        case,
        outcome="REFUTED",
        summary="",
        root_cause=None,
        reproduction=None,
        fix=None,
        proof=None,
    )
    page = as_html(quiet)
    assert "No failure within the stated bound." in page
    assert "The change" not in page


def test_a_folder_that_cannot_be_written_is_said_so(case: Case, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write(case, tmp_path / "file" / "out")


def test_a_case_fits_its_published_schema(case: Case) -> None:
    schema = document.schema(Case, identifier=CASE_SCHEMA)
    jsonschema.validate(json.loads(document.encode(case)), schema)
    assert document.decode(document.encode(case), Case) == case


def test_a_process_that_ended_is_quoted_once_and_summed_up_elsewhere(tmp_path: Path) -> None:
    reason = "The process web ended with exit code 1. Its last lines:\n  no <module>\n  at x.js:3"
    case = Case(
        identifier="0001-x",
        target=str(tmp_path),
        summary=f"Undecided: {reason}",
        symptom=Symptom(text="x"),
        limits=(reason,),
    )
    page = as_html(case)
    assert "<h1>The process web ended with exit code 1. Its last lines:</h1>" in page
    assert page.count("no &lt;module&gt;") == 1
    assert "<li>The process web ended with exit code 1.</li>" in page


def test_what_was_hunted_in_and_where_the_case_lies_are_told_apart(case: Case) -> None:
    folder = Path("/srv/seats/.redhanded/cases") / case.identifier
    page = as_html(case, folder)
    assert f"redhanded replay {case.identifier} --target /srv/seats" in page
    assert "a repository laid out for it" in page
    own = as_markdown(case, Path(case.target) / ".redhanded" / "cases" / case.identifier)
    assert "a repository laid out for it" not in own


def test_a_raw_log_line_is_folded_away(case: Case) -> None:
    assert case.reproduction is not None
    assert case.reproduction.run is not None
    line = '{"level":50,"msg":"refused","stack":"' + "x" * 3000 + '"}'
    failure = replace(case.reproduction.run.failures[0], text=line)
    run = replace(case.reproduction.run, failures=(failure,))
    page = as_html(replace(case, reproduction=replace(case.reproduction, run=run)))
    before, _, after = page.partition("as written</summary>")
    assert "x" * 100 not in before
    assert "x" * 100 in after
    assert "x" * 2001 not in page


def test_the_order_can_be_read_without_the_picture(case: Case) -> None:
    page = as_html(case)
    listed = page.partition('<ol class="steps">')[2].partition("</ol>")[0]
    assert "1 first" in listed and "1 then" in listed
    assert "fails: 23505 seat_assignments_reference_key" in listed


def test_what_ran_unseen_and_what_was_seen_idle_stand_beside_the_path(
    tmp_path: Path, case: Case
) -> None:
    line = Location(path="src/audit.js", line=7)
    laid = Overlay(
        entries=("POST /seats",),
        met=4,
        ran_unseen=(Laid(location=line, says="INSERT audit"),),
        seen_idle=(Laid(location=replace(line, line=9), says="DELETE FROM holds"),),
        without_line=2,
    )
    page = write(replace(case, overlay=laid), tmp_path / "out").read_text()
    for text in (page, as_markdown(replace(case, overlay=laid))):
        assert "4 calls were read and ran, 1 call was read and did not run" in text
        assert "1 line sent what was not read; of 2 operations the line is not known" in text
        assert "INSERT audit" in text and "src/audit.js:9" in text
    assert "laid over the run" not in as_markdown(case)
