"""Mongoose and the MongoDB driver in whole programs."""

from __future__ import annotations

from pathlib import Path as File

import pytest
from written_programs import charted, events, path_of

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Event
from redhanded.source.flow.values import Input, Known, Stored

FILES = {
    "package.json": '{"dependencies": {"mongoose": "8", "mongodb": "6", "express": "4"}}',
    "src/seat.js": """
    const mongoose = require('mongoose');
    const schema = new mongoose.Schema({ show: Number, row: String, free: Number });
    schema.index({ show: 1, row: 1 }, { unique: true });
    module.exports = mongoose.model('Seat', schema);
""",
    "src/driver.js": """
    const { MongoClient } = require('mongodb');
    const client = new MongoClient('mongodb://');
    module.exports = client.db('a').collection('seats');
""",
}


def found(tmp_path: File, body: str) -> list[tuple[Event, Effect]]:
    app = f"""
    const express = require('express');
    const mongoose = require('mongoose');
    const Seat = require('./seat');
    const seats = require('./driver');
    const app = express();
    app.post('/seats/:id', async (req, res) => {{
      {body}
      res.json({{}});
    }});
"""
    return events(path_of(charted(tmp_path, {**FILES, "src/app.js": app}), "POST /seats/:id"))


@pytest.mark.parametrize(
    "body",
    [
        "await Seat.findOne({ show: req.body.show, free: { $gt: 0 } });",
        "await Seat.findOne({ show: req.body.show, free: { $gt: 0 } }).sort('row').lean().exec();",
        "await seats.findOne({ show: req.body.show, free: { $gt: 0 } });",
    ],
    ids=["await", "exec", "driver"],
)
def test_one_document_is_read(tmp_path: File, body: str) -> None:
    ((_, read),) = found(tmp_path, body)
    assert (read.kind, read.subject, read.many) == ("read", "seats", False)
    assert read.where == {"show": Input("request", ("body", "show"))}
    assert read.ranges == {"free": Known(0)}


@pytest.mark.parametrize(
    "body",
    [
        "await Seat.updateOne({ _id: 7 }, { $inc: { free: -1 } });",
        "await Seat.findByIdAndUpdate(7, { $inc: { free: -1 } }, { new: true });",
        "await seats.updateOne({ _id: 7 }, { $inc: { free: -1 } });",
    ],
)
def test_what_the_database_computes(tmp_path: File, body: str) -> None:
    ((_, update),) = found(tmp_path, body)
    assert (update.kind, update.where) == ("update", {"_id": Known(7)})
    assert update.values == {"free": Stored("free + -1", ("free",))}


@pytest.mark.parametrize(
    "body",
    [
        "await Seat.findOneAndUpdate({ show: 1 }, { $setOnInsert: { row: 'a' } },"
        " { upsert: true });",
        "await seats.updateOne({ show: 1 }, { $set: { row: 'a' } }, { upsert: true });",
    ],
)
def test_an_upsert_looks_first(tmp_path: File, body: str) -> None:
    ((_, either),) = found(tmp_path, body)
    assert (either.kind, either.where) == ("find-or-create", {"show": Known(1)})
    assert either.values == {"show": Known(1), "row": Known("a")}


@pytest.mark.parametrize(
    "body",
    [
        "await Seat.create({ show: 1, row: 'a' });",
        "const s = new Seat({ show: 1, row: 'a' }); await s.save();",
        "await Seat.insertMany([{ show: 1, row: 'a' }]);",
        "await seats.insertOne({ show: 1, row: 'a' });",
    ],
)
def test_documents_are_added(tmp_path: File, body: str) -> None:
    ((_, added),) = found(tmp_path, body)
    assert (added.kind, added.subject) == ("insert", "seats")
    assert added.values == {"show": Known(1), "row": Known("a")}


def test_a_document_that_is_read_changed_and_saved(tmp_path: File) -> None:
    body = "const s = await Seat.findById(7); s.free = s.free - 1; await s.save();"
    (read, _), (_, save) = found(tmp_path, body)
    assert (save.kind, list(save.values)) == ("save", ["free"])
    assert getattr(save.entity, "event", None) == read.number


def test_transactions(tmp_path: File) -> None:
    body = """
      const session = await mongoose.startSession();
      await session.withTransaction(async () => {
        await Seat.updateOne({ _id: 7 }, { free: 1 }, { session });
        await Seat.updateOne({ _id: 8 }, { free: 1 });
      });
    """
    begin, inside, outside = found(tmp_path, body)
    assert begin[1].kind == "begin"
    assert inside[0].transaction is not None and outside[0].transaction is None


def test_a_query_is_not_sent_before_it_is_awaited(tmp_path: File) -> None:
    assert found(tmp_path, "const q = Seat.find({ show: 1 }).sort('row');") == []
