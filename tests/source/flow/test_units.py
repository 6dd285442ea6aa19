"""Units of a tree: which files belong together, and that what was kept changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from written_programs import charted

from redhanded.source.flow import modules
from redhanded.source.flow.charting import Chart, chart
from redhanded.source.flow.units import units

ROUTES = """
    const express = require('express');
    const { lend } = require('../../shared/lending');
    const app = express();
    app.post('/loans', async (req, res) => {
      await lend(req.body.book);
      res.end();
    });
    app.listen(80);
    """
LENDING = """
    const { Pool } = require('pg');
    const pool = new Pool();
    exports.lend = async (book) => {
      const found = await pool.query('SELECT * FROM loans WHERE book = $1', [book]);
      if (!found.rows[0]) await pool.query('INSERT INTO loans (book) VALUES ($1)', [book]);
    };
    exports.forget = async (book) => {
      await pool.query('DELETE FROM loans WHERE book = $1', [book]);
    };
    """
PYTHON = """
    from fastapi import FastAPI
    from sqlalchemy import create_engine, text

    app = FastAPI()
    engine = create_engine("postgresql://")


    @app.post("/returns")
    def give_back(book: int):
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM loans WHERE book = :book"), {"book": book})
    """
TREE = {
    "desk/package.json": "{}",
    "desk/src/app.js": ROUTES,
    "kiosk/package.json": "{}",
    "kiosk/src/app.js": ROUTES.replace("/loans", "/kiosk"),
    "shared/package.json": "{}",
    "shared/lending.js": LENDING,
    "returns/pyproject.toml": "",
    "returns/main.py": PYTHON,
}


def said(found: Chart) -> list[object]:
    return [*found.paths, *found.limits]


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("a/b/c.js", "a"),
        ("a/x/y/z.py", "a/x"),
        ("top.js", ""),
        ("other/deep/one.js", ""),
    ],
)
def test_a_file_belongs_to_the_nearest_manifest(path: str, folder: str) -> None:
    found = units([path], ["a/package.json", "a/x/pyproject.toml", "other/tsconfig.json"])
    assert [(one.folder, one.own) for one in found] == [(folder, (path,))]


def test_calls_lead_from_one_unit_into_another(tmp_path: Path) -> None:
    found = charted(tmp_path, TREE)
    by_name = {one.entry.name: one for one in found.paths}
    assert set(by_name) == {"POST /loans", "POST /kiosk", "POST /returns", "forget"}
    inserts = [one for one in by_name["POST /kiosk"].events if one.callee == "pool.query"]
    assert [one.location.path for one in inserts] == ["shared/lending.js"] * 2


def test_what_is_kept_and_how_many_processes_changes_nothing(tmp_path: Path) -> None:
    root, cache = tmp_path / "tree", tmp_path / "kept"
    alone = said(charted(root, TREE))
    assert said(chart(root, cache=cache, processes=1)) == alone
    assert said(chart(root, cache=cache, processes=2)) == alone
    assert said(chart(root, processes=2)) == alone


@pytest.mark.parametrize("edited", ["shared/lending.js", "desk/src/app.js"])
def test_an_edit_is_seen_by_all_that_it_reaches(tmp_path: Path, edited: str) -> None:
    root, cache = tmp_path / "tree", tmp_path / "kept"
    charted(root, TREE)
    before = said(chart(root, cache=cache))
    path = root / edited
    text = path.read_text()
    path.write_text("\n" + text.replace("'/loans'", "'/lent'").replace("DELETE", "  DELETE"))
    after = said(chart(root, cache=cache))
    assert after != before
    assert after == said(chart(root))


def test_only_what_an_edit_reaches_is_walked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, cache = tmp_path / "tree", tmp_path / "kept"
    charted(root, TREE)
    chart(root, cache=cache, processes=1)
    (root / "desk/src/app.js").write_text((root / "desk/src/app.js").read_text() + "\n// more\n")
    walked: list[str] = []
    from redhanded.source.flow import walks

    work = walks._work

    def noted(*given: object) -> bytes:
        walked.append(str(given[-1]))
        return work(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(walks, "_work", noted)
    chart(root, cache=cache, processes=1)
    assert walked == ["desk"]


def test_a_damaged_cache_is_no_reason_to_fail(tmp_path: Path) -> None:
    root, cache = tmp_path / "tree", tmp_path / "kept"
    whole = said(charted(root, TREE))
    chart(root, cache=cache)
    for one in cache.glob("walks-*"):
        one.write_bytes(one.read_bytes()[:-3] + b"abc")
    assert said(chart(root, cache=cache)) == whole


def test_a_tree_that_does_not_fit_is_seldom_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "tree"
    with_room = charted(root, TREE)
    unpacked: list[str] = []
    given = modules.Modules.__getitem__

    def noted(self: modules.Modules, path: str) -> object:
        if path not in self._unpacked:
            unpacked.append(path)
        return given(self, path)

    monkeypatch.setattr(modules, "UNPACKED_BYTES_MAX", 1)
    monkeypatch.setattr(modules.Modules, "__getitem__", noted)
    monkeypatch.setattr("redhanded.source.flow.walks.paths", lambda *_, **__: ((), ()))
    found = chart(root)
    assert found.schema == with_room.schema
    assert len(found.files.modules) == 4
    assert not found.files.modules._unpacked
    assert len(unpacked) <= 2 * 4
    monkeypatch.undo()
    monkeypatch.setattr(modules, "UNPACKED_BYTES_MAX", 1)
    assert said(chart(root)) == said(with_room)
