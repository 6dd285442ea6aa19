"""The bench, with counts too small to say anything, so that it does not rot."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "bench"))

import first_failure  # noqa: E402
import pass_through  # noqa: E402
import proxy_relay  # noqa: E402
import run as bench  # noqa: E402
import trial_cost  # noqa: E402
from spread import Spread, spread  # noqa: E402

import report  # noqa: E402
from redhanded.case.document import decode, encode  # noqa: E402
from redhanded.case.errors import LabError  # noqa: E402
from redhanded.case.run import Failure, Run  # noqa: E402
from redhanded.case.symptom import Difference, Symptom  # noqa: E402

CORES = os.sched_getaffinity(0)
TINY = bench.Counts(
    trials=2, trial_block=1, repetitions=1, natural_trials=4, operations=6, operation_block=2
)


@pytest.fixture(scope="module")
def results() -> report.Results:
    return bench.measure(TINY, first_seed=7)


def test_both_sides_of_the_comparison_do_the_same_work(results: report.Results) -> None:
    by_side = {cost.side: cost for cost in results.trial_cost}

    assert tuple(by_side) == trial_cost.SIDES
    assert all(len(cost.timings) == TINY.trials for cost in by_side.values())
    operations = {cost.side: cost.operations.median for cost in by_side.values()}
    assert len(set(operations.values())) == 1, operations
    assert operations["controlled"] >= 10
    assert all(cost.failures == 0 for cost in by_side.values()), "one after the other never fails"


def test_a_trial_is_over_after_its_last_answer(results: report.Results) -> None:
    timings = [timing for cost in results.trial_cost for timing in cost.timings]

    assert all(0 < timing.answered_ms <= timing.settled_ms + 1 for timing in timings)


def test_stubs_are_as_slow_as_recorded_where_the_side_says_so(results: report.Results) -> None:
    slow = [cost for cost in results.trial_cost if "recorded" in cost.side]

    assert all(timing.answered_ms >= 8 for cost in slow for timing in cost.timings)


def test_the_predicted_order_fails_within_three_controlled_trials(results: report.Results) -> None:
    controlled = results.first_failure[0]

    assert controlled.failed
    assert controlled.runs <= 1 + 3, "the serial run and three more"
    assert controlled.seed == 7


def test_natural_load_ends_at_the_failure_or_at_its_limit(results: report.Results) -> None:
    natural = results.first_failure[1:]

    assert len(natural) == 3
    for attempt in natural:
        assert attempt.failed or attempt.runs == TINY.natural_trials
        assert 1 <= attempt.runs <= TINY.natural_trials
        assert attempt.seconds > 0


def test_every_way_carried_every_operation(results: report.Results) -> None:
    assert os.sched_getaffinity(0) == CORES, "the bench gives back the cores it left"
    counts = {(cost.operation, cost.way): cost.each_us.count for cost in results.pass_through}

    assert len(counts) == 2 * len(pass_through.WAYS)
    assert set(counts.values()) == {TINY.operations}


def test_the_page_and_the_document_say_the_same(results: report.Results, tmp_path: Path) -> None:
    bench.write(results, tmp_path)

    page = (tmp_path / "first-hunt.md").read_text(encoding="utf-8")
    assert f"**{report.ratio(results.trial_cost):.2f}**" in page
    assert decode((tmp_path / "first-hunt.json").read_bytes(), report.Results) == decode(
        encode(results), report.Results
    )
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert len({line.count("|") for line in rows if "proxy, passing" in line}) == 1
    for word in (results.machine.postgresql, results.machine.valkey, results.machine.node):
        assert word in page


def test_a_missed_bar_is_said(results: report.Results) -> None:
    slow = tuple(
        replace(cost, settled_ms=Spread(count=2, low=900, median=900, high=900))
        if cost.side == "controlled"
        else replace(cost, settled_ms=Spread(count=2, low=9, median=9, high=9))
        for cost in results.trial_cost
    )

    page = report.markdown(replace(results, trial_cost=slow))

    assert "**100.00** (bar: at most 3, missed)" in page


def test_used_up_trials_are_shown_as_more_than(results: report.Results) -> None:
    unseen = replace(results.first_failure[1], failed=False, runs=300)

    assert "| > 300 |" in report.markdown(replace(results, first_failure=(unseen,)))


@pytest.mark.parametrize(
    ("values", "low", "median", "high"),
    [([4.0], 4, 4, 4), ([1, 2, 3, 4, 5], 2, 3, 4), ([5, 1, 3, 2, 4], 2, 3, 4)],
)
def test_spread(values: list[float], low: float, median: float, high: float) -> None:
    assert spread(values) == Spread(count=len(values), low=low, median=median, high=high)


def test_a_relay_that_cannot_start_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pass_through, "FOLDER", Path("/nonexistent"))

    with pytest.raises(LabError, match="epoll for redis did not start"):
        next(_entered("epoll"))


def test_the_relay_for_the_proxy_holds_nothing() -> None:
    with pytest.raises(LabError, match="held a message"):
        proxy_relay.Nowhere().specifications("queue")


def test_the_share_delivered_twice_counts_each_pair_once() -> None:
    again = Difference(
        property="same entityId requested again within 100 ms",
        failing_with=2,
        failing=2,
        others_with=8,
        others=103,
        p_value=0.001,
    )

    assert first_failure.twice_share(Symptom(text="x", differences=(again,))) == 5 / 100
    assert first_failure.twice_share(Symptom(text="x")) == 1


def test_only_the_symptom_counts_as_a_first_failure() -> None:
    other = Run(failures=(Failure(kind="status", text="HTTP status 500"),))
    wanted = Run(failures=(Failure(kind="symptom", text="the log line"),))

    assert not first_failure.shows_symptom(other)
    assert first_failure.shows_symptom(wanted)


def _entered(way: pass_through.Way) -> Iterator[int]:
    with pass_through._relay(way, "redis", "127.0.0.1:1") as port:
        yield port
