"""Peewee: models as tables, and what calls of models, queries and databases mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from python_programs import followed, lines

from redhanded.source.flow.charting import chart

HEAD = """
from flask import Flask, request
from peewee import BigAutoField, BooleanField, CharField, CompositeKey, ForeignKeyField
from peewee import IntegerField, Model, PostgresqlDatabase

db = PostgresqlDatabase("x")
app = Flask(__name__)


class Base(Model):
    class Meta:
        database = db


class Jar(Base):
    label = CharField(unique=True)
    grams = IntegerField(default=0)
    sealed = BooleanField(default=False)


class Batch(Base):
    id = BigAutoField()
    jar = ForeignKeyField(Jar, backref="batches")
    day = CharField(column_name="made_on")

    class Meta:
        table_name = "batches"
        indexes = ((("jar", "day"), True), (("day",), False))


class Pair(Base):
    left = ForeignKeyField(Jar)
    right = ForeignKeyField(Jar)

    class Meta:
        primary_key = CompositeKey("left", "right")


@app.post("/go/<int:number>")
def go(number):
"""
ONE = "read jar where id"
CALLS = {
    "get": ("Jar.get(Jar.id == number)", [ONE]),
    "get-by-id": ("Jar.get_by_id(number)", [ONE]),
    "get-or-none": ("Jar.get_or_none(id=number)", [ONE]),
    "first": ("Jar.select().where(Jar.id == number).first()", [ONE]),
    "select-get": ("Jar.select().where(Jar.id == number).get()", [ONE]),
    "key": ("Batch.get(Batch.jar == number)", ["read batches where jar_id"]),
    "range": (
        "Jar.get((Jar.label == 'a') & (Jar.grams >= number))",
        ["read jar where label ranges grams"],
    ),
    "not": ("Jar.get(Jar.id == number, ~Jar.sealed)", ["read jar where id,sealed"]),
    "lock": (
        "with db.atomic():\n    Jar.select().where(Jar.id == number).for_update().get()",
        ["begin ?", f"{ONE} lock update in tx"],
    ),
    "create": ("Jar.create(label='a', grams=number)", ["insert jar values label,grams"]),
    "insert": ("Jar.insert(label='a').execute()", ["insert jar values label"]),
    "save-new": ("Jar(label='a').save()", ["insert jar values label"]),
    "update": (
        "Jar.update(grams=Jar.grams + 1).where(Jar.id == number).execute()",
        ["update jar where id values grams:=grams + 1"],
    ),
    "save": (
        "jar = Jar.get_by_id(number)\njar.grams += 1\njar.save()",
        [ONE, "save jar values grams"],
    ),
    "save-only": (
        "jar = Jar.get_by_id(number)\njar.grams += 1\njar.save(only=[Jar.grams])",
        [ONE, "save jar values grams"],
    ),
    "delete": ("Jar.delete().where(Jar.id == number).execute()", ["delete jar where id"]),
    "found-or-created": (
        "Jar.get_or_create(label='a', defaults={'grams': 3})",
        ["find-or-create jar where label values grams,label"],
    ),
    "never-sent": ("Jar.update(grams=3).where(Jar.id == number)", []),
    "sql": (
        "db.execute_sql('UPDATE jar SET grams = 3 WHERE id = %s', (number,))",
        ["update jar where id values grams"],
    ),
}


def told(tmp_path: Path, body: str) -> list[str]:
    text = HEAD + "".join(f"    {line}\n" for line in body.split("\n"))
    return lines(followed(tmp_path, {"jars.py": text})["POST /go/<int:number>"])


@pytest.mark.parametrize(("body", "expected"), CALLS.values(), ids=CALLS)
def test_what_a_call_does(tmp_path: Path, body: str, expected: list[str]) -> None:
    assert [one.removesuffix(" many") for one in told(tmp_path, body)] == expected


@pytest.mark.parametrize(
    ("end", "conflict"),
    [
        ("on_conflict_ignore()", "ignore"),
        ("on_conflict(conflict_target=[Jar.label], update={Jar.grams: Jar.grams + 1})", "update"),
    ],
    ids=["ignore", "update"],
)
def test_upsert_is_one_statement(tmp_path: Path, end: str, conflict: str) -> None:
    text = HEAD + f"    Jar.insert(label='a').{end}.execute()\n"
    path = followed(tmp_path, {"jars.py": text})["POST /go/<int:number>"]
    (effect,) = [one.effect for one in path.events if one.effect is not None]
    assert (effect.kind, effect.conflict) == ("upsert", conflict)


def test_models_are_tables(tmp_path: Path) -> None:
    (tmp_path / "jars.py").write_text(HEAD + "    pass\n")
    schema = chart(tmp_path).schema
    jar, batch, pair = (schema.table(one) for one in ("jar", "batches", "pair"))
    assert jar is not None and batch is not None and pair is not None
    assert [one.columns for one in jar.uniques] == [("id",), ("label",)]
    assert [one.columns for one in batch.uniques] == [("id",), ("jar_id", "made_on")]
    assert [one.columns for one in pair.uniques] == [("left_id", "right_id")]
    assert schema.table("base") is None
