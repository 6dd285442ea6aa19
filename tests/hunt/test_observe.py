"""Logs of made-up services in, what failed and what ran together out."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from redhanded.case.errors import InputError
from redhanded.case.symptom import Symptom
from redhanded.hunt.observe import gather

START_MS = 1_735_812_000_000
SYMPTOM = "duplicate key"
REFUSED = 'duplicate key value violates unique constraint "uq_shipments_label"'


class Shipping:
    """A web process and two workers that write one JSON object per line."""

    def __init__(self, folder: Path, *, request_in_worker: bool = True) -> None:
        self.folder = folder
        self.chance = random.Random(7)
        self.lines: dict[str, list[tuple[float, dict[str, Any]]]] = {}
        self.jobs = 0
        self.request_in_worker = request_in_worker

    def write(self, name: str, at_ms: float, **fields: Any) -> None:
        self.lines.setdefault(name, []).append((at_ms, fields))

    def request(self, at_ms: float, parcel: str, *, queued: bool = True) -> dict[str, str]:
        """One delivery of a scan; gives the ids of its job."""
        call = f"{self.chance.getrandbits(64):016x}"
        ids = {"requestId": call, "parcelId": parcel}
        if queued:
            self.jobs += 1
            ids["jobId"] = str(self.jobs)
            self.write("api.log", at_ms + 2, **ids, msg="scan queued")
        else:
            self.write("api.log", at_ms + 2, **ids, msg="label exists, scan ignored")
        self.write(
            "api.log", at_ms + 3, requestId=call, req={"method": "POST", "url": "/scans"},
            res={"statusCode": 200}, durationMs=3, msg="request completed",
        )  # fmt: skip
        if not self.request_in_worker:
            del ids["requestId"]
        return ids

    def work(self, worker: str, at_ms: float, ids: dict[str, str], *, fails: bool = False) -> None:
        self.write(worker, at_ms, **ids, attempt=1, msg="job started")
        if not fails:
            self.write(worker, at_ms + 30, **ids, durationMs=30, msg="job completed")
            return
        for attempt in (1, 2, 3):
            error = {
                "message": "Validation error",
                "stack": "Error\n    at insert (/srv/node_modules/pg/q.js:1:2)\n"
                "    at async book (/srv/shipping/src/labels/book.js:21:5)",
                "parent": {
                    "message": REFUSED, "code": "23505", "table": "shipments",
                    "constraint": "uq_shipments_label",
                    "detail": f"Key (label)=(L-{ids['parcelId'][3:]}) already exists.",
                },
            }  # fmt: skip
            at_ms += 30 + 1000 * 2 ** (attempt - 1)
            self.write(worker, at_ms, **ids, attempt=attempt, err=error, level=50, msg="job failed")

    def save(self) -> list[Path]:
        paths = []
        for name, lines in self.lines.items():
            path = self.folder / name
            with path.open("w") as file:
                for at_ms, fields in sorted(lines, key=lambda line: line[0]):
                    file.write(json.dumps({"level": 30, "time": START_MS + at_ms} | fields) + "\n")
            paths.append(path)
        return paths


def _busy_day(
    folder: Path, *, failures: int = 4, request_in_worker: bool = True
) -> tuple[list[Path], list[float]]:
    """600 parcels, harmless late repetitions, and failures when a repetition comes too soon."""
    shipping = Shipping(folder, request_in_worker=request_in_worker)
    gaps: list[float] = []
    for number in range(600):
        at_ms = number * 100.0
        parcel = f"px_{shipping.chance.getrandbits(48):012x}"
        shipping.work(f"worker-{number % 2}.log", at_ms + 50, shipping.request(at_ms, parcel))
        if number % 150 == 10 and len(gaps) < failures:
            gaps.append(38.0 + len(gaps))
            ids = shipping.request(at_ms + gaps[-1], parcel)
            shipping.work("worker-1.log", at_ms + 95, ids, fails=True)
        elif number % 10 == 0:
            shipping.request(at_ms + 30_000, parcel, queued=False)
        shipping.write("api.log", at_ms + 5, requestId=f"h-{number}", level=30,
                       req={"method": "GET", "url": f"/parcels/{number}"},
                       res={"statusCode": 200}, durationMs=1, msg="request completed")  # fmt: skip
    return shipping.save(), gaps


def _says(symptom: Symptom) -> Iterator[str]:
    return (statement.says for statement in symptom.statements)


def _resolves(symptom: Symptom) -> bool:
    """Every piece of evidence is what stands at its place."""
    evidence = [*symptom.statements]
    for occurrence in symptom.occurrences:
        evidence.extend([*occurrence.evidence, *occurrence.partner])
    for one in evidence:
        line = Path(one.path).read_text(errors="replace").splitlines()[one.line - 1]
        if not line.startswith(one.text.removesuffix("…")):
            return False
    return bool(evidence)


@pytest.mark.parametrize("request_in_worker", [True, False])
def test_counts_jobs_and_finds_the_other_request(tmp_path: Path, request_in_worker: bool) -> None:
    paths, gaps = _busy_day(tmp_path, request_in_worker=request_in_worker)
    root = tmp_path / "repository"
    (root / "src/labels").mkdir(parents=True)
    (root / "src/labels/book.js").touch()
    symptom = gather(paths, SYMPTOM, root=root)
    assert symptom.lines == 12
    assert [one.identity[:6] for one in symptom.occurrences] == ["jobId="] * 4
    assert all(len(one.evidence) == 3 for one in symptom.occurrences)
    assert all((one.entity or "").startswith("parcelId=px_") for one in symptom.occurrences)
    assert list(symptom.gap_ms) == pytest.approx(gaps, abs=0.01)
    assert symptom.rate is not None
    assert (symptom.rate.failures, symptom.rate.trials) == (4, 600 + 4 + 56)
    assert symptom.rate.unit == "POST /scans requests"
    assert symptom.rate.interval.low < 4 / 660 < symptom.rate.interval.high
    assert (symptom.sqlstate, symptom.constraint, symptom.table) == (
        "23505", "uq_shipments_label", "shipments",
    )  # fmt: skip
    assert [str(frame) for frame in symptom.stack] == ["src/labels/book.js:21"]
    assert symptom.template == f"job failed: {REFUSED}"
    assert symptom.requests_per_s is not None
    assert 9 <= symptom.requests_per_s <= 13
    assert _resolves(symptom)
    assert any("two requests for the same parcelId about 40 ms apart" in s for s in _says(symptom))


def test_differences_name_the_early_repetition_before_the_mere_one(tmp_path: Path) -> None:
    symptom = gather(_busy_day(tmp_path)[0], SYMPTOM, root=None)
    named = [one.property for one in symptom.differences]
    early = next(at for at, text in enumerate(named) if "within 50 ms" in text)
    mere = next(at for at, text in enumerate(named) if "more than once" in text)
    assert early < mere
    assert any("before the work for the first had ended" in text for text in named)
    repeated = symptom.differences[mere]
    assert (repeated.failing_with, repeated.failing) == (4, 4)
    assert repeated.others_with == 4 + 2 * 56
    assert all(one.p_value < 0.01 for one in symptom.differences)


def test_a_property_that_all_share_is_no_difference(tmp_path: Path) -> None:
    shipping = Shipping(tmp_path)
    for number in range(200):
        ids = shipping.request(number * 100.0, f"px_{number:04}")
        shipping.work(
            f"worker-{number % 2}.log", number * 100.0 + 50, ids, fails=number % 50 in (10, 11)
        )
    symptom = gather(shipping.save(), SYMPTOM, root=None)
    assert len(symptom.occurrences) == 8
    assert symptom.differences == ()
    assert symptom.gap_ms == ()
    assert any("no partner" in limit for limit in symptom.limits)


def test_a_file_that_ends_in_a_line_is_said_and_its_failures_still_count(tmp_path: Path) -> None:
    paths, _ = _busy_day(tmp_path)
    cut = next(path for path in paths if path.name == "worker-1.log")
    cut.write_bytes(cut.read_bytes()[:-40])
    symptom = gather(paths, SYMPTOM, root=None)
    assert len(symptom.occurrences) == 4
    assert any("ends in the middle of line" in limit for limit in symptom.limits)


def test_workers_alone_give_a_rate_per_job(tmp_path: Path) -> None:
    paths = [path for path in _busy_day(tmp_path)[0] if path.name != "api.log"]
    symptom = gather(paths, SYMPTOM, root=None)
    assert symptom.rate is not None
    assert (symptom.rate.failures, symptom.rate.trials, symptom.rate.unit) == (4, 604, "jobs")
    assert symptom.gap_ms == pytest.approx((45.0,) * 4)
    assert any("no request" in limit for limit in symptom.limits)


def test_two_constraints_are_not_mixed(tmp_path: Path) -> None:
    paths, _ = _busy_day(tmp_path)
    other = {"level": 50, "time": START_MS, "jobId": "900", "msg": "job failed",
             "err": {"message": REFUSED.replace("uq_shipments_label", "uq_other"),
                     "constraint": "uq_other", "code": "23505"}}  # fmt: skip
    with paths[0].open("a") as file:
        file.write(json.dumps(other) + "\n")
    symptom = gather(paths, SYMPTOM, root=None)
    assert symptom.constraint == "uq_shipments_label"
    assert len(symptom.occurrences) == 4
    assert any("uq_other" in limit for limit in symptom.limits)


def test_failing_requests_without_a_queue(tmp_path: Path) -> None:
    path = tmp_path / "api.log"
    lines: list[dict[str, Any]] = []
    for number in range(300):
        for again in range(2 if number % 60 == 5 else 1):
            at_ms = START_MS + number * 50 + again * 12
            ids = {"traceId": f"t{number}-{again}", "account": f"ac_{number}"}
            fails = again == 1
            lines.append({"time": at_ms, "level": "info", **ids, "message": "debit started"})
            if fails:
                lines.append({"time": at_ms + 20, "level": "error", **ids,
                              "message": "could not serialize access"})  # fmt: skip
            lines.append({"time": at_ms + 25, "level": "info", **ids, "method": "POST",
                          "path": "/debits", "status": 500 if fails else 200,
                          "message": "done"})  # fmt: skip
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    symptom = gather([path], "could not serialize", root=None)
    assert [one.identity for one in symptom.occurrences][:1] == ["traceId=t5-1"]
    assert symptom.rate is not None
    assert (symptom.rate.failures, symptom.rate.trials) == (5, 305)
    assert symptom.gap_ms == (12.0,) * 5
    assert symptom.sqlstate == "40001"
    assert any("before the work for the first" in one.property for one in symptom.differences)


def test_python_text_with_ids_in_words(tmp_path: Path) -> None:
    lines = []
    for number in range(100):
        stamp = f"2025-01-02 10:{number // 60:02}:{number % 60:02}"
        lines.append(f"{stamp},000 INFO books.worker Job {number} started isbn=X{number // 2}-1")
        if number % 25 == 3:
            for again in range(3):
                lines.append(f"{stamp},{100 + again} ERROR books.worker Job {number} failed")
                lines.append("Traceback (most recent call last):")
                lines.append('  File "/srv/books/loans.py", line 30, in lend')
                lines.append("    insert(loan)")
                lines.append(
                    "psycopg.errors.UniqueViolation: "
                    'duplicate key value violates unique constraint "uq_loan"'
                )
                lines.append(f"DETAIL:  Key (isbn)=(X{number // 2}-1) already exists.")
        else:
            lines.append(f"{stamp},200 INFO books.worker Job {number} done")
    path = tmp_path / "worker.log"
    path.write_text("\n".join(lines) + "\n")
    symptom = gather([path], "uq_loan", root=None)
    assert [one.identity for one in symptom.occurrences] == [
        "Job=3", "Job=28", "Job=53", "Job=78",
    ]  # fmt: skip
    assert symptom.lines == 12
    assert symptom.rate is not None
    assert (symptom.rate.failures, symptom.rate.trials) == (4, 100)
    assert symptom.constraint == "uq_loan"
    assert [str(frame) for frame in symptom.stack] == ["/srv/books/loans.py:30"]
    assert symptom.occurrences[0].evidence[0].text.startswith("psycopg.errors.UniqueViolation")
    assert symptom.gap_ms == (1000.0,) * 4
    assert any("without a zone" in limit for limit in symptom.limits)
    assert _resolves(symptom)


@pytest.mark.parametrize("always", [False, True], ids=["twice", "always twice"])
def test_what_the_database_refused_leads_to_the_repeated_request(
    tmp_path: Path, always: bool
) -> None:
    """As Celery writes: what a job says does not carry its identifier, and two lines link the
    value of the constraint to the event, of which the web process speaks."""
    web, worker = [], []
    for number in range(60):
        at = f"2025-01-02 10:00:{number:02}"
        job, charge = f"5f0c{number:04}-aaaa-bbbb", f"ch_x{number:05}"
        again = always or number % 20 in (7, 9)  # 9: done before the second came
        for gap in (100, 118) if again else (100,):
            web.append(f"{at},{gap} INFO hooks: event evt_q{number:05} came")
        worker.append(f"[{at},200: INFO/Main] Task pay.record[{job}] received")
        worker.append(f"[{at},210: INFO/Pool-1] evt_q{number:05}: booking {charge}")
        if number % 20 == 7:
            worker.append(
                f"[{at},400: ERROR/Pool-1] Task pay.record[{job}] raised unexpected: "
                f'IntegrityError(\'duplicate key value violates unique constraint "one_charge" '
                f"DETAIL:  Key (charge)=({charge}) already exists.')"
            )
        else:
            worker.append(f"[{at},400: INFO/Pool-1] Task pay.record[{job}] succeeded in 0.2s")
    (tmp_path / "web.log").write_text("\n".join(web) + "\n")
    (tmp_path / "worker.log").write_text("\n".join(worker) + "\n")
    symptom = gather([tmp_path], "one_charge", root=None)
    assert len(symptom.occurrences) == 3
    said = " ".join(_says(symptom))
    if always:
        assert [one.partner for one in symptom.occurrences] == [()] * 3
        assert symptom.gap_ms == ()
        return
    assert symptom.gap_ms == (18.0,) * 3 and symptom.repeat_gap_ms == (18.0,) * 6
    assert [one.entity for one in symptom.occurrences] == [
        f"charge=ch_x{number:05}" for number in (7, 27, 47)
    ]
    assert all(one.partner[0].path.endswith("web.log") for one in symptom.occurrences)
    assert "before 3 of 3 failures one statement says the refused value" in said
    assert _resolves(symptom)


def test_no_identity_no_times_no_format(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("starting\nboom: it broke\nstill here\nboom: it broke\n")
    symptom = gather([path], "BOOM", root=None)
    assert symptom.lines == 2
    assert [one.identity for one in symptom.occurrences] == [f"{path}:2", f"{path}:4"]
    assert (symptom.rate, symptom.first_ms, symptom.gap_ms) == (None, None, ())
    assert any("no job, request or trace id" in limit for limit in symptom.limits)
    assert any("no times" in limit for limit in symptom.limits)
    assert _resolves(symptom)


def test_a_symptom_with_quotes_is_found_inside_json(tmp_path: Path) -> None:
    paths, _ = _busy_day(tmp_path)
    assert gather(paths, 'unique constraint "uq_shipments_label"', root=None).lines == 12


def test_a_symptom_that_never_occurs_says_what_does(tmp_path: Path) -> None:
    paths, _ = _busy_day(tmp_path)
    with pytest.raises(InputError) as caught:
        gather(paths, "duplicated keys violation", root=None)
    assert "does not occur" in str(caught.value)
    assert f"12 × job failed: {REFUSED}" in str(caught.value)


def test_an_empty_symptom_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="empty"):
        gather(_busy_day(tmp_path)[0], "  ", root=None)


@pytest.mark.parametrize("redact", [True, False])
def test_nothing_personal_is_kept(tmp_path: Path, redact: bool) -> None:
    path = tmp_path / "api.log"
    lines = [
        {"time": START_MS + number, "level": "error", "userId": f"u{number // 2}@example.com",
         "token": "s3cr3t-value", "message": "refused"}
        for number in range(6)
    ]  # fmt: skip
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    kept = repr(gather([path], "refused", root=None, redact=redact))
    assert ("s3cr3t-value" in kept) is not redact
    assert ("u1@example.com" in kept) is not redact


def test_without_a_symptom_the_log_shows_it_and_why_is_said(tmp_path: Path) -> None:
    paths = _busy_day(tmp_path)[0]
    found = gather(paths, None, root=None)
    asked = gather(paths, found.text, root=None)
    assert REFUSED.startswith(found.text)
    assert "error, 12 entries" in found.chosen
    assert found.rate == asked.rate
    assert found.occurrences == asked.occurrences


def test_a_log_without_a_failure_is_no_input_for_a_hunt(tmp_path: Path) -> None:
    paths = _busy_day(tmp_path, failures=0)[0]
    with pytest.raises(InputError, match="looks like a failure"):
        gather(paths, None, root=None)


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    gather(_busy_day(tmp_path)[0], SYMPTOM, root=None, on_progress=told.append)
    assert "3 log files" in told[0]
    assert "12 lines" in told[1]
