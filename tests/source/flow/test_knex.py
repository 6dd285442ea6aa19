"""Knex: one statement in many chains, transactions, what is not sent."""

from __future__ import annotations

import pytest
from library_calls import AROUND, WORK, library, meaning, site

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.frameworks.knex import FRAMEWORK
from redhanded.source.flow.values import Either, Input, Known, Library, Stored

SHOW = Input("request", ("body", "show"))
DB = library("knex", ({"client": "pg"},))


def on(database: Library, *steps: object) -> Library:
    return Library("knex", (*database.steps, *library("knex", *steps).steps))  # type: ignore[arg-type]


def sent(*steps: object, database: Library = DB) -> Effect:
    found = FRAMEWORK.settle(on(database, *steps), "await", AROUND)
    assert found is not None and len(found.effects) == 1, found
    return found.effects[0]


@pytest.mark.parametrize(
    "chain",
    [
        (("seats",), "where", ({"show_id": SHOW},), "where", ("free", ">=", 1), "first", ()),
        (
            ("seats as s",),
            "where",
            ("s.show_id", SHOW),
            "andWhere",
            ("s.free", ">=", 1),
            "first",
            (),
        ),
        (
            *("select", ("*",), "from", ("seats",), "where", ("show_id", "=", SHOW)),
            *("whereRaw", ("free >= ?", [1]), "limit", (1,)),
        ),
        (
            *("first", ("id",), "from", ({"s": "seats"},), "where", ("show_id", SHOW)),
            *("where", ("free", ">=", 1)),
        ),
    ],
)
def test_reading(chain: tuple[object, ...]) -> None:
    found = sent(*chain)
    assert (found.kind, found.subject, found.many) == ("read", "seats", False)
    assert (found.where, found.ranges) == ({"show_id": SHOW}, {"free": Known(1)})


@pytest.mark.parametrize(
    "chain",
    [
        (("seats",), "where", ({"id": 7},), "decrement", ("free", 1)),
        (("seats",), "where", ("id", 7), "decrement", ({"free": 1},)),
        (("seats",), "where", ("id", 7), "update", ({"free": on(DB, "raw", ("free - 1",))},)),
        (("seats",), "where", ("id", 7), "update", ("free", on(DB, "raw", ("free - 1",)))),
    ],
)
def test_what_the_database_computes(chain: tuple[object, ...]) -> None:
    found = sent(*chain)
    assert (found.kind, found.where) == ("update", {"id": Known(7)})
    assert found.values == {"free": Stored("free - 1", ("free",))}


def test_inserting() -> None:
    plain = sent(("seats",), "insert", ({"show_id": SHOW},), "returning", ("id",))
    assert (plain.kind, plain.values, plain.conflict) == ("insert", {"show_id": SHOW}, "")
    ignored = sent("insert", ({"show_id": SHOW},), "into", ("seats",), "onConflict", ("show_id",))
    assert ignored.kind == "insert"
    done = sent(
        ("seats",), "insert", ({"show_id": SHOW},), "onConflict", (["show_id"],), "ignore", ()
    )
    assert (done.kind, done.conflict, done.conflict_columns) == ("upsert", "ignore", ("show_id",))
    merged = sent(("seats",), "insert", ([{"a": 1}],), "onConflict", ("a",), "merge", ())
    assert (merged.conflict, merged.many) == ("update", True)
    assert sent("batchInsert", ("seats", [{"a": 1}])).kind == "insert"


def test_locks_and_lists() -> None:
    found = sent(("seats",), "whereIn", ("id", [1, 2]), "forUpdate", (), "skipLocked", ())
    assert (found.lock, found.options["wait"]) == ("update", Known("skip locked"))
    assert found.where == {"id": Either((Known(1), Known(2)))} and found.many


def test_joins_read_the_other_table_and_leave_its_columns_out() -> None:
    chain = (
        ("seats as s",),
        "join",
        ("shows as w", "w.id", "s.show_id"),
        "where",
        ({"w.id": SHOW},),
    )
    found = FRAMEWORK.settle(on(DB, *chain), "await", AROUND)
    assert found is not None
    assert [(one.subject, one.kind) for one in found.effects] == [
        ("seats", "read"),
        ("shows", "read"),
    ]
    assert found.effects[0].where == {}


def test_transactions() -> None:
    managed = meaning(FRAMEWORK, on(DB, "transaction"), WORK, {"isolationLevel": "serializable"})
    (called,) = managed.callbacks
    handle = called.arguments[0]
    assert managed.effects[0].isolation == "serializable" and called.in_transaction
    assert isinstance(handle, Library)
    assert sent(("seats",), "del", (), database=handle).session == handle
    assert (
        sent(("seats",), "where", ({"id": 1},), "del", (), "transacting", (handle,)).session
        == handle
    )
    given = meaning(FRAMEWORK, on(DB, "transaction"))
    assert isinstance(given.result, Library)
    (committed,) = meaning(FRAMEWORK, on(given.result, "commit")).effects
    assert (committed.kind, committed.session) == ("commit", given.result)


def test_raw() -> None:
    found = sent("raw", ("UPDATE ?? SET free = free - ? WHERE id = ?", ["seats", 1, SHOW]))
    assert (found.kind, found.subject, found.where) == ("update", "seats", {"id": SHOW})


def test_what_cannot_be_read_is_said() -> None:
    found = sent(("seats",), "where", (WORK,), "orWhere", ("a", 1))
    assert set(found.where) == {"?"}
    assert sent((SHOW,), "where", ({"id": 1},)).subject == "?"
    assert sent(("seats",), "where", (SHOW,)).where == {"?": SHOW}


def test_nothing_is_sent_before_it_is_awaited() -> None:
    assert meaning(FRAMEWORK, DB, "seats").is_lazy
    assert meaning(FRAMEWORK, on(DB, ("seats",), "where"), {}).is_lazy
    assert FRAMEWORK.settle(on(DB, "schema", "createTable", ("a",)), "await", AROUND) is None
    assert FRAMEWORK.settle(on(DB, ("seats",)), "test", AROUND) is None
    assert FRAMEWORK.call(site(library("knex", "Client", "x")), AROUND) is None
