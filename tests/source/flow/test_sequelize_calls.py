"""Sequelize: one access in the ways a model can be made, transactions, what is no access."""

from __future__ import annotations

from dataclasses import replace

import pytest
from library_calls import AROUND, WORK, effect, library, meaning, site, value

from redhanded.source.flow.framework import Meaning
from redhanded.source.flow.frameworks.sequelize import FRAMEWORK
from redhanded.source.flow.values import Either, Input, Kind, Known, Library, Record, Result, Stored

SHOW = Input("request", ("body", "show"))
SEAT = Kind("models/seat.js", 0, "Seat")
CONNECTION = library("sequelize", "Sequelize", ("postgres://",))
CLASS = Library("sequelize", ("Model",), through=SEAT)
DEFINED = Library("sequelize", (*CONNECTION.steps, *library("", "define", ("Seat", {})).steps))
NAMED = Library("sequelize", (*CONNECTION.steps, "models", "Seat"))
WAYS = [CLASS, replace(CLASS, package="sequelize-typescript"), DEFINED, NAMED]
IDS = ["class", "typescript", "define", "models"]
every_way = pytest.mark.parametrize("model", WAYS, ids=IDS)
TRANSACTION = Result(4, (), library("sequelize", "Transaction"))


def on(model: Library, method: str) -> Library:
    return Library(model.package, (*model.steps, method), model.through)


def row_of(model: Library, method: str) -> Library:
    """A method of a row that event 2 gave."""
    of = model.through if isinstance(model.through, Kind) else model
    return Library(
        model.package, (*model.steps, *library("", ()).steps, method), through=Result(2, (), of)
    )


@every_way
def test_finding(model: Library) -> None:
    found = meaning(
        FRAMEWORK,
        on(model, "findOne"),
        {
            "where": {"showId": SHOW, "free": {"Op.gte": 1}, "id": {"Sequelize.Op.in": [1, 2]}},
            "lock": Result(4, ("LOCK", "UPDATE")),
            "transaction": TRANSACTION,
        },
    )
    (read,) = found.effects
    assert (read.kind, read.subject, read.model, read.lock) == ("read", "seats", "Seat", "update")
    assert read.where == {"show_id": SHOW, "id": Either((Known(1), Known(2)))}
    assert read.ranges == {"free": Known(1)}
    assert read.session == TRANSACTION
    assert isinstance(found.result, Result) and found.result.of is not None


@every_way
def test_writing(model: Library) -> None:
    made = effect(FRAMEWORK, on(model, "create"), {"showId": SHOW}, {"transaction": TRANSACTION})
    assert (made.kind, made.values, made.session) == ("insert", {"show_id": SHOW}, TRANSACTION)
    either = effect(
        FRAMEWORK, on(model, "findOrCreate"), {"where": {"showId": SHOW}, "defaults": {"free": 9}}
    )
    assert (either.kind, either.where) == ("find-or-create", {"show_id": SHOW})
    assert either.values == {"show_id": SHOW, "free": Known(9)}
    changed = effect(FRAMEWORK, on(model, "update"), {"free": 3}, {"where": {"id": 1}})
    assert (changed.kind, changed.where, changed.values) == (
        "update",
        {"id": Known(1)},
        {"free": Known(3)},
    )
    assert effect(FRAMEWORK, on(model, "destroy"), {"where": {"id": 1}}).kind == "delete"


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("decrement", ("free", {"by": 1, "where": {"id": 7}})),
        ("decrement", ({"free": 1}, {"where": {"id": 7}})),
        (
            "update",
            ({"free": library("sequelize", (), "literal", ("free - 1",))}, {"where": {"id": 7}}),
        ),
    ],
)
def test_what_the_database_computes(method: str, arguments: tuple[object, ...]) -> None:
    found = effect(FRAMEWORK, on(CLASS, method), *arguments)
    assert found.where == {"id": Known(7)}
    assert found.values == {"free": Stored("free - 1", ("free",))}


def test_many_at_once() -> None:
    rows = [{"showId": SHOW}, {"showId": 2}]
    plain = effect(FRAMEWORK, on(CLASS, "bulkCreate"), rows)
    assert (plain.kind, plain.many) == ("insert", True)
    ignored = effect(FRAMEWORK, on(CLASS, "bulkCreate"), rows, {"ignoreDuplicates": True})
    assert (ignored.kind, ignored.conflict) == ("upsert", "ignore")
    changed = effect(
        FRAMEWORK,
        on(CLASS, "bulkCreate"),
        rows,
        {"updateOnDuplicate": ["free"], "conflictAttributes": ["showId"]},
    )
    assert (changed.conflict, changed.conflict_columns) == ("update", ("show_id",))
    upsert = effect(FRAMEWORK, on(CLASS, "upsert"), {"showId": SHOW})
    assert (upsert.kind, upsert.conflict) == ("upsert", "update")


@every_way
def test_rows(model: Library) -> None:
    saved = effect(FRAMEWORK, row_of(model, "save"), {"transaction": TRANSACTION})
    assert (saved.kind, saved.subject, saved.session) == ("save", "seats", TRANSACTION)
    assert isinstance(saved.entity, Result) and saved.entity.event == 2
    updated = effect(FRAMEWORK, row_of(model, "update"), {"free": 1})
    assert (updated.kind, updated.values) == ("update", {"free": Known(1)})
    locked = effect(FRAMEWORK, row_of(model, "reload"), {"lock": True})
    assert (locked.kind, locked.lock) == ("read", "update")
    less = effect(FRAMEWORK, row_of(model, "decrement"), "free")
    assert less.values == {"free": Stored("free - 1", ("free",))}
    part = meaning(FRAMEWORK, row_of(model, "get"), "free").result
    assert isinstance(part, Result) and part.parts == ("free",)


def test_a_row_that_is_built_is_inserted_when_it_is_saved() -> None:
    built = meaning(FRAMEWORK, on(CLASS, "build"), {"showId": SHOW}).result
    assert isinstance(built, Record) and built.of == SEAT
    callee = Library("sequelize", (*library("", "Model", (), "save").steps,), through=built)
    saved = effect(FRAMEWORK, callee)
    assert (saved.kind, saved.values) == ("insert", {"show_id": SHOW})


def test_transactions() -> None:
    plain = meaning(FRAMEWORK, on(CONNECTION, "transaction"))
    assert plain.effects[0].kind == "begin" and isinstance(plain.result, Result)
    assert plain.result.of == library("sequelize", "Transaction")
    end = Library("sequelize", (*library("", "Transaction", (), "commit").steps,), TRANSACTION)
    committed = effect(FRAMEWORK, end)
    assert (committed.kind, committed.session) == ("commit", TRANSACTION)
    level = library("sequelize", "Transaction", "ISOLATION_LEVELS", "SERIALIZABLE")
    managed = meaning(FRAMEWORK, on(CONNECTION, "transaction"), {"isolationLevel": level}, WORK)
    assert managed.effects[0].isolation == "serializable"
    (called,) = managed.callbacks
    assert called.in_transaction and called.gives and called.function == WORK


def test_written_sql() -> None:
    found = effect(
        FRAMEWORK,
        on(CONNECTION, "query"),
        "UPDATE seats SET free = free - :n WHERE id = :id",
        {"replacements": {"n": 1, "id": SHOW}, "transaction": TRANSACTION},
    )
    assert (found.kind, found.where, found.session) == ("update", {"id": SHOW}, TRANSACTION)


def test_conditions_that_are_not_known() -> None:
    assert effect(FRAMEWORK, on(CLASS, "findAll"), {"where": SHOW}).where == {"?": SHOW}
    scoped = library("sequelize", "Model", "scope", ("open",), "findAll")
    read = effect(FRAMEWORK, Library("sequelize", scoped.steps, SEAT), {"where": {"id": 1}})
    assert set(read.where) == {"?", "id"}
    either = effect(FRAMEWORK, on(CLASS, "findOne"), {"where": {"Op.or": [{"id": 1}, {"id": 2}]}})
    assert set(either.where) == {"?"}


def test_aggregates_and_pages() -> None:
    counted = effect(FRAMEWORK, on(CLASS, "count"), {"where": {"showId": SHOW}})
    assert (counted.aggregates, counted.many) == (("count",), False)
    page = meaning(FRAMEWORK, on(CLASS, "findAndCountAll"), {"order": value([["id", "ASC"]])})
    assert page.effects[0].ordered and isinstance(page.result, Record)


@pytest.mark.parametrize("method", ["hasMany", "init", "addHook", "sync", "beforeCreate"])
def test_what_is_no_access(method: str) -> None:
    assert meaning(FRAMEWORK, on(CLASS, method)) == Meaning()
    assert FRAMEWORK.call(site(library("sequelize", "DataTypes", "STRING"), 9), AROUND) is None
