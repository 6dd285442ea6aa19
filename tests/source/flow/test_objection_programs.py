"""Objection in whole programs: models, relations, transactions, what is Knex's."""

from __future__ import annotations

from pathlib import Path as File

import pytest
from written_programs import charted, events, path_of

from redhanded.source.flow.values import Input, Result, Stored

MODELS = """
    const { Model, snakeCaseMappers } = require('objection');
    class Base extends Model {
      static get columnNameMappers() { return snakeCaseMappers(); }
    }
    class Lamp extends Base {
      static get tableName() { return 'lamps'; }
    }
    class Room extends Base {
      static tableName = 'rooms';
      static get relationMappings() {
        return {
          lamps: {
            relation: Model.HasManyRelation,
            modelClass: Lamp,
            join: { from: 'rooms.id', to: 'lamps.room_id' },
          },
        };
      }
    }
    module.exports = { Lamp, Room };
"""
MIGRATION = """
    exports.up = (knex) => knex.schema
      .createTable('rooms', (t) => { t.increments(); t.string('door_code').unique(); })
      .createTable('lamps', (t) => {
        t.increments(); t.integer('room_id'); t.integer('hours_lit'); t.string('socket');
      });
"""


def found(tmp_path: File, body: str) -> list:  # type: ignore[type-arg]
    files = {
        "package.json": '{"dependencies": {"objection": "3", "knex": "3", "express": "4"}}',
        "src/models.js": MODELS,
        "migrations/001_tables.js": MIGRATION,
        "src/app.js": f"""
    const express = require('express');
    const {{ raw, transaction }} = require('objection');
    const {{ Lamp, Room }} = require('./models');
    const app = express();
    app.post('/go/:id', async (req, res) => {{
      {body}
      res.json({{}});
    }});
""",
    }
    return events(path_of(charted(tmp_path, files), "POST /go/:id"))


CODE = Input("request", ("body", "code"))


@pytest.mark.parametrize(
    "body",
    [
        "await Room.query().findOne({ doorCode: req.body.code });",
        "await Room.query().findOne('doorCode', req.body.code);",
        "await Room.query().where('door_code', req.body.code).first();",
        "const q = Room.query().where({ doorCode: req.body.code }); await q.first();",
    ],
    ids=["object", "pair", "where", "later"],
)
def test_one_row_is_read(tmp_path: File, body: str) -> None:
    ((_, read),) = found(tmp_path, body)
    assert (read.kind, read.subject, read.many) == ("read", "rooms", False)
    assert read.where == {"door_code": CODE}


@pytest.mark.parametrize(
    "body",
    [
        "await Lamp.query().findById(7).increment('hoursLit', 2);",
        "await Lamp.query().patch({ hoursLit: raw('hours_lit + 2') }).where('id', 7);",
        "await Lamp.query().patchAndFetchById(7, { hoursLit: raw('hours_lit + 2') });",
    ],
    ids=["increment", "raw", "by-id"],
)
def test_the_store_computes(tmp_path: File, body: str) -> None:
    ((_, update),) = found(tmp_path, body)
    assert (update.kind, set(update.where)) == ("update", {"id"})
    assert isinstance(update.values["hours_lit"], Stored)


@pytest.mark.parametrize(
    "begin",
    ["Lamp.transaction(async (trx) => {", "transaction(Lamp.knex(), async (trx) => {"],
    ids=["model", "function"],
)
def test_a_row_is_read_and_written_in_a_transaction(tmp_path: File, begin: str) -> None:
    told = found(
        tmp_path,
        f"""
        await {begin}
          const lamp = await Lamp.query(trx).findById(7).forUpdate();
          await lamp.$query(trx).patch({{ hoursLit: lamp.hoursLit + 1 }});
          await Lamp.query().findById(8).delete();
        }});
        """,
    )
    assert [effect.kind for _, effect in told] == ["begin", "read", "update", "delete"]
    assert told[1][1].lock == "update"
    assert told[2][1].where == {"id": Result(told[1][0].number, ("id",))}
    assert [event.transaction is not None for event, _ in told] == [False, True, True, False]


def test_rows_of_a_relation(tmp_path: File) -> None:
    told = found(
        tmp_path,
        """
        const room = await Room.query().findById(7);
        const lamp = await room.$relatedQuery('lamps').where({ socket: 'E27' }).first();
        if (!lamp) await room.$relatedQuery('lamps').insert({ socket: 'E27' });
        """,
    )
    read, insert = told[1][1], told[2][1]
    assert (read.subject, set(read.where)) == ("lamps", {"socket", "room_id"})
    assert (insert.subject, set(insert.values)) == ("lamps", {"socket", "room_id"})


@pytest.mark.parametrize(
    ("end", "conflict"), [("ignore()", "ignore"), ("merge()", "update")], ids=["ignore", "merge"]
)
def test_upsert_is_one_statement(tmp_path: File, end: str, conflict: str) -> None:
    body = (
        f"await Room.query().insert({{ doorCode: req.body.code }}).onConflict('door_code').{end};"
    )
    ((_, upsert),) = found(tmp_path, body)
    assert (upsert.kind, upsert.conflict, upsert.values) == (
        "upsert",
        conflict,
        {"door_code": CODE},
    )


def test_a_query_that_nobody_sends_does_nothing(tmp_path: File) -> None:
    assert found(tmp_path, "const q = Room.query().delete();") == []
