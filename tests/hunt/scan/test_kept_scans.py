"""What is kept from one scan to the next changes nothing of what is found, whatever was edited."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from redhanded.case.scan import Scan, ScanRequest
from redhanded.hunt.scan import scan

DESK = """
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
    """
STORE = """
    import { Pool } from 'pg';
    const pool = new Pool();
    export async function reserve(seat: string) {
      const found = await pool.query('SELECT * FROM seats WHERE number = $1', [seat]);
      if (!found.rows[0]) await pool.query('INSERT INTO seats (number) VALUES ($1)', [seat]);
    }
    """
SAFE_STORE = """
    import { Pool } from 'pg';
    const pool = new Pool();
    export async function reserve(seat: string) {
      const insert = 'INSERT INTO seats (number) VALUES ($1) ON CONFLICT (number) DO NOTHING';
      await pool.query(insert, [seat]);
    }
    """
WEB = """
    import express from 'express';
    import { reserve } from '@store/seats';
    const app = express();
    app.post('/seats', async (req, res) => {
      await reserve(req.body.seat);
      res.end();
    });
    app.listen(80);
    """
RETURNS = """
    from fastapi import FastAPI
    from models import Return, session

    app = FastAPI()


    @app.post("/returns")
    def give_back(book: int):
        if session.query(Return).filter_by(book=book).first() is None:
            session.add(Return(book=book))
            session.commit()
    """
MODELS = """
    from sqlalchemy import Column, Integer, create_engine
    from sqlalchemy.orm import Session, declarative_base

    Base = declarative_base()
    session = Session(create_engine("postgresql://"))


    class Return(Base):
        __tablename__ = "returns"
        id = Column(Integer, primary_key=True)
        book = Column(Integer)
    """
PATHS = '{"compilerOptions": {"baseUrl": ".", "paths": {"@store/*": ["FOLDER/*"]}}}'
TREE = {
    "desk/package.json": '{"dependencies": {"pg": "8.1.0"}}',
    "desk/src/app.js": DESK,
    "kiosk/package.json": "{}",
    "kiosk/src/app.js": DESK.replace("/loans", "/kiosk"),
    "shared/package.json": "{}",
    "shared/lending.js": LENDING,
    "shared/migrations/001.sql": "CREATE TABLE loans (id serial PRIMARY KEY, book integer);",
    "web/package.json": "{}",
    "web/tsconfig.json": PATHS.replace("FOLDER", "store"),
    "web/src/app.ts": WEB,
    "web/store/seats.ts": STORE,
    "web/safe/seats.ts": SAFE_STORE,
    "returns/pyproject.toml": "[project]\nname = 'returns'\n",
    "returns/main.py": RETURNS,
    "returns/models.py": MODELS,
}
FOUND = {"shared/lending.js", "web/store/seats.ts", "returns/main.py"}


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text).lstrip("\n"))


def exchange(name: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(root: Path) -> None:
        text = (root / name).read_text()
        assert old in text
        (root / name).write_text(text.replace(old, new))

    return edit


def adding(name: str, text: str) -> Callable[[Path], None]:
    return lambda root: write(root, name, text)


def deleting(*names: str) -> Callable[[Path], None]:
    def edit(root: Path) -> None:
        for name in names:
            (root / name).unlink()

    return edit


def renaming(old: str, new: str) -> Callable[[Path], None]:
    def edit(root: Path) -> None:
        (root / old).rename(root / new)

    return edit


EDITS: dict[str, Callable[[Path], None]] = {
    "a statement": exchange("shared/lending.js", "INSERT INTO loans (book)", "SELECT COUNT("),
    "lines above": exchange("shared/lending.js", "const { Pool }", "\n\nconst { Pool }"),
    "a comment that accepts": exchange(
        "shared/lending.js",
        "if (!found",
        "// redhanded-ignore-next-line check-then-create -- one clerk\n  if (!found",
    ),
    "a comment above the call": exchange(
        "returns/main.py", "session.add(", "pass  # nothing\n        session.add("
    ),
    "a constraint in a new migration": adding(
        "shared/migrations/002.sql", "CREATE UNIQUE INDEX once ON loans (book);"
    ),
    "a constraint in the old migration": exchange(
        "shared/migrations/001.sql", "book integer", "book integer UNIQUE"
    ),
    "a constraint in a model": exchange(
        "returns/models.py", "book = Column(Integer)", "book = Column(Integer, unique=True)"
    ),
    "a migration is gone": deleting("shared/migrations/001.sql"),
    "a file is gone": deleting("shared/lending.js"),
    "a program is gone": deleting("returns/main.py", "returns/models.py", "returns/pyproject.toml"),
    "a file has another name": renaming("shared/lending.js", "shared/loans.js"),
    "a folder has another name": renaming("returns", "arrivals"),
    "a name that an import now finds": renaming("returns/models.py", "returns/model.py"),
    "where an alias leads": exchange("web/tsconfig.json", "store/*", "safe/*"),
    "an alias is gone": deleting("web/tsconfig.json"),
    "a new manifest": adding("web/store/package.json", "{}"),
    "another version": exchange("desk/package.json", "8.1.0", "8.2.0"),
    "a manifest is gone": deleting("kiosk/package.json"),
    "a new entry": adding("desk/src/more.js", DESK.replace("/loans", "/more")),
    "an entry is gone": exchange("kiosk/src/app.js", "app.post('/kiosk'", "app.off('/kiosk'"),
    "a file that cannot be read": exchange("web/store/seats.ts", "const pool", "const ) pool"),
}
SAME = {"another version", "a new manifest", "a manifest is gone"}
"""Edits after which the same is found: they are here because of what is kept."""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name, text in TREE.items():
        write(tmp_path / "tree", name, text)
    return tmp_path / "tree"


def scanned(root: Path, *, keeps: bool = True) -> Scan:
    found = scan(ScanRequest(paths=(root,), shows_all=True, keeps=keeps), lambda said: None)
    return replace(found, seconds=0.0)


@pytest.mark.parametrize("edit", EDITS)
def test_after_an_edit_the_same_is_found_as_by_a_first_scan(root: Path, edit: str) -> None:
    before = scanned(root)
    assert {one.finding.location.path for one in before.findings} >= FOUND
    assert scanned(root) == before
    EDITS[edit](root)
    after = scanned(root)
    assert after == scanned(root, keeps=False)
    assert scanned(root) == after
    if edit not in SAME:
        assert (after.findings, after.remarks, after.limits) != (
            before.findings,
            before.remarks,
            before.limits,
        )


def test_edits_one_after_another_and_back_again(root: Path) -> None:
    first = scanned(root)
    texts = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    for edit in ("lines above", "a constraint in a model", "where an alias leads"):
        EDITS[edit](root)
        assert scanned(root) == scanned(root, keeps=False)
    for path, text in texts.items():
        path.write_bytes(text)
    assert scanned(root) == first


LOADED = """
import sys
from pathlib import Path
from redhanded.case.scan import ScanRequest
from redhanded.hunt.scan import scan
scan(ScanRequest(paths=(Path(sys.argv[1]),)), lambda said: None)
print(*sys.modules)
"""


def test_what_only_a_first_scan_needs_is_not_loaded_again(root: Path) -> None:
    """To load what reads SQL and migrations takes longer than to look at what has changed."""
    scanned(root)
    exchange("desk/src/app.js", "res.end();", "res.json({ lent: true });")(root)
    command = [sys.executable, "-c", LOADED, str(root)]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert "redhanded.source.flow.walk" in loaded
    assert "redhanded.source.flow.schemas.tools" not in loaded
    assert "sqlglot" not in loaded
