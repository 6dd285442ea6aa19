"""The bench of logs, with counts too small to say anything, so that it does not rot."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "bench"))

import log_grouping  # noqa: E402
import log_lines  # noqa: E402

import logs as bench  # noqa: E402

LABELLED = """LineId,Content,EventId,EventTemplate
1,job 1 done,E1,job <*> done
2,job 2 done,E1,job <*> done
3,up and running,E2,up and running
4,up and walking,E2,up and <*>
"""


@pytest.mark.parametrize("made", [log_lines.mixed, log_lines.plain, log_lines.pino])
def test_the_same_seed_gives_the_same_lines(made: object) -> None:
    lines = list(made(300, 5))  # type: ignore[operator]
    assert lines == list(made(300, 5)) != list(made(300, 6))  # type: ignore[operator]
    assert len(lines) == 300 and all("\n" not in line.text for line in lines)


def test_uuids_are_in_as_many_lines_as_asked_for() -> None:
    lines = list(log_lines.mixed(4000, 5, uuid_share=0.3))
    share = sum(" trace=" in line.text for line in lines) / len(lines)
    assert 0.2 < share < 0.35  # none in the access log


def test_groups_count_where_they_are_exactly_true_ones(tmp_path: Path) -> None:
    (tmp_path / "Some_2k.log_structured.csv").write_text(LABELLED)
    found = log_grouping.measure(tmp_path, say=lambda _: None)
    ours = next(one for one in found if one.way == log_grouping.OURS)
    assert (ours.groups, ours.true_groups) == (3, 2)
    assert ours.GA == 0.5
    assert math.isclose(ours.FGA, 0.4)
    assert "0.500 / 0.400" in log_grouping.part(found).body


def test_the_parts_write_their_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ["--lines", "400", "--drain-lines", "100", "--rounds", "1", "--memory-times", "2"]
    monkeypatch.setattr(sys, "argv", ["logs.py", *small, "--out", str(tmp_path)])
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    ours = ["logs-grouping", "logs-templates", "logs-columns", "logs-memory"]
    monkeypatch.setattr(bench, "PARTS", {name: bench.PARTS[name] for name in ours})
    assert bench.main() == 0
    assert "loghub" in capsys.readouterr().err
    written = {page.stem for page in tmp_path.glob("*.md")}
    assert written == set(ours) - {"logs-grouping"}
    raw = json.loads((tmp_path / "logs-columns.json").read_text())["raw"]
    assert {one["way"] for one in raw} >= {"redhanded columns", "msgspec alone"}


def test_grouping_alone_says_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["logs.py", "--only", "logs-grouping"])
    assert bench.main() == 2
    assert "--loghub" in capsys.readouterr().err
