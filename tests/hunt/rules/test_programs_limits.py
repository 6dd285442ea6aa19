"""quota-check and wrong-isolation-level from the text of programs."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import lines_shown

from redhanded.hunt.suspect.rules import quota_check, wrong_isolation_level

SQL = """
    CREATE TABLE lessons (id serial PRIMARY KEY, seats integer NOT NULL, room text);
    CREATE TABLE pupils (id serial PRIMARY KEY, lesson_id integer, name text);
"""
CHECKED = SQL.replace("seats integer NOT NULL", "seats integer NOT NULL CHECK (seats >= 0)")

PG = """
    const express = require('express');
    const { Pool } = require('pg');
    const pool = new Pool();
    const MOST = 12;
    const app = express();
    app.post('/lessons/:id/pupils', async (req, res) => {
      const { id } = req.params;
      const db = await pool.connect();
      await db.query('BEGIN');
      BODY
      await db.query('COMMIT');
      db.release();
      res.end();
    });
    app.listen(3000);
"""
COUNT = "const found = await db.query('SELECT count(*) FROM pupils WHERE lesson_id = $1', [id]);\n"
FULL = "if (Number(found.rows[0].count) >= MOST) throw new Error('full');\n"
ADD = "await db.query('INSERT INTO pupils (lesson_id, name) VALUES ($1, $2)', [id, req.body.name]);"
SEATS = "const { rows } = await db.query('SELECT seats FROM lessons WHERE id = $1', [id]);\n"
NONE = "if (rows[0].seats < 1) throw new Error('full');\n"
TAKE = "await db.query('UPDATE lessons SET seats = seats - 1 WHERE id = $1', [id]);"
LOCK = "await db.query('SELECT 1 FROM lessons WHERE id = $1 FOR UPDATE', [id]);\n"

KNEX = """
    import express from 'express';
    import knexFactory from 'knex';
    const knex = knexFactory({ client: 'pg' });
    const app = express();
    app.post('/lessons/:id/pupils', async (req, res) => {
      const { id } = req.params;
      await knex.transaction(async (trx) => {
        BODY
      });
      res.end();
    });
    app.listen(3000);
"""
KNEX_COUNT = "const [{ count }] = await trx('pupils').where({ lesson_id: id }).count();\n"
KNEX_ADD = "await trx('pupils').insert({ lesson_id: id, name: req.body.name });"
KNEX_LESSON = "const lesson = await trx('lessons').where({ id }).LOCKfirst();\n"
KNEX_FULL = "if (Number(count) >= lesson.seats) throw new Error('full');\n"

SEQUELIZE = """
    const express = require('express');
    const { Sequelize, DataTypes, Transaction } = require('sequelize');
    const sequelize = new Sequelize(process.env.DATABASE_URL);
    const Voucher = sequelize.define('Voucher', {
      code: DataTypes.STRING, used: DataTypes.BOOLEAN, uses: DataTypes.INTEGER,
    }, { tableName: 'vouchers' });
    const Payout = sequelize.define('Payout', { cents: DataTypes.INTEGER });
    const app = express();
    app.post('/vouchers/:code', async (req, res) => {
      const { code } = req.params;
      BODY
      res.end();
    });
    app.listen(3000);
"""
VOUCHER = "const voucher = await Voucher.findOne({ where: { code } });\n"
USED = "if (voucher.used) return res.status(409).end();\n"
MARK = "await voucher.update({ used: true });\nawait Payout.create({ cents: 500 });"

IOREDIS = """
    const express = require('express');
    const Redis = require('ioredis');
    const redis = new Redis();
    const app = express();
    app.post('/letters', async (req, res) => {
      const key = `letters:${req.ip}`;
      BODY
      res.end();
    });
    app.listen(3000);
"""

FAULTY = {
    "pg, rows are counted": (PG, COUNT + FULL + ADD),
    "pg, rows are counted, nested": (
        PG,
        COUNT + "if (Number(found.rows[0].count) < MOST) {\n" + ADD + "\n}",
    ),
    "pg, a number is compared": (PG, SEATS + NONE + TAKE),
    "knex": (KNEX, KNEX_LESSON.replace("LOCK", "") + KNEX_COUNT + KNEX_FULL + KNEX_ADD),
    "sequelize, a state": (SEQUELIZE, VOUCHER + USED + MARK),
    "sequelize, uses": (
        SEQUELIZE,
        VOUCHER + "if (voucher.uses <= 0) return res.status(409).end();\n"
        "await voucher.decrement('uses');",
    ),
    "ioredis": (
        IOREDIS,
        "const tries = Number(await redis.get(key));\n"
        "if (tries >= 5) return res.status(429).end();\nawait redis.incr(key);",
    ),
}


@pytest.mark.parametrize(("frame", "body"), FAULTY.values(), ids=FAULTY)
def test_a_limit_is_passed(tmp_path: Path, frame: str, body: str) -> None:
    files = {"src/app.js": frame.replace("BODY", body), "db/001.sql": SQL}
    (line,) = lines_shown(quota_check, tmp_path, files)
    assert any(word in line for word in ("INSERT", "UPDATE", "insert", "update", "decr", "incr"))


SAFE = {
    "pg, the parent row is locked": (PG, LOCK + COUNT + FULL + ADD),
    "pg, the row is locked": (PG, SEATS.replace("$1'", "$1 FOR UPDATE'") + NONE + TAKE),
    "pg, an advisory lock": (
        PG,
        "await db.query('SELECT pg_advisory_xact_lock($1)', [id]);\n" + COUNT + FULL + ADD,
    ),
    "pg, a condition": (
        PG,
        SEATS + NONE + "const done = await db.query('UPDATE lessons SET seats = seats - 1 "
        "WHERE id = $1 AND seats > 0', [id]);\nif (done.rowCount === 0) throw new Error('full');",
    ),
    "pg, one statement": (
        PG,
        "await db.query('INSERT INTO pupils (lesson_id, name) SELECT $1, $2 WHERE (SELECT count(*)"
        " FROM pupils WHERE lesson_id = $1) < 12', [id, req.body.name]);",
    ),
    "pg, counted for the answer": (PG, ADD + "\n" + COUNT + "res.json(found.rows[0]);"),
    "pg, serializable": (
        PG.replace("'BEGIN'", "'BEGIN ISOLATION LEVEL SERIALIZABLE'"),
        COUNT + FULL + ADD,
    ),
    "knex, locked": (
        KNEX,
        KNEX_LESSON.replace("LOCK", "forUpdate().") + KNEX_COUNT + KNEX_FULL + KNEX_ADD,
    ),
    "sequelize, locked": (
        SEQUELIZE,
        "await sequelize.transaction(async (transaction) => {\n"
        "const voucher = await Voucher.findOne({ where: { code }, transaction, "
        "lock: Transaction.LOCK.UPDATE });\n"
        "if (voucher.used) throw new Error('used');\n"
        "await voucher.update({ used: true }, { transaction });\n"
        "await Payout.create({ cents: 500 }, { transaction });\n});",
    ),
    "sequelize, a conditional update": (
        SEQUELIZE,
        "const [changed] = await Voucher.update({ used: true }, "
        "{ where: { code, used: false } });\nif (changed === 0) return res.status(409).end();\n"
        "await Payout.create({ cents: 500 });",
    ),
    "sequelize, only a mark": (SEQUELIZE, VOUCHER + USED + "await voucher.update({ used: true });"),
    "ioredis, counted first": (
        IOREDIS,
        "const tries = await redis.incr(key);\nif (tries > 5) return res.status(429).end();",
    ),
}


@pytest.mark.parametrize(("frame", "body"), SAFE.values(), ids=SAFE)
def test_a_limit_is_kept(tmp_path: Path, frame: str, body: str) -> None:
    files = {"src/app.js": frame.replace("BODY", body), "db/001.sql": SQL}
    assert lines_shown(quota_check, tmp_path, files) == []


def test_a_check_constraint_refuses(tmp_path: Path) -> None:
    files = {"src/app.js": PG.replace("BODY", SEATS + NONE + TAKE), "db/001.sql": CHECKED}
    assert lines_shown(quota_check, tmp_path, files) == []


SKEWED = """
    import express from 'express';
    import { Sequelize, DataTypes, Op, Transaction } from 'sequelize';
    const sequelize = new Sequelize(process.env.DATABASE_URL);
    const Hire = sequelize.define('Hire', {
      hall: DataTypes.STRING, starts: DataTypes.DATE, ends: DataTypes.DATE,
    }, { tableName: 'hires' });
    const app = express();
    app.post('/hires', async (req, res) => {
      const { hall, starts, ends } = req.body;
      BEFORE
      await sequelize.transaction({ isolationLevel: Transaction.ISOLATION_LEVELS.LEVEL },
        async (transaction) => {
          const others = await Hire.findAll({
            where: { hall, starts: { [Op.lt]: ends }, ends: { [Op.gt]: starts } }, transaction,
          });
          if (others.length) throw new Error('taken');
          await Hire.create({ hall, starts, ends }, { transaction });
        });
      AFTER
      res.end();
    });
    app.listen(3000);
"""
RETRY = """for (let turn = 1; ; turn += 1) {
      try {"""
AGAIN = """  break;
      } catch (error) {
        if (error.parent?.code !== '40001' || turn > 4) throw error;
      }
    }"""


def skewed(level: str, before: str = "", after: str = "") -> dict[str, str]:
    text = SKEWED.replace("LEVEL})", "LEVEL })").replace("LEVELS.LEVEL", f"LEVELS.{level}")
    return {"src/app.js": text.replace("BEFORE", before).replace("AFTER", after)}


def test_a_snapshot_does_not_keep_it(tmp_path: Path) -> None:
    (line,) = lines_shown(wrong_isolation_level, tmp_path, skewed("REPEATABLE_READ"))
    assert "Hire.create" in line


def test_serializable_and_never_tried_again(tmp_path: Path) -> None:
    (line,) = lines_shown(wrong_isolation_level, tmp_path, skewed("SERIALIZABLE"))
    assert "sequelize.transaction" in line


def test_serializable_and_tried_again(tmp_path: Path) -> None:
    files = skewed("SERIALIZABLE", RETRY, AGAIN)
    assert lines_shown(wrong_isolation_level, tmp_path, files) == []


def test_the_others_are_counted_and_one_of_them_leaves(tmp_path: Path) -> None:
    body = (
        "const found = await db.query('SELECT count(*) FROM pupils WHERE lesson_id = $1', [id]);\n"
        "if (Number(found.rows[0].count) < 2) throw new Error('the last one stays');\n"
        "await db.query('UPDATE pupils SET lesson_id = NULL WHERE id = $1', [req.body.pupil]);"
    )
    files = {"src/app.js": PG.replace("BODY", body), "db/001.sql": SQL}
    (line,) = lines_shown(wrong_isolation_level, tmp_path, files)
    assert "UPDATE pupils" in line
    locked = {**files, "src/app.js": PG.replace("BODY", LOCK + body)}
    assert lines_shown(wrong_isolation_level, tmp_path, locked) == []
