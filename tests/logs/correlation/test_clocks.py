"""Clocks of processes are compared by the calls and jobs between them, found in the data."""

from __future__ import annotations

import numpy as np
import pytest

from redhanded.logs.correlation.clocks import Clocks, clocks, corrected, first_of_rows
from redhanded.logs.correlation.events import Events
from redhanded.logs.correlation.join import join

SKEW_MS = {0: 0.0, 1: 3_000.0, 2: -1_500.0}
Line = tuple[float, int, int, int]
"""True time, source, request (-1: none), job (-1: none)."""


def logged(lines: list[Line]) -> tuple[Events, np.ndarray]:
    """The lines as three processes log them, and their true times."""
    table = np.asarray(lines)
    true_ms, source = table[:, 0], table[:, 1].astype(int)
    skew = np.asarray([SKEW_MS[int(at)] for at in source])
    nothing = np.zeros(len(lines), int)
    parts = [(np.flatnonzero(table[:, 2 + key] >= 0), key) for key in (0, 1)]
    events = Events(
        file=nothing,
        line=nothing,
        at_ms=true_ms + skew,
        level=nothing,
        template=nothing,
        source=source,
        id_row=np.concatenate([rows for rows, _ in parts]),
        id_key=np.concatenate([np.full(len(rows), key) for rows, key in parts]),
        id_value=np.concatenate([table[rows, 2 + key] + 10**6 * key for rows, key in parts]).astype(
            np.uint64
        ),
        files=("a",),
        sources=("web", "store", "worker"),
        templates=("<*>",),
        keys=("req", "job"),
        numeric=(True, True),
    )
    return events, true_ms


def system(*, answered: bool) -> list[Line]:
    """The web process asks the store, and hands a job to the worker, which asks the store too."""
    rng = np.random.default_rng(4)
    lines: list[Line] = []
    for number in range(300):
        at = 1_000.0 * number
        call, work, back, wait, job = np.exp(rng.normal([1, 3, 1, 3, 2], 0.5))
        lines.append((at, 0, number, -1))
        if answered:
            lines.append((at + call, 1, number, -1))
            lines.append((at + call + work, 1, number, -1))
        lines.append((at + call + work + back, 0, number, number))
        begun = at + call + work + back + wait
        lines.append((begun, 2, -1, number))
        lines.append((begun + job, 2, -1, number))
    return lines


def known(*, answered: bool = True) -> tuple[Events, np.ndarray, Clocks]:
    events, true_ms = logged(system(answered=answered))
    return events, true_ms, clocks(events, join(events, 0))


def test_the_called_process_is_known_within_a_few_milliseconds() -> None:
    _, _, found = known()
    low, high = found.between(1, np.array([100_000.0]))
    assert found.reference == 0
    assert low[0] <= 3_000 <= high[0] and high[0] - low[0] < 8


def test_a_queue_bounds_one_side_and_that_is_said() -> None:
    _, _, found = known()
    low, high = found.between(2, np.array([100_000.0]))
    assert np.isinf(low[0]) and -1_500 <= high[0] <= -1_460
    assert any("worker" in limit and "one side" in limit for limit in found.limits)


def test_corrected_times_are_in_order() -> None:
    events, true_ms, found = known()
    ours, width = corrected(events, found)
    rows = np.flatnonzero(events.source < 2)
    assert np.abs(ours.at_ms[rows] - true_ms[rows]).max() < 3
    assert np.isinf(width[events.source == 2]).all() and (width[rows] < 3).all()
    assert (ours.at_ms[events.source == 2] == events.at_ms[events.source == 2]).all()


def test_no_order_is_told_wrong() -> None:
    events, true_ms, found = known()
    rng = np.random.default_rng(6)
    one, other = rng.integers(0, len(true_ms), (2, 5_000))
    told = first_of_rows(events, found, one, other)
    truth = np.sign(true_ms[other] - true_ms[one])
    assert (told[told != 0] == truth[told != 0]).all()
    far = (
        (events.source[one] < 2)
        & (events.source[other] < 2)
        & (np.abs(true_ms[one] - true_ms[other]) > 10)
    )
    assert far.any() and (told[far] != 0).all()


def test_a_process_that_shares_nothing_is_named() -> None:
    lines = [line for line in system(answered=False) if line[1] == 0]
    lines += [(float(at), 1, -1, -1) for at in range(50)]
    events, _ = logged(lines)
    found = clocks(events, join(events, 0))
    assert any("store could not be compared" in limit for limit in found.limits)
    assert np.isinf(found.between(1, np.array([0.0]))[1][0])


@pytest.mark.parametrize("work_ms", [5.0, 50.0])
def test_a_handed_over_request_is_no_call(work_ms: float) -> None:
    """The worker logs the request's id too, and takes longer than the web process or not: nobody
    waits, so that no bound may be made of who takes longer."""
    rng = np.random.default_rng(2)
    lines: list[Line] = []
    for number in range(400):
        at = 1_000.0 * number
        lines.append((at, 0, number, -1))
        lines.append((at + 10 * float(np.exp(rng.normal(0, 0.3))), 0, number, -1))
        begun = at + 30 + float(rng.uniform(0, 1))
        lines.append((begun, 2, number, -1))
        lines.append((begun + work_ms * float(np.exp(rng.normal(0, 0.3))), 2, number, -1))
    events, _ = logged(lines)
    low, high = clocks(events, join(events, 0)).between(2, np.array([100_000.0]))
    assert np.isinf(low[0]) and np.isinf(high[0])
