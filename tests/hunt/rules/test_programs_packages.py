"""Rules for what packages do: heartbeats, lists taken apart, tables created by whoever comes."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from programs import lines_shown

from redhanded.hunt.suspect.rules import (
    check_then_create,
    check_then_create_table,
    entry_renewed_unasked,
    lock_looked_at_then_set,
    lock_without_expiry,
    members_read_then_taken,
    promise_not_awaited,
    read_modify_write,
)

NODE = """
    const Redis = require('ioredis');
    const express = require('express');
    const redis = new Redis();
    const app = express();
    BESIDE
    app.post('/ferries/:id', async (req, res) => {
      const { id } = req.params;
      BODY
      res.end();
    });
    app.listen(3000);
"""
PYTHON = """
    import time
    from flask import Flask
    from redis import Redis
    redis = Redis()
    app = Flask(__name__)

    BESIDE

    @app.post("/ferries/<id>")
    def ferries(id):
    BODY
        return "done"
"""


def program(body: str, beside: str = "") -> dict[str, str]:
    return {"app.js": NODE.replace("BESIDE", beside).replace("BODY", body)}


def python(body: str, beside: str = "") -> dict[str, str]:
    inner = "\n".join(f"        {line}" for line in body.splitlines())
    return {"app.py": PYTHON.replace("BESIDE", beside).replace("    BODY", inner)}


READ = "const ids = await redis.lrange('active', 0, -1);\n"
LATER = "for (const one of ids) {\n"
LOCK = "const got = await redis.set(`lock:${one}`, 1, 'NX', 'PX', 900);\n"
MOVE = "await redis.rpush('waiting', one);\nawait redis.lrem('active', 1, one);\n"
CLAIMED = READ + LATER + LOCK + "if (got) await redis.rpush('waiting', one);\n}"
MOVED = READ + LATER + MOVE + "}"
LEFT = MOVE.replace("await redis.lrem('active', 1, one);\n", "")
DUE = 'for one in redis.zrangebyscore("due", 0, time.time()):\n'


@pytest.mark.parametrize(
    ("files", "lines"),
    [
        (program(CLAIMED), ["LOCK"]),
        (program(MOVED), ["await redis.lrem('active', 1, one);"]),
        (
            python(DUE + '    redis.rpush("waiting", one)\n    redis.zrem("due", one)'),
            ['redis.zrem("due", one)'],
        ),
        (
            python(
                'due = redis.zrangebyscore("due", 0, 9)\nif len(due):\n'
                '    redis.zremrangebyscore("due", 0, 9)'
            ),
            ['redis.zremrangebyscore("due", 0, 9)'],
        ),
        (
            program("await redis.multi().lrange('active', 0, 9).ltrim('active', 10, -1).exec();"),
            [],
        ),
        # The step that claims a member takes it out, and its answer decides.
        (
            program(
                READ + LATER + "if (await redis.lrem('active', 1, one)) "
                "await redis.rpush('waiting', one);\n}"
            ),
            [],
        ),
        (
            python(DUE + '    if redis.zrem("due", one):\n        redis.rpush("waiting", one)'),
            [],
        ),
        (program("const one = await redis.rpoplpush('active', 'waiting');"), []),
        # One script does both, or is given the list as well.
        (program("await redis.eval(\"redis.call('lrange', KEYS[1], 0, -1)\", 1, 'active');"), []),
        (
            program(
                READ + LATER + "const got = await redis.eval('return 1', 2, 'active', "
                "`lock:${one}`);\nif (got) await redis.rpush('waiting', one);\n}"
            ),
            [],
        ),
        # Under one lock.
        (
            program(
                "const mine = await redis.set('sweep', 1, 'NX', 'PX', 900);\n"
                "if (!mine) return res.end();\n" + MOVED + "\nawait redis.del('sweep');"
            ),
            [],
        ),
        # Nothing is done with the members.
        (program(READ + LATER + "await redis.get(`ferry:${one}`);\n}"), []),
    ],
    ids=[
        *("claimed", "moved", "moved-python", "cut-off", "cut-off-at-once"),
        *("claims-by-removing", "zrem-decides"),
        *("rpoplpush", "script", "script-sees-list", "locked", "only-read"),
    ],
)
def test_members_read_then_taken(tmp_path: Path, files: dict[str, str], lines: list[str]) -> None:
    wanted = [LOCK.strip() if one == "LOCK" else one for one in lines]
    assert lines_shown(members_read_then_taken, tmp_path, files) == wanted


BEAT = "async function heartbeat(id) { RENEW }\n"
END = "app.delete('/ferries/:id', async (req, res) => {\n  ENDS\n  res.end();\n});"
ZADD = "await redis.zadd('running', Date.now(), id);"
ZREM = "await redis.zrem('running', req.params.id);"


def beating(renew: str, ends: str, name: str = "heartbeat") -> dict[str, str]:
    beside = BEAT.replace("RENEW", renew) + END.replace("ENDS", ends)
    beside = beside.replace("heartbeat", name)
    return program(f"await {name}(id);", beside)


@pytest.mark.parametrize(
    ("files", "is_found"),
    [
        (beating(ZADD, ZREM), True),
        (beating(ZADD, ZREM, name="keepAlive"), True),
        (
            python(
                "keep_alive(id)",
                "def keep_alive(id):\n        redis.sadd('running', id)\n\n"
                "    @app.delete('/ferries/<id>')\n    def ends(id):\n"
                "        redis.srem('running', id)\n        return ''",
            ),
            True,
        ),
        # Only what is there is changed.
        (beating(ZADD.replace("'running',", "'running', 'XX',"), ZREM), False),
        (beating("await redis.expire('running', 60);", ZREM), False),
        # A script looks and renews.
        (beating("await redis.eval('return 1', 1, 'running', id);", ZREM), False),
        # Nothing takes it out elsewhere.
        (beating(ZADD, "await redis.zrem('waiting', req.params.id);"), False),
        # It is called when it begins, and not again and again.
        (beating(ZADD, ZREM, name="begin"), False),
        # Both happen under one lock.
        (
            beating(
                "const got = await redis.set('guard', 1, 'NX', 'PX', 900);\nif (!got) return;\n"
                + ZADD
                + "\nawait redis.del('guard');",
                ZREM,
            ),
            False,
        ),
    ],
    ids=["zadd", "keep-alive", "sadd", "xx", "expire", "script", "elsewhere", "once", "locked"],
)
def test_entry_renewed_unasked(tmp_path: Path, files: dict[str, str], is_found: bool) -> None:
    assert bool(lines_shown(entry_renewed_unasked, tmp_path, files)) == is_found


SQL = """
    const express = require('express');
    const { Client } = require('pg');
    const app = express();
    app.post('/release', async (req, res) => {
      const client = new Client();
      await client.connect();
      BODY
      res.end();
    });
    app.listen(3000);
"""
LOOK = (
    "const { rows } = await client.query(\"SELECT 1 FROM pg_tables WHERE tablename = 'steps'\");\n"
)
CREATE = "if (!rows.length) await client.query('CREATE TABLE steps (name text)');"
SCHEMA = 'const there = await client.query("SELECT 1 FROM information_schema.tables");\n'
KNEX = """
    const express = require('express');
    const knex = require('knex')({ client: 'pg' });
    const app = express();
    app.post('/release', async (req, res) => {
      if (!(await knex.schema.hasTable('steps'))) {
        await knex.schema.CREATE('steps', (table) => table.increments());
      }
      res.end();
    });
    app.listen(3000);
"""
DJANGO_FREE = """
    import psycopg2
    from flask import Flask
    app = Flask(__name__)

    @app.post("/release")
    def release():
        cursor = psycopg2.connect("").cursor()
        cursor.execute("SELECT 1 FROM information_schema.tables WHERE table_name = 'steps'")
        if cursor.fetchone() is None:
            cursor.execute("CREATE TABLE steps (name text)")
        return ""
"""


@pytest.mark.parametrize(
    ("files", "is_found"),
    [
        ({"app.js": SQL.replace("BODY", LOOK + CREATE)}, True),
        (
            {
                "app.js": SQL.replace(
                    "BODY", SCHEMA + CREATE.replace("rows.length", "there.rows.length")
                )
            },
            True,
        ),
        ({"app.js": KNEX.replace("CREATE", "createTable")}, True),
        ({"app.py": DJANGO_FREE}, True),
        # A lock is taken before the look.
        (
            {
                "app.js": SQL.replace(
                    "BODY", "await client.query('SELECT pg_advisory_lock(7)');\n" + LOOK + CREATE
                )
            },
            False,
        ),
        # One statement does both.
        (
            {"app.js": SQL.replace("BODY", LOOK + CREATE.replace("TABLE", "TABLE IF NOT EXISTS"))},
            False,
        ),
        ({"app.js": KNEX.replace("CREATE", "createTableIfNotExists")}, False),
        # A refused CREATE is answered.
        (
            {
                "app.js": SQL.replace(
                    "BODY", LOOK + "try {\n" + CREATE + "\n} catch (error) { res.status(200); }"
                )
            },
            False,
        ),
        # The look is at something else.
        (
            {
                "app.js": SQL.replace(
                    "BODY",
                    LOOK.replace("pg_tables", "readers").replace("tablename", "name") + CREATE,
                )
            },
            False,
        ),
    ],
    ids=[
        *("catalogue", "information-schema", "knex", "python", "locked", "if-not-exists"),
        *("knex-careful", "answered", "another-look"),
    ],
)
def test_check_then_create_table(tmp_path: Path, files: dict[str, str], is_found: bool) -> None:
    assert bool(lines_shown(check_then_create_table, tmp_path, files)) == is_found


KNEX_LOCK = """
    const express = require('express');
    const knex = require('knex')({ client: 'pg' });
    const app = express();
    app.post('/release', async (req, res) => {
      BODY
      res.end();
    });
    app.listen(3000);
"""
ONE_STATEMENT = """
      await knex.from(knex.raw('?? (??)', ['gate', 'held'])).insert(function () {
        return this.select(knex.raw('?', [0])).whereNotExists(function () {
          return this.select('*').from('gate');
        });
      });
"""
LAZY = (
    "await knex('gate').select('*')"
    ".then((rows) => !rows.length && knex.into('gate').insert({ held: 0 })).then(() => 1);"
)


@pytest.mark.parametrize("body", [ONE_STATEMENT, LAZY], ids=["one-statement", "lazy"])
def test_a_row_where_none_is_meant_for_all(tmp_path: Path, body: str) -> None:
    files = {"app.js": KNEX_LOCK.replace("BODY", body)}
    assert len(lines_shown(check_then_create, tmp_path, files)) == 1


@pytest.mark.parametrize(
    ("rule", "body", "count"),
    [
        # What always sets the end, whatever the counter says, is safe.
        (
            lock_without_expiry,
            "const n = await redis.incr(id);\nif (n === 1) await redis.expire(id, 60);",
            1,
        ),
        (
            lock_without_expiry,
            "const n = await redis.incr(id);\nif (req.query.long) {\n"
            "if (req.query.long || n === 1) await redis.expire(id, 60);\n}",
            0,
        ),
        # A watched key, and MULTI.
        (
            read_modify_write,
            "const n = await redis.get(id);\nawait redis.set(id, Number(n) + 1);",
            1,
        ),
        (
            read_modify_write,
            "await redis.watch(id);\nconst n = await redis.get(id);\n"
            "await redis.multi().set(id, Number(n) + 1).exec();",
            0,
        ),
        # What a batch gives for each of its commands; what is counted meanwhile is set back.
        (
            lock_looked_at_then_set,
            "const [[, n]] = await redis.multi().get(id).ttl(id).exec();\n"
            "if (n === null) await redis.setex(id, 60, 1);\nelse await redis.incrby(id, 1);",
            1,
        ),
        # A key of which nothing is written out is the same by the value that names it.
        (
            read_modify_write,
            "const n = await redis.get(req.params.id);\n"
            "await redis.set(req.params.other, Number(n) + 1);",
            0,
        ),
    ],
    ids=["first-only", "always", "unwatched", "watched", "batch", "other-key"],
)
def test_keys(tmp_path: Path, rule: ModuleType, body: str, count: int) -> None:
    assert len(lines_shown(rule, tmp_path, program(body))) == count


@pytest.mark.parametrize(
    ("end", "count"),
    [("trx.commit();", 0), ("save(trx);", 1)],
    ids=["commit", "write"],
)
def test_a_transaction_waits_for_its_own_end(tmp_path: Path, end: str, count: int) -> None:
    body = f"await knex.transaction((trx) => {{ {end} }});"
    body = f"async function save(trx) {{ await trx('gate').insert({{ held: 1 }}); }}\n{body}"
    files = {"app.js": KNEX_LOCK.replace("BODY", body)}
    assert len(lines_shown(promise_not_awaited, tmp_path, files)) == count
