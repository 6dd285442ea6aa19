"""From production logs to a proven fix, on the example."""

from __future__ import annotations

from pathlib import Path

import jsonschema
from hunting import EXAMPLE, Hunted, files_of

from redhanded.case import document
from redhanded.case.case import CASE_SCHEMA, Case


def line_of(path: Path, text: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_it_ends_with_a_failure_confirmed(example_hunt: Hunted) -> None:
    assert example_hunt.exit_code == 1, example_hunt.shown[-3000:]
    assert example_hunt.case["outcome"] == "CONFIRMED"


def test_the_document_follows_its_published_schema(example_hunt: Hunted) -> None:
    jsonschema.validate(example_hunt.case, document.schema(Case, identifier=CASE_SCHEMA))


def test_every_field_that_is_promised_is_filled(example_hunt: Hunted) -> None:
    case = example_hunt.case
    for field in (
        "symptom", "natural", "simultaneous", "hypotheses", "root_cause", "reproduction", "fix",
        "proof", "limits", "timings_s", "gates",
    ):  # fmt: skip
        assert case[field], field
    assert len(case["hypotheses"]) >= 4
    for hypothesis in case["hypotheses"]:
        assert hypothesis["verdict"] in ("CONFIRMED", "REFUTED", "UNDECIDED")
    for evidence in case["hypotheses"][0]["evidence"]:
        assert set(evidence) >= {"path", "line", "text"}


def test_jobs_are_counted_and_not_lines(example_hunt: Hunted) -> None:
    symptom = example_hunt.case["symptom"]
    assert symptom["lines"] > symptom["rate"]["failures"] >= 3
    assert 0.002 <= symptom["rate"]["failures"] / symptom["rate"]["trials"] <= 0.005


def test_the_cause_stands_at_the_enqueue_the_call_and_the_create(example_hunt: Hunted) -> None:
    root = Path(example_hunt.case["target"])
    found = {(each["path"], each["line"]) for each in example_hunt.case["root_cause"]["locations"]}
    for path, text in (
        ("src/webhooks/stripe-handler.js", "paymentQueue.add("),
        ("src/jobs/payment-processor.js", "createFromPayment("),
        ("src/services/order-service.js", "Order.create("),
    ):
        assert (path, line_of(root / path, text)) in found


def test_the_history_names_the_commit_that_moved_the_creation(example_hunt: Hunted) -> None:
    subjects = [commit["subject"] for commit in example_hunt.case["code"]["commits"]]
    assert any("in the worker" in subject for subject in subjects)


def test_the_first_failure_takes_at_most_three_controlled_trials(example_hunt: Hunted) -> None:
    assert example_hunt.case["reproduction"]["trials_to_first_failure"] <= 3


def test_it_is_the_error_of_the_log(example_hunt: Hunted) -> None:
    found = example_hunt.case["reproduction"]
    assert found["same_error"]
    assert found["constraint"] == example_hunt.case["symptom"]["constraint"]


def test_the_order_is_the_second_look_before_the_first_commit(example_hunt: Hunted) -> None:
    schedule = example_hunt.case["reproduction"]["schedule"]
    assert schedule["deliveries"] == 2
    (constraint,) = schedule["constraints"]
    before, after = constraint["before"], constraint["after"]
    assert (before["role"], before["kind"], before["target"]) == ("web", "SELECT", "orders")
    assert (after["role"], after["kind"]) == ("worker", "COMMIT")
    assert before["task"] != after["task"]


def test_every_replay_fails(example_hunt: Hunted) -> None:
    found = example_hunt.case["reproduction"]
    assert found["replays"] == found["replays_failed"] > 0


def test_every_flip_passes(example_hunt: Hunted) -> None:
    flips = example_hunt.case["reproduction"]["counterfactuals"]
    assert flips
    assert all(flip["failures"] == 0 and flip["runs"] > 0 for flip in flips)


def test_overlap_of_workers_is_measured_and_not_blamed(example_hunt: Hunted) -> None:
    (overlap,) = example_hunt.case["reproduction"]["alternatives"]
    assert overlap["failures"] == overlap["runs"] > 0
    assert not overlap["necessary"]
    verdicts = {each["mechanism"]: each["verdict"] for each in example_hunt.case["hypotheses"]}
    assert verdicts["worker-overlap"] == "REFUTED"
    assert verdicts["id-collision"] == "REFUTED"


def test_the_new_test_fails_before_and_passes_after(example_hunt: Hunted) -> None:
    proof = example_hunt.case["proof"]
    assert proof["before"]["failed"] == proof["before"]["runs"] > 0
    assert proof["after"]["failed"] == 0 < proof["after"]["runs"]
    assert proof["own_tests"] == {**proof["own_tests"], "runs": 1, "failed": 0}


def test_the_new_test_catches_a_fix_that_only_passes_serially(example_hunt: Hunted) -> None:
    proof = example_hunt.case["proof"]
    assert proof["planted"]["failed"] == proof["planted"]["runs"] > 0
    assert proof["planted_serial"]["failed"] == 0 < proof["planted_serial"]["runs"]


def test_the_tempting_parts_are_measured_to_fail(example_hunt: Hunted) -> None:
    fix = example_hunt.case["fix"]
    outcomes = {tuple(each["parts"]): each["outcome"] for each in fix["subsets"]}
    tempting = [part["key"] for part in fix["parts"] if part["tempting"]]
    assert tempting
    assert all(outcomes[(key,)] == "fails" for key in tempting)
    assert outcomes[()] == "fails"
    assert outcomes[tuple(fix["chosen"])] == "holds"


def test_the_fixed_system_is_explored_to_the_end_of_the_bound(example_hunt: Hunted) -> None:
    proof = example_hunt.case["proof"]
    assert proof["proven"]
    assert proof["exhausted"]
    assert proof["failures"] == 0 < proof["explored"]


def test_the_users_tree_is_untouched(example_hunt: Hunted) -> None:
    kept = files_of(example_hunt.target)
    assert kept
    assert kept == files_of(EXAMPLE)


def test_the_same_hunt_on_the_fixed_tree_finds_nothing(patched_hunt: Hunted) -> None:
    assert patched_hunt.exit_code == 0, patched_hunt.shown[-3000:]
    assert "No failure within the stated bound" in patched_hunt.case["summary"]
    assert patched_hunt.case["root_cause"] is None
    assert not [each for each in patched_hunt.case["hypotheses"] if each["verdict"] == "CONFIRMED"]
