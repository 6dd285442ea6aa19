"""Caches and variables that requests share, from the text of programs."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import lines_shown

from redhanded.hunt.suspect.rules import cache_set_after_invalidation, module_level_mutable_state

CACHED = """
    const express = require('express');
    const Redis = require('ioredis');
    const { Pool } = require('pg');
    const redis = new Redis();
    const pool = new Pool();
    const app = express();
    const keyOf = (id) => `fare:${id}`;
    app.get('/fares/:id', async (req, res) => {
      const key = keyOf(req.params.id);
      READ
    });
    app.put('/fares/:id', async (req, res) => {
      const { id } = req.params;
      WRITE
      res.end();
    });
    app.listen(3000);
"""
MISS = "const known = await redis.get(key);\nif (known) return res.json(JSON.parse(known));\n"
ROW = (
    "const { rows } = await pool.query('SELECT cents FROM fares WHERE id = $1', [req.params.id]);\n"
)
FILL = "await redis.set(key, JSON.stringify(rows[0]), 'EX', 300);\nres.json(rows[0]);"
SET = "await pool.query('UPDATE fares SET cents = $1 WHERE id = $2', [req.body.cents, id]);\n"
DELETE = "await redis.del(keyOf(id));\n"

FAULTY = {
    "removed after the change": (MISS + ROW + FILL, SET + DELETE),
    "removed before the change": (MISS + ROW + FILL, DELETE + SET),
    "filled where it is missing": (
        "let fare = JSON.parse(await redis.get(key));\nif (!fare) {\n"
        + ROW
        + "fare = rows[0];\nawait redis.setex(key, 300, JSON.stringify(fare));\n}\nres.json(fare);",
        SET + DELETE,
    ),
}


@pytest.mark.parametrize(("read", "write"), FAULTY.values(), ids=FAULTY)
def test_an_old_value_stays(tmp_path: Path, read: str, write: str) -> None:
    files = {"src/app.js": CACHED.replace("READ", read).replace("WRITE", write)}
    (line,) = lines_shown(cache_set_after_invalidation, tmp_path, files)
    assert "redis.set" in line


SCRIPT = (
    "await redis.eval(\"if redis.call('get', KEYS[2]) == ARGV[2] then redis.call('set', KEYS[1], "
    'ARGV[1]) end", 2, key, `${key}:version`, JSON.stringify(rows[0]), version);\n'
    "res.json(rows[0]);"
)
SAFE = {
    "a version and a script": (
        "const version = await redis.get(`${key}:version`);\n" + MISS + ROW + SCRIPT,
        SET + "await redis.multi().incr(`${keyOf(id)}:version`).del(keyOf(id)).exec();",
    ),
    "never removed, soon over": (MISS + ROW + FILL.replace("300", "5"), SET),
    "soon over": (MISS + ROW + FILL.replace("300", "5"), SET + DELETE),
    "not cached": (ROW + "res.json(rows[0]);", SET + DELETE),
    "another table": (MISS + ROW + FILL, SET.replace("fares", "seats") + DELETE),
}


@pytest.mark.parametrize(("read", "write"), SAFE.values(), ids=SAFE)
def test_no_old_value_stays(tmp_path: Path, read: str, write: str) -> None:
    files = {"src/app.js": CACHED.replace("READ", read).replace("WRITE", write)}
    assert lines_shown(cache_set_after_invalidation, tmp_path, files) == []


SHARED = """
    import express from 'express';
    import { Pool } from 'pg';
    const pool = new Pool();
    const app = express();
    TOP
    app.post('/rides/:id', async (req, res) => {
      const { id } = req.params;
      BODY
      res.end();
    });
    app.listen(3000);
"""
INSERT = "await pool.query('INSERT INTO rides (id) VALUES ($1)', [id]);\n"
STATE_FAULTY = {
    "a set that is looked at before a wait": (
        "const done = new Set();",
        "if (done.has(id)) return res.status(409).end();\n" + INSERT + "done.add(id);",
    ),
    "a map": (
        "const running = new Map();",
        "if (!running.get(id)) {\n" + INSERT + "running.set(id, true);\n}",
    ),
    "an object": (
        "const seen = {};",
        "if (seen[id]) return res.end();\n" + INSERT + "seen[id] = true;",
    ),
    "a number made from what it was": (
        "let last = 0;",
        "const mine = last;\n" + INSERT + "last = mine + 1;",
    ),
    "a request's own": (
        "let current = null;",
        "current = req.body.user;\n"
        + INSERT
        + "await pool.query('INSERT INTO notes (who) VALUES ($1)', [current]);",
    ),
}


@pytest.mark.parametrize(("top", "body"), STATE_FAULTY.values(), ids=STATE_FAULTY)
def test_shared(tmp_path: Path, top: str, body: str) -> None:
    files = {"src/app.ts": SHARED.replace("TOP", top).replace("BODY", body)}
    assert len(lines_shown(module_level_mutable_state, tmp_path, files)) == 1


STATE_SAFE = {
    "marked at once": (
        "const done = new Set();",
        "if (done.has(id)) return res.end();\ndone.add(id);\nconst x = 1;",
    ),
    "a promise that is kept": (
        "let ready = null;",
        "if (!ready) ready = pool.query('SELECT 1');\nawait ready;\nconst x = 1;",
    ),
    "a cache": (
        "const fares = new Map();",
        "let fare = fares.get(id);\nif (!fare) {\nconst { rows } = await pool.query('SELECT cents "
        "FROM fares WHERE id = $1', [id]);\nfare = rows[0];\nfares.set(id, fare);\n}",
    ),
    "of the request": (
        "",
        "const done = new Set();\nif (!done.has(id)) {\n" + INSERT + "done.add(id);\n}",
    ),
    "never changed": (
        "const known = new Set(['a']);",
        "if (!known.has(id)) return res.end();\n" + INSERT,
    ),
    "looked at again after the wait": (
        "const done = new Set();",
        "if (done.has(id)) return res.end();\n" + INSERT + "if (!done.has(id)) done.add(id);",
    ),
    "what is asked for changes nothing": (
        "const done = new Set();",
        "if (done.has(id)) return res.end();\nawait fetch('https://maps.example/x');\n"
        "done.add(id);",
    ),
    "a counter for the log": ("let count = 0;", INSERT + "count += 1;"),
}


@pytest.mark.parametrize(("top", "body"), STATE_SAFE.values(), ids=STATE_SAFE)
def test_not_shared(tmp_path: Path, top: str, body: str) -> None:
    files = {"src/app.ts": SHARED.replace("TOP", top).replace("BODY", body)}
    assert lines_shown(module_level_mutable_state, tmp_path, files) == []
