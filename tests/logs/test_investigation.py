"""The whole way: from files to what failed and in what it differs, without being told anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from redhanded.case.errors import InputError
from redhanded.logs.correlation.events import Events, events, events_of
from redhanded.logs.difference.questions import Kind
from redhanded.logs.files import log_files
from redhanded.logs.investigation import compare_runs, investigate
from redhanded.logs.read import read

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "orders" / "logs"
BEGIN_MS = 1_760_000_000_000
Line = dict[str, Any]


def read_back(folder: Path, **files: list[Line]) -> Events:
    paths = []
    for name, lines in files.items():
        path = folder / f"{name}.log"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        paths.append(path)
    return events(read(log_files(paths)[0]))


def test_a_real_log_tells_its_cause() -> None:
    """Two deliveries of one event that overlap; the log is that of the example's own traffic."""
    found = investigate(events(read(log_files([EXAMPLE])[0])))
    assert found.differences is not None and found.company is not None
    assert found.errors[0].text.startswith("job failed: duplicate key value violates unique")
    assert found.errors[0].rate is not None
    assert found.errors[0].rate.failures == found.differences.failing == 7
    first = found.differences.groups[0].first
    assert first.kind is Kind.ATTRIBUTE and first.key is not None
    assert first.key.startswith("another one at the same time on the same ")
    assert first.failing_with == 6 and first.passing_with < 0.01 * first.passing
    assert all(group.first.after_symptom for group in found.differences.groups[1:])
    assert found.company.with_overlap == 6


def test_without_ids_windows_are_compared(tmp_path: Path) -> None:
    lines: list[Line] = []
    for at in range(4_000):
        bad = at in (500, 1_500, 2_500, 3_500)
        lines.append({"time": BEGIN_MS + 1_000 * at, "level": 30, "msg": "tick"})
        if bad:
            lines.append({"time": BEGIN_MS + 1_000 * at + 5, "level": 40, "msg": "disk is slow"})
            lines.append({"time": BEGIN_MS + 1_000 * at + 9, "level": 50, "msg": "write failed"})
    found = investigate(read_back(tmp_path, a=lines))
    assert found.joined is None and found.company is None
    assert found.differences is not None and found.differences.noun == "window"
    assert found.differences.groups[0].first.template == "disk is slow"


def test_the_symptom_that_is_asked_for_is_taken(tmp_path: Path) -> None:
    lines = [{"time": BEGIN_MS + at, "level": 30 if at % 9 else 50, "reqId": f"r{at}k",
              "msg": m if at % 9 else "no"} for at in range(90) for m in ("in", "out")]  # fmt: skip
    log = read_back(tmp_path, a=lines)
    found = investigate(log, symptom=[log.templates.index("out")])
    assert found.differences is not None and found.differences.failing == 80
    assert [found.events.templates[at] for at in found.symptom] == ["out"]


def test_a_log_without_errors_has_no_symptom(tmp_path: Path) -> None:
    lines = [{"time": BEGIN_MS + at, "level": 30, "reqId": f"r{at}k", "msg": m}
             for at in range(30) for m in ("in", "out")]  # fmt: skip
    found = investigate(read_back(tmp_path, a=lines))
    assert (found.errors, found.symptom, found.differences, found.company) == ((), (), None, None)
    assert found.root is not None and found.root.name == "req"


def test_a_log_without_ids_and_times_cannot_be_compared(tmp_path: Path) -> None:
    path = tmp_path / "plain.log"
    path.write_text("all is well\nsomething failed\n")
    with pytest.raises(InputError, match="has a time"):
        investigate(events(read(log_files([path])[0])))


def test_two_runs_are_compared(tmp_path: Path) -> None:
    def run(word: str, prefix: str) -> list[Line]:
        return [{"time": BEGIN_MS + 10 * at, "level": 30, "reqId": f"{prefix}{at}k", "msg": m}
                for at in range(60) for m in ("in", word, "out")]  # fmt: skip

    log = read_back(tmp_path, good=run("cache hit", "a"), bad=run("cache miss", "b"))
    bad = [at for at, name in enumerate(log.files) if name.endswith("bad.log")]
    found, limit = compare_runs(log, bad)
    told = {(each.kind, each.template) for group in found.groups for each in group.findings}
    assert (Kind.PRESENT, "cache miss") in told and (Kind.MISSING, "cache hit") in told
    assert "one run is compared with another" in limit


def test_columns_of_the_fast_reader_are_taken(tmp_path: Path) -> None:
    """Whatever has these arrays and tables, in narrower numbers."""

    class Columns:
        file = np.zeros(4, np.int32)
        line = np.arange(1, 5)
        at_ms = np.arange(4.0)
        level = np.array([2, 4, 2, 2], np.int8)
        template = np.array([0, 1, 0, 0], np.int32)
        source = np.zeros(4, np.int32)
        id_row = np.array([0, 1, 2, 3], np.int32)
        id_key = np.zeros(4, np.int16)
        id_value = np.array([7, 7, 8, 8], np.uint64)
        files = ("a.log",)
        sources = ("a",)
        keys = ("req",)
        templates = ("in", "failed")

    found = investigate(events_of(Columns()))
    assert found.symptom == (1,)
    assert found.differences is not None
    assert (found.differences.failing, found.differences.passing) == (1, 1)
