"""Locks in Redis from the text of programs: released, timed, and set in two steps."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from programs import lines_shown

from redhanded.hunt.suspect.rules import (
    lease_shorter_than_work,
    lock_looked_at_then_set,
    lock_released_without_owner_check,
    lock_without_expiry,
)

IOREDIS = """
    const express = require('express');
    const { randomUUID } = require('crypto');
    const Redis = require('ioredis');
    const { Pool } = require('pg');
    const redis = new Redis();
    const pool = new Pool();
    const app = express();
    async function bill(meter) {
      const answer = await fetch(`https://meters.example/${meter}`);
      const { hours } = await answer.json();
      await pool.query('INSERT INTO bills (meter, hours) VALUES ($1, $2)', [meter, hours]);
    }
    async function note(meter) {
      await pool.query('INSERT INTO bills (meter) VALUES ($1)', [meter]);
    }
    app.post('/meters/:id/bills', async (req, res) => {
      const { id } = req.params;
      const key = `bill:${id}`;
      const token = randomUUID();
      BODY
      res.end();
    });
    app.listen(3000);
"""
NODE_REDIS = IOREDIS.replace(
    "const Redis = require('ioredis');", "const { createClient } = require('redis');"
).replace("new Redis()", "createClient()")

RELEASE = (
    "await redis.eval(\"if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', "
    'KEYS[1]) else return 0 end", 1, key, token);'
)
BUSY = "if (!got) return res.status(409).end();\n"
TAKE = "const got = await redis.set(key, token, 'PX', 10000, 'NX');\n" + BUSY
BARE = "const got = await redis.set(key, token, 'NX');\n" + BUSY
SETNX = "const got = await redis.setnx(key, token);\n" + BUSY
SHORT = "const got = await redis.set(key, token, 'PX', 500, 'NX');\n" + BUSY
LONG = "const got = await redis.set(key, token, 'EX', 600, 'NX');\n" + BUSY


def tried(*inside: str, end: str = "await redis.del(key);") -> str:
    return "try {\n" + "\n".join(inside) + "\n} finally {\n" + end + "\n}"


NOTE, BILL = "await note(id);", "await bill(id);"
owner, lease, expiry, looked = (
    lock_released_without_owner_check,
    lease_shorter_than_work,
    lock_without_expiry,
    lock_looked_at_then_set,
)
FAULTY = {
    "deleted whoever holds it": (owner, IOREDIS, TAKE + tried(NOTE), "redis.del"),
    "deleted, node-redis": (
        owner,
        NODE_REDIS,
        "const got = await redis.set(key, token, { NX: true, PX: 10000 });\n" + BUSY + tried(NOTE),
        "redis.del",
    ),
    "looked at and deleted": (
        owner,
        IOREDIS,
        TAKE + tried(NOTE, end="if ((await redis.get(key)) === token) await redis.del(key);"),
        "redis.del",
    ),
    "shorter than a request": (lease, IOREDIS, SHORT + tried(BILL, end=RELEASE), "redis.set"),
    "no end": (expiry, IOREDIS, BARE + tried(NOTE), "redis.set"),
    "an end in a second command": (
        expiry,
        IOREDIS,
        SETNX + "await redis.expire(key, 30);\n" + tried(NOTE),
        "redis.setnx",
    ),
    "a counter whose end is a second command": (
        expiry,
        IOREDIS,
        "const tries = await redis.incr(key);\nif (tries === 1) await redis.expire(key, 60);\n"
        "if (tries > 5) return res.status(429).end();",
        "redis.incr",
    ),
    "looked at and then set": (
        looked,
        IOREDIS,
        "if (await redis.get(key)) return res.status(409).end();\n"
        "await redis.set(key, '1', 'EX', 30);\n" + tried(NOTE),
        "redis.set",
    ),
    "looked at and then set, exists": (
        looked,
        NODE_REDIS,
        "const busy = await redis.exists(key);\nif (busy) { res.status(409).end(); return; }\n"
        "await redis.set(key, token, { EX: 30 });\n" + tried(NOTE),
        "redis.set",
    ),
}


@pytest.mark.parametrize(("rule", "frame", "body", "line"), FAULTY.values(), ids=FAULTY)
def test_faulty(tmp_path: Path, rule: ModuleType, frame: str, body: str, line: str) -> None:
    (found,) = lines_shown(rule, tmp_path, {"src/app.js": frame.replace("BODY", body)})
    assert line in found


SAFE = {
    "a script": TAKE + tried(NOTE, end=RELEASE),
    "a mark that stays": TAKE + NOTE,
    "long enough": LONG + tried(BILL, end=RELEASE),
    "a cache": "const known = await redis.get(key);\nif (known) return res.json(known);\n"
    "const { rows } = await pool.query('SELECT hours FROM bills WHERE meter = $1', [id]);\n"
    "await redis.set(key, JSON.stringify(rows[0]), 'EX', 60);",
    "a counter that ends with each": "const tries = await redis.incr(key);\n"
    "await redis.expire(key, 60);\nif (tries > 5) return res.status(429).end();",
    "a counter in one transaction": "const [[, tries]] = await redis.multi().incr(key)"
    ".expire(key, 60).exec();\nif (tries > 5) return res.status(429).end();",
}
RULES = [owner, lease, expiry, looked]


@pytest.mark.parametrize("rule", RULES, ids=lambda one: one.name)
@pytest.mark.parametrize("body", SAFE.values(), ids=SAFE)
def test_safe(tmp_path: Path, rule: ModuleType, body: str) -> None:
    assert lines_shown(rule, tmp_path, {"src/app.js": IOREDIS.replace("BODY", body)}) == []


WRAPPED = """
    import Redis from 'ioredis';
    import express from 'express';
    const redis = new Redis();
    const app = express();
    async function locked(name, work) {
      const key = `lock:${name}`;
      const got = await redis.set(key, '1', 'PX', 2000, 'NX');
      if (!got) throw new Error('busy');
      try {
        return await work();
      } finally {
        await redis.del(key);
      }
    }
    app.post('/feeds/:id', async (req, res) => {
      await locked(req.params.id, async () => {
        await fetch(`https://feeds.example/${req.params.id}`);
      });
      res.end();
    });
    app.listen(3000);
"""


def test_a_function_that_locks_around_another(tmp_path: Path) -> None:
    files = {"src/app.ts": WRAPPED}
    assert ["redis.del" in one for one in lines_shown(owner, tmp_path, files)] == [True]
    assert ["redis.set" in one for one in lines_shown(lease, tmp_path, files)] == [True]


PYTHON = """
    from uuid import uuid4

    from flask import Flask
    import redis
    import requests

    app = Flask(__name__)
    store = redis.Redis()


    @app.post("/feeds/<name>")
    def fetch(name):
        key = f"feed:{name}"
        token = str(uuid4())
        BODY
        return ""
"""
WORK = 'requests.get(f"https://feeds.example/{name}")'
PYTHON_FAULTY = {
    "deleted whoever holds it": (
        owner,
        f"if not store.set(key, token, nx=True, ex=30):\n    return 'busy'\n"
        f"try:\n    {WORK}\nfinally:\n    store.delete(key)",
        "store.delete",
    ),
    "shorter than a request": (
        lease,
        f"if not store.set(key, token, nx=True, px=800):\n    return 'busy'\n"
        f"{WORK}\nstore.delete(key)",
        "store.set",
    ),
    "no end": (
        expiry,
        f"if not store.setnx(key, token):\n    return 'busy'\n{WORK}\nstore.delete(key)",
        "store.setnx",
    ),
    "looked at and then set": (
        looked,
        f"if store.get(key):\n    return 'busy'\nstore.set(key, 1, ex=30)\n{WORK}\n"
        "store.delete(key)",
        "store.set",
    ),
}


def python_files(body: str) -> dict[str, str]:
    return {"app.py": PYTHON.replace("BODY", body.replace("\n", "\n        "))}


@pytest.mark.parametrize(("rule", "body", "line"), PYTHON_FAULTY.values(), ids=PYTHON_FAULTY)
def test_faulty_python(tmp_path: Path, rule: ModuleType, body: str, line: str) -> None:
    (found,) = lines_shown(rule, tmp_path, python_files(body))
    assert line in found


PYTHON_SAFE = {
    "a library's lock": f"with store.lock(key, timeout=120):\n    {WORK}",
    "extended": "lock = store.lock(key, timeout=2)\nlock.acquire()\nlock.extend(30)\n"
    f"{WORK}\nlock.release()",
    "a prefix that is kept": "prefix = store.get('prefix')\nif prefix is None:\n    prefix = 7\n"
    "    store.set('prefix', prefix)\nrequests.post('https://feeds.example/x', json={})",
    "a counter": "store.set(key, 5, nx=True, ex=30)\nif store.decr(key) < 0:\n    return ''\n"
    f"{WORK}\nstore.delete(key)",
    "a time-out that is shorter": "if not store.set(key, token, nx=True, ex=30):\n    return ''\n"
    'requests.get("https://feeds.example", timeout=5)',
}


@pytest.mark.parametrize("rule", RULES, ids=lambda one: one.name)
@pytest.mark.parametrize("body", PYTHON_SAFE.values(), ids=PYTHON_SAFE)
def test_safe_python(tmp_path: Path, rule: ModuleType, body: str) -> None:
    assert lines_shown(rule, tmp_path, python_files(body)) == []
