"""read-modify-write from the text of programs, in both languages and several libraries."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import lines_shown

from redhanded.hunt.suspect.rules import read_modify_write as rule

SQL = "CREATE TABLE purses (id serial PRIMARY KEY, owner text, cents integer NOT NULL);"

PG = """
    const express = require('express');
    const { Pool } = require('pg');
    const pool = new Pool();
    const app = express();
    app.post('/purses/:id/take', async (req, res) => {
      const { id } = req.params;
      const { cents } = req.body;
      BODY
      res.end();
    });
    app.listen(3000);
"""
READ = "const { rows } = await db.query('SELECT cents FROM purses WHERE id = $1', [id]);"
WRITE = "await db.query('UPDATE purses SET cents = $1 WHERE id = $2', [rows[0].cents - cents, id]);"
CLIENT = "const db = await pool.connect();\nawait db.query('BEGIN');\n"
COMMIT = "\nawait db.query('COMMIT');\ndb.release();"
POOL = "const db = pool;\n"

SEQUELIZE = """
    import express from 'express';
    import { Sequelize, DataTypes } from 'sequelize';
    const sequelize = new Sequelize(process.env.DATABASE_URL);
    const Purse = sequelize.define('Purse', {
      owner: DataTypes.STRING,
      cents: DataTypes.INTEGER,
    }, { tableName: 'purses'MORE });
    const app = express();
    app.post('/purses/:id/take', async (req, res) => {
      BODY
      res.end();
    });
    app.listen(3000);
"""
PRISMA = """
    import express from 'express';
    import { PrismaClient } from '@prisma/client';
    const prisma = new PrismaClient();
    const app = express();
    app.post('/purses/:id/take', async (req, res) => {
      const id = Number(req.params.id);
      BODY
      res.end();
    });
    app.listen(3000);
"""
KNEX = """
    const express = require('express');
    const knex = require('knex')({ client: 'pg' });
    const app = express();
    app.post('/purses/:id/take', async (req, res) => {
      const { id } = req.params;
      BODY
      res.end();
    });
    app.listen(3000);
"""
IOREDIS = """
    const express = require('express');
    const Redis = require('ioredis');
    const redis = new Redis();
    const app = express();
    app.post('/carts/:id', async (req, res) => {
      const key = `cart:${req.params.id}`;
      BODY
      res.end();
    });
    app.listen(3000);
"""

FAULTY = {
    "pg": (PG, POOL + READ + "\n" + WRITE),
    "pg, a transaction": (PG, CLIENT + READ + "\n" + WRITE + COMMIT),
    "pg, a name for the row": (
        PG,
        POOL + READ + "\nconst purse = rows[0];\nconst left = purse.cents - cents;\n"
        "if (left < 0) throw new Error('too little');\n"
        "await db.query('UPDATE purses SET cents = $1 WHERE id = $2', [left, id]);",
    ),
    "sequelize, save": (
        SEQUELIZE,
        "const purse = await Purse.findByPk(req.params.id);\npurse.cents -= req.body.cents;\n"
        "await purse.save();",
    ),
    "sequelize, update": (
        SEQUELIZE,
        "const purse = await Purse.findOne({ where: { owner: req.params.id } });\n"
        "await purse.update({ cents: purse.cents - req.body.cents });",
    ),
    "sequelize, a transaction": (
        SEQUELIZE,
        "await sequelize.transaction(async (transaction) => {\n"
        "const purse = await Purse.findByPk(req.params.id, { transaction });\n"
        "await purse.update({ cents: purse.cents + 5 }, { transaction });\n});",
    ),
    "prisma": (
        PRISMA,
        "const purse = await prisma.purse.findUnique({ where: { id } });\n"
        "await prisma.purse.update({ where: { id }, data: { cents: purse.cents - 5 } });",
    ),
    "knex": (
        KNEX,
        "const purse = await knex('purses').where({ id }).first();\n"
        "await knex('purses').where({ id }).update({ cents: purse.cents - req.body.cents });",
    ),
    "ioredis": (
        IOREDIS,
        "const cart = JSON.parse(await redis.get(key));\ncart.lines.push(req.body.line);\n"
        "await redis.set(key, JSON.stringify(cart));",
    ),
    "ioredis, a counter": (
        IOREDIS,
        "const count = Number(await redis.get(key)) || 0;\nawait redis.set(key, count + 1);",
    ),
}


@pytest.mark.parametrize(("frame", "body"), FAULTY.values(), ids=FAULTY)
def test_faulty(tmp_path: Path, frame: str, body: str) -> None:
    text = frame.replace("BODY", body).replace("MORE", "")
    (line,) = lines_shown(rule, tmp_path, {"src/app.js": text, "db/001.sql": SQL})
    assert any(word in line for word in ("UPDATE", "update", "save", "set("))


LOCKED = READ.replace("$1'", "$1 FOR UPDATE'")
SAFE = {
    "pg, locked": (PG, CLIENT + LOCKED + "\n" + WRITE + COMMIT),
    "pg, computed by the store": (
        PG,
        POOL + "await db.query('UPDATE purses SET cents = cents - $1 WHERE id = $2', [cents, id]);",
    ),
    "pg, a condition": (
        PG,
        POOL + READ + "\nconst done = await db.query('UPDATE purses SET cents = $1 WHERE id = $2 "
        "AND cents = $3', [rows[0].cents - cents, id, rows[0].cents]);\n"
        "if (done.rowCount === 0) throw new Error('changed meanwhile');",
    ),
    "pg, input": (
        PG,
        POOL + READ + "\nif (!rows.length) return res.status(404).end();\n"
        "await db.query('UPDATE purses SET cents = $1 WHERE id = $2', [cents, id]);",
    ),
    "pg, serializable": (
        PG,
        CLIENT.replace("BEGIN", "BEGIN ISOLATION LEVEL SERIALIZABLE")
        + READ
        + "\n"
        + WRITE
        + COMMIT,
    ),
    "pg, an advisory lock": (
        PG,
        CLIENT
        + "await db.query('SELECT pg_advisory_xact_lock($1)', [id]);\n"
        + READ
        + "\n"
        + WRITE
        + COMMIT,
    ),
    "sequelize, locked": (
        SEQUELIZE,
        "await sequelize.transaction(async (transaction) => {\n"
        "const purse = await Purse.findByPk(req.params.id, { transaction, lock: true });\n"
        "await purse.update({ cents: purse.cents + 5 }, { transaction });\n});",
    ),
    "sequelize, decrement": (
        SEQUELIZE,
        "const purse = await Purse.findByPk(req.params.id);\n"
        "await purse.decrement('cents', { by: req.body.cents });",
    ),
    "sequelize, a patch": (
        SEQUELIZE,
        "const purse = await Purse.findByPk(req.params.id);\n"
        "await purse.update({ owner: req.body.owner || purse.owner });",
    ),
    "sequelize, made here": (
        SEQUELIZE,
        "const purse = await Purse.create({ owner: 'x', cents: 0 });\n"
        "purse.cents += 5;\nawait purse.save();",
    ),
    "prisma, decrement": (
        PRISMA,
        "const purse = await prisma.purse.findUnique({ where: { id } });\n"
        "await prisma.purse.update({ where: { id }, data: { cents: { decrement: 5 } } });",
    ),
    "prisma, a version": (
        PRISMA,
        "const purse = await prisma.purse.findUnique({ where: { id } });\n"
        "const done = await prisma.purse.updateMany({ where: { id, version: purse.version },\n"
        "data: { cents: purse.cents - 5, version: { increment: 1 } } });\n"
        "if (done.count === 0) throw new Error('changed meanwhile');",
    ),
    "prisma, serializable": (
        PRISMA,
        "await prisma.$transaction(async (tx) => {\n"
        "const purse = await tx.purse.findUnique({ where: { id } });\n"
        "await tx.purse.update({ where: { id }, data: { cents: purse.cents - 5 } });\n"
        "}, { isolationLevel: 'Serializable' });",
    ),
    "knex, locked": (
        KNEX,
        "await knex.transaction(async (trx) => {\n"
        "const purse = await trx('purses').where({ id }).forUpdate().first();\n"
        "await trx('purses').where({ id }).update({ cents: purse.cents - 1 });\n});",
    ),
    "knex, decrement": (
        KNEX,
        "const purse = await knex('purses').where({ id }).first();\n"
        "await knex('purses').where({ id }).decrement('cents', 1);",
    ),
    "knex, raw": (
        KNEX,
        "const purse = await knex('purses').where({ id }).first();\n"
        "await knex('purses').where({ id }).update({ cents: knex.raw('cents - ?', [1]) });",
    ),
    "ioredis, incr": (IOREDIS, "const count = await redis.incr(key);"),
    "ioredis, a script": (
        IOREDIS,
        "const count = Number(await redis.get(key));\n"
        "await redis.eval('return redis.call(\"INCR\", KEYS[1])', 1, key);",
    ),
    "ioredis, another key": (
        IOREDIS,
        "const count = Number(await redis.get('rate'));\nawait redis.set(key, count + 1);",
    ),
}


@pytest.mark.parametrize(("frame", "body"), SAFE.values(), ids=SAFE)
def test_safe(tmp_path: Path, frame: str, body: str) -> None:
    text = frame.replace("BODY", body).replace("MORE", "")
    assert lines_shown(rule, tmp_path, {"src/app.js": text, "db/001.sql": SQL}) == []


def test_a_version_of_the_model(tmp_path: Path) -> None:
    frame, body = FAULTY["sequelize, save"]
    text = frame.replace("BODY", body).replace("MORE", ", version: true")
    assert lines_shown(rule, tmp_path, {"src/app.js": text}) == []


SQLALCHEMY = """
    from fastapi import Depends, FastAPI
    from sqlalchemy import create_engine, select, update
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

    engine = create_engine("postgresql://")
    sessions = sessionmaker(engine)
    app = FastAPI()


    class Base(DeclarativeBase):
        pass


    class Purse(Base):
        __tablename__ = "purses"
        id: Mapped[int] = mapped_column(primary_key=True)
        owner: Mapped[str]
        cents: Mapped[int] = mapped_column(default=0)


    def session():
        with sessions() as one:
            yield one


    @app.post("/purses/{number}/take")
    def take(number: int, cents: int, db: Session = Depends(session)):
        BODY
"""
DJANGO = """
    from django.db import transaction
    from django.db.models import F
    from django.http import JsonResponse
    from purses.models import Purse


    def take(request, number):
        cents = int(request.POST["cents"])
        BODY
        return JsonResponse({})
"""
DJANGO_FILES = {
    "manage.py": "import django\n",
    "site/urls.py": """
        from django.urls import path
        from purses import views

        urlpatterns = [path("purses/<int:number>/take", views.take)]
    """,
    "purses/models.py": """
        from django.db import models


        class Purse(models.Model):
            owner = models.CharField(max_length=40)
            cents = models.IntegerField(default=0)
    """,
}
REDIS = """
    from flask import Flask
    import redis

    app = Flask(__name__)
    store = redis.Redis()


    @app.post("/tries/<who>")
    def tries(who):
        key = f"tries:{who}"
        BODY
        return ""
"""

PYTHON_FAULTY = {
    "sqlalchemy": (
        SQLALCHEMY,
        "purse = db.scalars(select(Purse).where(Purse.id == number)).one()\n"
        "purse.cents -= cents\ndb.commit()",
    ),
    "sqlalchemy, get": (
        SQLALCHEMY,
        "purse = db.get(Purse, number)\npurse.cents = purse.cents - cents\ndb.commit()",
    ),
    "sqlalchemy, query": (
        SQLALCHEMY,
        "purse = db.query(Purse).filter_by(id=number).first()\npurse.cents += cents\ndb.commit()",
    ),
    "sqlalchemy, an update": (
        SQLALCHEMY,
        "purse = db.get(Purse, number)\n"
        "db.execute(update(Purse).where(Purse.id == number).values(cents=purse.cents - cents))\n"
        "db.commit()",
    ),
    "django": (
        DJANGO,
        "purse = Purse.objects.get(pk=number)\npurse.cents -= cents\npurse.save()",
    ),
    "django, atomic": (
        DJANGO,
        "with transaction.atomic():\n    purse = Purse.objects.get(pk=number)\n"
        '    purse.cents += cents\n    purse.save(update_fields=["cents"])',
    ),
    "django, an update": (
        DJANGO,
        "purse = Purse.objects.get(pk=number)\n"
        "Purse.objects.filter(pk=number).update(cents=purse.cents - cents)",
    ),
    "redis": (REDIS, "count = int(store.get(key) or 0)\nstore.set(key, count + 1)"),
}


def python_files(frame: str, body: str) -> dict[str, str]:
    line = next(one for one in frame.splitlines() if one.strip() == "BODY")
    indent = line[: len(line) - 4]
    text = frame.replace("BODY", body.replace("\n", "\n" + indent))
    if frame is DJANGO:
        return {**DJANGO_FILES, "purses/views.py": text}
    return {"app.py": text}


@pytest.mark.parametrize(("frame", "body"), PYTHON_FAULTY.values(), ids=PYTHON_FAULTY)
def test_faulty_python(tmp_path: Path, frame: str, body: str) -> None:
    (line,) = lines_shown(rule, tmp_path, python_files(frame, body))
    assert any(word in line for word in ("update", "save", "set(", "commit"))


PYTHON_SAFE = {
    "sqlalchemy, locked": (
        SQLALCHEMY,
        "purse = db.scalars(select(Purse).where(Purse.id == number).with_for_update()).one()\n"
        "purse.cents -= cents\ndb.commit()",
    ),
    "sqlalchemy, computed by the store": (
        SQLALCHEMY,
        "purse = db.get(Purse, number)\npurse.cents = Purse.cents - cents\ndb.commit()",
    ),
    "sqlalchemy, an update": (
        SQLALCHEMY,
        "db.execute(update(Purse).where(Purse.id == number).values(cents=Purse.cents - cents))\n"
        "db.commit()",
    ),
    "sqlalchemy, input": (
        SQLALCHEMY,
        "purse = db.get(Purse, number)\npurse.cents = cents\ndb.commit()",
    ),
    "django, locked": (
        DJANGO,
        "with transaction.atomic():\n"
        "    purse = Purse.objects.select_for_update().get(pk=number)\n"
        "    purse.cents -= cents\n    purse.save()",
    ),
    "django, F": (
        DJANGO,
        "Purse.objects.filter(pk=number).update(cents=F('cents') - cents)",
    ),
    "django, F on the instance": (
        DJANGO,
        "purse = Purse.objects.get(pk=number)\npurse.cents = F('cents') - cents\n"
        "purse.save(update_fields=['cents'])",
    ),
    "django, a condition": (
        DJANGO,
        "purse = Purse.objects.get(pk=number)\n"
        "done = Purse.objects.filter(pk=number, cents=purse.cents)"
        ".update(cents=purse.cents - cents)\n"
        "if not done:\n    raise ValueError('changed meanwhile')",
    ),
    "django, input": (
        DJANGO,
        "purse = Purse.objects.get(pk=number)\npurse.owner = request.POST['owner']\npurse.save()",
    ),
    "redis, incr": (REDIS, "count = store.incr(key)"),
    "redis, a lock": (
        REDIS,
        "with store.lock(f'lock:{who}', timeout=30):\n"
        "    count = int(store.get(key) or 0)\n    store.set(key, count + 1)",
    ),
    "redis, a cache": (REDIS, "if store.get(key) is None:\n    store.set(key, 'x', ex=60)"),
}


@pytest.mark.parametrize(("frame", "body"), PYTHON_SAFE.values(), ids=PYTHON_SAFE)
def test_safe_python(tmp_path: Path, frame: str, body: str) -> None:
    assert lines_shown(rule, tmp_path, python_files(frame, body)) == []
