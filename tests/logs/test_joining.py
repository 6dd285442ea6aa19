"""Which field says that two lines are one failure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from redhanded.hunt.observe import gather
from redhanded.logs.files import log_files
from redhanded.logs.joining import identity_field
from redhanded.logs.search import search


def _identity(folder: Path, lines: list[dict[str, Any]]) -> str | None:
    path = folder / "a.log"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = search(log_files([path])[0], "boom")
    return identity_field(found.matches, found.profile)


def _work(
    number: int, names: dict[str, str], *, fails: bool, tries: int = 3
) -> list[dict[str, Any]]:
    ids = {name: f"{prefix}{number}" for name, prefix in names.items()}
    lines: list[dict[str, Any]] = [{**ids, "msg": "begun"}]
    for attempt in range(1, (tries if fails else 1) + 1):
        lines.append({**ids, "attempt": attempt, "msg": "boom" if fails else "done"})
    return lines


def test_names_decide_between_equals(tmp_path: Path) -> None:
    lines = [
        line
        for number in range(40)
        for line in _work(number, {"accountRef": "a", "jobId": ""}, fails=number % 10 == 0)
    ]
    assert _identity(tmp_path, lines) == "job"


def test_without_telling_names_the_finest_over_the_whole_log_is_taken(tmp_path: Path) -> None:
    lines = []
    for number in range(40):
        work = _work(number, {"zebra": "z"}, fails=number % 10 == 0)
        lines.extend(line | {"apple": f"a{number // 2}"} for line in work)
    assert _identity(tmp_path, lines) == "zebra"


def test_an_id_of_the_attempt_is_passed_over_for_what_its_retries_share(tmp_path: Path) -> None:
    lines = []
    for number in range(40):
        for at, line in enumerate(_work(number, {"thing": "t"}, fails=number % 10 == 0)):
            lines.append(line | {"mark": f"m{number}-{at}"})
            lines.append({"mark": f"m{number}-{at}", "msg": "noted"})
    assert _identity(tmp_path, lines) == "thing"


def test_the_same_attempt_twice_is_two_failures(tmp_path: Path) -> None:
    lines = []
    for number in range(40):
        work = _work(number, {"run": "r"}, fails=number % 10 < 2, tries=1)
        lines.extend(line | {"owner": f"o{number // 2}"} for line in work)
    assert _identity(tmp_path, lines) == "run"


def test_a_jobs_name_on_few_of_the_lines_goes_before_the_rows(tmp_path: Path) -> None:
    """Each failure is told four times; the driver and the queue's library name the row alone."""
    lines: list[dict[str, Any]] = []
    for number in range(40):
        names = {"jobId": number, "insuranceNumber": f"n{number // 2}"}
        lines += [names | {"msg": "begun"}, names | {"msg": "boom" if number % 10 == 1 else "done"}]
        if number % 10 == 1:
            lines += [{"insuranceNumber": f"n{number // 2}", "msg": "boom"}] * 3
    assert _identity(tmp_path, lines) == "job"


def test_no_identifier_no_identity(tmp_path: Path) -> None:
    assert _identity(tmp_path, [{"msg": "boom"}, {"msg": "fine"}, {"msg": "boom"}]) is None


def test_a_number_that_another_queue_counts_too_joins_nothing(tmp_path: Path) -> None:
    """Job 7 of one queue is about licence 7, job 7 of the mailer about licence 3."""
    lines: dict[str, list[dict[str, Any]]] = {"web": [], "issuer": [], "mailer": []}
    for number in range(60):
        at = f"2025-01-01T00:00:{number % 60:02d}."
        fails = number % 10 == 9
        again = fails or number % 10 == 3  # the other ones come late and do no harm
        job, event = str(number), f"evt_{number - again:06d}ab"
        line = {"time": f"{at}100Z", "reqId": f"r{number:03d}abc", "event": event, "jobId": job}
        lines["web"].append({**line, "msg": "queued", "method": "POST", "url": "/hook"})
        said = (
            {"msg": "boom", "level": "error"} if fails else {"msg": "issued", "licence": f"L{job}x"}
        )
        lines["issuer"].append({"time": f"{at}300Z", "jobId": job, "event": event, **said})
        mail = {"time": f"{at}500Z", "jobId": job, "licence": f"L{number - 4}x", "msg": "mailed"}
        lines["mailer"].append(mail)
    for name, entries in lines.items():
        text = "".join(json.dumps(entry) + "\n" for entry in entries)
        (tmp_path / f"{name}.log").write_text(text)
    found = gather([tmp_path], "boom", root=None)
    assert {one.entity for one in found.occurrences} == {
        f"event=evt_{n:06d}ab" for n in range(8, 60, 10)
    }
