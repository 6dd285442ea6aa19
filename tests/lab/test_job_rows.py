"""Whose row an answer returns, by its key."""

from __future__ import annotations

import struct
from types import SimpleNamespace
from typing import Any, cast

import pytest
from made import touch

from redhanded.case.operation import Touch
from redhanded.lab.held import Held
from redhanded.lab.job_rows import ROWS_MAX, Job, JobRows
from redhanded.lab.proxy import Channel
from redhanded.lab.wire.postgres import PostgresStream
from redhanded.lab.wire.unit import Bound, Unit

JOBS, EVENTS, PARTS = 100, 200, 300
PLACE = ("db", "jobs")


class Database:
    """What three tables hold: jobs, events, and parcels in partitions with a key of two columns."""

    def __init__(self) -> None:
        self.keys: dict[str, list[tuple[str, ...]] | None] = {
            "jobs": [],
            "events": [],
            "parts": [],
        }

    def ask(self, _service: str, sql: str) -> list[tuple[Any, ...]] | None:
        if "pg_partition_tree" in sql:
            parts = [[PARTS, "public", "parts"], [301, "public", "parts_1"]]
            return [
                ("public", "jobs", "jobs", ["id"], [1], ["id", "state", "text"], None, JOBS),
                ("public", "events", "events", ["id"], [1], ["id", "job"], None, EVENTS),
                (
                    "public",
                    "parts",
                    "parts",
                    ["queue", "id"],
                    [2, 1],
                    ["id", "queue"],
                    parts,
                    PARTS,
                ),
            ]
        table = sql.split(" FROM ")[1].split(" ")[0]
        found = self.keys[table]
        return None if found is None else list(found)


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def rows(database: Database) -> JobRows:
    made = JobRows(database.ask)
    made.begin(["db"])
    return made


def answered(*columns: tuple[str, int, int], values: tuple[str, ...]) -> bytes:
    """One row: name, table and number of each column, and the values."""
    body = struct.pack(">H", len(columns))
    for name, table, number in columns:
        body += name.encode() + b"\0" + struct.pack(">IhIhih", table, number, 25, -1, -1, 0)
    data = struct.pack(">H", len(values))
    for value in values:
        data += struct.pack(">i", len(value)) + value.encode()
    return b"".join(
        code + struct.pack(">I", len(part) + 4) + part
        for code, part in ((b"T", body), (b"D", data))
    )


def held(*touches: Touch, answer: bytes = b"", index: int = 3) -> Held:
    unit = Unit(serial=0, offset=0, raw=b"", kind="SELECT", statements=(Bound(sql="SELECT"),))
    return Held(
        protocol="postgres",
        process="worker",
        role="worker",
        service="db",
        kind="SELECT",
        target="jobs",
        access="read",
        text="",
        fingerprint="",
        touches=touches,
        cause=None,
        task="",
        arrived_ms=0.0,
        index=index,
        unit=unit,
        channel=cast("Channel", SimpleNamespace(stream=PostgresStream())),
        answer=bytearray(answer),
    )


def insert(rows: JobRows, database: Database, table: str, *key: str, task: str, index: int) -> None:
    found = database.keys[table]
    assert found is not None
    found.append(key)
    rows.wrote(held(touch(table, "write"), index=index), task)


LOOK = touch("jobs", "read")


def test_a_row_belongs_to_whoever_inserted_it(rows: JobRows, database: Database) -> None:
    insert(rows, database, "jobs", "1", task="delivery 1", index=5)
    insert(rows, database, "jobs", "2", task="delivery 2", index=8)
    answer = answered(("id", JOBS, 1), values=("2",))
    assert rows.handed_out(held(LOOK, answer=answer)) == [Job("delivery 2", 8, PLACE)]


def test_what_grew_is_told_once(rows: JobRows, database: Database) -> None:
    assert database.keys["jobs"] is not None
    database.keys["jobs"].append(("1",))
    inserted = held(touch("jobs", "write"), touch("events", "write"))
    assert rows.wrote(inserted, "delivery 1") == {PLACE}
    assert rows.wrote(inserted, "delivery 1") == set()


def test_what_nobody_inserted_in_this_trial_is_nobodys(rows: JobRows, database: Database) -> None:
    insert(rows, database, "jobs", "1", task="", index=5)
    insert(rows, database, "jobs", "2", task="delivery 1", index=6)
    rows.begin(["db"])
    for key in ("1", "2"):
        answer = answered(("id", JOBS, 1), values=(key,))
        assert rows.handed_out(held(LOOK, answer=answer)) == []


def test_a_column_of_another_name_is_known_by_its_number(rows: JobRows, database: Database) -> None:
    insert(rows, database, "jobs", "1", task="delivery 1", index=5)
    renamed = answered(("job", JOBS, 1), values=("1",))
    assert rows.handed_out(held(LOOK, answer=renamed))
    other = answered(("id", JOBS, 2), values=("1",))
    assert rows.handed_out(held(LOOK, answer=other)) == []


def test_a_column_of_another_table_is_no_key(rows: JobRows, database: Database) -> None:
    insert(rows, database, "jobs", "1", task="delivery 1", index=5)
    answer = answered(("id", EVENTS, 1), values=("1",))
    assert rows.handed_out(held(LOOK, touch("events", "read"), answer=answer)) == []


def test_rows_of_a_function_are_of_the_table_that_they_look_like(
    rows: JobRows, database: Database
) -> None:
    insert(rows, database, "jobs", "1", task="delivery 1", index=5)
    insert(rows, database, "events", "1", task="delivery 2", index=6)
    answer = answered(("id", 0, 0), ("state", 0, 0), values=("1", "new"))
    found = rows.handed_out(held(LOOK, touch("events", "write"), answer=answer))
    assert [job.task for job in found] == ["delivery 1"]


def test_a_statement_that_names_its_row_looks_for_none(rows: JobRows, database: Database) -> None:
    insert(rows, database, "jobs", "1", task="delivery 1", index=5)
    answer = answered(("id", JOBS, 1), values=("1",))
    assert rows.handed_out(held(touch("jobs", "read", id="1"), answer=answer)) == []


def test_partitions_are_their_table(rows: JobRows, database: Database) -> None:
    insert(rows, database, "parts", "mail", "1", task="delivery 1", index=5)
    insert(rows, database, "parts", "post", "1", task="delivery 2", index=6)
    whole = answered(("id", 301, 1), ("queue", 301, 2), values=("1", "post"))
    look = held(touch("parts_1", "read"), answer=whole)
    assert [job.task for job in rows.handed_out(look)] == ["delivery 2"]


def test_a_part_of_a_key_is_enough_where_it_fits_one_task(
    rows: JobRows, database: Database
) -> None:
    insert(rows, database, "parts", "mail", "1", task="delivery 1", index=5)
    half = answered(("id", PARTS, 1), values=("1",))
    look = held(touch("parts", "read"), answer=half)
    assert [job.task for job in rows.handed_out(look)] == ["delivery 1"]
    insert(rows, database, "parts", "post", "1", task="delivery 2", index=6)
    assert rows.handed_out(look) == []


def test_after_the_first_trial_only_what_is_looked_at_is_watched(
    rows: JobRows, database: Database
) -> None:
    rows.looked_at(held(LOOK))
    rows.begin(["db"])
    insert(rows, database, "events", "1", task="delivery 1", index=5)
    insert(rows, database, "jobs", "1", task="delivery 1", index=6)
    for oid, table, expected in ((EVENTS, "events", 0), (JOBS, "jobs", 1)):
        answer = answered(("id", oid, 1), values=("1",))
        assert len(rows.handed_out(held(touch(table, "read"), answer=answer))) == expected


def test_a_lock_in_the_way_forgets_nothing(rows: JobRows, database: Database) -> None:
    insert(rows, database, "jobs", "1", task="delivery 1", index=5)
    there, database.keys["jobs"] = database.keys["jobs"], None
    assert rows.wrote(held(touch("jobs", "write")), "delivery 2") == set()
    database.keys["jobs"] = there
    assert rows.wrote(held(touch("jobs", "write")), "delivery 2") == set()


def test_a_large_table_is_not_watched_and_said(rows: JobRows, database: Database) -> None:
    database.keys["jobs"] = [(str(number),) for number in range(ROWS_MAX + 1)]
    assert rows.wrote(held(touch("jobs", "write")), "delivery 1") == set()
    (sentence,) = rows.sentences()
    assert sentence.startswith("db: jobs holds more than")
