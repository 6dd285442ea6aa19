"""A scan as SARIF, workflow commands and JUnit: what each reader insists on."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif

from redhanded.case.evidence import Location
from redhanded.case.finding import Finding, Reason, Step
from redhanded.case.scan import Counts, Remark, Reported, Scan, ScanRule
from redhanded.report import github, junit, sarif

RULE = ScanRule(
    name="check-then-create",
    title="A row is looked for and then added",
    wrong="Between the two statements another run may add it.",
    safe=("A unique constraint.", "ON CONFLICT."),
    needs="two requests at about the same time",
    experiment="hold the first run between its two statements",
    remedy="find-or-create",
    threshold=0.5,
)


def reported(rank: int = 1, *, path: str = "src/seats.js", steps: int = 2) -> Reported:
    at = Location(path=path, line=7, function="book")
    return Reported(
        rank=rank,
        finding=Finding(
            rule=RULE.name,
            location=at,
            message="Two requests may both add one, 100% of the time: <b>so</b>",
            steps=tuple(
                Step(location=Location(path=path, line=number), says=f"step {number}")
                for number in range(1, steps + 1)
            ),
            reasons=(
                Reason(weight=0.9, says="no constraint", location=Location(path="m.sql", line=0)),
            ),
            subject="seats",
            entry="POST /seats",
        ),
        title=RULE.title,
        remedy=RULE.remedy,
        score=0.9,
        fingerprint=f"{rank:016x}",
        state="new",
        fails=True,
    )


def scanned(*findings: Reported, **more: object) -> Scan:
    made = Scan(
        root="/project/api",
        repository="/project",
        paths=(".",),
        files=3,
        entries=2,
        findings=findings,
        counts=Counts(new=len(findings)),
        rules=(RULE, replace(RULE, name="lost-update", title="An update is lost")),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def run_of(scan: Scan) -> dict[str, object]:
    text = sarif.sarif(scan)
    Sarif.model_validate_json(text)
    (run,) = json.loads(text)["runs"]
    return run


def test_the_schema_is_strict() -> None:
    log = json.loads(sarif.sarif(scanned(reported())))
    for change in ({"level": "fatal"}, {"rank": 101}, {"message": "x"}, {"locations": [{"x": 1}]}):
        broken = json.loads(json.dumps(log))
        broken["runs"][0]["results"][0].update(change)
        with pytest.raises(ValueError, match="validation error"):
            Sarif.model_validate(broken)


def test_a_result_has_what_github_wants() -> None:
    run = run_of(scanned(reported()))
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "api/src/seats.js", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 7},
    }
    assert (result["level"], result["rank"]) == ("error", 90.0)
    assert result["partialFingerprints"]["primaryLocationLineHash"] == "0000000000000001:1"
    rules = run["tool"]["driver"]["rules"]
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "check-then-create"
    assert "redhanded-ignore check-then-create" in rules[0]["help"]["markdown"]
    assert "%SRCROOT%" in run["originalUriBaseIds"]


def test_the_steps_are_a_code_flow() -> None:
    (result,) = run_of(scanned(reported()))["results"]
    (thread,) = result["codeFlows"][0]["threadFlows"]
    assert [each["executionOrder"] for each in thread["locations"]] == [1, 2]
    assert thread["locations"][1]["location"]["message"]["text"] == "step 2"
    assert result["relatedLocations"][0]["physicalLocation"]["region"] == {"startLine": 1}


def test_the_calls_that_lead_to_a_step_are_in_the_flow() -> None:
    one = reported(steps=1)
    (step,) = one.finding.steps
    called = replace(step, via=(Location(path="src/app.js", line=4),))
    given = replace(one, finding=replace(one.finding, steps=(called,)))
    (result,) = run_of(scanned(given))["results"]
    call, last = result["codeFlows"][0]["threadFlows"][0]["locations"]
    place = call["location"]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "api/src/app.js"
    assert (call["nestingLevel"], last["nestingLevel"]) == (0, 1)
    assert (call["importance"], last["importance"]) == ("important", "essential")


def test_rules_fit_what_github_shows() -> None:
    from redhanded.hunt.scan import _said
    from redhanded.hunt.suspect.rules import RULES

    run = run_of(scanned(rules=tuple(map(_said, RULES))))
    rules = run["tool"]["driver"]["rules"]
    assert len(rules) == len(RULES)
    for rule in rules:
        assert len(rule["name"]) <= 255
        assert len(rule["shortDescription"]["text"]) <= 1024
        assert len(rule["fullDescription"]["text"]) <= 1024
        assert rule["help"]["text"] and rule["help"]["markdown"]
        assert len(rule["properties"]["tags"]) <= 10


def test_no_more_locations_than_are_kept() -> None:
    (result,) = run_of(scanned(reported(steps=3000)))["results"]
    locations = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert len(locations) == sarif.FLOW_LOCATIONS_MAX
    assert locations[-1]["location"]["message"]["text"] == "step 3000"


def test_no_more_results_than_are_kept() -> None:
    many = scanned(*(reported(rank, steps=0) for rank in range(1, 5101)))
    run = run_of(many)
    assert len(run["results"]) == sarif.RESULTS_MAX
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert "100 findings of lower rank were left out" in notes[0]["message"]["text"]


def test_a_file_that_would_be_too_large_loses_the_end_of_the_ranking() -> None:
    many = scanned(*(reported(rank, steps=40) for rank in range(1, 201)))
    whole = len(gzip.compress(sarif.sarif(many), 6))
    text = sarif.sarif(many, packed_bytes_max=whole // 2)
    assert len(gzip.compress(text, 6)) <= whole // 2
    results = json.loads(text)["runs"][0]["results"]
    assert 0 < len(results) < 200
    assert results[0]["partialFingerprints"][sarif.FINGERPRINT] == f"{1:016x}"


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("src/a b%.js", "api/src/a%20b%25.js"),
        ("app/[id]/route.ts", "api/app/%5Bid%5D/route.ts"),
        ("spät.py", "api/sp%C3%A4t.py"),
        ("caf\udce9.py", "api/caf%E9.py"),
        ("a#b?c.js", "api/a%23b%3Fc.js"),
    ],
)
def test_uris_are_encoded(path: str, uri: str) -> None:
    (result,) = run_of(scanned(reported(path=path)))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_without_a_repository_paths_are_those_of_the_root() -> None:
    (result,) = run_of(scanned(reported(), repository=""))["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "src/seats.js"


def test_what_is_accepted_or_known_says_so() -> None:
    accepted = replace(reported(1), state="suppressed", fails=False, because="one person only")
    known = replace(reported(2), state="known", fails=False)
    run = run_of(scanned(accepted, known))
    first, second = run["results"]
    assert first["suppressions"] == [{"kind": "inSource", "justification": "one person only"}]
    assert second["baselineState"] == "unchanged"
    assert {first["level"], second["level"]} == {"warning"}


def test_remarks_are_results_of_a_rule_of_their_own() -> None:
    remark = Remark(
        kind="no-reason", location=Location(path="a.py", line=3), says="no reason is given"
    )
    run = run_of(scanned(reported(), remarks=(remark,)))
    last = run["results"][-1]
    assert run["tool"]["driver"]["rules"][last["ruleIndex"]]["id"] == "suppression"
    assert (last["level"], last["message"]["text"]) == ("note", "No reason is given.")
    (line,) = github.commands(scanned(remarks=(remark,)))
    assert line.startswith("::notice file=api/a.py,line=3,")


def test_an_empty_scan_is_a_valid_file() -> None:
    assert run_of(scanned())["results"] == []
    assert github.commands(scanned()) == ()


def test_workflow_commands_are_escaped() -> None:
    (line,) = github.commands(scanned(reported(path="a,b:c.js")))
    assert line.count("\n") == 0
    assert line.startswith(
        "::error file=api/a%2Cb%3Ac.js,line=7,title=A row is looked for and then added"
    )
    assert "100%25 of the time: <b>so</b>%0A1. a,b:c.js:1 step 1" in line


def test_junit_has_a_case_for_each_rule_and_finding() -> None:
    accepted = replace(reported(2), state="suppressed", fails=False, because="one person only")
    weak = replace(reported(3), state="weak", fails=False)
    suites = ElementTree.fromstring(junit.junit(scanned(reported(), accepted, weak)))
    (suite,) = suites
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", "1", "1")
    assert suites.get("failures") == "1"
    failed, skipped, passed, other = suite.findall("testcase")
    assert failed.get("classname") == "redhanded.check-then-create"
    assert (failed.get("file"), failed.get("line")) == ("src/seats.js", "7")
    failure = failed.find("failure")
    assert failure is not None
    assert "2. src/seats.js:2 step 2" in (failure.text or "")
    assert skipped.find("skipped") is not None
    assert passed.find("failure") is None
    assert (other.get("name"), len(other)) == ("An update is lost", 0)


def test_junit_holds_no_characters_that_xml_may_not() -> None:
    text = junit.junit(scanned(reported(path="a\x00\x1b\udce9\ufffe.js"), limits=("\x08",)))
    ElementTree.fromstring(text)


def test_roots_outside_of_what_is_called_here_are_whole_paths() -> None:
    from redhanded.report.scan_sentences import place

    scan = scanned()
    at = Location(path="src/a.js", line=3)
    assert place(scan, at, Path("/project")) == "api/src/a.js:3"
    assert place(scan, at, Path("/elsewhere")) == "/project/api/src/a.js:3"


def test_each_reason_why_files_were_not_read_is_told() -> None:
    from redhanded.report.scan_sentences import limits

    said = (
        "1 file was not read: above 2 MB (first: a.js)",
        "2 files were not read: minified (first: b.js)",
        "a.js:3: go calls itself; not followed further",
        "b.js:9: go calls itself; not followed further",
    )
    assert limits(scanned(limits=said)) == (*said[:2], f"{said[2]} (and 1 more like it)")
