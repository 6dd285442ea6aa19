"""Rules on what ORMs do beside plain statements: claims, defaults, merged JSON, endless locks."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import lines_shown

from redhanded.hunt.suspect.rules import id_collision as collision
from redhanded.hunt.suspect.rules import job_enqueued_before_commit as before_commit
from redhanded.hunt.suspect.rules import lock_without_expiry as endless
from redhanded.hunt.suspect.rules import module_level_mutable_state as shared
from redhanded.hunt.suspect.rules import read_modify_write as lost
from redhanded.hunt.suspect.rules import retry_of_non_idempotent_job as retried
from redhanded.hunt.suspect.rules import webhook_without_idempotency as webhook

MODELS = """
    from django.db import models

    class Keeper(models.Model):
        badge = models.CharField(max_length=9, unique=True)
        coins = models.IntegerField(default=0)
        notes = models.JSONField(default=dict)

        class Meta:
            db_table = "keeper"

    class Receipt(models.Model):
        number = models.CharField(max_length=9, unique={unique})

        class Meta:
            db_table = "receipt"
"""
SQL = """
    CREATE TABLE keeper (id serial PRIMARY KEY, badge text UNIQUE, coins int, notes jsonb);
    CREATE TABLE receipt (id serial PRIMARY KEY, number text {unique});
"""
URLS = """
    from django.urls import path
    from zoo.views import view

    urlpatterns = [path("go/<int:number>", view)]
"""


def django(body: str, *, unique: bool = True) -> dict[str, str]:
    view = "".join(f"        {line}\n" for line in body.split("\n"))
    return {
        "zoo/models.py": MODELS.format(unique=unique),
        "db/001.sql": SQL.format(unique="UNIQUE" if unique else ""),
        "zoo/urls.py": URLS,
        "zoo/views.py": f"""
    import hmac
    import json
    import random
    import redis
    from django.db.models import F
    from .models import Keeper, Receipt

    client = redis.Redis()
    LAST = {{}}

    def view(request, number):
{view}
""",
    }


HOOK = """
wanted = hmac.new(b"key", request.body, "sha256").hexdigest()
if not hmac.compare_digest(request.headers["X-Signature"], wanted):
    return
event = json.loads(request.body)
receipt, created = Receipt.objects.get_or_create(number=event["number"])
{condition}
    Keeper.objects.filter(pk=event["keeper"]).update(coins=F("coins") + 5)
""".strip()


def test_a_row_that_this_delivery_has_added_is_a_claim(tmp_path: Path) -> None:
    body = HOOK.format(condition="if created:")
    assert lines_shown(webhook, tmp_path, django(body)) == []


@pytest.mark.parametrize(
    ("condition", "unique"),
    [("if True:", True), ("if receipt:", True), ("if created:", False)],
    ids=["not-asked", "the-row", "not-unique"],
)
def test_a_row_is_no_claim_by_itself(tmp_path: Path, condition: str, unique: bool) -> None:
    body = HOOK.format(condition=condition)
    assert lines_shown(webhook, tmp_path, django(body, unique=unique))


def test_a_number_that_is_drawn_for_a_row_to_create(tmp_path: Path) -> None:
    body = (
        "Keeper.objects.get_or_create(\n"
        "    pk=number, defaults={'badge': str(random.randrange(100000))}\n"
        ")"
    )
    assert lines_shown(collision, tmp_path, django(body))


@pytest.mark.parametrize(
    ("options", "count"), [("'feeding'", 1), ("'feeding', timeout=60", 0)], ids=["none", "one"]
)
def test_a_lock_object_without_a_time_out(tmp_path: Path, options: str, count: int) -> None:
    body = (
        f"lock = client.lock({options})\nif lock.acquire(blocking=False):\n"
        "    Keeper.objects.filter(pk=number).update(coins=3)\n    lock.release()"
    )
    assert len(lines_shown(endless, tmp_path, django(body))) == count


def test_json_that_is_merged_in_the_program(tmp_path: Path) -> None:
    body = (
        "keeper = Keeper.objects.get(pk=number)\nnotes = {**keeper.notes, **request.POST}\n"
        "Keeper.objects.filter(pk=number).update(notes=notes)"
    )
    assert lines_shown(lost, tmp_path, django(body))


@pytest.mark.parametrize(
    ("key", "count"), [("'keeper'", 1), ("number", 0)], ids=["one-place", "its-own"]
)
def test_a_row_of_one_request_in_a_shared_dict(tmp_path: Path, key: str, count: int) -> None:
    body = (
        f"LAST[{key}] = Keeper.objects.get(pk=number)\nReceipt.objects.create(number=number)\n"
        f"Keeper.objects.filter(pk=LAST[{key}].pk).update(coins=3)"
    )
    assert len(lines_shown(shared, tmp_path, django(body))) == count


NEST = {
    "src/app.module.ts": """
        import { BullModule } from '@nestjs/bullmq';
        import { Module } from '@nestjs/common';
        @Module({
          imports: [
            BullModule.forRoot({ connection: {} }),
            BullModule.registerQueue({ name: 'feed', defaultJobOptions: { attempts: %s } }),
          ],
        })
        export class AppModule {}
    """,
    "src/feed.service.ts": """
        import { InjectQueue } from '@nestjs/bullmq';
        import { Controller, Post, Body } from '@nestjs/common';
        import { Queue } from 'bullmq';
        @Controller('animals')
        export class FeedController {
          constructor(@InjectQueue('feed') private readonly feed: Queue) {}
          @Post()
          async add(@Body('name') name: string) {
            await this.feed.add('one', { name });
          }
        }
    """,
    "src/feed.processor.ts": """
        import { Processor, WorkerHost } from '@nestjs/bullmq';
        import { Job } from 'bullmq';
        @Processor('feed')
        export class FeedProcessor extends WorkerHost {
          async process(job: Job) {
            await fetch('https://kitchen.example/meals', { method: 'POST', body: job.data.name });
          }
        }
    """,
}


@pytest.mark.parametrize(("attempts", "count"), [(5, 1), (1, 0)], ids=["five", "one"])
def test_attempts_of_a_queue_that_nest_registers(tmp_path: Path, attempts: int, count: int) -> None:
    files = {**NEST, "src/app.module.ts": NEST["src/app.module.ts"] % attempts}
    assert len(lines_shown(retried, tmp_path, files)) == count


BOSS = """
    import express from 'express';
    import pg from 'pg';
    import PgBoss from 'pg-boss';
    const pool = new pg.Pool();
    const boss = new PgBoss('postgres://x');
    const app = express();
    app.post('/animals', async (req, res) => {
      const client = await pool.connect();
      await client.query('BEGIN');
      const { rows } = await client.query(
        'INSERT INTO keeper (badge) VALUES ($1) RETURNING id', [req.body.badge]);
      await boss.send('greet', { id: rows[0].id }%s);
      await client.query('COMMIT');
      client.release();
      res.end();
    });
"""


@pytest.mark.parametrize(
    ("options", "count"),
    [("", 1), (", { db: { executeSql: (text, values) => client.query(text, values) } }", 0)],
    ids=["its-own-connection", "the-transaction's"],
)
def test_a_job_that_is_a_row_of_the_transaction(tmp_path: Path, options: str, count: int) -> None:
    files = {"src/app.mjs": BOSS % options, "db/001.sql": SQL.format(unique="")}
    assert len(lines_shown(before_commit, tmp_path, files)) == count
