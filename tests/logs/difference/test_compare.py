"""Each kind of difference is found, the cause before its consequences, and chance is not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from redhanded.logs.difference.compare import compare
from redhanded.logs.difference.questions import Kind
from redhanded.logs.difference.result import Differences, Finding
from redhanded.logs.difference.stories import Stories, stories
from redhanded.logs.difference.wording import empty, sentence

NAMES = ("begin", "lock", "read", "write", "commit", "done", "novel", "alarm", "pulse")
BEGIN, LOCK, READ, WRITE, COMMIT, DONE, NOVEL, ALARM, PULSE = range(len(NAMES))
Line = tuple[int, float, int]
"""Template, milliseconds since the beginning, value of the job's id (0: none)."""
Change = Callable[[list[Line]], list[Line]]


def told(
    change: Change,
    *,
    failing: int = 5,
    count: int = 400,
    seed: int = 3,
    windows: int | None = None,
    shuffled: bool = False,
) -> Stories:
    """``count`` requests with noise, the first ``failing`` of which went through ``change``; in
    windows of several requests if ``windows`` is given, of which then so many are hit."""
    rng = np.random.default_rng(seed)
    story, template, at_ms, chain, ids = [], [], [], [], []
    per_window = 1 if windows is None else 8
    for number in range(count * per_window):
        window = number // per_window
        lines = request(rng, number + 1)
        if window < failing:
            lines = change(lines)
        begin = window * 60_000 + float(rng.uniform(0, 50_000))
        for which, at, job in lines:
            story.append(window)
            template.append(which)
            at_ms.append(begin + at)
            chain.append(number)
            ids.append(job)
    marked = np.arange(count) < failing
    if shuffled:
        marked = rng.permutation(marked)
    rows = np.flatnonzero(np.asarray(ids))
    return stories(
        story=np.asarray(story),
        template=np.asarray(template),
        at_ms=np.asarray(at_ms),
        failing=marked,
        templates=NAMES,
        chain=None if windows is None else np.asarray(chain),
        identifiers=(rows, np.zeros(len(rows), int), np.asarray(ids)[rows]),
        keys=("job",),
        noun="request" if windows is None else "window",
    )


def request(rng: np.random.Generator, job: int) -> list[Line]:
    gaps = np.cumsum(20 * np.exp(rng.normal(0, 0.15, 7)))
    lines: list[Line] = [
        (BEGIN, 0.0, 0),
        (LOCK, gaps[0], job),
        (READ, gaps[1], job),
        (WRITE, gaps[2], job),
        (COMMIT, gaps[3], 0),
        (DONE, gaps[4], 0),
    ]
    if rng.random() < 0.3:
        lines.append((PULSE, float(rng.uniform(0, gaps[4])), 0))
    if rng.random() < 0.02:
        lines = swap(lines, LOCK, READ)
    return [line for line in lines if rng.random() > 0.003]


def swap(lines: list[Line], one: int, other: int) -> list[Line]:
    times = {which: at for which, at, _ in lines}
    if not {one, other} <= times.keys():
        return lines
    moved = {one: times[other], other: times[one]}
    return [(which, moved.get(which, at), job) for which, at, job in lines]


def end(lines: list[Line]) -> float:
    return max(at for _, at, _ in lines)


def novel(lines: list[Line]) -> list[Line]:
    at = next((at for which, at, _ in lines if which == WRITE), 60.0)
    return [*lines, (NOVEL, at + 1, 0), (ALARM, end(lines) + 1, 0)]


def thrice(lines: list[Line]) -> list[Line]:
    return [*lines, *((READ, at + more, job) for which, at, job in lines for more in (2, 4)
                      if which == READ)]  # fmt: skip


def inverted(lines: list[Line]) -> list[Line]:
    return swap(lines, WRITE, COMMIT)


def slower(lines: list[Line]) -> list[Line]:
    before = next((at for which, at, _ in lines if which == READ), 40.0)
    return [(which, at + (60 if at > before else 0), job) for which, at, job in lines]


def dropped(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line[0] != COMMIT]


def mistaken(lines: list[Line]) -> list[Line]:
    return [(which, at, job + 10**6 if which == WRITE else job) for which, at, job in lines]


CASES = [
    (novel, Kind.PRESENT, "novel", None),
    (thrice, Kind.COUNT, "read", None),
    (inverted, Kind.ORDER, "write", "commit"),
    (slower, Kind.LATENCY, "write", "read"),
    (dropped, Kind.MISSING, "commit", "*"),
    (mistaken, Kind.JOIN, "write", "*"),
]


@pytest.mark.parametrize("windows", [None, 5], ids=["requests", "windows"])
@pytest.mark.parametrize(
    ("change", "kind", "template", "other"), CASES, ids=lambda x: getattr(x, "__name__", str(x))
)
def test_the_cause_is_first(
    change: Change, kind: Kind, template: str, other: str | None, windows: int | None
) -> None:
    found = compare(told(change, windows=windows))
    first = found.groups[0].first
    assert (first.kind, first.template) == (kind, template), sentence(first)
    assert other == "*" or first.other == other
    assert first.failing_with == first.failing == 5
    assert first.log_p <= first.log_q < np.log(0.02)


def test_three_among_thousands_are_enough() -> None:
    found = compare(told(novel, failing=3, count=3_000))
    assert found.groups[0].first.template == "novel"
    assert found.groups[0].first.p < 1e-8


def test_what_the_same_requests_have_is_one_group_in_the_order_of_time() -> None:
    group = compare(told(novel)).groups[0]
    assert [finding.template for finding in group.findings] == ["novel", "alarm"]


def test_what_follows_the_symptom_comes_last() -> None:
    def late(lines: list[Line]) -> list[Line]:
        return [*mistaken(lines), (NOVEL, end(lines) + 1, 0), (ALARM, end(lines) + 3, 0)]

    found = compare(told(late), symptom=[NOVEL])
    findings = [finding for group in found.groups for finding in group.findings]
    assert findings[0].kind is Kind.JOIN and not findings[0].after_symptom
    alarm = next(finding for finding in findings if finding.template == "alarm")
    assert alarm.after_symptom
    assert all("novel" not in (finding.template, finding.other) for finding in findings)


@pytest.mark.parametrize("windows", [None, 5], ids=["requests", "windows"])
def test_shuffled_labels_give_an_explicit_nothing(windows: int | None) -> None:
    reported = [
        compare(told(lambda lines: lines, seed=seed, windows=windows, count=150, shuffled=True))
        for seed in range(15)
    ]
    assert sum(not found.nothing for found in reported) <= 1
    silent = next(found for found in reported if found.nothing)
    assert silent.testable > 0 and silent.asked[Kind.COUNT] > 0
    assert "Nothing distinguishes the 5 failing from the 145 passing" in empty(silent)


def test_an_attribute_is_a_condition_of_the_whole_story() -> None:
    plain = told(novel)
    count = len(plain.failing)
    where = np.arange(count) % 40
    where[:5] = 7
    found = compare(
        stories(
            story=plain.story,
            template=plain.template,
            at_ms=plain.at_ms,
            failing=plain.failing,
            templates=NAMES,
            attributes=(np.arange(count), np.zeros(count, int), where),
            keys=("host",),
            values=tuple(f"h{number}" for number in range(40)),
        )
    )
    hosts = [each for group in found.groups for each in group.findings if each.key == "host"]
    assert [(each.kind, each.value, each.failing_with) for each in hosts] == [
        (Kind.ATTRIBUTE, "h7", 5)
    ]
    assert hosts[0].passing_with == 10 and not hosts[0].after_symptom


def test_evidence_names_events_as_they_were_given() -> None:
    shown = compare(told(novel)).groups[0].first
    template = told(novel)
    place = {int(event): row for row, event in enumerate(template.event)}
    assert len(shown.events) == 5
    for event in shown.events:
        row = place[event]
        assert template.template[row] == NOVEL and template.failing[template.story[row]]


@pytest.mark.parametrize("failing", [0, 20])
def test_without_both_sides_nothing_is_compared_and_that_is_said(failing: int) -> None:
    found: Differences = compare(told(novel, failing=failing, count=20))
    assert found.nothing
    assert any("nothing to compare" in limit for limit in found.limits)


def test_events_without_times_are_compared_but_for_latencies() -> None:
    plain = told(inverted)
    found = compare(
        stories(
            story=plain.story,
            template=plain.template,
            at_ms=np.full(len(plain.story), np.nan),
            failing=plain.failing,
            templates=NAMES,
        )
    )
    first: Finding = found.groups[0].first
    assert (first.kind, first.template, first.other) == (Kind.ORDER, "write", "commit")
    assert Kind.LATENCY not in {key for key, count in found.asked.items() if count}


def test_no_events_at_all() -> None:
    none = np.zeros(0, int)
    found = compare(
        stories(
            story=none,
            template=none,
            at_ms=none,
            failing=np.array([True, False, False]),
            templates=(),
        )
    )
    assert found.nothing


def test_a_chain_in_two_stories_is_refused() -> None:
    with pytest.raises(ValueError, match="two stories"):
        stories(
            story=np.array([0, 1]),
            template=np.array([0, 0]),
            at_ms=np.array([0.0, 1.0]),
            failing=np.array([True, False]),
            templates=("a",),
            chain=np.array([0, 0]),
        )
