"""What rules find, as hypotheses: raised where it touches the failure, weighed, and merged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import parcels
import pytest

from redhanded.case.codemap import CodeMap
from redhanded.case.evidence import Evidence, Location
from redhanded.case.finding import Finding, Reason, Step
from redhanded.case.hypothesis import Hypothesis
from redhanded.case.symptom import Occurrence, Symptom
from redhanded.hunt import explore, program, suspect

SHELF = """
import psycopg
from fastapi import FastAPI

app = FastAPI()


@app.post("/copies")
def add(copy: dict):
    with psycopg.connect("x") as link:
        row = link.execute(
            "SELECT id FROM copies WHERE barcode = %s", [copy["barcode"]]
        ).fetchone()
        if row is None:
            link.execute("INSERT INTO copies (barcode) VALUES (%s){}", [copy["barcode"]])


@app.post("/readers/{{number}}/fines")
def fine(number: str, fine: dict):
    with psycopg.connect("x") as link:
        due = link.execute("SELECT due FROM readers WHERE number = %s", [number]).fetchone()[0]
        link.execute("UPDATE readers SET due = %s WHERE number = %s", [due + fine["sum"], number])
"""
TABLES = """
CREATE TABLE copies (id serial PRIMARY KEY, barcode text NOT NULL UNIQUE);
CREATE TABLE readers (number text PRIMARY KEY, due integer NOT NULL);
"""
SEEN = Evidence(path="api.log", line=3, text="ERROR duplicate key")
REFUSED = Symptom(
    text="duplicate key",
    sqlstate="23505",
    constraint="copies_barcode_key",
    occurrences=(Occurrence(identity="reqId=1", evidence=(SEEN,), at_ms=1.0),),
)


def suspected(
    root: Path, symptom: Symptom, *, clause: str = "", tables: frozenset[str] = frozenset()
) -> tuple[tuple[Hypothesis, ...], CodeMap]:
    (root / "app").mkdir(exist_ok=True)
    (root / "app/shelf.py").write_text(dedent(SHELF.format(clause)).lstrip("\n"))
    (root / "tables.sql").write_text(TABLES)
    chart = program.read(root)
    code = explore.drawn(chart, root, ("app",), symptom)
    found = suspect.findings(chart, root, ("app",))
    return suspect.rank(symptom, code, found, tables=tables), code


def named(found: tuple[Hypothesis, ...], mechanism: str) -> Hypothesis | None:
    return next((each for each in found if each.mechanism == mechanism), None)


def test_a_finding_at_the_violated_table_ranks_first_and_its_weights_add_up(tmp_path: Path) -> None:
    found, _ = suspected(tmp_path, REFUSED)
    first = found[0]
    assert first.mechanism == "check-then-create"
    assert [(each.role, str(each.location)) for each in first.locations] == [
        ("create", "app/shelf.py:14"),
        ("look-up", "app/shelf.py:10"),
    ]
    weights = [(each.weight or 0.0) * (1 if each.supports else -1) for each in first.evidence]
    assert first.score == pytest.approx(min(1.0, sum(weights)), abs=0.002)
    assert any("about copies" in each.says for each in first.evidence)
    assert any("such a fault ends in 23505" in each.says for each in first.evidence)
    assert first.remedies == ("find-or-create", "unique-index")
    assert first.experiment is not None and "the second run" in first.experiment.prediction


def test_one_remains_of_a_mechanism_and_a_rule_that_say_the_same(tmp_path: Path) -> None:
    found, _ = suspected(tmp_path, REFUSED)
    assert named(found, "create-without-idempotency") is None  # the rule has the same line


def test_what_is_safe_is_not_raised(tmp_path: Path) -> None:
    found, _ = suspected(tmp_path, REFUSED, clause=" ON CONFLICT DO NOTHING")
    assert named(found, "check-then-create") is None
    assert named(found, "create-without-idempotency") is None


def test_what_touches_another_table_is_not_raised(tmp_path: Path) -> None:
    found, _ = suspected(tmp_path, REFUSED)
    assert named(found, "read-modify-write") is None
    balance = Symptom(text="dues_add_up", invariants=("dues_add_up",))
    found, _ = suspected(tmp_path, balance, tables=frozenset({"readers"}))
    assert found[0].mechanism == "read-modify-write"
    assert named(found, "check-then-create") is None


def test_where_nothing_says_what_failed_all_may_be_it(tmp_path: Path) -> None:
    found, _ = suspected(tmp_path, Symptom(text="oops"))
    assert {"check-then-create", "read-modify-write"} <= {each.mechanism for each in found}


def test_a_fault_that_fails_in_another_way_sinks(tmp_path: Path) -> None:
    before = named(suspected(tmp_path, REFUSED)[0], "check-then-create")
    after = named(suspected(tmp_path, replace(REFUSED, sqlstate="40P01"))[0], "check-then-create")
    assert before is not None and after is not None and after.score < before.score - 0.2
    assert any(not each.supports and "40P01" in each.says for each in after.evidence)


@pytest.mark.parametrize("function", ["fine", "Shelf.fine"])
def test_a_function_of_the_failing_stack_ties_a_finding_to_it(
    tmp_path: Path, function: str
) -> None:
    """Stacks put before a name what it was called on."""
    stack = (Location(path="app/shelf.py", line=22, function=function),)
    found, _ = suspected(tmp_path, Symptom(text="oops", stack=stack))
    assert found[0].mechanism == "read-modify-write"
    assert named(found, "check-then-create") is None


def test_a_rule_that_knows_what_is_safe_doubts_what_the_map_alone_suspects(tmp_path: Path) -> None:
    code = parcels.code_map(parcels.write(tmp_path))
    alone = named(suspect.rank(parcels.symptom(), code), "missing-job-deduplication")
    doubted = named(suspect.rank(parcels.symptom(), code, ()), "missing-job-deduplication")
    assert alone is not None and doubted is not None
    assert doubted.score == pytest.approx(alone.score - 0.3)


def test_a_finding_at_the_same_enqueue_takes_the_place_of_the_mechanism(tmp_path: Path) -> None:
    code = parcels.code_map(parcels.write(tmp_path))
    one = Finding(
        rule="missing-job-deduplication",
        location=parcels.ENQUEUE,
        message="label is queued again",
        steps=(Step(location=parcels.CREATE, says="the second row is refused"),),
        reasons=(Reason(weight=0.7, says="no identifier"),),
        subject="shipping",
    )
    found = suspect.rank(parcels.symptom(), code, (one,))
    (only,) = [each for each in found if each.mechanism == "missing-job-deduplication"]
    assert only.claim == "label is queued again" and only.remedies == ("job-id", "find-or-create")
    assert only.experiment is not None and "first job's COMMIT" in only.experiment.prediction


def test_no_evidence_wins_where_nothing_is_known(tmp_path: Path) -> None:
    code = CodeMap(root=str(tmp_path), files=3)
    lines = (Evidence(path="a.log", line=1, text="gone"),)
    symptom = Symptom(text="x", occurrences=(Occurrence(identity="1", evidence=lines, at_ms=1.0),))
    assert suspect.rank(symptom, code, ())[0].mechanism == "not-enough-evidence"
