"""TypeORM in whole programs: data source, Nest injection, active record, query builder."""

from __future__ import annotations

from pathlib import Path as File

import pytest
from written_programs import charted, events, kinds, path_of

from redhanded.source.flow.values import Input, Known, Stored

ENTITY = """
    import { Entity, PrimaryGeneratedColumn, Column, BaseEntity, Unique } from 'typeorm';
    @Entity('seats')
    @Unique(['showId', 'row'])
    export class Seat extends BaseEntity {
      @PrimaryGeneratedColumn() id: number;
      @Column({ name: 'show_id' }) showId: number;
      @Column() row: string;
      @Column() free: number;
    }
"""
SOURCE = """
    import { DataSource } from 'typeorm';
    import { Seat } from './seat';
    export const source = new DataSource({ type: 'postgres', entities: [Seat] });
"""


def found(tmp_path: File, body: str, head: str = "") -> list:  # type: ignore[type-arg]
    files = {
        "package.json": '{"dependencies": {"typeorm": "0.3", "express": "4"}}',
        "src/seat.ts": ENTITY,
        "src/source.ts": SOURCE,
        "src/app.ts": f"""
    import express from 'express';
    import {{ source }} from './source';
    import {{ Seat }} from './seat';
    import {{ In, MoreThan, EntityManager, getRepository }} from 'typeorm';
    {head}
    const app = express();
    app.post('/seats/:id', async (req, res) => {{
      {body}
      res.json({{}});
    }});
""",
    }
    return events(path_of(charted(tmp_path, files), "POST /seats/:id"))


@pytest.mark.parametrize(
    "body",
    [
        "await source.getRepository(Seat).findOne({ where: { showId: req.body.show } });",
        "await source.getRepository(Seat).findOneBy({ showId: req.body.show });",
        "await source.manager.findOneBy(Seat, { showId: req.body.show });",
        "await getRepository(Seat).findOne({ showId: req.body.show });",
        "await Seat.findOneBy({ showId: req.body.show });",
        "await source.getRepository(Seat).createQueryBuilder('s')"
        ".where('s.showId = :show', { show: req.body.show }).getOne();",
        "await source.createQueryBuilder().select('s').from(Seat, 's')"
        ".where('s.showId = :show').setParameter('show', req.body.show).getOne();",
        "await source.query('SELECT * FROM seats WHERE show_id = $1 LIMIT 1', [req.body.show]);",
    ],
    ids=["find", "by", "manager", "old", "active", "builder", "from", "sql"],
)
def test_one_row_is_read(tmp_path: File, body: str) -> None:
    ((_, read),) = found(tmp_path, body)
    assert (read.kind, read.subject, read.many) == ("read", "seats", False)
    assert read.where == {"show_id": Input("request", ("body", "show"))}


@pytest.mark.parametrize(
    "body",
    [
        "await source.getRepository(Seat).decrement({ id: 7 }, 'free', 1);",
        "await source.manager.decrement(Seat, { id: 7 }, 'free', 1);",
        "await source.getRepository(Seat).update(7, { free: () => 'free - 1' });",
        "await source.createQueryBuilder().update(Seat).set({ free: () => 'free - 1' })"
        ".where('id = :id', { id: 7 }).execute();",
    ],
    ids=["decrement", "manager", "update", "builder"],
)
def test_what_the_database_computes(tmp_path: File, body: str) -> None:
    ((_, update),) = found(tmp_path, body)
    assert (update.kind, update.subject, update.where) == ("update", "seats", {"id": Known(7)})
    assert update.values == {"free": Stored("free - 1", ("free",))}


def test_a_row_that_is_read_changed_and_saved(tmp_path: File) -> None:
    body = """
      const seats = source.getRepository(Seat);
      const seat = await seats.findOneBy({ id: 7 });
      seat.free = seat.free - 1;
      await seats.save(seat);
    """
    (read, _), (_, save) = found(tmp_path, body)
    assert save.kind == "save" and list(save.values) == ["free"]
    assert getattr(save.entity, "event", None) == read.number


@pytest.mark.parametrize(
    ("body", "kind", "conflict"),
    [
        ("const s = seats.create({ showId: 1, row: 'a' }); await seats.save(s);", "insert", ""),
        ("await seats.save({ showId: 1, row: 'a' });", "insert", ""),
        ("const s = new Seat(); s.showId = 1; s.row = 'a'; await seats.save(s);", "insert", ""),
        ("await seats.insert({ showId: 1, row: 'a' });", "insert", ""),
        ("await seats.upsert({ showId: 1, row: 'a' }, ['showId', 'row']);", "upsert", "update"),
        (
            "await seats.createQueryBuilder().insert().into(Seat)"
            ".values({ showId: 1, row: 'a' }).orIgnore().execute();",
            "upsert",
            "ignore",
        ),
        (
            "await seats.createQueryBuilder().insert().values([{ showId: 1, row: 'a' }])"
            ".orUpdate(['free'], ['show_id', 'row']).execute();",
            "upsert",
            "update",
        ),
    ],
)
def test_rows_are_added(tmp_path: File, body: str, kind: str, conflict: str) -> None:
    ((_, added),) = found(tmp_path, f"const seats = source.getRepository(Seat); {body}")
    assert (added.kind, added.subject, added.conflict) == (kind, "seats", conflict)
    assert added.values == {"show_id": Known(1), "row": Known("a")}
    if conflict == "update":
        assert added.conflict_columns == ("show_id", "row")


@pytest.mark.parametrize(
    "body",
    [
        """
      await source.transaction('SERIALIZABLE', async (m) => {
        await m.findOne(Seat, { where: { id: 7 }, lock: { mode: 'pessimistic_write' } });
        await m.getRepository(Seat).update(7, { free: 1 });
      });
    """,
        """
      const runner = source.createQueryRunner();
      await runner.connect();
      await runner.startTransaction('SERIALIZABLE');
      try {
        const lock = { mode: 'pessimistic_write' };
        await runner.manager.findOne(Seat, { where: { id: 7 }, lock });
        await runner.manager.getRepository(Seat).update(7, { free: 1 });
        await runner.commitTransaction();
      } catch (error) {
        await runner.rollbackTransaction();
        throw error;
      } finally {
        await runner.release();
      }
    """,
    ],
    ids=["managed", "runner"],
)
def test_transactions(tmp_path: File, body: str) -> None:
    begin, read, update, *_ = found(tmp_path, body)
    assert (begin[1].kind, begin[1].isolation) == ("begin", "serializable")
    assert read[1].lock == "update"
    for event, _ in (read, update):
        assert event.transaction is not None and event.transaction.number == begin[0].number


def test_a_repository_beside_the_transaction_is_not_in_it(tmp_path: File) -> None:
    body = """
      await source.transaction(async (m) => {
        await source.getRepository(Seat).update(7, { free: 1 });
        await m.update(Seat, 7, { free: 2 });
      });
    """
    _, outside, inside = found(tmp_path, body)
    assert outside[0].transaction is None and inside[0].transaction is not None


def test_injection(tmp_path: File) -> None:
    files = {
        "package.json": '{"dependencies": {"@nestjs/common": "10", "typeorm": "0.3"}}',
        "src/seat.ts": ENTITY,
        "src/seats.service.ts": """
    import { Injectable } from '@nestjs/common';
    import { InjectRepository } from '@nestjs/typeorm';
    import { Repository, DataSource } from 'typeorm';
    import { Seat } from './seat';
    @Injectable()
    export class SeatsService {
      constructor(
        @InjectRepository(Seat) private readonly seats: Repository<Seat>,
        private readonly source: DataSource,
      ) {}
      async take(id: number) {
        const seat = await this.seats.findOneBy({ id });
        await this.source.transaction(async (m) => { await m.save(seat); });
      }
    }
""",
    }
    chart = charted(tmp_path, files)
    assert kinds(path_of(chart, "SeatsService.take")) == ["read seats", "begin", "save seats"]


@pytest.mark.parametrize(
    "body",
    [
        "const s = source.getRepository(Seat).createQueryBuilder('s').where('s.id = 1');",
        "const s = source.getRepository(Seat).create({ showId: 1 });",
        "const seats = { findOne: async () => 1, save: async () => 2 }; await seats.save({});",
    ],
)
def test_what_sends_nothing(tmp_path: File, body: str) -> None:
    assert found(tmp_path, body) == []


def test_conditions(tmp_path: File) -> None:
    body = """
      await source.getRepository(Seat).find({
        where: { id: In([1, 2]), free: MoreThan(3) }, order: { id: 'ASC' },
      });
    """
    ((_, read),) = found(tmp_path, body)
    assert set(read.where) == {"id"} and read.ranges == {"free": Known(3)}
    assert read.ordered and read.many


SCHEMA = """
    const { EntitySchema } = require('typeorm');
    exports.Seat = new EntitySchema({
      name: 'Seat',
      tableName: 'seats',
      columns: {
        id: { type: 'int', primary: true, generated: true },
        showId: { type: Number, name: 'show_id' },
        row: { type: 'varchar', unique: true },
        free: { type: 'int', default: 0 },
      },
      relations: { hall: { type: 'many-to-one', target: 'Hall', joinColumn: { name: 'hall' } } },
      uniques: [{ name: 'one_seat', columns: ['showId', 'row'] }],
      indices: [{ columns: ['free'] }],
    });
"""


@pytest.mark.parametrize(
    "body",
    [
        "await source.getRepository(Seat).findOneBy({ showId: req.body.show });",
        "await source.getRepository('Seat').findOneBy({ showId: req.body.show });",
        "await source.manager.findOne(Seat, { where: { showId: req.body.show } });",
        "await source.getRepository(Seat).createQueryBuilder('s')"
        ".where('s.showId = :show', { show: req.body.show }).getOne();",
    ],
    ids=["repository", "name", "manager", "builder"],
)
def test_an_entity_that_an_object_describes(tmp_path: File, body: str) -> None:
    files = {
        "package.json": '{"dependencies": {"typeorm": "0.3", "express": "4"}}',
        "src/seat.js": SCHEMA,
        "src/source.js": """
    const { DataSource } = require('typeorm');
    const { Seat } = require('./seat');
    exports.source = new DataSource({ type: 'postgres', entities: [Seat] });
""",
        "src/app.js": f"""
    const express = require('express');
    const {{ source }} = require('./source');
    const {{ Seat }} = require('./seat');
    const app = express();
    app.post('/seats/:id', async (req, res) => {{
      {body}
      res.json({{}});
    }});
""",
    }
    chart = charted(tmp_path, files)
    ((_, read),) = events(path_of(chart, "POST /seats/:id"))
    assert (read.kind, read.subject, read.many) == ("read", "seats", False)
    assert read.where == {"show_id": Input("request", ("body", "show"))}
    table = chart.schema.table("Seat")
    assert table is not None
    assert [one.columns for one in table.uniques] == [("id",), ("row",), ("show_id", "row")]
    assert "hall" in {one.name for one in table.columns}
