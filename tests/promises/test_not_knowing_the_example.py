"""Other names, files, formats and another queue library: the same cause is found, and no other."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hunting import hunt
from variants import Variant

KINDS = ["renamed", "bullmq"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_corresponding_cause_is_found(
    kind: str, derived: Callable[[str, bool], Variant]
) -> None:
    service = derived(kind, False)
    found = hunt("hunt", service.root, service.logs, service.symptom)
    assert found.exit_code == 1, found.shown[-3000:]
    cause = found.case["root_cause"]
    assert cause["mechanism"] == "missing-job-deduplication"
    places = {(each["path"], each["line"]) for each in cause["locations"]}
    assert set(service.expected.values()) <= places
    assert found.case["reproduction"]["constraint"] == service.constraint
    assert found.case["reproduction"]["trials_to_first_failure"] <= 3
    replays = found.case["reproduction"]
    assert replays["replays"] == replays["replays_failed"] > 0
    assert all(flip["failures"] == 0 for flip in replays["counterfactuals"])
    assert found.case["proof"]["proven"], found.case["proof"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_safe_twin_stays_quiet(kind: str, derived: Callable[[str, bool], Variant]) -> None:
    service = derived(kind, True)
    found = hunt("hunt", service.root, service.logs, service.symptom)
    assert found.exit_code == 0, found.shown[-3000:]
    assert found.case["root_cause"] is None
    assert not [each for each in found.case["hypotheses"] if each["verdict"] == "CONFIRMED"]
