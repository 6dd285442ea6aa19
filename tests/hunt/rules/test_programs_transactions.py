"""Transactions from the text of programs: what they wait for, their order, what they lose."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import lines_shown

from redhanded.hunt.suspect.rules import (
    opposite_lock_order,
    promise_not_awaited,
    transaction_across_network,
)

SEQUELIZE = """
    const express = require('express');
    const axios = require('axios');
    const { Sequelize, DataTypes } = require('sequelize');
    const sequelize = new Sequelize(process.env.DATABASE_URL);
    const Till = sequelize.define('Till', { cents: DataTypes.INTEGER }, { tableName: 'tills' });
    const Shelf = sequelize.define('Shelf', { units: DataTypes.INTEGER }, { tableName: 'shelves' });
    const app = express();
    app.post('/tills/:id', async (req, res) => {
      const { from, to, lines } = req.body;
      BODY
      res.end();
    });
    app.listen(3000);
"""
OPEN = "await sequelize.transaction(async (transaction) => {\n"
CLOSE = "\n});"
PG = """
    import express from 'express';
    import { Pool } from 'pg';
    const pool = new Pool();
    const app = express();
    app.post('/tills/:id', async (req, res) => {
      const { from, to, lines } = req.body;
      const client = await pool.connect();
      await client.query('BEGIN');
      BODY
      await client.query('COMMIT');
      client.release();
      res.end();
    });
    app.listen(3000);
"""
PRISMA = """
    import express from 'express';
    import { PrismaClient } from '@prisma/client';
    const prisma = new PrismaClient();
    const app = express();
    app.post('/tills/:id', async (req, res) => {
      const { from, to, lines } = req.body;
      BODY
      res.end();
    });
    app.listen(3000);
"""
P_OPEN = "await prisma.$transaction(async (tx) => {\n"
SET = "await client.query('UPDATE tills SET cents = 0 WHERE id = $1', [from]);\n"
CREATE = "await Till.create({ cents: 1 }, { transaction });\n"

NETWORK = {
    "pg, fetch": (PG, SET + "await fetch('https://pay.example', { method: 'POST' });", "fetch"),
    "sequelize, axios": (
        SEQUELIZE,
        OPEN + CREATE + "await axios.post('https://pay.example');" + CLOSE,
        "axios.post",
    ),
    "prisma, fetch": (
        PRISMA,
        P_OPEN + "await tx.till.create({ data: {} });\nawait fetch('https://pay.example');" + CLOSE,
        "fetch",
    ),
    "sequelize, beside it": (SEQUELIZE, OPEN + CREATE + "await Shelf.create({});" + CLOSE, "Shelf"),
    "prisma, beside it": (
        PRISMA,
        P_OPEN
        + "await tx.till.create({ data: {} });\nawait prisma.shelf.create({ data: {} });"
        + CLOSE,
        "prisma.shelf",
    ),
    "pg, beside it": (
        PG,
        SET + "await pool.query('INSERT INTO shelves (units) VALUES (1)');",
        "pool.query",
    ),
}


@pytest.mark.parametrize(("frame", "body", "line"), NETWORK.values(), ids=NETWORK)
def test_waits_inside(tmp_path: Path, frame: str, body: str, line: str) -> None:
    files = {"src/app.ts": frame.replace("BODY", body)}
    (found,) = lines_shown(transaction_across_network, tmp_path, files)
    assert line in found


NETWORK_SAFE = {
    "after it": (SEQUELIZE, OPEN + CREATE + CLOSE + "\nawait axios.post('https://pay.example');"),
    "before it": (SEQUELIZE, "await axios.post('https://x.example');\n" + OPEN + CREATE + CLOSE),
    "all in it": (SEQUELIZE, OPEN + CREATE + "await Shelf.create({}, { transaction });" + CLOSE),
    "prisma, all in it": (
        PRISMA,
        P_OPEN
        + "await tx.till.create({ data: {} });\nawait tx.shelf.create({ data: {} });"
        + CLOSE,
    ),
    "pg, after it": (
        PG,
        SET + "await client.query('COMMIT');\nawait fetch('https://pay.example');",
    ),
    "no transaction": (PRISMA, "await prisma.till.create({});\nawait fetch('https://x.example');"),
}


@pytest.mark.parametrize(("frame", "body"), NETWORK_SAFE.values(), ids=NETWORK_SAFE)
def test_waits_outside(tmp_path: Path, frame: str, body: str) -> None:
    files = {"src/app.ts": frame.replace("BODY", body)}
    assert lines_shown(transaction_across_network, tmp_path, files) == []


LOCK = "await client.query('SELECT cents FROM tills WHERE id = $1 FOR UPDATE', [ID]);\n"
TAKE = "await tx.till.update({ where: { id: ID }, data: { cents: { decrement: 1 } } });\n"
ORDER = {
    "pg, two rows": (PG, LOCK.replace("ID", "from") + LOCK.replace("ID", "to")),
    "pg, one by one": (
        PG,
        "for (const line of lines) {\nawait client.query('UPDATE shelves SET units = units - $1 "
        "WHERE id = $2', [line.units, line.id]);\n}",
    ),
    "prisma, two rows": (
        PRISMA,
        P_OPEN + TAKE.replace("ID", "from") + TAKE.replace("ID", "to") + CLOSE,
    ),
    "prisma, one by one": (
        PRISMA,
        P_OPEN + "for (const line of lines) {\n" + TAKE.replace("ID", "line.id") + "}" + CLOSE,
    ),
    "sequelize, two rows": (
        SEQUELIZE,
        OPEN + "const one = await Till.findByPk(from, { transaction, lock: true });\n"
        "const other = await Till.findByPk(to, { transaction, lock: true });\n"
        "await one.decrement('cents', { by: 5, transaction });\n"
        "await other.increment('cents', { by: 5, transaction });" + CLOSE,
    ),
}


@pytest.mark.parametrize(("frame", "body"), ORDER.values(), ids=ORDER)
def test_locked_in_the_order_of_the_input(tmp_path: Path, frame: str, body: str) -> None:
    files = {"src/app.ts": frame.replace("BODY", body)}
    (found,) = lines_shown(opposite_lock_order, tmp_path, files)
    assert any(word in found for word in ("query", "update", "findByPk"))


ORDER_SAFE = {
    "the smaller first": (
        PG,
        "const [first, second] = [from, to].sort();\n"
        + LOCK.replace("ID", "first")
        + LOCK.replace("ID", "second"),
    ),
    "a condition decides": (
        PG,
        "const first = from < to ? from : to;\nconst second = from < to ? to : from;\n"
        + LOCK.replace("ID", "first")
        + LOCK.replace("ID", "second"),
    ),
    "sorted": (
        PG,
        "for (const line of lines.sort((a, b) => a.id - b.id)) {\n"
        "await client.query('UPDATE shelves SET units = units - $1 WHERE id = $2', "
        "[line.units, line.id]);\n}",
    ),
    "one statement": (
        PG,
        "await client.query('SELECT id FROM tills WHERE id = ANY($1) ORDER BY id FOR UPDATE', "
        "[[from, to]]);\n",
    ),
    "no transaction": (
        PRISMA,
        "for (const line of lines) {\n"
        + TAKE.replace("tx", "prisma").replace("ID", "line.id")
        + "}",
    ),
    "one row": (PG, LOCK.replace("ID", "from") + SET),
    "a parent's row first": (
        PG,
        "await client.query('SELECT pg_advisory_xact_lock(42)');\n"
        + LOCK.replace("ID", "from")
        + LOCK.replace("ID", "to"),
    ),
    "added only": (
        PRISMA,
        P_OPEN
        + "for (const line of lines) {\nawait tx.till.create({ data: { id: line.id } });\n}"
        + CLOSE,
    ),
}


@pytest.mark.parametrize(("frame", "body"), ORDER_SAFE.values(), ids=ORDER_SAFE)
def test_locked_in_one_order(tmp_path: Path, frame: str, body: str) -> None:
    files = {"src/app.ts": frame.replace("BODY", body)}
    assert lines_shown(opposite_lock_order, tmp_path, files) == []


DROPPED = {
    "a write": (SEQUELIZE, "Till.create({ cents: 1 });", "Till.create"),
    "for each": (
        SEQUELIZE,
        "lines.forEach(async (line) => {\nawait Shelf.create({ units: line.units });\n});",
        "forEach",
    ),
    "in a transaction": (
        SEQUELIZE,
        OPEN + "Till.create({ cents: 1 }, { transaction });" + CLOSE,
        "Till.create",
    ),
    "a function of the program": (
        SEQUELIZE,
        "const keep = async () => { await Till.create({ cents: 1 }); };\nkeep();",
        "keep()",
    ),
    "prisma": (PRISMA, "const left = 1;\nprisma.till.create({ data: { cents: left } });", "prisma"),
}


@pytest.mark.parametrize(("frame", "body", "line"), DROPPED.values(), ids=DROPPED)
def test_dropped(tmp_path: Path, frame: str, body: str, line: str) -> None:
    files = {"src/app.ts": frame.replace("BODY", body)}
    (found,) = lines_shown(promise_not_awaited, tmp_path, files)
    assert line in found


KEPT = {
    "awaited": "await Till.create({ cents: 1 });",
    "all": "await Promise.all(lines.map(async (line) => Shelf.create({ units: line.units })));",
    "collected": "const all = [];\nfor (const line of lines) all.push(Shelf.create({}));\n"
    "await Promise.all(all);",
    "given back": "const made = Till.create({ cents: 1 });\nres.json(await made);",
    "void": "void Till.create({ cents: 1 });",
    "its errors are handled": "Till.create({ cents: 1 }).catch((error) => console.error(error));",
    "then": "await Till.create({ cents: 1 }).then((till) => till.update({ cents: 2 }));",
    "for of": "for (const line of lines) {\nawait Shelf.create({ units: line.units });\n}",
}


@pytest.mark.parametrize("body", KEPT.values(), ids=KEPT)
def test_kept(tmp_path: Path, body: str) -> None:
    files = {"src/app.ts": SEQUELIZE.replace("BODY", body)}
    assert lines_shown(promise_not_awaited, tmp_path, files) == []
