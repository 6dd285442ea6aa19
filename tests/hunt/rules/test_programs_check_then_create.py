"""check-then-create from the text of programs, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import lines_shown

from redhanded.hunt.suspect.rules import check_then_create as rule

SQL = "CREATE TABLE readers (id serial PRIMARY KEY, email text NOT NULL, name text);"
UNIQUE = "CREATE UNIQUE INDEX readers_email ON readers (email);"

EXPRESS = """
    const express = require('express');
    const { Pool } = require('pg');
    const pool = new Pool();
    const app = express();
    %s
    app.post('/readers', async (req, res) => {
      const { email, name } = req.body;
      %s
      res.status(201).end();
    });
    app.listen(3000);
"""

LOOK = """const { rows } = await pool.query('SELECT id FROM readers WHERE email = $1', [email]);"""
ADD = "await pool.query('INSERT INTO readers (email, name) VALUES ($1, $2)', [email, name]);"

FAULTY_EXPRESS = {
    "returns": f"{LOOK}\nif (rows.length > 0) return res.status(409).end();\n{ADD}",
    "throws": f"{LOOK}\nif (rows[0]) {{ throw new Error('taken'); }}\n{ADD}",
    "nested": f"{LOOK}\nif (rows.length === 0) {{ {ADD} }}",
    "not": f"{LOOK}\nif (!rows.length) {{\n{ADD}\n}}",
    "count": "const found = await pool.query('SELECT count(*) FROM readers WHERE email = $1',"
    f" [email]);\nif (Number(found.rows[0].count) === 0) {{ {ADD} }}",
    "rowCount": "const found = await pool.query('SELECT 1 FROM readers WHERE email = $1', [email]);"
    f"\nif (found.rowCount) return res.end();\n{ADD}",
    "an update first": "const done = await pool.query('UPDATE readers SET name = $2 WHERE email = "
    f"$1', [email, name]);\nif (done.rowCount === 0) {{ {ADD} }}",
    "in a transaction": "const client = await pool.connect();\nawait client.query('BEGIN');\n"
    "const { rows } = await client.query('SELECT id FROM readers WHERE email = $1', [email]);\n"
    f"if (rows.length === 0) {{ {ADD.replace('pool', 'client')} }}\n"
    "await client.query('COMMIT');\nclient.release();",
}


@pytest.mark.parametrize("body", FAULTY_EXPRESS.values(), ids=FAULTY_EXPRESS)
def test_express_and_pg(tmp_path: Path, body: str) -> None:
    files = {"src/app.js": EXPRESS % ("", body), "db/001.sql": SQL}
    (line,) = lines_shown(rule, tmp_path, files)
    assert "INSERT INTO readers" in line


HELPER = """
    async function refuse(email) {
      const { rows } = await pool.query('SELECT id FROM readers WHERE email = $1', [email]);
      if (rows.length > 0) throw new Error('taken');
    }
"""


def test_a_look_in_another_function(tmp_path: Path) -> None:
    body = f"await refuse(email);\n{ADD}"
    files = {"src/app.js": EXPRESS % (HELPER, body), "db/001.sql": SQL}
    (line,) = lines_shown(rule, tmp_path, files)
    assert "INSERT INTO readers" in line


SAFE_EXPRESS = {
    "on conflict": f"{LOOK}\nif (rows.length) return res.end();\n"
    + ADD.replace("$2)'", "$2) ON CONFLICT DO NOTHING'"),
    "another table": "const { rows } = await pool.query('SELECT 1 FROM bans WHERE email = $1', "
    f"[email]);\nif (rows.length) return res.end();\n{ADD}",
    "there must be one": f"{LOOK}\nif (rows.length === 0) return res.end();\n{ADD}",
    "serializable": "const client = await pool.connect();\n"
    "await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE');\n"
    "const { rows } = await client.query('SELECT id FROM readers WHERE email = $1', [email]);\n"
    f"if (rows.length === 0) {{ {ADD.replace('pool', 'client')} }}\n"
    "await client.query('COMMIT');",
    "advisory lock": "const client = await pool.connect();\nawait client.query('BEGIN');\n"
    "await client.query('SELECT pg_advisory_xact_lock(hashtext($1))', [email]);\n"
    "const { rows } = await client.query('SELECT id FROM readers WHERE email = $1', [email]);\n"
    f"if (rows.length === 0) {{ {ADD.replace('pool', 'client')} }}\n"
    "await client.query('COMMIT');",
    "table lock": "const client = await pool.connect();\nawait client.query('BEGIN');\n"
    "await client.query('LOCK TABLE readers IN SHARE ROW EXCLUSIVE MODE');\n"
    "const { rows } = await client.query('SELECT id FROM readers WHERE email = $1', [email]);\n"
    f"if (rows.length === 0) {{ {ADD.replace('pool', 'client')} }}\n"
    "await client.query('COMMIT');",
}


@pytest.mark.parametrize("body", SAFE_EXPRESS.values(), ids=SAFE_EXPRESS)
def test_express_and_pg_safe(tmp_path: Path, body: str) -> None:
    files = {"src/app.js": EXPRESS % ("", body), "db/001.sql": SQL}
    assert lines_shown(rule, tmp_path, files) == []


def test_the_database_refuses_it_and_nobody_answers(tmp_path: Path) -> None:
    files = {"src/app.js": EXPRESS % ("", FAULTY_EXPRESS["returns"]), "db/001.sql": SQL + UNIQUE}
    assert len(lines_shown(rule, tmp_path, files)) == 1


FASTAPI = """
    from fastapi import APIRouter, Depends, FastAPI, HTTPException
    from sqlalchemy import String, UniqueConstraint, create_engine, func, select, text
    from sqlalchemy.exc import IntegrityError
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

    engine = create_engine("postgresql://x")
    Factory = sessionmaker(engine)

    class Base(DeclarativeBase):
        pass

    class Shelf(Base):
        __tablename__ = "shelves"
        id: Mapped[int] = mapped_column(primary_key=True)
        label: Mapped[str] = mapped_column(String%s)

    def session():
        with Factory() as db:
            yield db

    app = FastAPI()

    @app.post("/shelves")
    def make(label: str, db: Session = Depends(session)):
        %s
        return {"label": label}
"""

FIND = "found = db.scalar(select(Shelf).where(Shelf.label == label))"
STORE = "db.add(Shelf(label=label)); db.commit()"

FAULTY_FASTAPI = {
    "raises": f"{FIND}\n        if found is not None:\n            raise HTTPException(409)\n"
    f"        {STORE}",
    "query": "found = db.query(Shelf).filter_by(label=label).first()\n"
    f"        if not found:\n            {STORE}",
    "filter": "found = db.query(Shelf).filter(Shelf.label == label).one_or_none()\n"
    f"        if found:\n            return found\n        {STORE}",
    "count": "n = db.scalar(select(func.count()).select_from(Shelf).where(Shelf.label == label))\n"
    f"        if n == 0:\n            {STORE}",
}


@pytest.mark.parametrize("body", FAULTY_FASTAPI.values(), ids=FAULTY_FASTAPI)
def test_fastapi_and_sqlalchemy(tmp_path: Path, body: str) -> None:
    (line,) = lines_shown(rule, tmp_path, {"shelves/main.py": FASTAPI % ("", body)})
    assert "db.add" in line or "db.commit" in line


SAFE_FASTAPI = {
    "advisory lock": "db.execute(text('SELECT pg_advisory_xact_lock(hashtext(:l))'), {'l': label})"
    f"\n        {FIND}\n        if found is None:\n            {STORE}",
    "there must be one": f"{FIND}\n        if found is None:\n            raise HTTPException(404)"
    f"\n        {STORE}",
}


@pytest.mark.parametrize("body", SAFE_FASTAPI.values(), ids=SAFE_FASTAPI)
def test_fastapi_and_sqlalchemy_safe(tmp_path: Path, body: str) -> None:
    assert lines_shown(rule, tmp_path, {"shelves/main.py": FASTAPI % ("", body)}) == []


def test_fastapi_and_a_unique_column(tmp_path: Path) -> None:
    text = FASTAPI % (", unique=True", FAULTY_FASTAPI["raises"])
    assert len(lines_shown(rule, tmp_path, {"shelves/main.py": text})) == 1


WIDER = "CREATE UNIQUE INDEX readers_both ON readers (%s);"
SINCE = "ALTER TABLE readers ADD COLUMN since timestamptz;"
ADD_SINCE = ADD.replace("(email, name)", "(email, since)").replace("[email, name]", "[email, now]")


@pytest.mark.parametrize("columns", ["email, name", "name, email"])
def test_a_constraint_on_more_than_is_looked_at(tmp_path: Path, columns: str) -> None:
    files = {
        "src/app.js": EXPRESS % ("", FAULTY_EXPRESS["returns"]),
        "db/001.sql": SQL + WIDER % columns,
    }
    assert lines_shown(rule, tmp_path, files) == []


def test_a_constraint_with_the_time_refuses_nothing(tmp_path: Path) -> None:
    body = f"{LOOK}\nif (rows[0]) return res.end();\nconst now = Date.now();\n{ADD_SINCE}"
    schema = SQL + SINCE + WIDER % "email, since"
    files = {"src/app.js": EXPRESS % ("", body), "db/001.sql": schema}
    assert len(lines_shown(rule, tmp_path, files)) == 1
