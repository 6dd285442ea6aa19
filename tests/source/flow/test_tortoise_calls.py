"""Tortoise ORM behind Sanic: models and Aerich's migrations as tables, what calls mean, routes."""

from __future__ import annotations

from pathlib import Path

import pytest
from python_programs import followed, lines

from redhanded.source.flow.charting import chart

HEAD = """
from sanic import Blueprint, Sanic
from sanic.views import HTTPMethodView
from tortoise import fields
from tortoise.exceptions import IntegrityError
from tortoise.expressions import F, Q
from tortoise.models import Model
from tortoise.transactions import atomic, in_transaction

jars = Blueprint("jars", url_prefix="/jars")
app = Sanic("pantry")
app.blueprint([jars], url_prefix="/v1")


class Jar(Model):
    id = fields.IntField(primary_key=True)
    label = fields.CharField(max_length=20, unique=True)
    grams = fields.IntField(default=0)

    class Meta:
        table = "jars"


class Batch(Model):
    jar = fields.ForeignKeyField("models.Jar")
    day = fields.CharField(max_length=8, source_field="made_on")

    class Meta:
        unique_together = ("jar", "day")


@jars.post("/<number:int>")
async def go(request, number):
"""
ROUTE = "POST /v1/jars/<number:int>"
ONE = "read jars where id"
CALLS = {
    "get": ("await Jar.get(id=number)", [ONE]),
    "first": ("await Jar.filter(id=number).first()", [ONE]),
    "lock": (
        "async with in_transaction():\n    await Jar.select_for_update().get(id=number)",
        ["begin ?", f"{ONE} lock update in tx"],
    ),
    "range": ("await Jar.filter(id=number, grams__gte=3)", [f"{ONE} ranges grams"]),
    "q": ("await Jar.filter(Q(id=number))", [ONE]),
    "create": ("await Jar.create(label='a', grams=number)", ["insert jars values label,grams"]),
    "key": ("await Batch.create(jar_id=number, day='1')", ["insert batch values jar_id,made_on"]),
    "save new": ("await Jar(label='a').save()", ["insert jars values label"]),
    "update": (
        "await Jar.filter(id=number).update(grams=F('grams') + 1)",
        ["update jars where id values grams:=grams + 1"],
    ),
    "save": (
        "jar = await Jar.get(id=number)\njar.grams += 1\nawait jar.save()",
        [ONE, "save jars values grams"],
    ),
    "delete": ("await Jar.filter(id=number).delete()", ["delete jars where id"]),
    "found or created": (
        "await Jar.get_or_create(label='a', defaults={'grams': 3})",
        ["find-or-create jars where label values label,grams"],
    ),
    "never sent": ("Jar.filter(id=number)", []),
    "every": ("async for jar in Jar.filter(id=number):\n    print(jar)", [ONE]),
}


def told(tmp_path: Path, body: str) -> list[str]:
    text = HEAD + "".join(f"    {line}\n" for line in body.split("\n"))
    return lines(followed(tmp_path, {"jars.py": text})[ROUTE])


@pytest.mark.parametrize(("body", "expected"), CALLS.values(), ids=CALLS)
def test_what_a_call_does(tmp_path: Path, body: str, expected: list[str]) -> None:
    assert [one.removesuffix(" many") for one in told(tmp_path, body)] == expected


def test_whether_a_row_was_made(tmp_path: Path) -> None:
    body = "jar, made = await Jar.get_or_create(label='a')\nif made:\n    await jar.delete()"
    assert told(tmp_path, body)[-1].startswith("delete jars")


@pytest.mark.parametrize(
    ("given", "conflict"),
    [("ignore_conflicts=True", "ignore"), ("on_conflict=['label']", "update")],
)
def test_many_at_once(tmp_path: Path, given: str, conflict: str) -> None:
    text = HEAD + f"    await Jar.bulk_create([Jar(label='a')], {given})\n"
    path = followed(tmp_path, {"jars.py": text})[ROUTE]
    (effect,) = [one.effect for one in path.events if one.effect is not None]
    assert (effect.kind, effect.conflict) == ("upsert", conflict)


def test_a_class_of_a_view(tmp_path: Path) -> None:
    text = HEAD + (
        "    pass\n\n\nclass Jars(HTTPMethodView):\n    async def put(self, request):\n"
        "        await Jar.create(label=request.json['label'])\n\n\n"
        "jars.add_route(Jars.as_view(), '/all')\n"
    )
    paths = followed(tmp_path, {"jars.py": text})
    assert lines(paths["PUT /v1/jars/all"]) == ["insert jars values label"]


MIGRATION = '''
from tortoise import BaseDBAsyncClient


async def upgrade(db: BaseDBAsyncClient) -> str:
    return """
        CREATE TABLE IF NOT EXISTS "jars" ("id" SERIAL PRIMARY KEY, "label" VARCHAR(20) NOT NULL);
        CREATE TABLE "batch" ("id" SERIAL PRIMARY KEY, "jar_id" INT, "made_on" VARCHAR(8));
        CREATE UNIQUE INDEX "uid_batch" ON "batch" ("jar_id", "made_on");"""


async def downgrade(db: BaseDBAsyncClient) -> str:
    return """
        DROP TABLE "jars";"""
'''


def test_models_and_migrations_are_tables(tmp_path: Path) -> None:
    (tmp_path / "jars.py").write_text(HEAD + "    pass\n")
    schema = chart(tmp_path).schema
    jar, batch = schema.table("jars"), schema.table("Batch")
    assert jar is not None and batch is not None
    assert [one.columns for one in jar.uniques] == [("id",), ("label",)]
    assert [one.columns for one in batch.uniques] == [("id",), ("jar_id", "made_on")]
    folder = tmp_path / "migrations" / "models"
    folder.mkdir(parents=True)
    (folder / "0_20250101_init.py").write_text(MIGRATION)
    schema = chart(tmp_path).schema
    jar, batch = schema.table("jars"), schema.table("batch")
    assert jar is not None and batch is not None
    assert schema.has_migrations
    assert jar.unique_on(frozenset({"label"})) is None
    assert batch.unique_on(frozenset({"jar_id", "made_on"}))


BROKER = """
from taskiq_redis import RedisStreamBroker

broker = RedisStreamBroker("redis://").with_middlewares()


@broker.task(retry_on_error=True, max_retries=4)
async def fill(number):
    await Jar.filter(id=number).update(grams=3)


@broker.task(schedule=[{"cron": "0 4 * * *"}])
async def count():
    await Jar.all().count()
"""


def test_tasks_of_taskiq(tmp_path: Path) -> None:
    text = HEAD + "    await fill.kiq(number)\n" + BROKER
    paths = followed(tmp_path, {"jars.py": text})
    assert lines(paths[ROUTE]) == ["enqueue taskiq fill"]
    assert paths["taskiq:fill"].entry.options.keys() == {"retry_on_error", "max_retries"}
    assert paths["cron 0 4 * * * count"].entry.kind == "schedule"
