"""Faults that hide behind callbacks, helpers and options, from the text of programs, and the safe
programs beside them."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import lines_shown, read_program, shown

from redhanded.hunt.suspect.rules import (
    check_then_create,
    find_or_create_without_unique_index,
    lease_shorter_than_work,
    opposite_lock_order,
    out_of_order_event_applied,
    promise_not_awaited,
    quota_check,
    read_modify_write,
    retry_of_non_idempotent_job,
)

SQL = """
    CREATE TABLE pots (id serial PRIMARY KEY, label text NOT NULL, grams integer NOT NULL,
      visits integer NOT NULL DEFAULT 0, state text, sequence integer NOT NULL DEFAULT 0);
    CREATE TABLE fills (id serial PRIMARY KEY, pot_id integer NOT NULL, reference text NOT NULL);
"""
KEYED = SQL + "CREATE UNIQUE INDEX fills_reference ON fills (reference);\n"

KOA = """
    const Koa = require('koa');
    const Router = require('@koa/router');
    const knex = require('knex')({ client: 'pg' });
    const _ = require('lodash');
    const app = new Koa();
    const router = new Router();
    router.post('/pots/:from/pour/:to', async (ctx) => {
      const { from, to } = ctx.params;
      const { grams } = ctx.request.body;
      BODY
    });
    app.use(router.routes());
    app.listen(3000);
"""


def koa(body: str, sql: str = SQL) -> dict[str, str]:
    return {"src/app.js": KOA.replace("BODY", body), "db/001.sql": sql}


POUR = """await knex.transaction(async (trx) => {
        await trx('pots').where({ id: from }).increment('grams', grams)END;
        await trx('fills').insert({ pot_id: from, reference: 'x' });
      });"""
DROPPED = {
    "then": ".then(() => undefined)",
    "finally": ".finally(() => console.log('done'))",
}


@pytest.mark.parametrize("end", DROPPED.values(), ids=DROPPED)
def test_a_chain_that_nobody_waits_for(tmp_path: Path, end: str) -> None:
    body = POUR.replace("await trx('pots')", "trx('pots')").replace("END", end)
    (line,) = lines_shown(promise_not_awaited, tmp_path, koa(body))
    assert "increment" in line


WAITED = {
    "awaited": POUR.replace("END", ".then(() => undefined)"),
    "caught": POUR.replace("await trx('pots')", "trx('pots')").replace("END", ".catch(() => {})"),
    "it answers": "knex('pots').where({ id: from }).increment('grams', grams)"
    ".then(() => { ctx.status = 204; ctx.res.end(); });",
    "it calls what it was given": "const fill = (done) => {"
    " knex('pots').where({ id: from }).increment('grams', 1).then(() => done()); };\n"
    "await new Promise((resolve) => fill(resolve));",
}


@pytest.mark.parametrize("body", WAITED.values(), ids=WAITED)
def test_a_chain_that_somebody_waits_for(tmp_path: Path, body: str) -> None:
    assert lines_shown(promise_not_awaited, tmp_path, koa(body)) == []


BY_KEY = """await knex.transaction(async (trx) => {
        const rows = await trx('pots').whereIn('id', [from, to]).orderBy('id')LOCK;
        const byId = _.keyBy(rows, 'id');
        if (byId[from].grams < grams) throw new Error('empty');
        await trx('pots').where({ id: from }).decrement('grams', grams);
        await trx('pots').where({ id: to }).increment('grams', grams);
      });"""


def test_one_of_several_rows_that_were_read(tmp_path: Path) -> None:
    assert lines_shown(quota_check, tmp_path, koa(BY_KEY.replace("LOCK", "")))


def test_several_rows_that_were_locked(tmp_path: Path) -> None:
    assert lines_shown(quota_check, tmp_path, koa(BY_KEY.replace("LOCK", ".forUpdate()"))) == []


ORDERED = """
    const sorted = (rows) => rows.sort((one, other) => one.id - other.id);
    exports.pour = (knex, from, to) => knex.transaction(async (trx) => {
      await trx('pots').where({ id: from }).decrement('grams', 1);
      await trx('pots').where({ id: to }).increment('grams', 1);
    });
"""


def test_what_another_function_sorts_is_no_order(tmp_path: Path) -> None:
    files = koa("await require('./pour').pour(knex, from, to);")
    files["src/pour.js"] = ORDERED
    assert lines_shown(opposite_lock_order, tmp_path, files)
    inside = ORDERED.replace("=> knex", "=> { [from, to].sort(); return knex").replace(
        "});\n", "}); }\n"
    )
    files["src/pour.js"] = inside
    assert lines_shown(opposite_lock_order, tmp_path, files) == []


def test_visits_that_are_counted_here(tmp_path: Path) -> None:
    body = """const pot = await knex('pots').where({ id: from }).first();
      await knex('pots').where({ id: from }).update({ visits: pot.visits + 1 });"""
    assert lines_shown(read_modify_write, tmp_path, koa(body))
    safe = "await knex('pots').where({ id: from }).increment('visits', 1);"
    assert lines_shown(read_modify_write, tmp_path, koa(safe)) == []


CONFLICT = "await knex('fills').insert({ pot_id: to, reference: from })%s;"
MERGED = {
    "ignore": ".onConflict('reference').ignore()",
    "merge": ".onConflict('reference').merge(['pot_id'])",
}


@pytest.mark.parametrize("end", MERGED.values(), ids=MERGED)
def test_a_conflict_that_no_index_sees(tmp_path: Path, end: str) -> None:
    rule = find_or_create_without_unique_index
    assert len(lines_shown(rule, tmp_path, koa(CONFLICT % end))) == 1
    assert lines_shown(rule, tmp_path, koa(CONFLICT % end, KEYED)) == []


def test_a_conflict_of_any_index(tmp_path: Path) -> None:
    body = CONFLICT % ".onConflict().ignore()"
    assert lines_shown(find_or_create_without_unique_index, tmp_path, koa(body)) == []


def test_a_constraint_that_is_named(tmp_path: Path) -> None:
    insert = "INSERT INTO fills (pot_id) VALUES (?) ON CONFLICT ON CONSTRAINT x DO NOTHING"
    body = f"await knex.raw('{insert}', [to]);"
    assert lines_shown(find_or_create_without_unique_index, tmp_path, koa(body)) == []


WORKER = """
    const { Queue, Worker } = require('bullmq');
    const { Pool } = require('pg');
    const pool = new Pool();
    const connection = { host: 'localhost' };
    const fills = new Queue('fills', { connection });
    exports.add = (fill) => fills.add('fill', fill, { OPTIONS });
    new Worker('fills', async (job) => {
      BODY
    }, { connection });
"""
COUNTED = (
    "const given = [job.data.grams, job.data.pot];\n"
    "await pool.query('UPDATE pots SET grams = grams + $1 WHERE id = $2', given);"
)
CLAIMED = (
    "const { rowCount } = await pool.query('INSERT INTO fills (pot_id, reference) VALUES ($1, $2) "
    "ON CONFLICT (reference) DO NOTHING', [job.data.pot, job.data.reference]);\n"
    "if (!rowCount) return;\n"
)


def worker(body: str, options: str, sql: str = KEYED) -> dict[str, str]:
    text = WORKER.replace("BODY", body).replace("OPTIONS", options)
    return {"src/worker.js": text, "db/001.sql": sql}


def test_a_job_ends_with_what_counts(tmp_path: Path) -> None:
    files = worker(COUNTED, "attempts: 8")
    (line,) = lines_shown(retry_of_non_idempotent_job, tmp_path, files)
    assert "grams + $1" in line


ONCE = {
    "claimed first": (CLAIMED + COUNTED, "attempts: 8"),
    "run once": (COUNTED, "attempts: 1"),
    "nothing is said": (COUNTED, ""),
    "a statistic": (COUNTED.replace("grams = grams + $1", "visits = visits + $1"), "attempts: 8"),
    "set": (COUNTED.replace("grams = grams + $1", "grams = $1"), "attempts: 8"),
}


@pytest.mark.parametrize(("body", "options"), ONCE.values(), ids=ONCE)
def test_a_job_that_counts_once(tmp_path: Path, body: str, options: str) -> None:
    files = worker(body, options)
    assert lines_shown(retry_of_non_idempotent_job, tmp_path, files) == []


READING = (
    "await pool.query('UPDATE pots SET grams = $1, sequence = $2 WHERE id = $3 AFTER',"
    " [job.data.grams, job.data.sequence, job.data.pot]);"
)


def test_a_reading_with_a_number(tmp_path: Path) -> None:
    rule = out_of_order_event_applied
    assert lines_shown(rule, tmp_path, worker(READING.replace("AFTER", ""), ""))
    after = READING.replace("AFTER", "AND sequence < $2")
    assert lines_shown(rule, tmp_path, worker(after, "")) == []
    alone = READING.replace("AFTER", "").replace("grams = $1, ", "")
    assert lines_shown(rule, tmp_path, worker(alone, "")) == []


CELERY = """
    import requests
    from celery import shared_task
    from django.core.cache import cache


    @shared_task
    def close(LIMIT):
        if not cache.add(KEY, "1", timeout=SECONDS):
            return
        requests.post("https://pots.example/close", timeout=20)
"""


def celery(seconds: int, key: str = '"close"', limit: str = "") -> dict[str, str]:
    text = CELERY.replace("KEY", key).replace("SECONDS", str(seconds)).replace("LIMIT", limit)
    return {"pots/tasks.py": text}


def test_a_mark_that_ends_before_the_work(tmp_path: Path) -> None:
    (line,) = lines_shown(lease_shorter_than_work, tmp_path, celery(10))
    assert "cache.add" in line


def test_marks_that_are_no_lock(tmp_path: Path) -> None:
    assert lines_shown(lease_shorter_than_work, tmp_path, celery(60)) == []
    of_one = celery(10, 'f"close:{pot}"', "pot")
    assert lines_shown(lease_shorter_than_work, tmp_path, of_one) == []


CALLED_BACK = """
    const axios = require('axios');
    const cron = require('node-cron');
    const Redis = require('ioredis');
    const redis = new Redis();
    function alone(seconds, callback) {
      redis.set('lock', 'mine', 'EX', seconds, 'NX', (error, answer) => {
        if (answer !== 'OK') return callback(null);
        callback((done) => redis.del('lock', done));
      });
    }
    cron.schedule('0 6 * * *', () => {
      alone(SECONDS, (unlock) => {
        if (!unlock) return;
        axios.post('https://pots.example/report', {}, { timeout: 60000 })
          .then(() => unlock(() => {}), () => unlock(() => {}));
      });
    });
"""


@pytest.mark.parametrize(("seconds", "count"), [(10, 1), (300, 0)])
def test_a_lease_around_callbacks(tmp_path: Path, seconds: int, count: int) -> None:
    files = {"src/clock.js": CALLED_BACK.replace("SECONDS", str(seconds))}
    assert len(lines_shown(lease_shorter_than_work, tmp_path, files)) == count


PROMISED = """
    const { promisify } = require('util');
    const Queue = require('bee-queue');
    const express = require('express');
    const pots = new Queue('pots');
    const put = promisify((pot, callback) => pots.createJob({ pot }).save(CALLBACK));
    const app = express();
    app.post('/pots/:id', async (req, res) => {
      await put(req.params.id);
      res.end();
    });
    app.listen(3000);
"""


@pytest.mark.parametrize(("callback", "count"), [("callback", 0), ("", 1)])
def test_a_job_that_calls_back_when_it_is_stored(tmp_path: Path, callback: str, count: int) -> None:
    files = {
        "src/app.js": PROMISED.replace("CALLBACK", callback).replace("=> pots.c", "=> { pots.c")
    }
    files["src/app.js"] = files["src/app.js"].replace(
        f"save({callback}))", f"save({callback}); }})"
    )
    assert len(lines_shown(promise_not_awaited, tmp_path, files)) == count


PRISMA = """
    import express from 'express';
    import { PrismaClient } from '@prisma/client';
    const prisma = new PrismaClient();
    const app = express();
    app.post('/pots/:id/fills', async (req, res) => {
      const id = Number(req.params.id);
      await prisma.$transaction(async (tx) => {
        LOCK
        const pot = await tx.pot.findUniqueOrThrow({ where: { id }, include: { fills: true } });
        if (pot.fills.length >= pot.grams) throw new Error('full');
        await tx.fill.create({ data: { potId: id, reference: req.body.reference } });
      }ISOLATION);
      res.end();
    });
    app.listen(3000);
"""
SCHEMA = """
    model Pot {
      id    Int    @id @default(autoincrement())
      grams Int
      fills Fill[]

      @@map("pots")
    }
    model Fill {
      id        Int    @id @default(autoincrement())
      potId     Int    @map("pot_id")
      reference String
      pot       Pot    @relation(fields: [potId], references: [id])

      @@map("fills")
    }
"""
LOCKED = "await tx.$queryRaw`SELECT id FROM pots WHERE id = ${id} FOR UPDATE`;"
LIMITS = {
    "nothing holds it": ("", "", 1),
    "serializable": ("", ", { isolationLevel: 'Serializable' }", 0),
    "the pot is locked": (LOCKED, "", 0),
}


@pytest.mark.parametrize(("lock", "isolation", "count"), LIMITS.values(), ids=LIMITS)
def test_rows_that_came_with_a_row_are_counted(
    tmp_path: Path, lock: str, isolation: str, count: int
) -> None:
    text = PRISMA.replace("LOCK", lock).replace("ISOLATION", isolation)
    files = {"src/app.ts": text, "prisma/schema.prisma": SCHEMA}
    assert len(lines_shown(quota_check, tmp_path, files)) == count


ALL = """
    from fastapi import FastAPI
    from sqlalchemy import ForeignKey, create_engine, select
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

    engine = create_engine("postgresql://")
    app = FastAPI()

    class Base(DeclarativeBase):
        pass

    class Fill(Base):
        __tablename__ = "fills"
        id: Mapped[int] = mapped_column(primary_key=True)
        pot_id: Mapped[int]
        keeper: Mapped[str]

    @app.post("/pots/{pot}/keepers/{keeper}")
    def keep(pot: int, keeper: str):
        with Session(engine) as session:
            fills = session.scalars(select(Fill).where(Fill.pot_id == pot)).all()
            if TEST:
                session.add(Fill(pot_id=pot, keeper=keeper))
            session.commit()
"""


def test_none_of_the_rows_is_of_somebody(tmp_path: Path) -> None:
    text = ALL.replace("TEST", "all(one.keeper != keeper for one in fills)")
    assert lines_shown(check_then_create, tmp_path, {"pots.py": text})
    other = ALL.replace("TEST", "any(one.keeper == keeper for one in fills)")
    assert lines_shown(check_then_create, tmp_path, {"pots.py": other}) == []


SIGNED = """
    import hashlib
    import hmac
    import os

    import psycopg2
    from flask import Blueprint, Flask, abort, request

    hooks = Blueprint("hooks", __name__, url_prefix="/hooks")
    connection = psycopg2.connect("")

    CHECK
    def check():
        wanted = hmac.new(os.environb[b"SECRET"], request.get_data(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted, request.headers.get("X-Signature", "")):
            abort(400)

    @hooks.post("/pots")
    def moved():
        event = request.get_json()
        with connection.cursor() as cursor:
            values = (event["state"], event["label"])
            cursor.execute("UPDATE pots SET state = %s WHERE label = %s", values)
        return "", 204

    app = Flask(__name__)
    app.register_blueprint(hooks)
"""


@pytest.mark.parametrize(("check", "webhook"), [("@hooks.before_request", "signed"), ("", "")])
def test_what_checks_each_request_of_a_blueprint(tmp_path: Path, check: str, webhook: str) -> None:
    reading = read_program(tmp_path, {"hooks.py": SIGNED.replace("CHECK", check)})
    (path,) = [one for one in reading.paths if one.entry.kind == "route"]
    assert path.entry.webhook == webhook
    assert bool(shown(out_of_order_event_applied, reading)) == bool(check)


SENT = """
    import httpx
    from dramatiq import actor
    from peewee import BooleanField, Model, PostgresqlDatabase

    db = PostgresqlDatabase("x")

    class Pot(Model):
        sealed = BooleanField(default=False)

        class Meta:
            database = db

    @actor(max_retries=5)
    def seal(pot_id):
        pot = Pot.get_by_id(pot_id)
        if pot.sealed:
            return
        httpx.post("https://seals.example/seals", KEY).raise_for_status()
        Pot.update(sealed=True).where(Pot.id == pot_id).execute()
"""
KEY = 'headers={"Idempotency-Key": f"seal-{pot_id}"}'


def test_a_request_with_a_key_is_made_once(tmp_path: Path) -> None:
    with_key = {"pots.py": SENT.replace("KEY", KEY)}
    without = {"pots.py": SENT.replace("KEY", "json={}")}
    assert lines_shown(quota_check, tmp_path, with_key) == []
    assert lines_shown(retry_of_non_idempotent_job, tmp_path, with_key) == []
    assert lines_shown(retry_of_non_idempotent_job, tmp_path, without)
