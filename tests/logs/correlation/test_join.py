"""Lines of one piece of work are joined across processes; what many share joins nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from redhanded.case.errors import InputError
from redhanded.logs.correlation import units
from redhanded.logs.correlation.discovery import keys_of, root_of
from redhanded.logs.correlation.events import Events, events
from redhanded.logs.correlation.join import Joined, join
from redhanded.logs.correlation.units import by_story, by_window, failing_stories, of_runs
from redhanded.logs.difference.compare import compare
from redhanded.logs.difference.questions import Kind
from redhanded.logs.files import log_files
from redhanded.logs.read import read

BEGIN_MS = 1_760_000_000_000


def written(folder: Path, **files: list[dict[str, Any]]) -> Events:
    paths = []
    for name, lines in files.items():
        path = folder / f"{name}.log"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        paths.append(path)
    return events(read(log_files(paths)[0]))


def system(count: int, *, slip: int | None = None) -> dict[str, list[dict[str, Any]]]:
    """A web process that knows requests, a worker that knows jobs, a mailer that knows mails; each
    user sends ten requests. The job of request ``slip`` fails on another account."""
    web, worker, mailer = [], [], []
    for number in range(count):
        at = BEGIN_MS + 1_000 * number
        request = {"reqId": f"r{number:06x}a", "userId": f"u-{number // 10}"}
        web.append({"time": at, "level": 30, **request, "msg": "accepted"})
        job = {"jobId": f"j-{number}x"}
        web.append({"time": at + 5, "level": 30, "reqId": request["reqId"], **job, "msg": "queued"})
        bad = number == slip
        worker.append({"time": at + 30, "level": 30, **job, "msg": "begun"})
        worker.append({"time": at + 60, "level": 50 if bad else 30, **job, "mailId": f"m{number}z",
                       "msg": "mail refused" if bad else "mail asked for"})  # fmt: skip
        mailer.append({"time": at + 90, "level": 30, "mailId": f"m{number}z", "msg": "sent"})
        if number % 10 == 0:
            web.append({"time": at + 500, "level": 30, "userId": f"u-{number // 10}",
                        "msg": "logged in"})  # fmt: skip
    return {"web": web, "worker": worker, "mailer": mailer}


def by_request(found: Events) -> Joined:
    return join(found, found.keys.index("req"))


def test_the_request_is_the_root(tmp_path: Path) -> None:
    keys = keys_of(written(tmp_path, **system(50)))
    by_name = {key.name: key for key in keys}
    root = root_of(keys)
    assert root is not None and root.name == "req"
    assert by_name["job"].crosses == 1.0 and by_name["req"].crosses == 0.0
    assert (by_name["user"].values, by_name["user"].lines_per_value) == (5, 11.0)


def test_a_request_is_followed_through_the_queue_and_further(tmp_path: Path) -> None:
    found = written(tmp_path, **system(50))
    joined = by_request(found)
    sizes = np.bincount(joined.story[joined.story >= 0])
    assert sizes.tolist() == [5] * 50, "accepted, queued, begun, mail asked for, sent"
    assert sorted(np.bincount(joined.hops[joined.hops >= 0])) == [50, 100, 100]
    for story in range(50):
        sources = {found.sources[at] for at in found.source[joined.story == story]}
        assert len(sources) == 3


def test_a_user_does_not_glue_the_world(tmp_path: Path) -> None:
    found = written(tmp_path, **system(50))
    joined = by_request(found)
    assert [found.keys[at] for at in joined.shared] == ["user"]
    assert {found.keys[at] for at in joined.leading} == {"job", "mail"}
    logins = [at for at, which in enumerate(found.template)
              if found.templates[which] == "logged in"]  # fmt: skip
    assert (joined.story[logins] == -1).all()


def test_by_entity_the_same_lines_are_other_stories(tmp_path: Path) -> None:
    found = written(tmp_path, **system(50))
    joined = join(found, found.keys.index("user"))
    sizes = np.bincount(joined.story[joined.story >= 0])
    assert sizes.tolist() == [51] * 5, "ten requests with all that they led to, and a login"


def test_two_names_of_one_thing_are_one_unless_they_are_plain_numbers(tmp_path: Path) -> None:
    def lines(prefix: str) -> dict[str, list[dict[str, Any]]]:
        web = [{"time": BEGIN_MS + at, "reqId": f"{prefix}{at}", "msg": m}
               for at in range(40) for m in ("in", "out")]  # fmt: skip
        db = [{"time": BEGIN_MS + at, "traceRef": f"{prefix}{at}", "msg": "query"}
              for at in range(40)]  # fmt: skip
        return {"web": web, "db": db}

    (tmp_path / "a").mkdir()
    named = written(tmp_path / "a", **lines("x"))
    assert (by_request(named).story >= 0).all()
    numbered = written(tmp_path, **lines(""))
    assert (by_request(numbered).story >= 0).sum() == 80


def test_a_batch_does_not_lead_on_and_that_is_said(tmp_path: Path) -> None:
    files = system(20)
    files["web"] += [
        {"time": BEGIN_MS + at, "reqId": "r-batch1", "jobId": f"j-b{at}x", "msg": "queued"}
        for at in range(400)
    ]
    files["worker"] += [
        {"time": BEGIN_MS + at, "jobId": f"j-b{at}x", "msg": "begun"} for at in range(400)
    ]
    found = written(tmp_path, **files)
    joined = by_request(found)
    assert np.bincount(joined.story[joined.story >= 0]).max() == 400
    assert "batches" in " ".join(joined.limits)


def test_stories_feed_the_comparison(tmp_path: Path) -> None:
    files = system(300)
    failed = {f"j-{number}x" for number in (7, 70, 170, 230)}
    for line in files["worker"]:
        if line["jobId"] in failed and line["msg"] == "mail asked for":
            line |= {"msg": "mail refused", "level": 50}
    files["worker"] += [
        {"time": line["time"] + 10, "jobId": line["jobId"], "msg": "address list was empty"}
        for line in files["worker"]
        if line["jobId"] in failed and line["msg"] == "begun"
    ]
    found = written(tmp_path, **files)
    joined = by_request(found)
    symptom = [found.templates.index("mail refused")]
    failing = failing_stories(found, joined, symptom)
    assert failing.sum() == 4
    differences = compare(by_story(found, joined, failing), symptom=symptom)
    lines = [each.template for group in differences.groups for each in group.findings]
    assert "address list was empty" in lines
    shows = np.isin(found.template, symptom)
    windows = by_window(found, joined, shows, length_ms=10_000)
    assert windows.noun == "window" and windows.failing.sum() == 4
    assert windows.chains > len(windows.failing)


def test_whole_runs_are_compared_by_their_requests(tmp_path: Path) -> None:
    good, bad = system(60)["web"], system(60)["web"]
    for line in bad:
        line["reqId"] = line.get("reqId", "") + "b"
    bad += [{"time": BEGIN_MS, "reqId": f"r{at:06x}ab", "msg": "cache is cold"} for at in range(50)]
    found = written(tmp_path, good=good, bad=bad)
    bad_file = next(at for at, name in enumerate(found.files) if name.endswith("bad.log"))
    told, limit = of_runs(found, by_request(found), [bad_file])
    assert told.noun == "request" and "name more runs" in limit
    findings = [each for group in compare(told).groups for each in group.findings]
    assert any(each.template == "cache is cold" and each.kind is Kind.PRESENT for each in findings)


def test_runs_without_ids_are_cut_into_windows(tmp_path: Path) -> None:
    def run(extra: str) -> list[dict[str, Any]]:
        return [{"time": BEGIN_MS + 100 * at, "msg": "tick" if at % 5 else extra}
                for at in range(3_000)]  # fmt: skip

    found = written(tmp_path, good=run("tock"), bad=run("tuck"))
    bad_file = next(at for at, name in enumerate(found.files) if name.endswith("bad.log"))
    told, _ = of_runs(found, None, [bad_file])
    assert told.noun == "window"
    findings = [each for group in compare(told).groups for each in group.findings]
    assert {"tock", "tuck"} <= {each.template for each in findings}


def test_runs_without_ids_and_times_are_refused(tmp_path: Path) -> None:
    found = written(tmp_path, good=[{"msg": "a"}], bad=[{"msg": "b"}])
    with pytest.raises(InputError, match="Name logs with times"):
        of_runs(found, None, [0])


def test_what_is_too_much_to_keep_apart_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("redhanded.logs.correlation.events._TEMPLATES_MAX", 3)
    monkeypatch.setattr("redhanded.logs.correlation.events._KEYS_MAX", 2)
    words = ("one", "two", "three", "four", "five")
    lines = [{"time": BEGIN_MS, f"{word}Id": f"{word}-{at}", "msg": word}
             for at in range(4) for word in words]  # fmt: skip
    found = written(tmp_path, a=lines)
    assert found.templates == ("one", "two", "three", "<other lines>")
    assert found.keys == ("one", "two") and len(found.id_row) == 8
    assert any(limit.startswith("8 lines") for limit in found.limits)
    assert any(limit.startswith("12 identifiers") for limit in found.limits)


def test_of_too_many_events_whole_stories_are_drawn_and_failing_ones_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = system(200)
    for line in files["worker"]:
        if line["msg"] == "begun" and int(line["jobId"][2:-1]) % 20 == 3:
            files["web"].append({**line, "time": line["time"] + 1, "msg": "a shadow falls"})
            line |= {"level": 50, "msg": "lost"}
    found = written(tmp_path, **files)
    joined = by_request(found)
    symptom = [found.templates.index("lost")]
    failing = failing_stories(found, joined, symptom)
    assert int(failing.sum()) == 10
    whole = by_story(found, joined, failing, symptom=symptom)
    monkeypatch.setattr(units, "_EVENTS_MAX", 300)
    drawn = by_story(found, joined, failing, symptom=symptom)
    assert whole.left_out == 0 and len(whole.failing) == 200
    assert int(drawn.failing.sum()) == 10
    assert len(drawn.story) <= 300 < len(whole.story)
    assert drawn.left_out + len(drawn.failing) == 200
    size = {len(set(np.flatnonzero(drawn.story == at))) for at in np.flatnonzero(~drawn.failing)}
    assert size == {5}  # No story is cut.
    told = compare(drawn, symptom=symptom)
    assert any(f"{drawn.left_out:,} more" in limit for limit in told.limits)
    assert "a shadow falls" in {one.template for group in told.groups for one in group.findings}
