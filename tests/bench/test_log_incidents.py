"""The two benches of differences and clocks, with too few cases to say anything, so that they run;
and that what they take for the truth is the truth."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "bench"))

import clock_maker  # noqa: E402
import incident_maker  # noqa: E402
import log_clocks  # noqa: E402
import log_incidents  # noqa: E402
from incident_maker import KINDS, Incident  # noqa: E402


@pytest.mark.parametrize("kind", KINDS)
def test_an_incident_is_what_it_says(kind: str) -> None:
    incident = incident_maker.make(3, kind)
    assert 3 <= incident.failing.sum() <= 30
    shows = np.zeros(len(incident.failing), bool)
    shows[incident.window[incident.template == incident.symptom]] = True
    assert (shows == incident.failing).all(), "windows with the symptom fail, and only they"
    inside, outside = shares(incident)
    if kind == "novel":
        assert inside > 0.9 and outside < 0.05
    if kind == "count":
        assert 2 < inside / outside < 4
    if kind in ("order", "id"):
        assert inside > 10 * outside
    if kind == "latency":
        assert 1.3 < inside / outside < 1.7
    if kind == "missing":
        assert inside < 0.9 * outside


def test_the_same_seed_makes_the_same_incident() -> None:
    one, again, other = (incident_maker.make(seed, "order") for seed in (3, 3, 4))
    assert (one.at_ms == again.at_ms).all() and one.templates == again.templates
    assert one.templates != other.templates


def shares(incident: Incident) -> tuple[float, float]:
    """What the cause changes, in failing and in passing windows."""
    failing = incident.failing[incident.window]
    own = incident.template == incident.cause.template
    if incident.kind == "novel":
        there = np.bincount(incident.window[own], minlength=len(incident.failing)) > 0
        return float(there[incident.failing].mean()), float(there[~incident.failing].mean())
    if incident.kind in ("count", "missing"):
        each = np.bincount(incident.window[own], minlength=len(incident.failing))
        return float(each[incident.failing].mean()), float(each[~incident.failing].mean())
    other = incident.template == incident.cause.other
    values = incident.job if incident.kind == "id" else incident.at_ms
    pairs = [dict(zip(incident.request[rows].tolist(), values[rows].tolist(), strict=True))
             for rows in (own, other)]  # fmt: skip
    where = dict(zip(incident.request[own].tolist(), failing[own].tolist(), strict=True))
    both = [key for key in pairs[0] if key in pairs[1]]
    gaps = np.asarray([pairs[0][key] - pairs[1][key] for key in both])
    fails = np.asarray([where[key] for key in both])
    if incident.kind == "latency":
        return float(np.median(gaps[fails])), float(np.median(gaps[~fails]))
    changed = gaps < 0 if incident.kind == "order" else gaps != 0
    return float(changed[fails].mean()), float(changed[~fails].mean())


def test_the_incidents_are_measured() -> None:
    said: list[str] = []
    part = log_incidents.measure(2, 0, said.append, files=0)
    assert isinstance(part.raw, dict)
    assert [(each.kind, each.place) for each in part.raw["incidents"]] == [
        ("novel", 0),
        ("count", 0),
    ]
    assert part.raw["through_files"] == [] and "| all | 2 | 2 / 2 |" in part.body


def test_nothing_is_found_by_a_rival_that_reads_labels_only() -> None:
    incident = incident_maker.make(1, "latency")
    assert log_incidents._rival_place(incident, []) is None


def test_concurrent_events_are_what_they_say() -> None:
    case = clock_maker.make(1)
    one, other = case.pairs[:, 0], case.pairs[:, 1]
    assert (case.source[one] == 0).all() and (case.source[other] == 1).all()
    assert (case.story[one] != case.story[other]).all()
    assert np.abs(case.true_ms[one] - case.true_ms[other]).max() <= 250
    skew = case.at_ms - clock_maker.START_MS - case.true_ms
    assert np.abs(skew[case.source == 0]).max() < 0.1
    assert np.abs(np.median(skew[case.source == 1]) - case.offset_ms) < 100


def test_the_clocks_are_measured() -> None:
    part = log_clocks.measure(3, 0, lambda line: None)
    assert isinstance(part.raw, list)
    assert [each.way for each in part.raw] == list(clock_maker.WAYS)
    assert all(each.holds and each.right == each.told > 0 for each in part.raw)
    assert "| all | 3 |" in part.body
