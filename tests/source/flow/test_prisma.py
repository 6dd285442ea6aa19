"""Prisma Client: queries, when upsert is one statement, transactions, raw SQL."""

from __future__ import annotations

import pytest
from library_calls import AROUND, WORK, library, meaning, site

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.frameworks.prisma import FRAMEWORK
from redhanded.source.flow.values import Computed, Either, Input, Known, Library, Record, Stored

SHOW = Input("request", ("body", "show"))
CLIENT = library("@prisma/client", "PrismaClient", ())


def on(*steps: object, client: Library = CLIENT) -> Library:
    return Library(client.package, (*client.steps, *library("", *steps).steps))  # type: ignore[arg-type]


def sent(*steps: object, client: Library = CLIENT) -> Effect:
    found = FRAMEWORK.settle(on(*steps, client=client), "await", AROUND)
    assert found is not None and len(found.effects) == 1, found
    return found.effects[0]


def test_reading() -> None:
    where = {"showId": SHOW, "free": {"gte": 1}, "id": {"in": [1, 2]}, "AND": [{"version": 3}]}
    found = sent("seat", "findFirst", ({"where": where, "orderBy": {"id": "asc"}},))
    assert (found.kind, found.subject, found.model, found.many) == ("read", "seats", "Seat", False)
    assert found.where == {
        "show_id": SHOW,
        "id": Either((Known(1), Known(2))),
        "version": Known(3),
    }
    assert (found.ranges, found.ordered) == ({"free": Known(1)}, True)


@pytest.mark.parametrize("method", ["update", "updateMany"])
def test_what_the_database_computes(method: str) -> None:
    data = {"free": {"decrement": 1}, "version": {"set": 4}}
    found = sent("seat", method, ({"where": {"id": 7, "version": 3}, "data": data},))
    assert (found.kind, found.where) == ("update", {"id": Known(7), "version": Known(3)})
    assert found.values == {"free": Stored("free - 1", ("free",)), "version": Known(4)}


def test_inserting() -> None:
    plain = sent("seat", "create", ({"data": {"showId": SHOW}},))
    assert (plain.kind, plain.values) == ("insert", {"show_id": SHOW})
    connected = sent("seat", "create", ({"data": {"show": {"connect": {"id": SHOW}}}},))
    assert connected.values == {"show_id": SHOW}
    many = sent("seat", "createMany", ({"data": [{"showId": SHOW}], "skipDuplicates": True},))
    assert (many.kind, many.conflict, many.many) == ("upsert", "ignore", True)
    nested = sent("seat", "create", ({"data": {"notes": {"create": [{"text": "a"}]}}},))
    assert nested.options["nested"] == Known(True) and nested.values == {}


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"where": {"id": SHOW}, "create": {"id": SHOW}, "update": {"id": SHOW}}, "upsert"),
        ({"where": {"id": SHOW}, "create": {"id": SHOW}, "update": {}}, "find-or-create"),
        (
            {"where": {"id": SHOW}, "create": {"id": SHOW}, "update": {"free": None}},
            "find-or-create",
        ),
        (
            {
                "where": {"showId_id": {"showId": SHOW, "id": 1}},
                "create": {"showId": SHOW, "id": 1},
                "update": {"free": {"increment": 1}},
            },
            "upsert",
        ),
        ({"where": {"id": SHOW}, "create": {"id": 3}, "update": {"free": 2}}, "find-or-create"),
        (
            {"where": {"id": SHOW}, "create": {"showId": SHOW}, "update": {"free": 2}},
            "find-or-create",
        ),
        (
            {
                "where": {"id": SHOW, "free": 1},
                "create": {"id": SHOW, "free": 1},
                "update": {"free": 2},
            },
            "find-or-create",
        ),
        (
            {
                "where": {"id": SHOW},
                "create": {"id": SHOW, "notes": {"create": [{}]}},
                "update": {"free": 2},
            },
            "find-or-create",
        ),
    ],
)
def test_upsert_is_one_statement_under_conditions(arguments: object, kind: str) -> None:
    found = sent("seat", "upsert", (arguments,))
    assert (found.kind, found.conflict) == (kind, "update")
    assert isinstance(found.options["set"], Record)
    assert bool(found.conflict_columns) == (kind == "upsert")


def test_an_interactive_transaction() -> None:
    level = library("@prisma/client", "Prisma", "TransactionIsolationLevel", "RepeatableRead")
    found = meaning(FRAMEWORK, on("$transaction"), WORK, {"isolationLevel": level})
    assert found.effects[0].isolation == "repeatable read"
    (called,) = found.callbacks
    handle = called.arguments[0]
    assert called.in_transaction and called.gives and isinstance(handle, Library)
    assert sent("seat", "delete", ({"where": {"id": 1}},), client=handle).session == handle
    assert sent("seat", "count", (), client=handle).aggregates == ("count",)


def test_a_list_of_queries_is_a_transaction() -> None:
    one = on("seat", "create", ({"data": {}},))
    two = on("seat", "update", ({"where": {"id": 1}, "data": {}},))
    found = meaning(FRAMEWORK, on("$transaction"), [one, two])
    assert [effect.kind for effect in found.effects] == ["begin", "insert", "update", "commit"]
    assert found.effects[1].session == found.effects[0].session is not None


def test_raw_sql() -> None:
    text = Computed("text", (Known("SELECT * FROM seats WHERE id = "), SHOW, Known(" FOR UPDATE")))
    assert sent("$queryRaw", (text,)).lock == "update"
    built = library("@prisma/client", "Prisma", "sql", (text,))
    assert sent("$queryRaw", (built,)).where == {"id": SHOW}
    unsafe = sent("$executeRawUnsafe", ("DELETE FROM seats WHERE id = $1", SHOW))
    assert (unsafe.kind, unsafe.where) == ("delete", {"id": SHOW})


def test_extended_clients_and_what_sends_nothing() -> None:
    assert meaning(FRAMEWORK, on("$extends"), {}).result == CLIENT
    assert meaning(FRAMEWORK, on("$connect")).effects == ()
    assert meaning(FRAMEWORK, on("seat", "create"), {}).is_lazy
    assert FRAMEWORK.settle(on("seat", "fields", ()), "await", AROUND) is None
    assert (
        FRAMEWORK.call(site(library("@prisma/client", "Prisma", "validator"), {}), AROUND) is None
    )


def test_arguments_that_are_not_known() -> None:
    found = sent("seat", "findMany", (SHOW,))
    assert found.where == {"?": SHOW}
    assert sent("ticket", "create", ({"data": SHOW},)).values == {"?": SHOW}
