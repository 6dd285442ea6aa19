"""Rows that belong to nobody and are given to whoever asks; values taken by their place."""

from __future__ import annotations

from pathlib import Path

from programs import lines_shown

from redhanded.hunt.suspect.rules import (
    lock_without_expiry,
    promise_not_awaited,
    quota_check,
    read_modify_write,
)

KNEX = """
    const express = require('express');
    const knex = require('knex')({{ client: 'pg' }});
    const app = express();
    app.post('/lockers', async (req, res) => {{
      const {{ hall, holder }} = req.body;
      await knex.transaction(async (trx) => {{
        const [locker] = await trx('lockers').where({{ hall }}).whereNull('holder'){lock};
        if (!locker) return;
        await trx('lockers').where({{ id: locker.id }}){still}.update({{ holder{value} }});
      }});
      res.end();
    }});
    app.listen(1);
"""
SQL = "CREATE TABLE lockers (id serial PRIMARY KEY, hall text, holder text, state text);"


def test_a_free_row_is_looked_for_and_taken(tmp_path: Path) -> None:
    def shown(folder: str, lock: str = "", still: str = "", value: str = "") -> list[str]:
        text = KNEX.format(lock=lock, still=still, value=value)
        return lines_shown(quota_check, tmp_path / folder, {"src/app.js": text, "db/001.sql": SQL})

    assert len(shown("taken")) == 1
    assert shown("locked", lock=".forUpdate()") == []
    assert shown("given up", value=": null") == []


PSYCOPG = """
    from flask import Flask, request
    from psycopg_pool import ConnectionPool

    app = Flask(__name__)
    pool = ConnectionPool("")


    @app.post("/meters/<name>")
    def read_off(name):
        with pool.connection() as connection, connection.transaction():
            row = connection.execute(
                "SELECT place, units FROM meters WHERE name = %s{lock}", (name,)
            ).fetchone()
            connection.execute(
                "UPDATE meters SET units = %s WHERE name = %s", ({value}, name)
            )
        return ""
"""


def test_a_column_is_taken_by_its_place(tmp_path: Path) -> None:
    def shown(folder: str, value: str, lock: str = "") -> list[str]:
        text = PSYCOPG.format(value=value, lock=lock)
        return lines_shown(read_modify_write, tmp_path / folder, {"meters/web.py": text})

    assert len(shown("changed", "row[1] + 5")) == 1
    assert shown("locked", "row[1] + 5", " FOR UPDATE") == []
    assert shown("given", "request.json['units']") == []


def test_a_list_of_the_row_is_written_with_one_thing_more(tmp_path: Path) -> None:
    text = """
    const express = require('express');
    const { PrismaClient } = require('@prisma/client');
    const prisma = new PrismaClient();
    const app = express();
    app.post('/books/:id/notes', async (req, res) => {
      const book = await prisma.book.findUnique({ where: { id: req.params.id } });
      await prisma.book.update({ where: { id: book.id }, data: { notes: %s } });
      res.end();
    });
    app.listen(1);
    """
    grown = {"src/app.js": text % "[...book.notes, req.body.note]"}
    given = {"src/app.js": text % "[req.body.note]"}
    assert len(lines_shown(read_modify_write, tmp_path / "grown", grown)) == 1
    assert lines_shown(read_modify_write, tmp_path / "given", given) == []


LOCK = """
    const Redis = require('ioredis');
    const redis = new Redis();
    async function sweep() {
      const taken = await redis.set('sweeping', process.pid, %s'NX');
      if (!taken) return;
      await fetch('https://archive.example/sweep', { method: 'POST' });
      await redis.del('sweeping');
    }
    setInterval(sweep, 60000);
"""


def test_a_lock_without_an_end_around_what_runs_alone(tmp_path: Path) -> None:
    lasting = {"src/sweep.js": LOCK % ""}
    ending = {"src/sweep.js": LOCK % "'PX', 30000, "}
    assert len(lines_shown(lock_without_expiry, tmp_path / "lasting", lasting)) == 1
    assert lines_shown(lock_without_expiry, tmp_path / "ending", ending) == []


def test_a_dropped_read_that_was_to_lock(tmp_path: Path) -> None:
    text = """
    const { Sequelize, DataTypes } = require('sequelize');
    const express = require('express');
    const sequelize = new Sequelize('');
    const Boat = sequelize.define('Boat', { name: DataTypes.STRING }, { tableName: 'boats' });
    const app = express();
    app.post('/boats', async (req, res) => {
      await sequelize.transaction(async (transaction) => {
        req.body.ids.forEach(async (id) => {
          await Boat.findByPk(id, { transaction%s });
        });
      });
      res.end();
    });
    app.listen(1);
    """
    locking = {"src/app.js": text % ", lock: transaction.LOCK.UPDATE"}
    plain = {"src/app.js": text % ""}
    assert len(lines_shown(promise_not_awaited, tmp_path / "locking", locking)) == 1
    assert lines_shown(promise_not_awaited, tmp_path / "plain", plain) == []
