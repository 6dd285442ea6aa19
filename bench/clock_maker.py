"""Makes the logs of two processes whose clocks disagree, and says which events came first.

Knows nothing of how clocks are compared. One process calls the other and waits for the answer, or
hands it jobs through a queue, or both; delays, drift, lost and wrongly joined lines are drawn from
one seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

START_MS = 1_760_000_000_000.0
OFFSET_MS_MAX = 5_000.0
WAYS = ("calls", "calls and jobs", "jobs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Events in no particular order; arrays of one length."""

    way: str
    offset_ms: float
    drift: float
    source: NDArray[np.int64]
    """0 or 1."""
    story: NDArray[np.int64]
    job: NDArray[np.int64]
    """Number of the job that the line names; -1 if none."""
    request: NDArray[np.int64]
    """Number of the request that the line names; -1 if none."""
    at_ms: NDArray[np.float64]
    """As logged."""
    true_ms: NDArray[np.float64]
    pairs: NDArray[np.int64]
    """Two columns: events of process 0 and 1, of different requests on one thing, that came within
    a quarter of a second."""


def make(seed: int) -> Case:
    """Two hundred to two thousand requests, and the pairs whose order is asked for."""
    rng = np.random.default_rng([seed, 17])
    way = WAYS[seed % len(WAYS)]
    count = int(rng.integers(200, 2_001))
    offset = float(rng.uniform(-OFFSET_MS_MAX, OFFSET_MS_MAX))
    drift = float(rng.uniform(-50e-6, 50e-6))
    begin = np.sort(rng.uniform(0, 1_800_000, count))
    delay = float(np.exp(rng.uniform(np.log(0.3), np.log(5))))
    work = float(np.exp(rng.uniform(np.log(2), np.log(100))))
    lines: list[tuple[NDArray[np.float64], int, NDArray[np.int64], bool, bool]] = []
    who = np.arange(count)

    def spread(middle: float, sigma: float) -> NDArray[np.float64]:
        return middle * np.exp(rng.normal(0, sigma, count))

    accepted, called = begin, begin + spread(1.5, 0.5)
    lines.append((accepted, 0, who, True, False))
    if way != "jobs":
        arrived = called + spread(delay, 0.8)
        left = arrived + spread(work, 0.6)
        answered = left + spread(delay, 0.8)
        lines += [(arrived, 1, who, True, False), (left, 1, who, True, False)]
        lines.append((answered, 0, who, True, False))
    if way != "calls":
        last = answered if way != "jobs" else called
        queued = last + spread(1.0, 0.5)
        begun = queued + spread(10 * delay, 1.2)
        done = begun + spread(work, 0.6)
        lines += [(queued, 0, who, True, True), (begun, 1, who, False, True)]
        lines.append((done, 1, who, False, True))
    true_ms = np.concatenate([each[0] for each in lines])
    source = np.concatenate([np.full(count, each[1]) for each in lines])
    story = np.concatenate([each[2] for each in lines])
    request = np.concatenate([np.where(each[3], each[2], -1) for each in lines])
    job = np.concatenate([np.where(each[4], each[2], -1) for each in lines])
    wrong = (rng.random(len(story)) < 0.002) & (source == 1)
    other = rng.integers(0, count, len(story))
    request = np.where(wrong & (request >= 0), other, request)
    kept = rng.random(len(story)) > 0.003
    shown = true_ms + np.where(source == 1, offset + drift * true_ms, 0.0)
    return Case(
        way=way,
        offset_ms=offset,
        drift=drift,
        source=source[kept],
        story=story[kept],
        job=job[kept],
        request=request[kept],
        at_ms=np.round(START_MS + shown[kept], 1),
        true_ms=true_ms[kept],
        pairs=_pairs(rng, source[kept], story[kept], true_ms[kept]),
    )


def _pairs(
    rng: np.random.Generator,
    source: NDArray[np.int64],
    story: NDArray[np.int64],
    true_ms: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Concurrent events of different requests: half of all within 250 ms, at most two thousand."""
    here, there = np.flatnonzero(source == 0), np.flatnonzero(source == 1)
    there = there[np.argsort(true_ms[there])]
    low = np.searchsorted(true_ms[there], true_ms[here] - 250)
    high = np.searchsorted(true_ms[there], true_ms[here] + 250)
    found = [
        (int(one), int(other))
        for one, first, last in zip(here.tolist(), low.tolist(), high.tolist(), strict=True)
        for other in there[first:last].tolist()
        if story[one] != story[other] and true_ms[one] != true_ms[other]
    ]
    chosen = rng.permutation(len(found))[: min(2_000, (len(found) + 1) // 2)]
    return np.asarray([found[at] for at in chosen.tolist()], np.int64).reshape(-1, 2)
