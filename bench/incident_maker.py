"""Makes incidents: windows of a busy system's log, a few of which fail for a known cause.

Knows nothing of how differences are ranked; the ranking sees events and labels only. What is made
up, all drawn from one seed: several services, types of requests with steps of their own (optional,
repeated, swapped now and then, lost now and then), a queue in some of them, load and latencies that
drift, background lines that come in bursts, lines that occur once in the whole log, errors that go
with nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

KINDS = ("novel", "count", "order", "latency", "missing", "id")
_BUSY = 8.0
"""Requests of the failing type, or lines whose rate triples, in a usual window, at least: in three
windows a shift by half of one gap, or from two lines to six, is what chance gives too."""
WINDOW_MS = 60_000.0
START_MS = 1_760_000_000_000.0
SERVICES = ("gateway", "billing", "stock", "mailer", "ledger", "search")
NOUNS = (
    "invoice", "cart", "session", "shipment", "quote", "ticket", "balance", "refund", "basket",
    "voucher", "parcel", "profile", "index", "batch", "snapshot", "lease", "channel", "slot",
)  # fmt: skip
VERBS = (
    "loaded", "checked", "reserved", "stored", "priced", "signed", "sent", "scheduled", "merged",
    "locked", "released", "validated", "fetched", "queued", "picked", "indexed", "closed", "opened",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of a type of request."""

    template: int
    chance: float
    """That a request has it."""
    repeats: float
    """Mean of further copies."""
    gap_ms: float
    """Median time since the step before."""
    sigma: float
    """Of the logarithm of the gap."""
    swapped: float
    """Chance that it changes places with the step before."""
    job: bool
    """Whether the line names the job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What was done to the failing windows."""

    kind: str
    template: int
    other: int = -1
    """The line before it in its request; -1 for lines outside of requests and new ones."""


@dataclass(slots=True)
class Incident:
    """Events in no particular order, arrays of one length."""

    seed: int
    kind: str
    failing: NDArray[np.bool_]
    """Of each window."""
    cause: Cause
    symptom: int
    """The template that makes a window failing."""
    templates: tuple[str, ...]
    services: tuple[int, ...]
    """Of each template, who writes it."""
    window: NDArray[np.int64]
    request: NDArray[np.int64]
    """-1 for background lines."""
    template: NDArray[np.int64]
    at_ms: NDArray[np.float64]
    job: NDArray[np.int64]
    """Number of the job that the line names; 0 if none."""


@dataclass(slots=True)
class _World:
    rng: np.random.Generator
    templates: list[str] = field(default_factory=list)
    services: list[int] = field(default_factory=list)
    types: list[list[Step]] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    """Requests of each type in a window."""
    background: list[tuple[int, float]] = field(default_factory=list)

    def new(self, service: int, text: str) -> int:
        self.templates.append(text)
        self.services.append(service)
        return len(self.templates) - 1


Rows = dict[str, list[NDArray[Any]]]


def make(seed: int, kind: str) -> Incident:
    """One incident of ``kind``: 150 to 450 windows, 3 to 30 of which fail."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    world = _world(rng)
    windows = int(rng.integers(150, 451))
    load = np.exp(_drift(rng, windows, 0.25))
    drawn = [rng.poisson(rate * load) for rate in world.rates]
    busy = [at for at, rate in enumerate(world.rates) if rate >= _BUSY and _solid(world.types[at])]
    target = int(rng.choice(busy))
    eligible = np.flatnonzero(drawn[target] >= 2)
    count = int(np.exp(rng.uniform(np.log(3), np.log(30.99))))
    failing = np.zeros(windows, bool)
    failing[rng.choice(eligible, min(count, len(eligible)), replace=False)] = True
    plan = _plan(world, target, kind)
    rows: Rows = {name: [] for name in ("window", "request", "template", "at_ms", "job")}
    made = 0
    for at, steps in enumerate(world.types):
        made = _requests(
            world, rows, steps, drawn[at], made, plan if at == target else None, failing
        )
    _background(world, rows, windows, load, plan, failing)
    joined = {name: np.concatenate(parts) for name, parts in rows.items()}
    return Incident(
        seed=seed,
        kind=kind,
        failing=failing,
        cause=plan.cause,
        symptom=plan.symptom,
        templates=tuple(world.templates),
        services=tuple(world.services),
        **joined,
    )


def _world(rng: np.random.Generator) -> _World:
    world = _World(rng)
    services = int(rng.integers(3, len(SERVICES) + 1))
    shared = [_line(world, int(rng.integers(services))) for _ in range(4)]
    for _ in range(int(rng.integers(4, 9))):
        world.types.append(_steps(world, services, shared))
        world.rates.append(float(np.exp(rng.uniform(np.log(0.7), np.log(25)))))
    while not any(
        rate >= _BUSY and _solid(steps)
        for rate, steps in zip(world.rates, world.types, strict=True)
    ):
        world.types.append(_steps(world, services, shared))
        world.rates.append(float(rng.uniform(_BUSY, 25)))
    for service in range(services):
        for _ in range(int(rng.integers(4, 12))):
            rate = float(np.exp(rng.uniform(np.log(0.01), np.log(20))))
            world.background.append((_line(world, service), rate))
    world.background.append((_line(world, 0), 12.0))
    return world


def _line(world: _World, service: int) -> int:
    noun, other = world.rng.choice(NOUNS, 2, replace=False)
    text = f"{noun} {world.rng.choice(VERBS)} for {other} step {_letters(len(world.templates))} <*>"
    return world.new(service, text)


def _letters(number: int) -> str:
    found = ""
    while number >= 0:
        found = chr(ord("a") + number % 26) + found
        number = number // 26 - 1
    return found


def _steps(world: _World, services: int, shared: list[int]) -> list[Step]:
    rng = world.rng
    count = int(rng.integers(6, 13))
    service, queue = (
        int(rng.integers(services)),
        int(rng.integers(3, count)) if rng.random() < 0.6 else 99,
    )
    found: list[Step] = []
    for at in range(count):
        if at == queue or rng.random() < 0.25:
            service = int(rng.integers(services))
        optional = at > 0 and rng.random() < 0.2
        old = [each for each in shared if each not in {step.template for step in found}]
        known = old and at > 0 and rng.random() < 0.15
        found.append(
            Step(
                template=int(rng.choice(old)) if known else _line(world, service),
                chance=float(rng.uniform(0.05, 0.8)) if optional else 0.998,
                repeats=float(rng.uniform(0.05, 0.5)) if rng.random() < 0.1 else 0.0,
                gap_ms=float(np.exp(rng.uniform(np.log(3), np.log(300)))),
                sigma=float(rng.uniform(0.1, 0.35)),
                swapped=float(rng.uniform(0.002, 0.05)) if at > 1 and rng.random() < 0.3 else 0.0,
                job=at >= queue - 1,
            )
        )
    return found


@dataclass(slots=True)
class _Plan:
    cause: Cause
    symptom: int
    at: int
    """The step before which, or to which, it happens."""
    share: float
    """Of the requests of a failing window that are hit."""
    consequences: list[tuple[int, bool]]
    """Templates, and whether they come after the symptom."""
    leak: float
    """Chance that a passing window shows a consequence, or a novel line, too."""
    aborts: bool
    """Whether the last steps of a hit request are missing."""


def _plan(world: _World, target: int, kind: str) -> _Plan:
    rng = world.rng
    steps = world.types[target]
    at = int(rng.choice(_solid(steps)))
    service = world.services[steps[at].template]
    symptom = world.new(service, f"request failed in step {_letters(len(world.templates))}: <*>")
    cause = Cause(kind=kind, template=steps[at].template, other=steps[at - 1].template)
    if kind == "novel":
        cause = Cause(kind=kind, template=_line(world, service))
    if kind == "id":
        world.types[target] = [replace(step, job=i >= at - 1) for i, step in enumerate(steps)]
    if kind == "count" and rng.random() < 0.5:
        steady = [each for each, rate in world.background if rate >= _BUSY]
        cause = Cause(kind=kind, template=int(rng.choice(steady)))  # Outside of requests.
    several = int(rng.integers(0, 4)) if rng.random() < 0.6 else 0
    return _Plan(
        cause=cause,
        symptom=symptom,
        at=at,
        share=1.0 if kind in ("latency", "count") else float(rng.uniform(0.3, 1.0)),
        consequences=[(_line(world, service), bool(rng.random() < 0.5)) for _ in range(several)],
        leak=float(rng.choice([0.0, 0.0, 0.005])),
        aborts=bool(rng.random() < 0.3),
    )


def _solid(steps: list[Step]) -> list[int]:
    """Steps to which something may happen: they and those beside them are nearly always there,
    once, and in one order."""
    return [
        at
        for at in range(1, len(steps) - 1)
        if all(step.chance > 0.9 and not step.swapped for step in steps[at - 1 : at + 3])
        and not steps[at].repeats
        and not steps[at - 1].repeats
    ]


def _requests(
    world: _World,
    rows: Rows,
    steps: list[Step],
    drawn: NDArray[Any],
    made: int,
    plan: _Plan | None,
    failing: NDArray[np.bool_],
) -> int:
    """All requests of one type; gives the number of requests so far."""
    rng = world.rng
    window = np.repeat(np.arange(len(drawn)), drawn)
    count = len(window)
    request = made + np.arange(count)
    gaps = np.stack([step.gap_ms * np.exp(rng.normal(0, step.sigma, count)) for step in steps], 1)
    gaps *= np.exp(_drift(rng, len(drawn), 0.04))[window][:, None]
    slow = rng.random(gaps.shape) < 0.003
    gaps[slow] *= rng.uniform(3, 50, int(slow.sum()))
    hit = np.zeros(count, bool)
    if plan is not None:
        hit = failing[window] & (rng.random(count) < plan.share)
        first = np.unique(window, return_index=True)[1]
        hit[first] = failing[window[first]]
        if plan.cause.kind == "latency":
            gaps[hit, plan.at] *= 1.5
    begin = START_MS + window * WINDOW_MS + rng.uniform(0, 0.9 * WINDOW_MS, count)
    at_ms = begin[:, None] + np.cumsum(gaps, 1)
    there = rng.random(gaps.shape) < np.asarray([step.chance for step in steps])
    for place in range(1, len(steps)):
        swapped = rng.random(count) < steps[place].swapped
        if plan is not None and plan.cause.kind == "order" and place == plan.at:
            swapped |= hit
        at_ms[np.ix_(swapped, [place - 1, place])] = at_ms[np.ix_(swapped, [place, place - 1])]
    if plan is not None:
        _strike(world, rows, plan, hit, window, request, at_ms, gaps, there)
    job = np.where(np.asarray([step.job for step in steps]), request[:, None] + 1_000_000, 0)
    if plan is not None and plan.cause.kind == "id":
        job[hit, plan.at :] += 5_000_000
    for place, step in enumerate(steps):
        own = np.flatnonzero(there[:, place])
        _add(rows, window[own], request[own], step.template, at_ms[own, place], job[own, place])
        again = np.repeat(own, rng.poisson(step.repeats, len(own)))
        late = at_ms[again, place] + rng.exponential(step.gap_ms / 4, len(again))
        _add(rows, window[again], request[again], step.template, late, job[again, place])
    return made + count


def _strike(
    world: _World,
    rows: Rows,
    plan: _Plan,
    hit: NDArray[np.bool_],
    window: NDArray[Any],
    request: NDArray[Any],
    at_ms: NDArray[np.float64],
    gaps: NDArray[np.float64],
    there: NDArray[np.bool_],
) -> None:
    """Cause, symptom and consequences of the requests that are hit."""
    rng, at = world.rng, plan.at
    zero = np.zeros(len(window), np.int64)
    hits = np.flatnonzero(hit)
    there[hits, max(0, at - 1) : at + 1] = True
    leaked = np.flatnonzero(~hit & (rng.random(len(hit)) < plan.leak / 4))
    if plan.cause.kind == "novel":
        for who in (hits, leaked):
            when = at_ms[who, at] - rng.uniform(0.2, 0.8, len(who)) * gaps[who, at]
            _add(rows, window[who], request[who], plan.cause.template, when, zero[who])
    if plan.cause.kind == "missing":
        there[hits, at] = False
    if plan.cause.kind == "count" and plan.cause.other >= 0:
        for copy in (1, 2):
            when = at_ms[hits, at] + copy * rng.uniform(0.05, 0.3, len(hits)) * gaps[hits, at + 1]
            _add(rows, window[hits], request[hits], plan.cause.template, when, zero[hits])
    if plan.aborts and at + 2 < there.shape[1]:
        there[hits, at + 2 :] = False
    ends = at_ms[hits, at + 1] if at + 1 < there.shape[1] else at_ms[hits, at]
    when = ends + rng.uniform(1, 20, len(hits))
    _add(rows, window[hits], request[hits], plan.symptom, when, zero[hits])
    for template, after in plan.consequences:
        shown = hits[rng.random(len(hits)) < 0.9]
        span = rng.uniform(1, 30, len(shown))
        base = at_ms[shown, min(at + 1, there.shape[1] - 1)]
        later = base + 20 + span if after else base + rng.uniform(0.1, 0.9, len(shown))
        _add(rows, window[shown], request[shown], template, later, zero[shown])
        when = at_ms[leaked, -1] + 5
        _add(rows, window[leaked], request[leaked], template, when, zero[leaked])


def _background(
    world: _World,
    rows: Rows,
    windows: int,
    load: NDArray[np.float64],
    plan: _Plan,
    failing: NDArray[np.bool_],
) -> None:
    rng = world.rng
    for template, rate in world.background:
        shape = float(np.exp(rng.uniform(np.log(10), np.log(100))))
        mean = rate * rng.gamma(shape, 1 / shape, windows)
        if rng.random() < 0.3:
            mean = mean * load
        if plan.cause.kind == "count" and plan.cause.template == template:
            mean = np.where(failing, 3 * mean, mean)
        _scatter(world, rows, template, rng.poisson(mean))
    for window in np.flatnonzero(rng.random(windows) < 0.15):
        once = np.zeros(windows, np.int64)
        once[window] = 1
        _scatter(world, rows, _line(world, 0), once)


def _scatter(world: _World, rows: Rows, template: int, drawn: NDArray[Any]) -> None:
    window = np.repeat(np.arange(len(drawn)), drawn)
    at_ms = START_MS + WINDOW_MS * (window + world.rng.random(len(window)))
    nothing = np.zeros(len(window), np.int64)
    _add(rows, window, nothing - 1, template, at_ms, nothing)


def _add(
    rows: Rows,
    window: NDArray[Any],
    request: NDArray[Any],
    template: int,
    at_ms: NDArray[Any],
    job: NDArray[Any],
) -> None:
    rows["window"].append(window)
    rows["request"].append(request)
    rows["template"].append(np.full(len(window), template))
    rows["at_ms"].append(np.round(at_ms))
    rows["job"].append(job)


def _drift(rng: np.random.Generator, count: int, sigma: float) -> NDArray[np.float64]:
    """A slowly moving level: each window half remembers the one before."""
    noise = rng.normal(0, sigma, count)
    level = np.zeros(count)
    for at in range(count):
        level[at] = 0.7 * level[at - 1] + noise[at] * 0.7 if at else noise[at]
    return level
