"""Calls that look and then insert, with and without the index that they rely on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from made_jobs import joined, shown, table
from made_paths import asked, effect, event, held, path, within

from redhanded.case.evidence import Location
from redhanded.hunt.suspect.rules import find_or_create_without_unique_index as rule
from redhanded.source.flow.events import Catcher, Event
from redhanded.source.flow.schema import Column, Table, Unique
from redhanded.source.flow.values import Result, Unknown

LABEL = {"label": asked("label")}
ONE = event(0, effect("find-or-create", "shelves", where=LABEL, values=LABEL))
PLACE = Location(path="db/001.sql", line=3)


def of(*events: Event, tables: tuple[Table, ...] = (table("shelves"),), **known: str) -> list[Any]:
    return shown(rule, joined(path(*events, **known), None, *tables))


def test_without_an_index() -> None:
    (one,) = of(ONE)
    assert one.location.line == 10
    assert "shelves has two rows with the same label" in one.message


@pytest.mark.parametrize(
    "unique", [("label",), ("Label",), ("lower(label)",)], ids=["it", "spelt otherwise", "lower"]
)
def test_with_an_index(unique: tuple[str, ...]) -> None:
    assert of(ONE, tables=(table("shelves", *unique),)) == []


def test_an_index_on_fewer_columns_is_enough() -> None:
    both = replace(ONE.effect, where={**LABEL, "room": asked("room")})
    assert of(event(0, both), tables=(table("shelves", "label"),)) == []
    assert of(event(0, both), tables=(table("shelves", "label", "floor"),))


def test_an_index_on_other_columns_makes_it_fail() -> None:
    more = replace(ONE.effect, values={**LABEL, "number": asked("number")})
    (one,) = of(event(0, more), tables=(table("shelves", "number"),))
    assert "violates number" in one.message
    assert "fails" in one.message


def test_what_is_not_known_is_no_finding() -> None:
    assert of(ONE, tables=(table("rooms"),)) == []
    assert of(ONE, tables=(table("shelves", is_complete=False),)) == []
    unread = replace(ONE.effect, where={"?": Unknown("where")})
    assert of(event(0, unread)) == []


def test_a_partial_index() -> None:
    one = Unique(columns=("label",), said=("migration",), location=PLACE, where="NOT gone")
    assert of(ONE, tables=(replace(table("shelves"), uniques=(one,)),)) == []


def test_under_a_lock_or_serializable() -> None:
    lock = event(0, effect("acquire", "shelf:*", options={"key": asked("label")}))
    assert of(lock, *held(0, replace(ONE, number=1))) == []
    begun = event(0, effect("begin"))
    assert of(begun, *within(0, replace(ONE, number=1), isolation="serializable")) == []
    assert of(begun, *within(0, replace(ONE, number=1)))


def test_of_a_row_that_the_same_run_made() -> None:
    made = event(0, effect("insert", "rooms"))
    mine = replace(ONE.effect, where={"room_id": Result(0, ("id",))})
    assert of(made, event(1, mine)) == []


@pytest.mark.parametrize("file", ["db/seeds/shelves.js", "src/scripts/fill.py", "tests/x.test.ts"])
def test_files_that_are_run_by_hand(file: str) -> None:
    assert of(replace(ONE, location=Location(path=file, line=1))) == []


def test_a_library_that_does_not_look_again() -> None:
    upsert = replace(ONE.effect, library="@prisma/client")
    (one,) = rule.look(joined(path(event(0, upsert)), None, table("shelves", "label")))
    assert "P2002" in one.message
    assert one.score < rule.threshold
    catcher = Catcher(
        types=("PrismaClientKnownRequestError",),
        tests=(Unknown("error.code === 'P2002'"),),
        outcome="returns",
        location=PLACE,
    )
    answered = event(0, upsert, catchers=(catcher,))
    assert list(rule.look(joined(path(answered), None, table("shelves", "label")))) == []


@pytest.mark.parametrize(
    ("version", "is_inside", "count"),
    [("6.7.0", True, 1), ("6.8.0", True, 0), ("6.7.0", False, 0), ("", True, 0)],
    ids=["aborted", "mended", "no transaction", "version not known"],
)
def test_a_look_in_an_aborted_transaction(version: str, is_inside: bool, count: int) -> None:
    call = replace(ONE.effect, library="sequelize", verb="findCreateFind")
    one = event(1, call)
    events = within(0, one) if is_inside else [one]
    reading = joined(path(event(0, effect("begin")), *events), None, table("shelves", "label"))
    versions = {"sequelize": version} if version else {}
    found = shown(rule, replace(reading, versions=versions))
    assert len(found) == count


@pytest.mark.parametrize(
    ("room", "count"),
    [
        (Column(name="room", type="text", default="''", is_nullable=False), 0),
        (Column(name="room", type="text"), 1),
        (Column(name="room", type="uuid", default="gen_random_uuid()", is_nullable=False), 1),
        (Column(name="room", type="timestamp", default="computed", is_nullable=False), 1),
    ],
    ids=["a default", "null", "drawn", "the time"],
)
def test_an_index_with_a_column_that_takes_its_default(room: Column, count: int) -> None:
    both = Unique(columns=("label", "room"), said=("migration",), location=PLACE)
    columns = (Column(name="label", type="text", is_nullable=False), room)
    made = Table(name="shelves", columns=columns, uniques=(both,), location=PLACE)
    assert len(of(ONE, tables=(made,))) == count
