"""What the newest case, and rules, add to what explore shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from redhanded import store
from redhanded.actions.exploring import PastAsked, journeys
from redhanded.case.journey import Journeys
from redhanded.case.request import HuntRequest
from redhanded.case.symptom import Marker, Symptom

APP = """\
const express = require('express')
const { Pool } = require('pg')
const pool = new Pool()
const app = express()

app.post('/seats', async (req, res) => {
  const found = await pool.query('SELECT id FROM seats WHERE number = $1', [req.body.number])
  if (found.rows.length === 0) {
    await pool.query('INSERT INTO seats (number) VALUES ($1)', [req.body.number])
  }
  res.json({ ok: true })
})
"""
TABLE = "CREATE TABLE seats (id serial PRIMARY KEY, number integer);\n"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = tmp_path / "app"
    (root / "migrations").mkdir(parents=True)
    (root / "package.json").write_text('{"dependencies": {"express": "5", "pg": "8"}}')
    (root / "app.js").write_text(APP)
    (root / "migrations" / "001.sql").write_text(TABLE)
    return root


def shown(root: Path, **asked: str) -> Journeys:
    wanted = {"entry": None, "table": None} | asked
    return journeys(root, say=lambda sentence: None, past=PastAsked(), **wanted)  # type: ignore[arg-type]


def opened(root: Path, symptom: Symptom) -> str:
    with store.open_case(HuntRequest(target=root, symptom="refused")) as case:
        case.append("observe", {"symptom": symptom})
        return case.identifier


def test_what_the_newest_case_knows_of_the_beginning(tree: Path) -> None:
    deploys = tuple(
        Marker(at_ms=at_ms, kind="deploy", says=f"release {at_ms:.0f}") for at_ms in range(9)
    )
    starts = (
        Marker(at_ms=2.0, kind="start", says="web"),
        Marker(at_ms=3.0, kind="commit", says=""),
    )
    opened(tree, Symptom(text="older", first_ms=1.0))
    name = opened(
        tree,
        Symptom(text="refused", template="<*> refused", first_ms=6.0, markers=deploys + starts),
    )
    history = shown(tree, entry="POST /seats").history
    assert history is not None
    began = history.beginning
    assert began is not None
    assert (began.symptom, began.source, began.is_onset) == ("<*> refused", f"case {name}", False)
    assert [one.says for one in began.markers] == ["web", "release 4", "release 5", "release 6"]


def test_a_case_without_times_or_that_cannot_be_read_is_no_beginning(tree: Path) -> None:
    opened(tree, Symptom(text="refused"))
    history = shown(tree, entry="POST /seats").history
    assert history is not None and history.beginning is None
    name = opened(tree, Symptom(text="refused", first_ms=6.0))
    lines = tree / ".redhanded" / "cases" / name / "stages.jsonl"
    lines.write_bytes(lines.read_bytes().replace(b'"first_ms":6.0', b'"first_ms":"x"'))
    found = shown(tree, entry="POST /seats")
    assert found.history is not None and found.history.beginning is None
    assert any(f"case {name} was not taken into account" in one for one in found.limits)


@pytest.mark.parametrize("asked", [{"entry": "POST /seats"}, {"table": "seats"}])
def test_what_a_scan_finds_on_the_lines(tree: Path, asked: dict[str, str]) -> None:
    history = shown(tree, **asked).history
    assert history is not None
    assert [(one.rule, one.location.line) for one in history.suspicious] == [
        ("check-then-create", 9)
    ]


def test_what_is_accepted_is_not_suspicious(tree: Path) -> None:
    accepted = "    // redhanded-ignore-next-line check-then-create -- one clerk\n    await pool"
    (tree / "app.js").write_text(APP.replace("    await pool", accepted))
    history = shown(tree, entry="POST /seats").history
    assert history is not None and history.suspicious == ()
