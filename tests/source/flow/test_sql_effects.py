"""SQL text and its parameters to effects, in the spellings of the drivers that run it."""

from __future__ import annotations

import pytest

from redhanded.source.flow.effects import Effect
from redhanded.source.flow.sql_effects import sql_effects
from redhanded.source.flow.values import (
    Computed,
    Either,
    Input,
    Known,
    Record,
    Stored,
    Unknown,
    Value,
)

SEAT = Input("request", ("body", "seat"))
NAME = Input("request", ("body", "name"))
BOTH = Record({"0": SEAT, "1": NAME, "seat": SEAT, "name": NAME})


def effects(text: str | Value, parameters: Value | None = BOTH) -> list[Effect]:
    value = Known(text) if isinstance(text, str) else text
    return list(sql_effects(value, parameters, library="pg"))


def only(text: str | Value, parameters: Value | None = BOTH) -> Effect:
    found = effects(text, parameters)
    assert len(found) == 1, found
    return found[0]


def template(*parts: str | Value) -> Value:
    return Computed("text", tuple(Known(one) if isinstance(one, str) else one for one in parts))


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM bookings WHERE seat = $1 AND name = $2",
        "select b.* from Bookings b where b.seat = $1 and $2 = b.name",
        "SELECT * FROM public.bookings WHERE (seat, name) = ($1, $2)",
        "SELECT * FROM bookings WHERE seat = ? AND name = ?",
        "SELECT * FROM `bookings` WHERE `seat` = ? AND `name` = ?",
        "SELECT * FROM bookings WHERE seat = :seat AND name = :name::text",
        "SELECT * FROM bookings WHERE seat = $seat AND name = $name",
        "SELECT * FROM bookings WHERE seat = %s AND name = %s",
        "SELECT * FROM bookings WHERE seat = %(seat)s AND name = %(name)s -- AND a = :b",
    ],
)
def test_each_way_to_give_parameters(text: str) -> None:
    found = only(text)
    assert (found.kind, found.subject, found.verb) == ("read", "bookings", "SELECT")
    assert found.where == {"seat": SEAT, "name": NAME}


@pytest.mark.parametrize(
    "value",
    [
        template("SELECT * FROM bookings WHERE seat = ", SEAT, " AND name = ", NAME),
        template("SELECT * FROM bookings WHERE seat = '", SEAT, "' AND name = '", NAME, "'"),
        Computed(
            "+",
            (
                Computed("+", (Known("SELECT * FROM bookings WHERE seat = "), SEAT)),
                template(" AND name = ", NAME),
            ),
        ),
    ],
    ids=["template", "quoted", "joined"],
)
def test_values_in_the_text(value: Value) -> None:
    assert only(value, None).where == {"seat": SEAT, "name": NAME}


def test_an_unknown_table_or_clause_is_marked_and_never_guessed() -> None:
    assert only(template("SELECT * FROM ", NAME, " WHERE seat = ", SEAT)).subject == "?"
    assert only(template("SELECT * FROM seats_", NAME, " WHERE seat = ", SEAT)).subject == "seats_?"
    clause = only(template("SELECT * FROM bookings WHERE seat = 4 ", NAME))
    assert clause.where == {"seat": Known(4), "?": NAME}
    assert only(template("UPDATE bookings SET ", NAME, " WHERE seat = 4")).values == {"?": NAME}
    assert only(NAME).kind == "statement"
    assert only("MAKE bookings GREAT").kind == "statement"


def test_both_branches_of_a_text_are_read() -> None:
    text = Computed(
        "+", (Known("SELECT * FROM bookings"), Either((Known(""), Known(" FOR UPDATE"))))
    )
    assert [one.lock for one in effects(text)] == ["", "update"]


def test_what_the_store_computes_itself() -> None:
    found = only("UPDATE shelves SET free = free - $1, by = $2 WHERE id = 7 AND free >= $1")
    assert found.values == {"free": Stored("free - ?", ("free",)), "by": NAME}
    assert (found.where, found.ranges) == ({"id": Known(7)}, {"free": SEAT})
    _, counted = effects("UPDATE shelves SET free = (SELECT count(*) FROM s) WHERE id = 7")
    assert isinstance(counted.values["free"], Stored)


@pytest.mark.parametrize(
    ("text", "kind", "conflict", "columns"),
    [
        ("INSERT INTO seats (seat, name) VALUES ($1, $2)", "insert", "", ()),
        (
            "INSERT INTO seats (seat, name) VALUES ($1, $2) ON CONFLICT (seat) DO NOTHING",
            "upsert",
            "ignore",
            ("seat",),
        ),
        (
            "INSERT INTO seats (seat, name) VALUES (?, ?) "
            "ON CONFLICT (seat, day) DO UPDATE SET name = EXCLUDED.name",
            "upsert",
            "update",
            ("seat", "day"),
        ),
        ("INSERT IGNORE INTO `seats` (seat, name) VALUES (?, ?)", "upsert", "ignore", ()),
        ("INSERT OR IGNORE INTO seats (seat, name) VALUES (?, ?)", "upsert", "ignore", ()),
        ("REPLACE INTO seats (seat, name) VALUES (?, ?)", "upsert", "update", ()),
        (
            "INSERT INTO seats (seat, name) VALUES (?, ?) "
            "ON DUPLICATE KEY UPDATE name = VALUES(name)",
            "upsert",
            "update",
            (),
        ),
    ],
)
def test_inserts(text: str, kind: str, conflict: str, columns: tuple[str, ...]) -> None:
    found = only(text)
    assert (found.kind, found.conflict, found.conflict_columns) == (kind, conflict, columns)
    assert found.values == {"seat": SEAT, "name": NAME}
    if conflict == "update" and "REPLACE" not in text:
        assert found.options["set"] == Record({"name": NAME})


def test_insert_where_not_exists_reads_first() -> None:
    read, insert = effects(
        "INSERT INTO seats (seat, name) SELECT $1, $2 "
        "WHERE NOT EXISTS (SELECT 1 FROM seats WHERE seat = $1)"
    )
    assert (read.kind, read.where, read.aggregates) == ("read", {"seat": SEAT}, ("exists",))
    assert insert.kind == "insert" and insert.values == {"seat": SEAT, "name": NAME}
    assert insert.options["unless_exists"] == Known("seats")


@pytest.mark.parametrize(
    ("clause", "lock", "wait"),
    [
        ("", "", None),
        ("FOR UPDATE", "update", None),
        ("FOR NO KEY UPDATE NOWAIT", "update", "nowait"),
        ("FOR SHARE", "share", None),
        ("LIMIT 1 FOR UPDATE SKIP LOCKED", "update", "skip locked"),
    ],
)
def test_row_locks(clause: str, lock: str, wait: str | None) -> None:
    found = only(f"SELECT id FROM seats WHERE seat = $1 {clause}")
    assert found.lock == lock
    assert found.options.get("wait") == (Known(wait) if wait else None)


def test_a_lock_of_one_table_only() -> None:
    seats, shows = effects(
        "SELECT * FROM seats s JOIN shows w ON w.id = s.show_id WHERE s.seat = $1 FOR UPDATE OF s"
    )
    assert (seats.subject, seats.lock) == ("seats", "update")
    assert (shows.subject, shows.lock) == ("shows", "")


def test_a_queue_in_a_table() -> None:
    read, update = effects(
        "UPDATE tasks SET state = 'run' WHERE id = (SELECT id FROM tasks WHERE state = 'new' "
        "ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING *"
    )
    assert (read.lock, read.where, read.ordered) == ("update", {"state": Known("new")}, True)
    assert update.kind == "update" and update.options["returning"] == Known(True)


def test_common_table_expressions() -> None:
    update, insert = effects(
        "WITH taken AS (UPDATE seats SET free = free - 1 WHERE id = $1 RETURNING id) "
        "INSERT INTO tickets (seat_id) SELECT id FROM taken"
    )
    assert (update.kind, update.subject) == ("update", "seats")
    assert (insert.kind, insert.subject) == ("insert", "tickets")


@pytest.mark.parametrize(
    ("text", "kind", "isolation"),
    [
        ("BEGIN", "begin", ""),
        ("begin transaction isolation level serializable", "begin", "serializable"),
        ("START TRANSACTION ISOLATION LEVEL REPEATABLE READ", "begin", "repeatable read"),
        ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "begin", "serializable"),
        ("COMMIT;", "commit", ""),
        ("END", "commit", ""),
        ("ROLLBACK", "rollback", ""),
    ],
)
def test_transactions(text: str, kind: str, isolation: str) -> None:
    found = only(text)
    assert (found.kind, found.isolation) == (kind, isolation)


@pytest.mark.parametrize(
    "text",
    [
        "SAVEPOINT a",
        "ROLLBACK TO SAVEPOINT a",
        "RELEASE SAVEPOINT a",
        "SET LOCAL lock_timeout = '1s'",
        "SELECT 1",
        "SELECT now()",
        "LISTEN a",
    ],
)
def test_what_does_nothing_to_the_world(text: str) -> None:
    assert effects(text) == []


def test_advisory_and_table_locks() -> None:
    taken = only("SELECT pg_advisory_xact_lock(hashtext($1))")
    assert (taken.kind, taken.lock, taken.subject) == ("acquire", "advisory", "hashtext(?)")
    assert taken.options["scope"] == Known("transaction")
    assert taken.options["key"] == Computed("call:hashtext", (SEAT,))
    tried = only("SELECT pg_try_advisory_lock($1) AS ok")
    assert tried.options["try"] == Known(True) and tried.options["key"] == SEAT
    assert only("SELECT pg_advisory_unlock($1)").kind == "release"
    table = only("LOCK TABLE seats IN SHARE ROW EXCLUSIVE MODE")
    assert (table.kind, table.lock, table.subject) == ("acquire", "table", "seats")


def test_conditions_other_than_equality() -> None:
    found = only(
        "SELECT count(*) FROM seats WHERE day IN (1, 2) AND id = ANY($1) AND gone IS NULL "
        "AND NOT sold AND state <> 'x' AND lower(name) = $2 AND (a = 1 OR b = 2)"
    )
    assert found.where == {
        "day": Either((Known(1), Known(2))),
        "id": SEAT,
        "gone": Known(None),
        "sold": Known(False),
        "lower(name)": NAME,
        "?": Unknown("a = 1 OR b = 2"),
    }
    assert found.ranges == {"state": Known("x")}
    assert found.aggregates == ("count",)


def test_a_column_of_one_of_several_tables_is_not_guessed() -> None:
    seats, shows = effects("SELECT * FROM seats s, shows w WHERE s.seat = $1 AND day = $2")
    assert seats.where["seat"] == SEAT and "day" not in seats.where
    assert "day" not in shows.where and "?" in shows.where


def test_several_statements_and_functions_of_the_database() -> None:
    assert [one.kind for one in effects("BEGIN; DELETE FROM seats WHERE seat = $1; COMMIT")] == [
        "begin",
        "delete",
        "commit",
    ]
    assert only("SELECT take_seat($1)").kind == "statement"
    assert only("SELECT nextval('ticket_numbers')").kind == "identifier"
    assert only("SELECT pg_notify('seats', $1)").subject == "seats"


def test_parameters_that_are_given_as_a_whole() -> None:
    found = only("SELECT * FROM seats WHERE seat = $1", Input("request", ("body", "list")))
    assert found.where == {"seat": Input("request", ("body", "list", "0"))}
    assert only("INSERT INTO seats SET ?", Record({"0": Record({"seat": SEAT})})).values == {
        "seat": SEAT
    }
