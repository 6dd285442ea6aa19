"""Codes that a model draws for itself, from the text of programs."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import lines_shown

from redhanded.hunt.suspect.rules import id_collision as rule

PEEWEE = """
    import random
    import secrets
    import uuid

    from flask import Flask, request
    from peewee import CharField, IntegerField, Model, PostgresqlDatabase

    db = PostgresqlDatabase("x")
    app = Flask(__name__)

    class Parcel(Model):
        label = CharField(UNIQUE, default=MADE)
        grams = IntegerField()

        class Meta:
            database = db

    @app.post("/parcels")
    def add():
        Parcel.create(grams=request.json["grams"])
        return "", 204
"""
SQLALCHEMY = """
    import random
    import secrets
    import uuid

    from fastapi import FastAPI
    from sqlalchemy import create_engine
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

    engine = create_engine("postgresql://")
    app = FastAPI()

    class Base(DeclarativeBase):
        pass

    class Parcel(Base):
        __tablename__ = "parcels"
        id: Mapped[int] = mapped_column(primary_key=True)
        label: Mapped[str] = mapped_column(UNIQUE, default=MADE)
        grams: Mapped[int]

    @app.post("/parcels")
    def add(grams: int):
        with Session(engine) as session:
            session.add(Parcel(grams=grams))
            session.commit()
"""
MIKRO = """
    import { Entity, PrimaryKey, Property } from '@mikro-orm/core';
    import { EntityManager } from '@mikro-orm/postgresql';
    import { Body, Controller, Post } from '@nestjs/common';
    import { randomInt, randomUUID } from 'node:crypto';

    @Entity({ tableName: 'parcels' })
    export class Parcel {
      @PrimaryKey()
      id!: number;

      @Property({ UNIQUE })
      label: string = MADE;

      @Property()
      grams!: number;
    }

    @Controller('parcels')
    export class Parcels {
      constructor(private readonly em: EntityManager) {}

      @Post()
      async add(@Body('grams') grams: number) {
        this.em.create(Parcel, { grams });
        await this.em.flush();
      }
    }
"""
SHORT = {
    "peewee, six digits": (PEEWEE, 'lambda: "%06d" % random.randrange(10**6)'),
    "peewee, a number": (PEEWEE, "lambda: str(secrets.randbelow(90_000))"),
    "SQLAlchemy, cut": (SQLALCHEMY, "lambda: uuid.uuid4().hex[:5]"),
    "SQLAlchemy, letters": (SQLALCHEMY, 'lambda: "".join(random.choices("ABCDEF", k=4))'),
    "MikroORM": (MIKRO, "String(randomInt(1000, 9999))"),
}


def files(text: str, made: str, unique: str | None = None) -> dict[str, str]:
    name = "src/parcels.ts" if text is MIKRO else "parcels.py"
    said = ("unique: true" if text is MIKRO else "unique=True") if unique is None else unique
    return {name: text.replace("UNIQUE", said).replace("MADE", made)}


@pytest.mark.parametrize(("text", "made"), SHORT.values(), ids=SHORT)
def test_a_default_of_few_values(tmp_path: Path, text: str, made: str) -> None:
    (line,) = lines_shown(rule, tmp_path, files(text, made))
    assert made[:20] in line


LONG = {
    "peewee": (PEEWEE, "lambda: str(uuid.uuid4())"),
    "a function of a library": (PEEWEE, "uuid.uuid4"),
    "SQLAlchemy": (SQLALCHEMY, "lambda: secrets.token_urlsafe(16)"),
    "MikroORM": (MIKRO, "randomUUID()"),
    "written": (MIKRO, "'none'"),
}


@pytest.mark.parametrize(("text", "made"), LONG.values(), ids=LONG)
def test_a_default_of_many_values(tmp_path: Path, text: str, made: str) -> None:
    assert lines_shown(rule, tmp_path, files(text, made)) == []


def test_a_default_that_need_not_be_the_only_one(tmp_path: Path) -> None:
    made = "lambda: str(secrets.randbelow(90_000))"
    assert lines_shown(rule, tmp_path, files(PEEWEE, made, "max_length=8")) == []


def test_what_was_given_is_not_drawn(tmp_path: Path) -> None:
    made = files(PEEWEE, "lambda: str(secrets.randbelow(90_000))")
    given = made["parcels.py"].replace("create(", 'create(label=request.json["label"], ')
    assert lines_shown(rule, tmp_path, {"parcels.py": given}) == []


DRIZZLE = """
    import { randomInt } from 'node:crypto';
    import express from 'express';
    import { drizzle } from 'drizzle-orm/node-postgres';
    import { integer, pgTable, serial, text } from 'drizzle-orm/pg-core';

    export const parcels = pgTable('parcels', {
      id: serial('id').primaryKey(),
      label: text('label').notNull().unique(),
      grams: integer('grams').notNull(),
    });
    const db = drizzle(process.env.DATABASE_URL!);
    const app = express();
    app.post('/parcels', async (req, res) => {
      BODY
      res.end();
    });
    app.listen(3000);
"""
PASSED_OVER = (
    "await db.insert(parcels).values({ grams: req.body.grams, label: String(randomInt(100000)) })"
    ".onConflictDoNothing();"
)
AGAIN = f"for (let turn = 0; turn < 5; turn++) {{ {PASSED_OVER} }}"


def test_a_code_that_is_there_loses_the_row(tmp_path: Path) -> None:
    text = DRIZZLE.replace("BODY", PASSED_OVER)
    assert len(lines_shown(rule, tmp_path, {"src/app.ts": text})) == 1


def test_a_code_that_is_drawn_again(tmp_path: Path) -> None:
    assert lines_shown(rule, tmp_path, {"src/app.ts": DRIZZLE.replace("BODY", AGAIN)}) == []
