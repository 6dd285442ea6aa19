"""Events applied out of order, keys without a constraint: from the text of programs."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import lines_shown

from redhanded.hunt.suspect.rules import create_without_unique_constraint as keyless
from redhanded.hunt.suspect.rules import out_of_order_event_applied as order

SQL = """
    CREATE TABLE crates (
      id serial PRIMARY KEY, code text NOT NULL UNIQUE, status text, scanned_at timestamptz
    );
    CREATE TABLE refunds (id serial PRIMARY KEY, external_id text, cents int);
"""
BULL = """
    const Bull = require('bull');
    const { Pool } = require('pg');
    const pool = new Pool();
    const scans = new Bull('scans', process.env.REDIS_URL);

    scans.process(8, async ({ data }) => {
      %s
    });
"""
SET = "await pool.query('UPDATE crates SET status = $2 WHERE code = $1', [data.code, data.status]);"
PUT = (
    "await pool.query(`INSERT INTO crates (code, status) VALUES ($1, $2) ON CONFLICT (code) "
    "DO UPDATE SET status = EXCLUDED.status`, [data.code, data.status]);"
)
APPLIED = {"update": SET, "upsert": PUT}
COMPARED = {
    "its time": SET.replace("code = $1'", "code = $1 AND scanned_at < $3'").replace(
        "data.status]", "data.status, data.at]"
    ),
    "its time, of an upsert": PUT.replace(
        "`, [", " WHERE crates.scanned_at < EXCLUDED.scanned_at`, ["
    ),
    "from a state on": SET.replace("code = $1'", "code = $1 AND status = $3'").replace(
        "data.status]", "data.status, data.before]"
    ),
    "under a lock": "const c = await pool.connect();\nawait c.query('BEGIN');\n"
    "const { rows } = await c.query('SELECT scanned_at FROM crates WHERE code = $1 FOR UPDATE', "
    "[data.code]);\nif (rows[0].scanned_at < data.at) {\n"
    f"{SET.replace('pool', 'c')} }}\nawait c.query('COMMIT');",
    "a constant": SET.replace("data.status]", "'seen']"),
}


@pytest.mark.parametrize("work", APPLIED.values(), ids=APPLIED)
def test_a_job_sets_a_state(tmp_path: Path, work: str) -> None:
    files = {"src/scans.js": BULL % work, "db/001.sql": SQL}
    (line,) = lines_shown(order, tmp_path, files)
    assert "crates" in line


@pytest.mark.parametrize("work", COMPARED.values(), ids=COMPARED)
def test_a_job_that_compares(tmp_path: Path, work: str) -> None:
    files = {"src/scans.js": BULL % work, "db/001.sql": SQL}
    assert lines_shown(order, tmp_path, files) == []


CELERY = """
    import psycopg
    from celery import shared_task

    connection = psycopg.connect("postgresql://x")

    @shared_task
    def apply_scan(code, status, at):
        %s
"""
EXECUTE = 'connection.execute("UPDATE crates SET status = %s WHERE code = %s", (status, code))'


def test_a_task_sets_a_state(tmp_path: Path) -> None:
    files = {"scans/tasks.py": CELERY % EXECUTE, "db/001.sql": SQL}
    (line,) = lines_shown(order, tmp_path, files)
    assert "UPDATE crates" in line


def test_a_task_that_compares(tmp_path: Path) -> None:
    compared = EXECUTE.replace("code = %s", "code = %s AND scanned_at < %s").replace(
        "code))", "code, at))"
    )
    files = {"scans/tasks.py": CELERY % compared, "db/001.sql": SQL}
    assert lines_shown(order, tmp_path, files) == []


REFUNDS = """
    const express = require('express');
    const Bull = require('bull');
    const { Pool } = require('pg');
    const pool = new Pool();
    const refunds = new Bull('refunds', process.env.REDIS_URL);
    const app = express();

    app.get('/refunds/:id', async (req, res) => {
      const { rows } = await pool.query(
        'SELECT cents FROM refunds WHERE external_id = $1 LIMIT 1', [req.params.id]);
      res.json(rows[0]);
    });
    refunds.process(async ({ data }) => {
      await pool.query('INSERT INTO refunds (external_id, cents) VALUES ($1, $2)%s',
        [data.externalId, data.cents]);
    });
"""


@pytest.mark.parametrize(
    ("end", "sql", "count"),
    [
        ("", SQL, 1),
        ("", SQL.replace("external_id text", "external_id text UNIQUE"), 0),
        ("", SQL + "CREATE UNIQUE INDEX ON refunds (external_id);", 0),
        (" ON CONFLICT DO NOTHING", SQL, 0),
    ],
    ids=["nothing", "a constraint", "an index", "on conflict"],
)
def test_a_row_that_is_found_by_a_key(tmp_path: Path, end: str, sql: str, count: int) -> None:
    files = {"src/refunds.js": REFUNDS % end, "db/001.sql": sql}
    assert len(lines_shown(keyless, tmp_path, files)) == count
