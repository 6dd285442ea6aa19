"""Yes-or-no properties of works, by which two groups of them can be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median, quantiles

from redhanded.logs.neighbours import Neighbours
from redhanded.logs.timeline import Timeline
from redhanded.logs.works import Work

_HOUR_MS = 3_600_000.0
_WORKERS_MAX = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """A sentence that is true of some works."""

    text: str
    family: str
    """Properties that ask the same with other thresholds; one of them is enough."""
    holds: Callable[[Work], bool]
    applies: Callable[[Work], bool] = lambda work: True
    """False for works of which the log cannot say; they are not compared."""


def properties(
    works: Sequence[Work],
    timeline: Timeline,
    *,
    near: Neighbours | None,
    thing_name: str,
    within_ms: Sequence[float],
    done: str,
) -> Iterator[Property]:
    """What can be said of single works: company on the same thing, waiting, worker, hour.

    ``within_ms`` are distances at which two works on one thing count as close. ``done`` is the word
    for what happens to a thing: ``requested``, ``worked on``.
    """
    if near is not None:
        yield from _company(near, f"same {thing_name} {done}", within_ms)
    yield from _waiting(works)
    yield from _workers(works, timeline)
    yield from _hours(works)


def _company(near: Neighbours, words: str, within_ms: Sequence[float]) -> Iterator[Property]:
    yield Property(text=f"{words} more than once", family="company", holds=near.shared)
    for limit in within_ms:
        yield Property(
            text=f"{words} again within {limit:,.0f} ms",
            family="distance",
            holds=lambda work, most=limit: _within(near.gap_ms(work), most),  # type: ignore[misc]
        )
    overlapping = near.overlapping()
    yield Property(
        text=f"{words} again before the work for the first had ended",
        family="overlap",
        holds=lambda work: work.key in overlapping,
    )


def _within(gap_ms: float | None, most_ms: float) -> bool:
    return gap_ms is not None and gap_ms <= most_ms


def _waiting(works: Sequence[Work]) -> Iterator[Property]:
    lags = sorted(work.lag_ms for work in works if work.lag_ms is not None)
    if len(lags) < 20:
        return
    thresholds = {
        "the median": median(lags),
        "nine of ten": quantiles(lags, n=10)[-1],
    }
    for words, threshold in thresholds.items():
        yield Property(
            text=f"waited longer than {words} for its worker (over {threshold:,.0f} ms)",
            family="waiting",
            holds=lambda work, above=threshold: (work.lag_ms or 0.0) > above,  # type: ignore[misc]
            applies=lambda work: work.lag_ms is not None,
        )


def _workers(works: Sequence[Work], timeline: Timeline) -> Iterator[Property]:
    seen = Counter(work.worker for work in works if work.worker is not None)
    if not 1 < len(seen) <= _WORKERS_MAX:
        return
    for worker in seen:
        yield Property(
            text=f"handled by {timeline.processes[worker]}",
            family="worker",
            holds=lambda work, which=worker: work.worker == which,  # type: ignore[misc]
            applies=lambda work: work.worker is not None,
        )


def _hours(works: Sequence[Work]) -> Iterator[Property]:
    times = [work.at_ms for work in works if work.at_ms is not None]
    if not times or max(times) - min(times) < 3 * _HOUR_MS:
        return
    for hour in sorted({_hour(at_ms) for at_ms in times}):
        yield Property(
            text=f"between {hour:02}:00 and {(hour + 1) % 24:02}:00 UTC",
            family="hour",
            holds=lambda work, which=hour: _hour(work.at_ms or 0.0) == which,  # type: ignore[misc]
            applies=lambda work: work.at_ms is not None,
        )


def _hour(at_ms: float) -> int:
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC).hour
