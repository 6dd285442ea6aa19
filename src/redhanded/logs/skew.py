"""How far the clocks of two processes are apart, from messages that went between them.

No message arrives before it was sent. So each message from A to B bounds the offset of B's clock
from above, each from B to A from below, as NTP's on-wire protocol does with one pair (RFC 5905). A
line in time, offset and drift, has to pass between all bounds; the lines that do are a convex set
(Zhang, Liu and Xia, INFOCOM 2002), and its highest and lowest values at a time are what is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRIFT_MAX = 200e-6
"""Crystals drift by some tens of parts in a million; the worst and as much again is believed."""
_OUTLIERS = 0.01
"""Share of the messages that may be joined wrongly, and are kept from setting a bound."""
_CONTRADICTED_MAX = 0.05
"""Share of the messages that may contradict the others before nothing is believed at all."""
_MET_MS = 1e-3
"""Bounds are met to a microsecond; programs that solve for lines round."""
_PARTS = 48
_KNOTS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossings:
    """Messages from one process to another; arrays of one length."""

    sent_ms: Floats
    """By the sender's clock."""
    received_ms: Floats
    """By the receiver's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockOffset:
    """What B's clock shows beyond A's, as an interval at each time."""

    at_ms: Floats
    """Times by A's clock at which the interval is given, ascending; between them it is taken
    linearly, which never makes it too narrow."""
    low_ms: Floats
    """-inf where no message went from B to A."""
    high_ms: Floats
    """inf where no message went from A to B."""
    messages: tuple[int, int]
    """From A to B, and from B to A."""
    contradicted: int
    """Bounds that had to be left out, since they contradict the others."""
    limits: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether there is a bound on both sides."""
        return bool(np.isfinite(self.low_ms).all() and np.isfinite(self.high_ms).all())

    def between(self, at_ms: Floats) -> tuple[Floats, Floats]:
        """The lowest and the highest offset at each time; outside of the times of the messages as
        much wider as the clocks may have drifted since."""
        nearest = np.clip(at_ms, self.at_ms[0], self.at_ms[-1])
        drift = DRIFT_MAX * np.abs(at_ms - nearest)
        low = _interpolated(nearest, self.at_ms, self.low_ms) - drift
        return low, _interpolated(nearest, self.at_ms, self.high_ms) + drift

    def estimate(self, at_ms: Floats) -> tuple[Floats, Floats]:
        """The middle of the interval at each time, and half its width (inf if a side is open; the
        middle is then the bound that there is)."""
        low, high = self.between(at_ms)
        both = np.isfinite(low) & np.isfinite(high)
        one = np.where(np.isfinite(low), low, np.where(np.isfinite(high), high, 0.0))
        width = np.full(len(low), np.inf)
        width[both] = (high[both] - low[both]) / 2
        return one + np.where(both, width, 0.0), width


def offset_between(forward: Crossings, backward: Crossings) -> ClockOffset:
    """The offset of B's clock from A's, from messages A to B (``forward``) and B to A.

    The tightest hundredth is left out if it stands apart from the rest, as wrongly joined lines do.
    Bounds that still contradict the others are left out and counted. Where more than one message in
    twenty does, a clock jumped, or what was taken for messages is none: nothing is known then, and
    it is said.
    """
    upper = _Bounds(forward.sent_ms, forward.received_ms - forward.sent_ms, 1.0)
    lower = _Bounds(backward.received_ms, backward.sent_ms - backward.received_ms, -1.0)
    messages = len(upper.value), len(lower.value)
    times = np.concatenate((upper.at_ms, lower.at_ms))
    if not len(times):
        return _unknown(0.0, 0.0, messages, 0, ("no message went between the two clocks",))
    begin, end = float(times.min()), float(times.max())
    if not all(messages):
        tight = upper.tightest(begin, end), lower.tightest(begin, end)
        return _one_sided(*tight, begin, end, messages)
    while True:
        high, low = upper.tightest(begin, end), lower.tightest(begin, end)
        given_up = _given_up(high, low, begin, end)
        if not given_up.any():
            break
        upper.drop(given_up[: len(high.value)])
        lower.drop(given_up[len(high.value) :])
        if upper.dropped + lower.dropped > _CONTRADICTED_MAX * sum(messages):
            limit = "the bounds contradict each other: a clock jumped, or lines were joined wrongly"
            return _unknown(begin, end, messages, upper.dropped + lower.dropped, (limit,))
    knots = np.linspace(begin, end, _KNOTS) if end > begin else np.array([begin])
    ends = [_ends(high, low, at, begin, end) for at in knots.tolist()]
    return ClockOffset(
        at_ms=knots,
        low_ms=np.asarray([each[0] for each in ends]),
        high_ms=np.asarray([each[1] for each in ends]),
        messages=messages,
        contradicted=upper.dropped + lower.dropped,
    )


def first_of(offset: ClockOffset, a_ms: Floats, b_ms: Floats) -> NDArray[np.int64]:
    """Which of two events came first, by A's and by B's clock: 1 the one at A, -1 the one at B, 0
    if the clocks do not tell."""
    low, high = offset.between(a_ms)
    return np.where(a_ms < b_ms - high, 1, np.where(a_ms > b_ms - low, -1, 0))


def chained(offsets: Sequence[tuple[ClockOffset, bool]], at_ms: Floats) -> tuple[Floats, Floats]:
    """The lowest and highest sum of offsets along a path of clocks; those flagged are walked from B
    to A. Their times differ by the offsets themselves, over which drift does not matter."""
    low, high = np.zeros(len(at_ms)), np.zeros(len(at_ms))
    for offset, backwards in offsets:
        one, other = offset.between(at_ms)
        low, high = (low - other, high - one) if backwards else (low + one, high + other)
    return low, high


def _interpolated(at_ms: Floats, knots: Floats, values: Floats) -> Floats:
    if not np.isfinite(values).all():
        return np.full(len(at_ms), values[0])
    return np.interp(at_ms, knots, values)


class _Tight(NamedTuple):
    """The bounds that matter."""

    at_ms: Floats
    value: Floats


class _Bounds:
    """Bounds of one side; those that are found wrong are dropped."""

    def __init__(self, at_ms: Floats, value: Floats, sign: float) -> None:
        known = ~np.isnan(value)
        self.at_ms, self.value, self._sign = at_ms[known], value[known], sign
        self._usable = np.ones(len(self.value), bool)
        self._chosen = np.zeros(0, np.int64)
        self.dropped = 0
        skipped = int(_OUTLIERS * len(self.value))
        tightest = np.argsort(sign * self.value, kind="stable")
        if _sparse(sign * self.value[tightest], skipped):
            self._usable[tightest[:skipped]] = False

    def tightest(self, begin: float, end: float) -> _Tight:
        """In each part of the time the tightest bound that is left."""
        width = max(end - begin, 1e-9)
        part = np.minimum(_PARTS - 1, ((self.at_ms - begin) / width * _PARTS).astype(np.int64))
        order = np.lexsort((self._sign * self.value, part))
        order = order[self._usable[order]]
        first = np.append(True, np.diff(part[order]) != 0)[: len(order)]
        self._chosen = order[first]
        return _Tight(self.at_ms[self._chosen], self.value[self._chosen])

    def drop(self, wrong: NDArray[np.bool_]) -> None:
        """Leaves out those of the last tightest bounds."""
        self._usable[self._chosen[wrong]] = False
        self.dropped += int(wrong.sum())


def _sparse(ascending: Floats, skipped: int) -> bool:
    """Whether the tightest few stand apart from the rest, as wrong ones do; with none of them
    wrong, leaving them out would cost the tightest bounds in each part."""
    if not 0 < skipped < len(ascending) - 1:
        return False
    rest = ascending[skipped:]
    usual = float(np.median(rest) - rest[0])
    return bool(rest[0] - ascending[0] > usual)


def _given_up(upper: _Tight, lower: _Tight, begin: float, end: float) -> NDArray[np.bool_]:
    """Which bounds no line meets that meets the others, at the least total cost; upper ones
    first."""
    count = len(upper.value) + len(lower.value)
    rows, limits = _rows(upper, lower, begin, end)
    solution = _least(
        np.concatenate((np.zeros(2), np.ones(count))),
        np.hstack((rows, -np.eye(count))),
        limits,
        [*_line_bounds(begin, end), *[(0.0, None)] * count],
    )
    return np.asarray(solution[2:] > _MET_MS, bool)


def _ends(
    upper: _Tight, lower: _Tight, at_ms: float, begin: float, end: float
) -> tuple[float, float]:
    """The lowest and the highest value at a time of lines that meet all bounds."""
    rows, limits = _rows(upper, lower, begin, end)
    aim = np.array([1.0, _unit(at_ms, begin, end)])
    values = []
    for sign in (1.0, -1.0):
        values.append(float(aim @ _least(sign * aim, rows, limits, _line_bounds(begin, end))))
    return values[0], values[1]


def _least(aim: Floats, rows: Floats, limits: Floats, bounds: list[Any]) -> Floats:
    """The solution of a linear program. Both that are asked have one: slack meets anything, and
    what is left without it was met."""
    # Takes a second and 40 MB to load; logs of one machine never ask.
    from scipy.optimize import linprog

    found = linprog(aim, A_ub=rows, b_ub=limits, bounds=bounds)
    if found.x is None:
        raise ArithmeticError(f"the bounds of the clocks have no solution: {found.message}")
    return np.asarray(found.x, np.float64)


def _rows(upper: _Tight, lower: _Tight, begin: float, end: float) -> tuple[Floats, Floats]:
    """``rows @ (offset, drift over the whole time) <= limits`` for all bounds."""
    above = np.column_stack((np.ones(len(upper.value)), _unit(upper.at_ms, begin, end)))
    below = -np.column_stack((np.ones(len(lower.value)), _unit(lower.at_ms, begin, end)))
    slack = np.concatenate((upper.value, -lower.value)) + _MET_MS
    return np.vstack((above, below)), slack


def _unit(at_ms: Floats | float, begin: float, end: float) -> Floats:
    return np.asarray((np.asarray(at_ms) - begin) / max(end - begin, 1e-9), np.float64)


def _line_bounds(begin: float, end: float) -> list[tuple[float | None, float | None]]:
    most = DRIFT_MAX * (end - begin)
    return [(None, None), (-most, most)]


def _one_sided(
    upper: _Tight, lower: _Tight, begin: float, end: float, messages: tuple[int, int]
) -> ClockOffset:
    """With messages one way only the other side stays open; between them drift is allowed for."""
    knots = np.linspace(begin, end, _PARTS + 1)
    high, low = np.full(len(knots), np.inf), np.full(len(knots), -np.inf)
    if len(upper.value):
        high = (upper.value + DRIFT_MAX * np.abs(knots[:, None] - upper.at_ms)).min(1)
    if len(lower.value):
        low = (lower.value - DRIFT_MAX * np.abs(knots[:, None] - lower.at_ms)).max(1)
    way = "to the second clock" if len(upper.value) else "to the first clock"
    return ClockOffset(
        at_ms=knots,
        low_ms=low,
        high_ms=high,
        messages=messages,
        contradicted=0,
        limits=(f"messages went only {way}: the offset is bounded on one side",),
    )


def _unknown(
    begin: float, end: float, messages: tuple[int, int], contradicted: int, limits: tuple[str, ...]
) -> ClockOffset:
    return ClockOffset(
        at_ms=np.array([begin, end]),
        low_ms=np.full(2, -np.inf),
        high_ms=np.full(2, np.inf),
        messages=messages,
        contradicted=contradicted,
        limits=limits,
    )
