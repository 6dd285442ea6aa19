"""SQL by other drivers and builders, in whole programs; caches."""

from __future__ import annotations

from pathlib import Path as File

import pytest
from written_programs import charted, events, path_of

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Event
from redhanded.source.flow.values import Input, Known, Stored

SEAT = Input("request", ("body", "seat"))


def found(tmp_path: File, head: str, body: str) -> list[tuple[Event, Effect]]:
    app = f"""
    import express from 'express';
    {head}
    const app = express();
    app.post('/seats', async (req, res) => {{
      {body}
      res.json({{}});
    }});
"""
    files = {"package.json": '{"dependencies": {"express": "4"}}', "src/app.ts": app}
    return events(path_of(charted(tmp_path, files), "POST /seats"))


DRIVERS = {
    "mysql2": (
        "import mysql from 'mysql2/promise'; const db = mysql.createPool({});",
        "await db.execute('UPDATE seats SET free = free - 1 WHERE id = ?', [req.body.seat]);",
    ),
    "mysql2-callback": (
        "import mysql from 'mysql2'; const db = mysql.createPool({});",
        "db.query('UPDATE seats SET free = free - 1 WHERE id = ?', [req.body.seat], () => {});",
    ),
    "better-sqlite3": (
        "import Database from 'better-sqlite3'; const db = new Database('a.db');",
        "db.prepare('UPDATE seats SET free = free - 1 WHERE id = ?').run(req.body.seat);",
    ),
    "postgres.js": (
        "import postgres from 'postgres'; const sql = postgres('postgres://');",
        "await sql`UPDATE ${sql('seats')} SET free = free - 1 WHERE id = ${req.body.seat}`;",
    ),
    "pg-promise": (
        "import pgPromise from 'pg-promise'; const db = pgPromise()('postgres://');",
        "await db.none('UPDATE seats SET free = free - 1 WHERE id = $1', [req.body.seat]);",
    ),
    "slonik": (
        "import { createPool, sql } from 'slonik'; const db = await createPool('postgres://');",
        "await db.query(sql.unsafe`UPDATE seats SET free = free - 1 WHERE id = ${req.body.seat}`);",
    ),
    "kysely": (
        "import { Kysely, sql } from 'kysely'; const db = new Kysely({});",
        "await db.updateTable('seats').set({ free: sql`free - 1` })"
        ".where('id', '=', req.body.seat).execute();",
    ),
}


@pytest.mark.parametrize(("head", "body"), DRIVERS.values(), ids=DRIVERS)
def test_an_update(tmp_path: File, head: str, body: str) -> None:
    ((_, update),) = found(tmp_path, head, body)
    assert (update.kind, update.subject, update.where) == ("update", "seats", {"id": SEAT})
    assert update.values == {"free": Stored("free - 1", ("free",))}


TRANSACTIONS = {
    "mysql2": (
        "import mysql from 'mysql2/promise'; const db = mysql.createPool({});",
        "const c = await db.getConnection(); await c.beginTransaction();"
        "await c.query('DELETE FROM seats WHERE id = 1'); await c.commit(); c.release();"
        "await db.query('DELETE FROM seats WHERE id = 2');",
    ),
    "postgres.js": (
        "import postgres from 'postgres'; const sql = postgres('postgres://');",
        "await sql.begin(async (t) => { await t`DELETE FROM seats WHERE id = 1`;"
        " await sql`DELETE FROM seats WHERE id = 2`; });",
    ),
    "pg-promise": (
        "const db = require('pg-promise')()('postgres://');",
        "await db.tx(async (t) => { await t.none('DELETE FROM seats WHERE id = 1');"
        " await db.none('DELETE FROM seats WHERE id = 2'); });",
    ),
    "slonik": (
        "import { createPool, sql } from 'slonik'; const db = await createPool('postgres://');",
        "await db.transaction(async (t) => {"
        " await t.query(sql.unsafe`DELETE FROM seats WHERE id = 1`);"
        " await db.query(sql.unsafe`DELETE FROM seats WHERE id = 2`); });",
    ),
    "kysely": (
        "import { Kysely } from 'kysely'; const db = new Kysely({});",
        "await db.transaction().setIsolationLevel('serializable').execute(async (t) => {"
        " await t.deleteFrom('seats').where('id', '=', 1).execute();"
        " await db.deleteFrom('seats').where('id', '=', 2).execute(); });",
    ),
}


@pytest.mark.parametrize(("head", "body"), TRANSACTIONS.values(), ids=TRANSACTIONS)
def test_a_transaction_and_what_is_beside_it(tmp_path: File, head: str, body: str) -> None:
    one = [each for each in found(tmp_path, head, body) if each[1].kind != "commit"]
    (begin, _), (inside, delete), (outside, _) = one
    assert begin.effect is not None and begin.effect.kind == "begin"
    assert delete.where == {"id": Known(1)}
    assert inside.transaction is not None and outside.transaction is None


def test_the_conflicts_of_kysely(tmp_path: File) -> None:
    head = "import { Kysely } from 'kysely'; const db = new Kysely({});"
    body = (
        "await db.insertInto('seats').values({ show: 1 })"
        ".onConflict((oc) => oc.columns(['show', 'row']).doNothing()).execute();"
        "await db.insertInto('seats').values({ show: 1 })"
        ".onConflict((oc) => oc.column('show').doUpdateSet({ free: 1 })).execute();"
    )
    (_, ignore), (_, update) = found(tmp_path, head, body)
    assert (ignore.conflict, ignore.conflict_columns) == ("ignore", ("show", "row"))
    assert (update.conflict, update.conflict_columns) == ("update", ("show",))


def test_a_function_that_runs_in_a_transaction(tmp_path: File) -> None:
    head = """import Database from 'better-sqlite3'; const db = new Database('a.db');
    const gone = db.prepare('DELETE FROM seats WHERE id = ?');
    const take = db.transaction((id) => { gone.run(id); });"""
    (begin, _), (delete, _) = found(tmp_path, head, "take(req.body.seat);")
    assert delete.transaction is not None and delete.transaction.number == begin.number


@pytest.mark.parametrize(
    ("head", "store"),
    [
        ("import NodeCache from 'node-cache'; const cache = new NodeCache();", "process"),
        ("import { LRUCache } from 'lru-cache'; const cache = new LRUCache({});", "process"),
        ("import Keyv from 'keyv'; const cache = new Keyv('redis://');", "keys"),
    ],
)
def test_caches(tmp_path: File, head: str, store: str) -> None:
    body = "await cache.get(`seat:${req.body.seat}`); await cache.set(`seat:${req.body.seat}`, 1);"
    (_, get), (_, put) = found(tmp_path, head, body)
    assert (get.kind, get.subject, get.store) == ("get", "seat:*", store)
    assert (put.kind, put.values) == ("set", {"value": Known(1)})


@pytest.mark.parametrize(
    ("head", "body", "awaited"),
    [
        (
            "import { Pool } from 'pg'; const db = new Pool();",
            "db.query('DELETE FROM seats WHERE id = 1', (error, found) => {});",
            True,
        ),
        (
            "import { Pool } from 'pg'; const db = new Pool();",
            "db.query('DELETE FROM seats WHERE id = 1');",
            False,
        ),
        (
            "import { promisify } from 'util'; import { Pool } from 'pg'; const db = new Pool();"
            "const query = promisify(db.query).bind(db);",
            "await query('DELETE FROM seats WHERE id = 1');",
            True,
        ),
    ],
    ids=["callback", "dropped", "promisified"],
)
def test_who_is_told_of_the_outcome(tmp_path: File, head: str, body: str, awaited: bool) -> None:
    ((event, delete),) = found(tmp_path, head, body)
    assert delete.kind == "delete" and event.awaited == awaited
