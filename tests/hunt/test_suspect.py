from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import parcels
import pytest

from redhanded.case.hypothesis import Hypothesis
from redhanded.case.symptom import Symptom
from redhanded.hunt import suspect
from redhanded.hunt.suspect.id_collision import chance_per_draw, generators_in


def ranked(root: Path, **options: str) -> tuple[Hypothesis, ...]:
    return suspect.rank(parcels.symptom(), parcels.code_map(root, options=options))


def named(hypotheses: tuple[Hypothesis, ...], mechanism: str) -> Hypothesis | None:
    return next((each for each in hypotheses if each.mechanism == mechanism), None)


def verdicts(root: Path, reproduction: object) -> dict[str, str]:
    code = parcels.code_map(root)
    judged = suspect.judge(suspect.rank(parcels.symptom(), code), reproduction, None, code)  # type: ignore[arg-type]
    return {each.mechanism: each.verdict for each in judged}


def test_unnamed_job_ranks_first_and_every_piece_of_source_evidence_resolves(
    tmp_path: Path,
) -> None:
    found = ranked(parcels.write(tmp_path))
    assert found[0].mechanism == "missing-job-deduplication"
    assert [each.rank for each in found] == list(range(1, len(found) + 1))
    assert {each.mechanism for each in found[1:]} == {
        "create-without-idempotency",
        "webhook-redelivery",
        "worker-overlap",
        "cause-outside-the-code",
        "not-enough-evidence",
    }
    for each in (piece for one in found for piece in one.evidence):
        if each.path.endswith(".log"):
            continue
        lines = (tmp_path / each.path).read_text().splitlines()
        assert each.text == lines[each.line - 1].strip()


def test_job_with_lasting_identifier_is_not_suspected(tmp_path: Path) -> None:
    parcels.write(tmp_path)
    kept = ranked(tmp_path, jobId="notice.id", removeOnComplete="{ age: 604800 }")
    assert named(kept, "missing-job-deduplication") is None
    forgotten = ranked(tmp_path, jobId="notice.id", removeOnComplete="true")
    assert named(forgotten, "missing-job-deduplication") is not None


def test_find_or_create_is_not_suspected(tmp_path: Path) -> None:
    code = parcels.code_map(parcels.write(tmp_path))
    safe = tuple(
        replace(each, method="findOrCreate", does="find-or-create")
        if each.method == "create"
        else each
        for each in code.accesses
    )
    named_job = tuple(replace(each, options={"jobId": "notice.id"}) for each in code.enqueues)
    fixed = suspect.rank(parcels.symptom(), replace(code, accesses=safe, enqueues=named_job))
    assert named(fixed, "create-without-idempotency") is None
    assert max(each.score for each in fixed) < 0.3


def test_find_or_create_on_other_columns_is_suspected(tmp_path: Path) -> None:
    code = parcels.code_map(parcels.write(tmp_path))
    tempting = tuple(
        replace(each, method="findOrCreate", does="find-or-create", columns=("tracking_code",))
        if each.method == "create"
        else each
        for each in code.accesses
    )
    found = suspect.rank(parcels.symptom(), replace(code, accesses=tempting))
    assert named(found, "create-without-idempotency") is not None


def test_caught_failure_judges_each_mechanism(tmp_path: Path) -> None:
    said = verdicts(parcels.write(tmp_path), parcels.reproduction())
    assert said["missing-job-deduplication"] == "CONFIRMED"
    assert said["create-without-idempotency"] == "CONFIRMED"
    assert said["worker-overlap"] == "REFUTED"
    assert said["cause-outside-the-code"] == "REFUTED"


def test_overlap_is_refuted_by_the_run_itself_too(tmp_path: Path) -> None:
    said = verdicts(parcels.write(tmp_path), parcels.reproduction(apart=False))
    assert said["worker-overlap"] == "REFUTED"


def test_single_delivery_refutes_what_needs_two(tmp_path: Path) -> None:
    said = verdicts(parcels.write(tmp_path), parcels.single_delivery())
    assert said["webhook-redelivery"] == "REFUTED"
    assert said["missing-job-deduplication"] == "REFUTED"


def test_failing_counterfactual_confirms_nothing(tmp_path: Path) -> None:
    caught = parcels.reproduction()
    failing = tuple(replace(each, failures=3) for each in caught.counterfactuals)
    said = verdicts(parcels.write(tmp_path), replace(caught, counterfactuals=failing))
    assert said["missing-job-deduplication"] == "UNDECIDED"


def test_another_error_than_in_the_log_confirms_nothing(tmp_path: Path) -> None:
    said = verdicts(parcels.write(tmp_path), replace(parcels.reproduction(), same_error=False))
    assert "CONFIRMED" not in said.values()


@pytest.mark.parametrize(("exhausted", "word"), [(True, "REFUTED"), (False, "UNDECIDED")])
def test_nothing_found_refutes_only_after_an_exhaustive_search(
    tmp_path: Path, exhausted: bool, word: str
) -> None:
    said = verdicts(parcels.write(tmp_path), parcels.unreproduced(exhausted=exhausted))
    assert said["missing-job-deduplication"] == word
    assert said["cause-outside-the-code"] == "UNDECIDED"


def test_without_a_lab_all_is_undecided_and_nobody_blamed(tmp_path: Path) -> None:
    code = parcels.code_map(parcels.write(tmp_path))
    judged = suspect.judge(suspect.rank(parcels.symptom(), code), None, None, code)
    assert {each.verdict for each in judged} == {"UNDECIDED"}
    assert all(each.why for each in judged)
    assert suspect.blame(judged, None, code) is None


def test_root_cause_names_every_line_with_its_role(tmp_path: Path) -> None:
    code, caught = parcels.code_map(parcels.write(tmp_path)), parcels.reproduction()
    judged = suspect.judge(suspect.rank(parcels.symptom(), code), caught, None, code)
    cause = suspect.blame(judged, caught, code)
    assert cause is not None and cause.mechanism == "missing-job-deduplication"
    assert {each.role: str(each.location) for each in cause.locations} == {
        "look-up": str(parcels.LOOK_UP),
        "enqueue": str(parcels.ENQUEUE),
        "consume": str(parcels.CONSUME),
        "call": str(parcels.CALL),
        "create": str(parcels.CREATE),
        "constraint": str(parcels.INDEX),
    }
    assert "src/intake.js:7" in cause.sentence and "one_parcel" in cause.sentence


def test_measured_lines_win_over_the_map(tmp_path: Path) -> None:
    code, caught = parcels.code_map(parcels.write(tmp_path)), parcels.reproduction()
    wrong = replace(parcels.CREATE, line=9)
    moved = tuple(
        replace(each, location=wrong) if each.method == "create" else each for each in code.accesses
    )
    judged = suspect.judge(suspect.rank(parcels.symptom(), code), caught, None, code)
    cause = suspect.blame(judged, caught, replace(code, accesses=moved))
    assert cause is not None
    create = next(each for each in cause.locations if each.role == "create")
    assert create.line == parcels.CREATE.line


def test_wide_generator_is_dismissed_by_arithmetic(tmp_path: Path) -> None:
    parcels.write(tmp_path)
    (tmp_path / "src/barcode.js").write_text(
        "export function newBarcode() {\n"
        "  const at = Date.now().toString(36);\n"
        "  return `B-${at}-${Math.random().toString(36).slice(2, 8)}`;\n"
        "}\n"
    )
    found = named(ranked(tmp_path), "id-collision")
    assert found is not None and found.verdict == "REFUTED"
    assert "2.18e+09" in found.why
    (generator,) = generators_in(tmp_path)
    assert generator.space == 36**6 and generator.tick_s == 0.001
    expected = 50 * 0.001 / 36**6
    assert chance_per_draw(generator, parcels.symptom()) == pytest.approx(expected, rel=1e-3)


def test_narrow_generator_of_the_violated_column_stays_suspected(tmp_path: Path) -> None:
    store = parcels.STORE.replace("barcodeOf(notice.tracking)", "newBarcode()")
    parcels.write(tmp_path, store=store)
    (tmp_path / "src/barcode.js").write_text(
        "export function newBarcode() {\n  return Math.floor(Math.random() * 10000);\n}\n"
    )
    found = named(ranked(tmp_path), "id-collision")
    assert found is not None and found.verdict == "UNDECIDED"
    assert found.score > 0.2


def test_what_is_installed_makes_no_identifiers_of_the_program(tmp_path: Path) -> None:
    text = "export const id = () => Math.random().toString(36).slice(2, 8);\n"
    for folder in (".venv/lib/python3.11/site-packages/admin/static", "venv/static", ".tox/py"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "select.js").write_text(text)
    assert list(generators_in(tmp_path)) == []
    (tmp_path / "ids.js").write_text(text)
    assert [each.location.path for each in generators_in(tmp_path)] == ["ids.js"]


def test_the_table_that_is_written_is_named_where_the_symptom_names_none(tmp_path: Path) -> None:
    broken = Symptom(text="one", invariants=("one",))
    ranked_so = suspect.rank(broken, parcels.code_map(tmp_path))
    found = named(ranked_so, "cause-outside-the-code")
    assert found is not None
    assert [each.says for each in found.evidence] == ["this code writes parcels itself"]


def test_different_requests_are_no_event_that_comes_twice(tmp_path: Path) -> None:
    caught = parcels.reproduction()
    assert caught.run is not None
    apart = tuple(
        replace(each, text=f"POST {each.index}") if each.name.protocol == "delivery" else each
        for each in caught.run.operations
    )
    other = replace(caught, run=replace(caught.run, operations=apart))
    root = parcels.write(tmp_path)
    for mechanism in ("webhook-redelivery", "missing-job-deduplication"):
        assert verdicts(root, caught)[mechanism] == "CONFIRMED"
        assert verdicts(root, other)[mechanism] == "REFUTED"


def test_two_jobs_of_one_name_are_told_apart_by_what_queued_them(tmp_path: Path) -> None:
    caught = parcels.reproduction()
    assert caught.run is not None
    alike = tuple(
        replace(each, name=replace(each.name, task="delivery 1"))
        if each.name.role == "printer"
        else each
        for each in caught.run.operations
    )
    root = parcels.write(tmp_path)
    again = replace(caught, run=replace(caught.run, operations=alike))
    assert verdicts(root, again)["missing-job-deduplication"] == "CONFIRMED"
    by_one = tuple(replace(each, parent=5) if each.index == 8 else each for each in alike)
    retried = replace(caught, run=replace(caught.run, operations=by_one))
    assert verdicts(root, retried)["missing-job-deduplication"] == "REFUTED"


def test_a_look_of_the_job_is_not_said_to_come_before_the_queue(tmp_path: Path) -> None:
    """Only whoever took the delivery looks before it queues."""
    code = parcels.code_map(parcels.write(tmp_path))
    caught = parcels.reproduction()
    judged = suspect.judge(suspect.rank(parcels.symptom(), code), caught, None, code)
    cause = suspect.blame(judged, caught, code)
    assert cause is not None and "looks at parcels" in cause.sentence
    assert caught.run is not None
    kept = tuple(
        each
        for each in caught.run.operations
        if not (each.name.kind == "SELECT" and each.name.role == "api")
    )
    unlooked = replace(caught, run=replace(caught.run, operations=kept))
    judged = suspect.judge(suspect.rank(parcels.symptom(), code), unlooked, None, code)
    other = suspect.blame(judged, unlooked, code)
    assert other is not None and "looks at parcels" not in other.sentence
