"""The error that matters is found without being named, with its onset, its rate and its company."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from redhanded.logs.correlation.events import Events, events
from redhanded.logs.correlation.join import Joined, join
from redhanded.logs.correlation.overlaps import overlap_attributes
from redhanded.logs.files import log_files
from redhanded.logs.read import read
from redhanded.logs.symptoms.errors import Mark, errors_of
from redhanded.logs.symptoms.partners import company

BEGIN_MS = 1_760_000_000_000
Line = dict[str, Any]


def written(folder: Path, lines: list[Line], *, second: list[Line] | None = None) -> Events:
    paths = []
    for name, content in (("a", lines), ("b", second or [])):
        if content:
            path = folder / f"{name}.log"
            path.write_text("".join(json.dumps(line) + "\n" for line in content))
            paths.append(path)
    return events(read(log_files(paths)[0]))


def traffic(count: int, failing: set[int], *, known_bad: int = 37) -> list[Line]:
    """One request a second; every ``known_bad``-th has an error that has always been there."""
    lines: list[Line] = []
    for number in range(count):
        at, own = BEGIN_MS + 1_000 * number, {"reqId": f"r{number:05x}q"}
        lines.append({"time": at, "level": 30, **own, "msg": "accepted"})
        if number % known_bad == 0:
            lines.append({"time": at + 3, "level": 50, **own, "msg": "certificate not checked"})
        if number in failing:
            for retry in range(3):
                lines.append({"time": at + 5 + retry, "level": 50, **own, "msg": "row is gone"})
        lines.append({"time": at + 9, "level": 30, **own, "msg": "answered"})
        if number % 3 == 0:
            lines.append({"time": at + 500, "level": 30, "msg": "heartbeat"})
    return lines


def joined_of(found: Events) -> Joined:
    return join(found, found.keys.index("req"))


def test_what_rose_comes_before_what_was_always_there(tmp_path: Path) -> None:
    failing = set(range(700, 1_000, 12))
    found = written(tmp_path, traffic(1_000, failing))
    marks = (Mark(name="release 41", at_ms=BEGIN_MS + 100_000.0),
             Mark(name="release 42", at_ms=BEGIN_MS + 690_000.0),
             Mark(name="release 43", at_ms=BEGIN_MS + 900_000.0))  # fmt: skip
    first, second = errors_of(found, joined_of(found), marks=marks)
    assert (first.text, first.changed, first.level) == ("row is gone", True, "error")
    assert first.onset_ms == BEGIN_MS + 700_000
    assert [mark.name for mark in first.marks] == ["release 42", "release 41"]
    assert first.rate is not None and first.rate_after is not None
    assert (first.rate.failures, first.rate.trials, first.rate.unit) == (25, 1_000, "requests")
    assert (first.lines, first.rate_after.failures, first.rate_after.trials) == (75, 25, 300)
    assert first.rate.interval.low < 0.025 < first.rate.interval.high
    assert sum(first.counts) == 75 and not any(first.counts[:27])
    assert (second.text, second.changed, second.marks) == ("certificate not checked", False, ())
    assert second.rate is not None and second.rate.failures == 28


def test_a_steady_failure_has_no_onset(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    failing = set(np.flatnonzero(rng.random(1_000) < 0.02).tolist())
    found = written(tmp_path, traffic(1_000, failing))
    errors = errors_of(found, joined_of(found))
    assert {error.text for error in errors} == {"row is gone", "certificate not checked"}
    assert not any(error.changed for error in errors)


def test_the_rate_is_over_requests_that_began_the_same_way(tmp_path: Path) -> None:
    lines = traffic(200, {5, 50, 150})
    lines += [{"time": BEGIN_MS + 1_000 * at + 100, "level": 30, "reqId": f"h{at:05x}q", "msg": m}
              for at in range(800) for m in ("probe", "alive")]  # fmt: skip
    found = written(tmp_path, lines)
    error = next(each for each in errors_of(found, joined_of(found)) if each.text == "row is gone")
    assert error.rate is not None and error.rate.trials == 200


def only_complaints(count: int) -> list[Line]:
    """Every tenth request fails, in two lines; nothing is written of the others."""
    return [line for line in traffic(count, set(range(0, count, 10)), known_bad=count + 1)
            if "reqId" not in line or line["level"] == 50]  # fmt: skip


def test_requests_that_show_only_when_they_fail_have_no_rate(tmp_path: Path) -> None:
    found = written(tmp_path, only_complaints(300))
    error, *_ = errors_of(found, joined_of(found))
    assert (error.text, error.lines, error.rate) == ("row is gone", 90, None)


def test_what_begins_with_its_failure_is_compared_with_what_is_well(tmp_path: Path) -> None:
    lines = only_complaints(300)
    lines += [{"time": BEGIN_MS + 1_000 * at + 9, "level": 30, "reqId": f"r{at:05x}q", "msg": m}
              for at in range(300) if at % 10 for m in ("answered", "closed")]  # fmt: skip
    found = written(tmp_path, lines)
    error = next(each for each in errors_of(found, joined_of(found)) if each.text == "row is gone")
    assert error.rate is not None
    assert (error.rate.failures, error.rate.trials) == (30, 300)


def test_without_ids_there_is_an_onset_but_no_rate(tmp_path: Path) -> None:
    lines = traffic(600, set(range(400, 600, 5)))
    for line in lines:
        line.pop("reqId", None)
    first, *_ = errors_of(written(tmp_path, lines))
    assert (first.text, first.rate) == ("row is gone", None)
    assert first.onset_ms == BEGIN_MS + 400_005


def test_without_levels_words_of_complaint_are_errors(tmp_path: Path) -> None:
    path = tmp_path / "plain.log"
    lines = ["step was taken"] * 50 + ["could not reach the store"] + ["step was taken"] * 5
    path.write_text("\n".join(lines) + "\n")
    found = events(read(log_files([path])[0]))
    assert [error.text for error in errors_of(found)] == ["could not reach the store"]


def rivals(count: int) -> tuple[list[Line], list[Line]]:
    """Requests on accounts in two processes; those on account 7 run at the same time and fail."""
    one: list[Line] = []
    two: list[Line] = []
    for number in range(count):
        at = BEGIN_MS + 1_000 * number
        pair = number % 25 == 7
        account = {"accountId": "a-7" if pair else f"a-{number % 40}n"}
        for process, lines in enumerate((one, two)):
            own = {"reqId": f"r{number}-{process}k", **account}
            begin = at + (20 * process if pair else 480 * process)
            lines.append({"time": begin, "level": 30, **own, "msg": "accepted"})
            failed = pair and process == 1
            lines.append({"time": begin + 50, "level": 50 if failed else 30, **own,
                          "msg": "stale balance" if failed else "answered"})  # fmt: skip
    return one, two


def test_each_failure_has_its_concurrent_partner(tmp_path: Path) -> None:
    one, two = rivals(200)
    found = written(tmp_path, one, second=two)
    joined = joined_of(found)
    assert [found.keys[at] for at in joined.shared] == ["account"]
    beside = company(found, joined, [found.templates.index("stale balance")])
    assert (beside.failing, beside.with_overlap, len(beside.stories)) == (8, 8, 8)
    for each in beside.stories:
        nearest = each.partners[0]
        assert nearest.overlaps and nearest.elsewhere and nearest.key == "account"
        assert nearest.gap_ms == 20
        assert not any(partner.overlaps for partner in each.partners[1:])
        assert (each.under_way, each.begun_per_s) == (1, 3)


def test_overlap_on_one_thing_can_be_compared(tmp_path: Path) -> None:
    one, two = rivals(200)
    found = written(tmp_path, one, second=two)
    joined = joined_of(found)
    story, key, names = overlap_attributes(found, joined)
    assert names == ("account",) and (key == 0).all()
    sources = {found.sources[at] for at in found.source[np.isin(joined.story, story)]}
    assert len(story) == 16 and len(sources) == 2
