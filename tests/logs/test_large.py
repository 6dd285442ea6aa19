"""Large logs, read the fast way, are told as small ones are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from index_logs import lines, write

from redhanded.case.errors import InputError
from redhanded.case.log_analysis import LogAnalysis
from redhanded.hunt import observe
from redhanded.hunt.observe.large import LIMIT
from redhanded.logs.files import log_files
from redhanded.logs.index.large import large, rows_with
from redhanded.logs.inputs import inputs
from redhanded.logs.search import search

KEPT: list[str] = []


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write(tmp_path / "ferry.log", 3000)


def answer(log: Path, text: str | None, folder: Path | None = None) -> LogAnalysis:
    return observe.examine(
        inputs([log]), text, root=None, redact=True, say=KEPT.append, folder=folder, compared=True
    )


@pytest.mark.parametrize("text", ["berth is taken", "gate stuck", None])
def test_large_and_small_logs_are_told_alike(
    log: Path, text: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = answer(log, text)
    monkeypatch.setattr(observe, "LARGE_BYTES", 0)
    big = answer(log, text)
    assert LIMIT in big.limits
    assert small.symptom is not None
    assert big.symptom is not None
    assert (big.symptom.text, big.symptom.lines) == (small.symptom.text, small.symptom.lines)
    assert (big.symptom.rate is None) == (small.symptom.rate is None)
    assert (big.entries, big.first_ms, big.last_ms) == (
        small.entries,
        small.first_ms,
        small.last_ms,
    )
    assert big.symptom.series is not None
    assert sum(big.symptom.series.failing) == big.symptom.lines
    for one in (*big.symptom.statements, *(e for d in big.differences for e in d.examples)):
        assert log.read_text().splitlines()[one.line - 1].startswith(one.text[:200])


def test_the_second_question_reads_nothing_and_a_changed_file_is_read(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observe, "LARGE_BYTES", 0)
    folder = tmp_path / "index"
    answers = [answer(log, "berth is taken", folder) for _ in range(2)]
    assert [one.files_from_index for one in answers] == [0, 1]
    assert answers[0].symptom == answers[1].symptom
    assert answers[0].differences == answers[1].differences
    log.write_text("".join(f"{line}\n" for line in lines(3000, first=7)))
    assert answer(log, "berth is taken", folder).files_from_index == 0


@pytest.mark.parametrize("text", ["gate.js:14", "RQ-000012", '"msg": "crossing booked"', "no such"])
def test_rows_with_a_text_are_those_that_a_search_finds(log: Path, text: str) -> None:
    files = log_files([log])[0]
    known = large(files, None, KEPT.append)
    found = [known.columns.line[row] for row in rows_with(known, text)]
    expected = [
        int(known.columns.line[np.searchsorted(known.columns.line, match.line, "right") - 1])
        for match in search(files, text).matches
    ]
    assert found == expected


def test_a_symptom_that_is_not_there_is_said(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observe, "LARGE_BYTES", 0)
    with pytest.raises(InputError, match="berth is taken"):
        answer(log, "no such words")
