"""What looks like a fault and is none, each beside the fault that it looks like."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import lines_shown

from redhanded.hunt.suspect.rules import check_then_create as check
from redhanded.hunt.suspect.rules import find_or_create_without_unique_index as find_or_create
from redhanded.hunt.suspect.rules import job_enqueued_before_commit as before_commit
from redhanded.hunt.suspect.rules import lock_without_expiry as endless
from redhanded.hunt.suspect.rules import opposite_lock_order as crossed
from redhanded.hunt.suspect.rules import out_of_order_event_applied as overtaken
from redhanded.hunt.suspect.rules import promise_not_awaited as dropped
from redhanded.hunt.suspect.rules import quota_check as quota
from redhanded.hunt.suspect.rules import read_modify_write as lost
from redhanded.hunt.suspect.rules import retry_of_non_idempotent_job as retried
from redhanded.hunt.suspect.rules import transaction_across_network as waits

SCHOOL = {
    "school/__init__.py": "",
    "school/urls.py": """
        from django.urls import path
        from school.views import view

        urlpatterns = [path("pupils/<int:number>", view)]
    """,
}
FOLLOWED = """
    from django.db import models

    class Pupil(models.Model):
        name = models.CharField(max_length=80)

    class Follow(models.Model):
        pupil = models.ForeignKey(Pupil, on_delete=models.CASCADE)
        subject = models.CharField(max_length=20)
        room = models.IntegerField(null=True)

        class Meta:
            constraints = [
                models.UniqueConstraint(fields=["pupil", "subject", "room"], name="one"%s)
            ]
"""
FOLLOW = """
    from django.http import HttpResponse
    from school.models import Follow

    def view(request, number):
        Follow.objects.get_or_create(pupil_id=number, subject=request.POST["subject"])
        return HttpResponse(status=201)
"""


@pytest.mark.parametrize(
    ("said", "count"), [(", nulls_distinct=False", 0), ("", 1)], ids=["equal", "distinct"]
)
def test_a_constraint_that_holds_rows_without_a_value(
    tmp_path: Path, said: str, count: int
) -> None:
    files = {**SCHOOL, "school/models.py": FOLLOWED % said, "school/views.py": FOLLOW}
    assert len(lines_shown(find_or_create, tmp_path, files)) == count


HELD = """
    from __future__ import annotations
    from typing import TYPE_CHECKING, cast
    from django.core.cache import cache
    from django.http import HttpResponse
    from redis import Redis
    from school import bells

    if TYPE_CHECKING:
        from django_redis.cache import RedisCache
        from redis.lock import Lock

    class Bell:
        lock: Lock
        seconds = 30

        def __init__(self, name: str) -> None:
            self.lock = %s

        def ring(self) -> None:
            self.lock.acquire()
            self.lock.release()

    def view(request, number):
        Bell('bell').ring()
        return HttpResponse(status=204)
"""
BELLS = {
    "made elsewhere": ("bells.make(name)", 0),
    "an attribute": ("Redis().lock(name, timeout=self.seconds)", 0),
    "a parameter": ("Redis().lock(name, timeout=len(name))", 0),
    "of a cache": ("cast('RedisCache', cache).lock(key=name, timeout=self.seconds)", 0),
    "of a cache, none": ("cast('RedisCache', cache).lock(key=name)", 1),
    "none": ("Redis().lock(name)", 1),
}


@pytest.mark.parametrize(("made", "count"), BELLS.values(), ids=BELLS)
def test_a_lock_whose_time_out_is_not_written_beside_it(
    tmp_path: Path, made: str, count: int
) -> None:
    files = {**SCHOOL, "school/views.py": HELD % made}
    assert len(lines_shown(endless, tmp_path, files)) == count


def test_a_lock_that_only_an_annotation_names(tmp_path: Path) -> None:
    """How it was made is not known, and nothing is claimed of it."""
    body = """
        from django.http import HttpResponse
        from redis.lock import Lock

        def ring(lock: Lock):
            lock.acquire()
            lock.release()

        def view(request, number):
            return HttpResponse(status=204)
    """
    assert lines_shown(endless, tmp_path, {**SCHOOL, "school/views.py": body}) == []


CACHED = """
    from django.core.cache import cache
    from django.http import HttpResponse

    def view(request, number):
        with cache.lock("bell"%s):
            cache.set("rung", number, 60)
        return HttpResponse(status=204)
"""


@pytest.mark.parametrize(
    ("said", "count"),
    [("", 1), (", timeout=30", 0), (", timeout=number", 0)],
    ids=["none", "seconds", "given"],
)
def test_a_lock_of_a_cache(tmp_path: Path, said: str, count: int) -> None:
    files = {**SCHOOL, "school/views.py": CACHED % said}
    # The end of a block gives it back: what is asked here is what the table says of it.
    from programs import read_program

    reading = read_program(tmp_path, files)
    effects = [one.effect for path in reading.paths for one in path.events if one.effect]
    taken = [one for one in effects if one.kind == "acquire"]
    assert len(taken) == 1
    assert ("endless" in taken[0].options) == bool(count)


LEAVERS = """
    from celery import shared_task
    from django.db import IntegrityError, transaction
    from school.models import Follow, Pupil

    @shared_task(autoretry_for=(IntegrityError,), retry_backoff=60)
    def leave(number):
        %s
        Pupil.objects.filter(name="").update(name="gone")
"""
GONE = """
with transaction.atomic():
    try:
        pupil = Pupil.objects.get(pk=number)
    except Pupil.DoesNotExist:
        return
    Follow.objects.create(pupil_id=1, subject="left")
    pupil.delete()
""".strip()
STAYS = GONE.replace("    pupil.delete()", "    pupil.name = ''\n    pupil.save()")
APART = """
try:
    pupil = Pupil.objects.get(pk=number)
except Pupil.DoesNotExist:
    return
Follow.objects.create(pupil_id=1, subject="left")
pupil.delete()
""".strip()


@pytest.mark.parametrize(
    ("body", "count"), [(GONE, 0), (STAYS, 1), (APART, 1)], ids=["gone", "stays", "apart"]
)
def test_a_row_that_is_used_up_with_the_effect(tmp_path: Path, body: str, count: int) -> None:
    files = {
        **SCHOOL,
        "school/models.py": FOLLOWED % "",
        "school/tasks.py": LEAVERS % body.replace("\n", "\n        "),
    }
    assert len(lines_shown(retried, tmp_path, files)) == count


BEES = """
    'use strict';
    const Queue = require('bee-queue');
    const express = require('express');
    const letters = new Queue('letters');
    const app = express();

    function queue(id, done) {
      letters.createJob({ id }).retries(3).save(%s);
    }
    app.post('/pupils/:id', (req, res) => {
      queue(req.params.id, (error) => res.sendStatus(error ? 503 : 202));
    });
    exports.queue = queue;
"""


@pytest.mark.parametrize(("given", "count"), [("done", 0), ("", 1)], ids=["told", "dropped"])
def test_a_caller_that_is_told_by_a_function(tmp_path: Path, given: str, count: int) -> None:
    assert len(lines_shown(dropped, tmp_path, {"src/app.js": BEES % given})) == count


LETTER = """
    import dramatiq
    import httpx
    from peewee import BooleanField, CharField, Model, PostgresqlDatabase

    database = PostgresqlDatabase("school")

    class Report(Model):
        address = CharField()
        sent = BooleanField(default=False)

        class Meta:
            database = database

    @dramatiq.actor(max_retries=5)
    def send(number):
        report = Report.select().where(Report.id == number).get()
        if report.sent:
            return
        httpx.post("https://mail.example/letters", json={"to": report.address}%s)
        Report.update(sent=True).where(Report.id == number).execute()
"""


@pytest.mark.parametrize(
    ("said", "count"),
    [(', headers={"Idempotency-Key": f"report-{number}"}', 0), ("", 1)],
    ids=["keyed", "bare"],
)
def test_a_request_that_its_receiver_tells_from_a_second_one(
    tmp_path: Path, said: str, count: int
) -> None:
    assert len(lines_shown(quota, tmp_path, {"school/letters.py": LETTER % said})) == count


SAVED = """
    import express from 'express';
    import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';

    @Entity()
    export class Desk {
      @PrimaryColumn() id: string;
      @Column() room: string;
    }
    const source = new DataSource({ type: 'postgres', entities: [Desk] });
    const app = express();
    app.post('/desks', async (req, res) => {
      await source.transaction(async (manager) => {
        for (const desk of req.body.desks) {
          %s
        }
      });
      res.end();
    });
"""


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("await manager.save(Desk, desk);", 0),
        ("await manager.update(Desk, { id: desk.id }, { room: desk.room });", 1),
    ],
    ids=["new rows", "rows that are there"],
)
def test_rows_that_are_added_in_the_order_of_a_request(
    tmp_path: Path, body: str, count: int
) -> None:
    assert len(lines_shown(crossed, tmp_path, {"src/app.ts": SAVED % body})) == count


MARKS = """
    from datetime import timedelta
    from django.db import OperationalError, transaction
    from django.http import HttpResponse
    from redis import Redis
    from rq import Queue
    from school.models import Pupil

    queue = Queue("marks", connection=Redis())

    def rename(number):
        Pupil.objects.filter(pk=number).update(name="again")

    def view(request, number):
        with transaction.atomic():
            %s
        return HttpResponse(status=201)
"""
RENAMED = "Pupil.objects.filter(pk=number).update(name='new')"
QUEUED = "queue.enqueue(rename, number)"
LATER = {
    "where the write was refused": (
        f"try:\n    {RENAMED}\nexcept OperationalError:\n    {QUEUED}",
        0,
    ),
    "much later": (f"{RENAMED}\nqueue.enqueue_in(timedelta(minutes=9), rename, number)", 0),
    "beside the write": (f"{RENAMED}\n{QUEUED}", 1),
    "where another statement of the transaction was refused": (
        f"{RENAMED}\ntry:\n    Pupil.objects.filter(name='x').update(name='y')\n"
        f"except OperationalError:\n    {QUEUED}",
        0,
    ),
    "where a statement in a savepoint was refused": (
        f"{RENAMED}\ntry:\n    with transaction.atomic():\n"
        f"        Pupil.objects.filter(name='x').update(name='y')\n"
        f"except OperationalError:\n    {QUEUED}",
        1,
    ),
    "where something else was refused": (
        f"{RENAMED}\ntry:\n    Pupil.objects.create(name='x')\nexcept KeyError:\n    {QUEUED}",
        1,
    ),
}


@pytest.mark.parametrize(("body", "count"), LATER.values(), ids=LATER)
def test_a_job_that_does_not_wait_for_the_transaction(
    tmp_path: Path, body: str, count: int
) -> None:
    files = {
        **SCHOOL,
        "school/models.py": FOLLOWED % "",
        "school/views.py": MARKS % body.replace("\n", "\n            "),
    }
    assert len(lines_shown(before_commit, tmp_path, files)) == count


MERGED = """
    import express from 'express';
    import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';

    @Entity()
    export class Timetable {
      @PrimaryColumn() id: string;
      @Column() details: string;
    }
    const source = new DataSource({ type: 'postgres', entities: [Timetable] });
    const app = express();
    app.put('/timetables/:id', async (req, res) => {
      const table = await source.getRepository(Timetable).findOneBy({ id: req.params.id });
      const kept = JSON.parse(table.details);
      table.details = JSON.stringify(%s);
      await source.getRepository(Timetable).save(table);
      res.end();
    });
"""


@pytest.mark.parametrize(
    ("value", "count"),
    [
        ("{ ...req.body.details, by: 'staff', id: kept?.id }", 0),
        ("{ ...kept, ...req.body.details }", 1),
        ("{ ...req.body.details, changes: kept.changes + 1 }", 1),
    ],
    ids=["the identifier", "all", "a number"],
)
def test_an_identifier_is_carried_over(tmp_path: Path, value: str, count: int) -> None:
    assert len(lines_shown(lost, tmp_path, {"src/app.ts": MERGED % value})) == count


BEGUN = """
    import express from 'express';
    import { DataSource } from 'typeorm';

    const source = new DataSource({ type: 'postgres' });
    const app = express();

    async function tried(runner) {
      try {
        await runner.startTransaction();
        %s
        return true;
      } catch (error) {
        if (error.code === 'BUSY') return false;
        throw error;
      }
    }
    app.post('/desks', async (req, res) => {
      const runner = source.createQueryRunner();
      for (let turn = 0; turn < 9; turn++) {
        if (await tried(runner)) break;
        await new Promise((resolve) => setTimeout(resolve, turn * 2000));
      }
      %s
      await runner.commitTransaction();
      res.end();
    });
"""
PAUSE = "await new Promise((resolve) => setTimeout(resolve, 4000));"


@pytest.mark.parametrize(
    ("inside", "after", "count"),
    [
        ("", "", 0),
        ("await runner.manager.query('UPDATE desks SET room = 1');", "", 1),
        ("", PAUSE, 1),
    ],
    ids=["it could not be begun", "it could, and then something failed", "it is open"],
)
def test_a_pause_before_a_transaction_is_tried_again(
    tmp_path: Path, inside: str, after: str, count: int
) -> None:
    assert len(lines_shown(waits, tmp_path, {"src/app.ts": BEGUN % (inside, after)})) == count


TWICE = """
    from django.http import HttpResponse
    from school.models import Follow

    def view(request, number):
        try:
            Follow.objects.get_or_create(pupil_id=number, subject="maths")
        except %s:
            Follow.objects.filter(pupil_id=number).first()
        return HttpResponse(status=201)
"""


@pytest.mark.parametrize(
    ("error", "count"),
    [("Follow.MultipleObjectsReturned", 0), ("Follow.DoesNotExist", 1)],
    ids=["two", "none"],
)
def test_two_rows_that_are_reckoned_with(tmp_path: Path, error: str, count: int) -> None:
    files = {**SCHOOL, "school/models.py": FOLLOWED % "", "school/views.py": TWICE % error}
    assert len(lines_shown(find_or_create, tmp_path, files)) == count


LAMPS = """
    from django.db import models
    from django.http import HttpResponse

    class Lamp(models.Model):
        is_on = models.BooleanField(default=False)
        hours = models.IntegerField(default=0)

    def view(request, number):
        lamp = Lamp.objects.get(pk=number)
        lamp.%s
        lamp.save()
        return HttpResponse(status=201)
"""


@pytest.mark.parametrize(
    ("change", "count"),
    [("is_on = not lamp.is_on", 0), ("hours = lamp.hours + 1", 1)],
    ids=["turned over", "counted"],
)
def test_a_switch(tmp_path: Path, change: str, count: int) -> None:
    files = {"lamps/__init__.py": "", "lamps/urls.py": SCHOOL["school/urls.py"]}
    files["lamps/urls.py"] = files["lamps/urls.py"].replace("school", "lamps")
    files["lamps/views.py"] = LAMPS % change
    assert len(lines_shown(lost, tmp_path, files)) == count


STATES = """
    import httpx
    from celery import shared_task
    from django.db import models
    from django.http import HttpResponse

    class Test(models.Model):
        status = models.CharField(max_length=9)

    @shared_task
    def mark(number, status):
        Test.objects.filter(pk=number).update(status=status)

    @shared_task
    def fetch(number):
        test = Test.objects.get(pk=number)
        answer = httpx.get("https://marks.example")
        %s

    def view(request, number):
        fetch.delay(number)
        %s
        return HttpResponse(status=201)
"""


@pytest.mark.parametrize(
    ("job", "route", "count"),
    [
        ("mark.delay(test.id, answer.text)", "", 0),
        ("", "mark.delay(number, request.POST['status'])", 1),
    ],
    ids=["of the program's own", "as a request says"],
)
def test_a_state_that_a_job_is_told(tmp_path: Path, job: str, route: str, count: int) -> None:
    files = {
        "marks/__init__.py": "",
        "marks/urls.py": SCHOOL["school/urls.py"].replace("school", "marks"),
        "marks/views.py": STATES % (job or "return", route or "pass"),
    }
    assert len(lines_shown(overtaken, tmp_path, files)) == count


POST = """
    import dramatiq
    import smtplib
    from peewee import CharField, Model, PostgresqlDatabase

    database = PostgresqlDatabase("school")

    class Report(Model):
        address = CharField()

        class Meta:
            database = database

    @dramatiq.actor(max_retries=5)
    def send(number):
        with smtplib.SMTP("mail.example") as smtp:
            %s
"""
LETTERS = {
    "one, and nothing after it": ("smtp.sendmail('a@school.example', 'b@c.example', 'x')", 0),
    "several": (
        "for one in Report.select():\n"
        "                smtp.sendmail('a@school.example', one.address, 'x')",
        1,
    ),
}


@pytest.mark.parametrize(("body", "count"), LETTERS.values(), ids=LETTERS)
def test_a_letter_that_is_sent_last(tmp_path: Path, body: str, count: int) -> None:
    assert len(lines_shown(retried, tmp_path, {"school/letters.py": POST % body})) == count


LATE_TASKS = """
    import smtplib
    from celery import Celery, Task, chain
    from django.db import transaction
    from django.http import HttpResponse
    from school.models import Follow

    app = Celery("school")

    class AfterCommit(Task):
        def apply_async(self, *args, **kwargs):
            %s

    @app.task(base=AfterCommit)
    def tell(number):
        Follow.objects.get(pk=number)

    @transaction.atomic
    def view(request, number):
        follow = Follow.objects.create(pupil_id=number, subject="maths")
        %s
        return HttpResponse(status=201)
"""
WAITING = "transaction.on_commit(lambda: super(AfterCommit, self).apply_async(*args, **kwargs))"
AT_ONCE = "return super().apply_async(*args, **kwargs)"


@pytest.mark.parametrize(
    "sent",
    [
        "tell.apply_async(args=(follow.pk,))",
        "tell.delay(follow.pk)",
        "chain(tell.si(follow.pk)).apply_async()",
    ],
    ids=["apply_async", "delay", "chain"],
)
def test_a_task_whose_class_waits_for_the_commit(tmp_path: Path, sent: str) -> None:
    for inside, count in ((WAITING, 0), (AT_ONCE, 1)):
        files = {
            **SCHOOL,
            "school/models.py": FOLLOWED % "",
            "school/views.py": LATE_TASKS % (inside, sent),
        }
        assert len(lines_shown(before_commit, tmp_path, files)) == count


ORDERS = """
    from django.db import models
    from django.http import HttpResponse
    from django.urls import path

    class Meal(models.Model):
        table = models.IntegerField()
        state = models.CharField(max_length=9)

    def view(request, number):
        found = Meal.objects.filter(table=number, state__in=("cooked", "ordered")).first()
        if found is None:
            Meal.objects.create(table=number, state="%s")
        return HttpResponse(status=201)

    urlpatterns = [path("meals/<int:number>", view)]
"""


@pytest.mark.parametrize(("state", "count"), [("sent back", 0), ("ordered", 1)])
def test_a_row_that_the_look_would_not_find(tmp_path: Path, state: str, count: int) -> None:
    files = {"inn/__init__.py": "", "inn/views.py": ORDERS % state}
    assert len(lines_shown(check, tmp_path, files)) == count


GIVEN = """
    from django.http import HttpResponse
    from school.models import Follow

    def add(number, follow=None):
        if not follow:
            Follow.objects.create(pupil_id=number, subject="maths")

    def view(request, number):
        follow = %s
        add(number, follow)
        return HttpResponse(status=201)
"""


@pytest.mark.parametrize(
    ("look", "count"),
    [
        ("Follow.objects.get_or_create(pupil_id=number, subject='maths')[0]", 0),
        ("Follow.objects.filter(pupil_id=number, subject='maths').first()", 1),
    ],
    ids=["always given", "perhaps"],
)
def test_a_look_that_always_gives_a_row(tmp_path: Path, look: str, count: int) -> None:
    unheld = FOLLOWED.split("        class Meta")[0]
    files = {**SCHOOL, "school/models.py": unheld, "school/views.py": GIVEN % look}
    assert len(lines_shown(check, tmp_path, files)) == count


AGAIN = """
    import httpx
    from celery import shared_task
    from school.models import Follow

    @shared_task(%s)
    def sync(self, number):
        %s
        Follow.objects.create(pupil_id=number, subject="maths")
        Follow.objects.filter(room=1).update(room=2)
"""
AGAIN_WHEN = {
    "it bounds only": ("bind=True, max_retries=4", "pass", 0),
    "it asks for it elsewhere": (
        "bind=True, max_retries=4",
        "if number < 0:\n            self.retry()\n            return",
        0,
    ),
    "for any error": ("bind=True, max_retries=4, autoretry_for=(Exception,)", "pass", 1),
    "what was added is deleted first": (
        "bind=True, max_retries=4, autoretry_for=(Exception,)",
        "Follow.objects.filter(pupil_id=number, subject='maths').delete()",
        0,
    ),
    "something else is deleted first": (
        "bind=True, max_retries=4, autoretry_for=(Exception,)",
        "Follow.objects.filter(pupil_id=number, subject='sports').delete()",
        1,
    ),
}


@pytest.mark.parametrize(("said", "first", "count"), AGAIN_WHEN.values(), ids=AGAIN_WHEN)
def test_a_task_that_is_run_again(tmp_path: Path, said: str, first: str, count: int) -> None:
    files = {
        **SCHOOL,
        "school/models.py": FOLLOWED % "",
        "school/tasks.py": AGAIN % (said, first),
    }
    assert len(lines_shown(retried, tmp_path, files)) == count


OUTBOX = """
    from celery import shared_task
    from django.conf import settings
    from django.db import transaction
    from django.http import HttpResponse
    from school.models import Follow

    @shared_task
    def tell(number):
        Follow.objects.get(pk=number)

    @transaction.atomic
    def view(request, number):
        follow = Follow.objects.create(pupil_id=number, subject="maths")
        if %s:
            tell.delay(follow.pk)
        else:
            transaction.on_commit(lambda: tell.delay(follow.pk))
        return HttpResponse(status=201)
"""


@pytest.mark.parametrize(
    ("switch", "count"),
    [("'locmem' in settings.EMAIL_BACKEND", 0), ("request.POST['now']", 1)],
    ids=["tests", "a request"],
)
def test_a_branch_for_tests(tmp_path: Path, switch: str, count: int) -> None:
    files = {**SCHOOL, "school/models.py": FOLLOWED % "", "school/views.py": OUTBOX % switch}
    assert len(lines_shown(before_commit, tmp_path, files)) == count


MADE = """
    from django.db import models
    from django.http import HttpResponse
    from django.urls import path

    class Basket(models.Model):
        number = models.IntegerField()

    class Bill(models.Model):
        basket = models.ForeignKey(Basket, on_delete=models.CASCADE)

    def view(request, number):
        %s
        if Bill.objects.filter(basket=basket).first() is None:
            Bill.objects.create(basket=basket)
        return HttpResponse(status=201)

    urlpatterns = [path("baskets/<int:number>", view)]
"""


@pytest.mark.parametrize(
    ("made", "count"),
    [
        ("basket = Basket(number=number)\n        basket.save()", 0),
        ("basket = Basket.objects.get(number=number)", 1),
    ],
    ids=["made and saved by this run", "read"],
)
def test_a_row_of_what_this_run_has_saved(tmp_path: Path, made: str, count: int) -> None:
    files = {"inn/__init__.py": "", "inn/views.py": MADE % made}
    assert len(lines_shown(check, tmp_path, files)) == count


ROWS = """
    from django.core.cache import cache
    from django.db import models, transaction
    from django.http import HttpResponse
    from django.urls import path

    class Plot(models.Model):
        seeds = models.IntegerField(default=0)

    @transaction.atomic
    def view(request, number):
        plot = Plot.objects.select_for_update().get(pk=number)
        %s
        plot.seeds = plot.seeds + 1
        plot.save()
        return HttpResponse(status=201)

    urlpatterns = [path("plots/<int:number>", view)]
"""


def test_a_lock_that_is_let_go_is_not_the_rows(tmp_path: Path) -> None:
    files = {"farm/__init__.py": "", "farm/views.py": ROWS % "cache.lock('hoe').release()"}
    assert lines_shown(lost, tmp_path, files) == []
    files["farm/views.py"] = files["farm/views.py"].replace(".select_for_update()", "")
    assert len(lines_shown(lost, tmp_path, files)) == 1


KIOSK = """
    const Database = require('better-sqlite3');
    const axios = require('axios');
    const express = require('express');
    const db = new Database('kiosk.db');
    const app = express();
    app.post('/papers', async (req, res) => {
      const found = db.prepare('SELECT id FROM papers WHERE title = ?').get(req.body.title);
      if (found) return res.sendStatus(409);
      %s
      db.prepare('INSERT INTO papers (title) VALUES (?)').run(req.body.title);
      res.sendStatus(201);
    });
"""


@pytest.mark.parametrize(
    ("between", "count"),
    [("", 0), ("await axios.post('https://press.example/ask');", 1)],
    ids=["nothing is waited for", "a request"],
)
def test_one_connection_without_waiting(tmp_path: Path, between: str, count: int) -> None:
    files = {
        "src/app.js": KIOSK % between,
        "db/001.sql": "CREATE TABLE papers (id integer PRIMARY KEY, title text);",
    }
    assert len(lines_shown(check, tmp_path, files)) == count
