"""node-postgres: pools, clients, callbacks, and what only looks like them."""

from __future__ import annotations

import pytest
from library_calls import AROUND, WORK, effect, library, meaning, site, value

from redhanded.source.flow.framework import THIS
from redhanded.source.flow.frameworks.pg import FRAMEWORK
from redhanded.source.flow.values import Computed, Input, Known, Library, Value

SEAT = Input("request", ("body", "seat"))
POOL = library("pg", "Pool", ({},))


@pytest.mark.parametrize(
    "arguments",
    [
        ("SELECT * FROM seats WHERE id = $1", [SEAT]),
        ({"text": "SELECT * FROM seats WHERE id = $1", "values": [SEAT], "name": "seat"},),
        ({"text": "SELECT * FROM seats WHERE id = $1"}, [SEAT]),
        (Computed("text", (Known("SELECT * FROM seats WHERE id = "), SEAT)),),
        (
            library(
                "sql-template-strings",
                (Computed("text", (Known("SELECT * FROM seats WHERE id = "), SEAT)),),
            ),
        ),
        (library("pg-format", ("SELECT * FROM %I WHERE id = %L", "seats", SEAT)),),
        ("SELECT * FROM seats WHERE id = $1", [SEAT], WORK),
    ],
    ids=["text", "object", "object-and-values", "template", "tagged", "format", "callback"],
)
def test_a_query_in_each_spelling(arguments: tuple[object, ...]) -> None:
    found = effect(FRAMEWORK, library("pg", "Pool", (), "query"), *arguments)
    assert (found.kind, found.subject, found.where) == ("read", "seats", {"id": SEAT})
    assert found.session is None


def test_a_callback_gets_the_result() -> None:
    found = meaning(FRAMEWORK, library("pg", "Pool", (), "query"), "SELECT * FROM seats", WORK)
    assert [(one.function, one.arguments[1]) for one in found.callbacks] == [(WORK, THIS)]


def test_a_client_that_is_checked_out_is_a_session() -> None:
    client = meaning(FRAMEWORK, library("pg", "Pool", (), "connect")).result
    assert isinstance(client, Library) and client.names == ("Pool", "()", "connect", "()")
    begin = effect(FRAMEWORK, Library("pg", (*client.steps, "query")), "BEGIN")
    assert (begin.kind, begin.session) == ("begin", client)
    with_callback = meaning(FRAMEWORK, library("pg", "Pool", (), "connect"), WORK)
    given = with_callback.callbacks[0].arguments[1]
    assert isinstance(given, Library) and given.names == client.names


def test_a_client_of_its_own_is_a_session_and_connecting_gives_itself() -> None:
    client = library("pg", "Client", ())
    assert meaning(FRAMEWORK, Library("pg", (*client.steps, "connect"))).result == client
    found = effect(FRAMEWORK, Library("pg", (*client.steps, "query")), "DELETE FROM seats")
    assert (found.kind, found.session) == ("delete", client)


@pytest.mark.parametrize("package", ["@vercel/postgres", "@neondatabase/serverless"])
def test_tags_that_execute(package: str) -> None:
    callee = library(package, "sql") if "vercel" in package else library(package, "neon", ())
    text: Value = Computed("text", (Known("UPDATE seats SET free = 0 WHERE id = "), SEAT))
    found = effect(FRAMEWORK, callee, text, tagged=True)
    assert (found.kind, found.where) == ("update", {"id": SEAT})


def test_what_says_nothing_of_sql() -> None:
    assert meaning(FRAMEWORK, library("pg", "Pool", (), "on"), "error", WORK).effects == ()
    assert FRAMEWORK.call(site(library("pg", "types", "builtins")), AROUND) is None
    unread = effect(FRAMEWORK, library("pg", "Pool", (), "query"), value(SEAT))
    assert unread.kind == "statement"
