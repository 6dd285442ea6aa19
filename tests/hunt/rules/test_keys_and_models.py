"""Columns that a program takes to be unique: what the database says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from made_jobs import ID, joined, shown, table
from made_paths import asked, effect, event, guard, path

from redhanded.case.evidence import Location
from redhanded.hunt.suspect.rules import create_without_unique_constraint as create
from redhanded.hunt.suspect.rules import model_unique_not_migrated as model
from redhanded.hunt.suspect.rules.rule import Reading
from redhanded.source.flow.events import Path
from redhanded.source.flow.schema import Column, Schema, Table, Unique
from redhanded.source.flow.values import Input, Known, Result, Value

REFERENCE = Input("job", ("data", "reference"))
ADDED = effect("insert", "refunds", values={"external_id": REFERENCE, "cents": asked("cents")})
ADDS = path(event(0, ADDED), kind="job", name="refunds:take")
LOOKS = path(event(0, effect("read", "refunds", where={"external_id": asked("id")}), line=50))
PLACE = Location(path="app/models.py", line=8)


def of(*paths: Path, refunds: Table | None = None) -> list[Any]:
    one = joined(paths[0], None, refunds or table("refunds"))
    return shown(create, replace_paths(one, paths))


def replace_paths(one: Reading, paths: tuple[Path, ...]) -> Reading:
    return Reading(paths=paths, schema=one.schema, text=one.text)


def test_a_row_is_found_by_a_column_that_may_repeat() -> None:
    (one,) = of(ADDS, LOOKS)
    assert one.location.line == 10
    assert "external_id" in one.message and "shop/till.py:50" in one.message


def test_what_makes_it_safe() -> None:
    assert of(ADDS, LOOKS, refunds=table("refunds", "external_id")) == []
    assert of(ADDS) == []
    many = effect("read", "refunds", where={"external_id": asked("id")}, many=True)
    assert of(ADDS, path(event(0, many))) == []
    ignored = replace(ADDED, kind="upsert", conflict="ignore")
    assert of(path(event(0, ignored), kind="job", name="j"), LOOKS) == []


def test_a_reference_to_another_row_may_repeat() -> None:
    column = Column(name="external_id", type="integer", references="invoices")
    refunds = replace(table("refunds"), columns=(column,))
    assert of(ADDS, LOOKS, refunds=refunds) == []


@pytest.mark.parametrize("value", [Known("x"), Result(0)], ids=["a constant", "not given"])
def test_what_does_not_come_from_outside(value: Value) -> None:
    one = replace(ADDED, values={"external_id": value})
    drawn = event(0, effect("identifier", store="other"))
    assert of(path(drawn, event(1, one), kind="job", name="j"), LOOKS) == []


def test_a_look_before_is_another_rule() -> None:
    look = event(0, effect("read", "refunds", where={"external_id": REFERENCE}))
    guarded = path(look, event(1, ADDED, guards=(guard(Result(0)),)), kind="job", name="j")
    assert of(guarded, LOOKS) == []


def saying(*uniques: Unique, **known: Any) -> Reading:
    one = Table(name="refunds", uniques=uniques, location=PLACE, models=("Refund",), **known)
    schema = Schema(tables={"refunds": one}, has_migrations=True)
    return Reading(paths=(), schema=schema, text=lambda _: "")


SAID = Unique(columns=("external_id",), said=("model",), location=PLACE, is_in_force=False)


def test_only_the_model_says_unique() -> None:
    (one,) = shown(model, saying(ID, SAID))
    assert one.location == PLACE
    assert "external_id" in one.message


def test_the_database_says_so_too() -> None:
    assert (
        shown(model, saying(ID, replace(SAID, said=("model", "migration"), is_in_force=True))) == []
    )
    fewer = Unique(columns=("ExternalId",), said=("migration",), location=None)
    both = replace(SAID, columns=("external_id", "shop_id"))
    assert shown(model, saying(ID, both, fewer)) == []


def test_tables_that_migrations_do_not_make() -> None:
    assert shown(model, saying(SAID)) == []
    assert shown(model, saying(ID, SAID, is_complete=False)) == []
    one = saying(ID, SAID)
    schema = replace(one.schema, has_migrations=False)
    assert shown(model, replace(one, schema=schema)) == []
