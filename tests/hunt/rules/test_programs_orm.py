"""Rules for rows from the text of programs with ORMs, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import lines_shown

from redhanded.hunt.suspect.rules import check_then_create as check
from redhanded.hunt.suspect.rules import find_or_create_without_unique_index as find_or_create
from redhanded.hunt.suspect.rules import id_collision as collision
from redhanded.hunt.suspect.rules import job_enqueued_before_commit as before_commit
from redhanded.hunt.suspect.rules import model_unique_not_migrated as model

SEQUELIZE = """
    const express = require('express');
    const Queue = require('bull');
    const { Sequelize, DataTypes, Op, UniqueConstraintError } = require('sequelize');
    const sequelize = new Sequelize(process.env.DATABASE_URL);
    const mails = new Queue('mails', process.env.REDIS_URL);
    const Shelf = sequelize.define('Shelf', {
      label: { type: DataTypes.STRING%s },
      room: DataTypes.STRING,
    }, { tableName: 'shelves' });
    const app = express();
    app.use(express.json());

    app.post('/shelves', async (req, res) => {
      const { label, room } = req.body;
      %s
      res.status(201).end();
    });
    mails.process(async (job) => { await Shelf.findByPk(job.data.shelf); });
"""
MIGRATION = """
    module.exports = {
      async up(queryInterface, Sequelize) {
        await queryInterface.createTable('shelves', {
          id: { type: Sequelize.INTEGER, primaryKey: true, autoIncrement: true },
          label: { type: Sequelize.STRING },
          room: { type: Sequelize.STRING },
        });
        %s
      },
      async down(queryInterface) { await queryInterface.dropTable('shelves'); },
    };
"""
INDEX = "await queryInterface.addIndex('shelves', ['label'], { unique: true });"
OTHER = "await queryInterface.addIndex('shelves', ['room'], { unique: true });"


def sequelize(body: str, index: str = "", said: str = "") -> dict[str, str]:
    return {
        "src/app.js": SEQUELIZE % (said, body),
        "migrations/20240101000000-shelves.js": MIGRATION % index,
    }


ONE = "const [shelf] = await Shelf.findOrCreate({ where: { label }, defaults: { room } });"


@pytest.mark.parametrize("index", ["", OTHER], ids=["no index", "another index"])
def test_sequelize_find_or_create(tmp_path: Path, index: str) -> None:
    (line,) = lines_shown(find_or_create, tmp_path, sequelize(ONE, index))
    assert "findOrCreate" in line


FOUND_ONCE = {
    "an index": (ONE, INDEX),
    "of a row made before": (
        "const made = await Shelf.create({ label });\n"
        "await Shelf.findOrCreate({ where: { room: made.id } });",
        "",
    ),
    "serializable": (
        "await sequelize.transaction({ isolationLevel: 'SERIALIZABLE' }, async (transaction) => {\n"
        "  await Shelf.findOrCreate({ where: { label }, transaction });\n});",
        "",
    ),
}


@pytest.mark.parametrize(("body", "index"), FOUND_ONCE.values(), ids=FOUND_ONCE)
def test_sequelize_find_or_create_safe(tmp_path: Path, body: str, index: str) -> None:
    assert lines_shown(find_or_create, tmp_path, sequelize(body, index)) == []


LOOK = "const found = await Shelf.findOne({ where: { label } });"
MAKE = "await Shelf.create({ label, room });"
TWO_STEPS = {
    "returns": f"{LOOK}\nif (found) return res.status(409).end();\n{MAKE}",
    "or": f"const shelf = (await Shelf.findOne({{ where: {{ label }} }})) || ({MAKE[:-1]});",
    "count": "const n = await Shelf.count({ where: { label } });\n"
    f"if (n > 0) return res.status(409).end();\n{MAKE}",
    "built and saved": f"{LOOK}\nif (!found) {{ const shelf = Shelf.build({{ label, room }});\n"
    "await shelf.save(); }",
}


@pytest.mark.parametrize("body", TWO_STEPS.values(), ids=TWO_STEPS)
def test_sequelize_two_steps(tmp_path: Path, body: str) -> None:
    assert len(lines_shown(check, tmp_path, sequelize(body))) == 1
    assert len(lines_shown(check, tmp_path, sequelize(body, INDEX))) == 1  # The second run fails.


def test_sequelize_model_and_migration(tmp_path: Path) -> None:
    (line,) = lines_shown(model, tmp_path, sequelize(MAKE, "", ", unique: true"))
    assert "define" in line or "unique: true" in line
    assert lines_shown(model, tmp_path, sequelize(MAKE, INDEX, ", unique: true")) == []


INSIDE = """await sequelize.transaction(async (transaction) => {
        const shelf = await Shelf.create({ label }, { transaction });
        await mails.add({ shelf: shelf.id });
      });"""
AFTER = {
    "after the block": """const shelf = await sequelize.transaction(async (transaction) =>
        Shelf.create({ label }, { transaction }));
      await mails.add({ shelf: shelf.id });""",
    "after a block whose error is answered": """let shelf;
      try {
        shelf = await sequelize.transaction(async (transaction) =>
          Shelf.create({ label }, { transaction }));
      } catch (error) {
        if (!(error instanceof UniqueConstraintError)) throw error;
        shelf = await Shelf.findOne({ where: { label } });
      }
      await mails.add({ shelf: shelf.id });""",
    "afterCommit": """await sequelize.transaction(async (transaction) => {
        const shelf = await Shelf.create({ label }, { transaction });
        transaction.afterCommit(() => mails.add({ shelf: shelf.id }));
      });""",
    "by hand": """const transaction = await sequelize.transaction();
      const shelf = await Shelf.create({ label }, { transaction });
      await transaction.commit();
      await mails.add({ shelf: shelf.id });""",
}


def test_sequelize_queued_inside(tmp_path: Path) -> None:
    (line,) = lines_shown(before_commit, tmp_path, sequelize(INSIDE))
    assert "mails.add" in line


@pytest.mark.parametrize("body", AFTER.values(), ids=AFTER)
def test_sequelize_queued_after(tmp_path: Path, body: str) -> None:
    assert lines_shown(before_commit, tmp_path, sequelize(body)) == []


DRAWN = {
    "six of base 36": ("Math.random().toString(36).slice(2, 8)", 1),
    "a part of a uuid": ("require('crypto').randomUUID().slice(0, 8)", 1),
    "four bytes": ("require('crypto').randomBytes(4).toString('hex')", 1),
    "the time": ("`S-${Date.now()}`", 1),
    "a uuid": ("require('crypto').randomUUID()", 0),
    "sixteen bytes": ("require('crypto').randomBytes(16).toString('hex')", 0),
}


@pytest.mark.parametrize(("value", "count"), DRAWN.values(), ids=DRAWN)
def test_identifiers(tmp_path: Path, value: str, count: int) -> None:
    body = f"await Shelf.create({{ label: {value}, room }});"
    assert len(lines_shown(collision, tmp_path, sequelize(body, INDEX))) == count


DJANGO = """
    from django.db import IntegrityError, models, transaction
    from django.http import HttpResponse
    from django.urls import path

    class Reader(models.Model):
        card = models.CharField(max_length=20%s)
        name = models.CharField(max_length=80)

    def join(request):
        card, name = request.POST["card"], request.POST["name"]
        %s
        return HttpResponse(status=201)

    urlpatterns = [path("readers", join)]
"""


def django(body: str, said: str = "") -> dict[str, str]:
    indented = body.replace("\n", "\n        ")
    return {"library/__init__.py": "", "library/models.py": DJANGO % (said, indented)}


DJANGO_FIND = {
    "get_or_create": "Reader.objects.get_or_create(card=card, defaults={'name': name})",
    "update_or_create": "Reader.objects.update_or_create(card=card, defaults={'name': name})",
}


@pytest.mark.parametrize("body", DJANGO_FIND.values(), ids=DJANGO_FIND)
def test_django_get_or_create(tmp_path: Path, body: str) -> None:
    assert len(lines_shown(find_or_create, tmp_path, django(body))) == 1
    assert lines_shown(find_or_create, tmp_path, django(body, ", unique=True")) == []


DJANGO_TWO_STEPS = {
    "exists": "if Reader.objects.filter(card=card).exists():\n    return HttpResponse(status=409)\n"
    "Reader.objects.create(card=card, name=name)",
    "first": "reader = Reader.objects.filter(card=card).first()\nif reader is None:\n"
    "    reader = Reader(card=card, name=name)\n    reader.save()",
    "does not exist": "try:\n    Reader.objects.get(card=card)\nexcept Reader.DoesNotExist:\n"
    "    Reader.objects.create(card=card, name=name)",
    "atomic": "with transaction.atomic():\n    if not Reader.objects.filter(card=card).exists():\n"
    "        Reader.objects.create(card=card, name=name)",
}


@pytest.mark.parametrize("body", DJANGO_TWO_STEPS.values(), ids=DJANGO_TWO_STEPS)
def test_django_two_steps(tmp_path: Path, body: str) -> None:
    assert len(lines_shown(check, tmp_path, django(body))) == 1
    assert (
        len(lines_shown(check, tmp_path, django(body, ", unique=True"))) == 1
    )  # The second run fails.


PRISMA = """
    model Reader {
      id   Int    @id @default(autoincrement())
      card String%s
      name String
    }
"""
PRISMA_APP = """
    import express from 'express';
    import { PrismaClient } from '@prisma/client';
    const prisma = new PrismaClient();
    export const app = express();

    app.post('/readers', async (req, res) => {
      const { card, name } = req.body;
      %s
      res.sendStatus(201);
    });
"""
PRISMA_TWO_STEPS = {
    "findFirst": "const found = await prisma.reader.findFirst({ where: { card } });\n"
    "if (found) return res.sendStatus(409);\n"
    "await prisma.reader.create({ data: { card, name } });",
    "in a transaction": "await prisma.$transaction(async (tx) => {\n"
    "  const n = await tx.reader.count({ where: { card } });\n"
    "  if (n === 0) await tx.reader.create({ data: { card, name } });\n});",
}


@pytest.mark.parametrize("body", PRISMA_TWO_STEPS.values(), ids=PRISMA_TWO_STEPS)
def test_prisma_two_steps(tmp_path: Path, body: str) -> None:
    files = {"prisma/schema.prisma": PRISMA % "", "src/app.ts": PRISMA_APP % body}
    assert len(lines_shown(check, tmp_path, files)) == 1
    files["prisma/schema.prisma"] = PRISMA % " @unique"
    assert len(lines_shown(check, tmp_path, files)) == 1  # The second run fails.


KNEX = """
    const express = require('express');
    const knex = require('knex')({ client: 'pg' });
    const app = express();
    app.post('/readers', async (req, res) => {
      const { card, name } = req.body;
      %s
      res.sendStatus(201);
    });
"""
KNEX_TABLE = """
    exports.up = (knex) => knex.schema.createTable('readers', (table) => {
      table.increments('id');
      table.string('card')%s;
      table.string('name');
    });
"""
KNEX_TWO_STEPS = {
    "first": "const found = await knex('readers').where({ card }).first();\n"
    "if (found) return res.sendStatus(409);\nawait knex('readers').insert({ card, name });",
    "in a transaction": "await knex.transaction(async (trx) => {\n"
    "  const rows = await trx('readers').where('card', card).select('id');\n"
    "  if (rows.length === 0) await trx('readers').insert({ card, name });\n});",
}


@pytest.mark.parametrize("body", KNEX_TWO_STEPS.values(), ids=KNEX_TWO_STEPS)
def test_knex_two_steps(tmp_path: Path, body: str) -> None:
    files = {"src/app.js": KNEX % body, "migrations/20240101_readers.js": KNEX_TABLE % ""}
    assert len(lines_shown(check, tmp_path, files)) == 1
    files["migrations/20240101_readers.js"] = KNEX_TABLE % ".unique()"
    assert len(lines_shown(check, tmp_path, files)) == 1  # The second run fails.


def test_knex_on_conflict(tmp_path: Path) -> None:
    body = KNEX_TWO_STEPS["first"].replace("name });", "name }).onConflict('card').ignore();")
    files = {"src/app.js": KNEX % body, "migrations/20240101_readers.js": KNEX_TABLE % ""}
    assert lines_shown(check, tmp_path, files) == []
