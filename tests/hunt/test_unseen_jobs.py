"""No rate over jobs that the logs name only when something is wrong with them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from redhanded.case.log_analysis import LogAnalysis
from redhanded.case.symptom import Symptom
from redhanded.hunt import observe
from redhanded.logs.inputs import inputs

JOBS = 300
REFUSED = {40, 90, 140, 190, 240}
TIMED_OUT = {60, 120}
SYMPTOM = "uq_ticket_seat"
KEPT: list[str] = []


def box_office(folder: Path, *, begins: bool, ends: bool) -> Path:
    """A Celery worker's log; successful tasks show only where they log their begin or end."""
    chance = random.Random(3)
    lines: list[str] = []
    for number in range(JOBS):
        task = f"{chance.getrandbits(32):08x}-1b2c-4d3e-8f40-{chance.getrandbits(48):012x}"
        stamp = f"[2026-03-04 10:{number // 60:02}:{number % 60:02}"
        if begins:
            lines.append(f"{stamp},100: INFO/MainProcess] Task office.sell[{task}] received")
        if number % 7 == 0:
            lines.append(f"{stamp},150: INFO/ForkPoolWorker-1] printer warmed up")
        error = f"{stamp},200: ERROR/ForkPoolWorker-2] Task office.sell[{task}] raised unexpected:"
        if number in REFUSED | TIMED_OUT:
            lines.append(f"{stamp},180: WARNING/ForkPoolWorker-2] Task office.sell[{task}] is slow")
        if number in REFUSED:
            lines.append(f"{error} IntegrityError('duplicate key violates \"{SYMPTOM}\"')")
        elif number in TIMED_OUT:
            lines.append(f"{error} TimeoutError('printer did not answer')")
        elif ends:
            lines.append(
                f"{stamp},200: INFO/ForkPoolWorker-2] Task office.sell[{task}] succeeded in 0.1s"
            )
    path = folder / "worker.log"
    path.write_text("\n".join(lines) + "\n")
    return path


def asked(log: Path) -> tuple[LogAnalysis, Symptom]:
    found = observe.examine(
        inputs([log]), SYMPTOM, root=None, redact=True, say=KEPT.append, compared=True
    )
    assert found.symptom is not None
    return found, found.symptom


@pytest.fixture(params=["small", "large"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "large":
        monkeypatch.setattr(observe, "LARGE_BYTES", 0)


@pytest.mark.usefixtures("way")
def test_jobs_that_are_named_only_when_they_fail_have_no_rate(tmp_path: Path) -> None:
    found, symptom = asked(box_office(tmp_path, begins=False, ends=False))
    assert symptom.rate is None
    assert len(symptom.occurrences) == len(REFUSED)
    assert any("no rate" in limit and "begins" in limit for limit in found.limits)
    assert symptom.onset is None or symptom.onset.after is None


@pytest.mark.parametrize(("begins", "ends"), [(True, True), (True, False), (False, True)])
def test_jobs_that_show_when_they_are_well_are_counted(
    tmp_path: Path, begins: bool, ends: bool
) -> None:
    found, symptom = asked(box_office(tmp_path, begins=begins, ends=ends))
    assert symptom.rate is not None
    assert symptom.rate.failures == len(REFUSED)
    assert symptom.rate.trials == JOBS
    assert not any("no rate" in limit for limit in found.limits)


@pytest.mark.usefixtures("way")
def test_jobs_whose_lines_recur_are_counted_in_large_logs_too(tmp_path: Path) -> None:
    _, symptom = asked(box_office(tmp_path, begins=True, ends=True))
    assert symptom.rate is not None
    assert (symptom.rate.failures, symptom.rate.trials) == (len(REFUSED), JOBS)
