"""MikroORM in whole programs: entities, the unit of work, transactions, statements at once."""

from __future__ import annotations

from pathlib import Path as File

import pytest
from written_programs import charted, events, path_of

from redhanded.source.flow.values import Input, Stored

ENTITY = """
    import { Entity, ManyToOne, PrimaryKey, Property, Unique } from '@mikro-orm/core';
    @Entity()
    export class Silo {
      @PrimaryKey() id!: number;
      @Property({ unique: true }) siteName!: string;
      @Property() tons: number = 0;
      @Property({ version: true }) edition!: number;
    }
    @Entity({ tableName: 'loads' })
    @Unique({ properties: ['silo', 'day'], name: 'once_a_day' })
    export class Load {
      @PrimaryKey() id!: number;
      @ManyToOne(() => Silo) silo!: Silo;
      @Property() day!: string;
      @Property({ persist: false }) shown?: string;
    }
"""


def found(tmp_path: File, body: str) -> list:  # type: ignore[type-arg]
    files = {
        "package.json": '{"dependencies": {"@mikro-orm/postgresql": "6", "express": "4"}}',
        "src/silo.ts": ENTITY,
        "src/app.ts": f"""
    import express from 'express';
    import {{ EntityManager, LockMode, MikroORM, raw, sql }} from '@mikro-orm/postgresql';
    import {{ Load, Silo }} from './silo';
    const app = express();
    export function routes(em: EntityManager) {{
      app.post('/silos/:id', async (req, res) => {{
        {body}
        res.json({{}});
      }});
    }}
    MikroORM.init({{}}).then((orm) => routes(orm.em));
""",
    }
    return events(path_of(charted(tmp_path, files), "POST /silos/:id"))


@pytest.mark.parametrize(
    "body",
    [
        "await em.findOne(Silo, { siteName: req.body.name });",
        "await em.fork().findOneOrFail(Silo, { siteName: { $eq: req.body.name } });",
        "await em.getRepository(Silo).findOne({ siteName: req.body.name });",
        "await em.findOne(Silo, { $and: [{ siteName: req.body.name }] });",
    ],
    ids=["manager", "fork", "repository", "and"],
)
def test_one_row_is_read(tmp_path: File, body: str) -> None:
    ((_, read),) = found(tmp_path, body)
    assert (read.kind, read.subject, read.many) == ("read", "silo", False)
    assert read.where == {"site_name": Input("request", ("body", "name"))}


@pytest.mark.parametrize(
    "value",
    ["raw('tons - 1')", "sql`tons - 1`", "raw('tons - ?', [1])"],
    ids=["raw", "tag", "bound"],
)
def test_the_store_computes(tmp_path: File, value: str) -> None:
    body = f"await em.nativeUpdate(Silo, {{ id: 7, tons: {{ $gte: 1 }} }}, {{ tons: {value} }});"
    ((_, update),) = found(tmp_path, body)
    assert (update.kind, set(update.where), set(update.ranges)) == ("update", {"id"}, {"tons"})
    assert isinstance(update.values["tons"], Stored)


def test_what_was_changed_is_written_at_the_flush(tmp_path: File) -> None:
    told = found(
        tmp_path,
        "const silo = await em.findOne(Silo, 7); silo.tons -= 1; await em.flush();",
    )
    assert [effect.kind for _, effect in told] == ["read", "save"]
    assert set(told[1][1].values) == {"tons"}


def test_a_transaction_flushes_at_its_end(tmp_path: File) -> None:
    told = found(
        tmp_path,
        """
        await em.transactional(async (inner) => {
          const silo = await inner.findOneOrFail(Silo, 7, { lockMode: LockMode.PESSIMISTIC_WRITE });
          silo.tons -= 1;
          inner.create(Load, { silo, day: 'today' });
        }, { isolationLevel: 'serializable' });
        """,
    )
    assert [effect.kind for _, effect in told] == ["begin", "read", "insert", "save"]
    assert told[0][1].isolation == "serializable"
    assert told[1][1].lock == "update"
    assert all(event.transaction is not None for event, _ in told[1:])
    assert set(told[2][1].values) == {"silo_id", "day"}


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("em.create(Load, { day: 'today' }); await em.flush();", 1),
        ("em.persist(em.create(Load, { day: 'today' })); await em.flush();", 1),
        ("await em.persistAndFlush(em.create(Load, { day: 'today' }, { persist: false }));", 1),
        ("const load = new Load(); load.day = 'today'; await em.persistAndFlush(load);", 1),
        ("em.create(Load, { day: 'today' }, { persist: false }); await em.flush();", 0),
    ],
    ids=["create", "persist", "at-once", "new", "not-persisted"],
)
def test_a_row_is_inserted_once(tmp_path: File, body: str, count: int) -> None:
    kinds = [effect.kind for _, effect in found(tmp_path, body)]
    assert kinds == ["insert"] * count


@pytest.mark.parametrize(("action", "conflict"), [("ignore", "ignore"), ("merge", "update")])
def test_upsert_is_one_statement(tmp_path: File, action: str, conflict: str) -> None:
    body = (
        "await em.upsert(Silo, { siteName: req.body.name }, "
        f"{{ onConflictFields: ['siteName'], onConflictAction: '{action}' }});"
    )
    ((_, upsert),) = found(tmp_path, body)
    assert (upsert.kind, upsert.conflict) == ("upsert", conflict)
    assert upsert.conflict_columns == ("site_name",)


def test_entities_are_tables(tmp_path: File) -> None:
    chart = charted(tmp_path, {"src/silo.ts": ENTITY})
    silo, load = chart.schema.table("silo"), chart.schema.table("loads")
    assert silo is not None and load is not None
    assert [one.columns for one in silo.uniques] == [("id",), ("site_name",)]
    assert [one.name for one in silo.columns if one.is_version] == ["edition"]
    assert [one.columns for one in load.uniques] == [("id",), ("silo_id", "day")]
    assert [one.name for one in load.columns] == ["id", "silo_id", "day"]
