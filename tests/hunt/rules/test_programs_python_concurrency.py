"""Limits, transactions, lock order and dropped coroutines from the text of Python programs."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from programs import lines_shown

from redhanded.hunt.suspect.rules import (
    cache_set_after_invalidation,
    opposite_lock_order,
    promise_not_awaited,
    quota_check,
    transaction_across_network,
    wrong_isolation_level,
)

DJANGO = """
    import requests
    from django.core.cache import cache
    from django.db import transaction
    from django.db.models import F
    from django.http import JsonResponse
    from lessons.models import Lesson, Pupil


    def book(request, number, other):
        who = request.POST["who"]
        BODY
        return JsonResponse({})


    def rename(request, number):
        AFTER
        return JsonResponse({})
"""
DJANGO_FILES = {
    "manage.py": "import django\n",
    "site/urls.py": """
        from django.urls import path
        from lessons import views

        urlpatterns = [
            path("lessons/<int:number>/<int:other>", views.book),
            path("lessons/<int:number>", views.rename),
        ]
    """,
    "lessons/models.py": """
        from django.db import models


        class Lesson(models.Model):
            title = models.CharField(max_length=40)
            seats = models.IntegerField(default=12)


        class Pupil(models.Model):
            lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE)
            name = models.CharField(max_length=40)
    """,
}
FASTAPI = """
    import asyncio
    import httpx
    from fastapi import Depends, FastAPI
    from sqlalchemy import func, select, update
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

    engine = create_async_engine("postgresql+asyncpg://")
    sessions = async_sessionmaker(engine)
    app = FastAPI()


    class Base(DeclarativeBase):
        pass


    class Lesson(Base):
        __tablename__ = "lessons"
        id: Mapped[int] = mapped_column(primary_key=True)
        seats: Mapped[int]


    class Pupil(Base):
        __tablename__ = "pupils"
        id: Mapped[int] = mapped_column(primary_key=True)
        lesson_id: Mapped[int]


    async def session():
        async with sessions() as one:
            yield one


    async def note(db, number):
        db.add(Pupil(lesson_id=number))
        await db.commit()


    @app.post("/lessons/{number}/{other}")
    async def book(number: int, other: int, db: AsyncSession = Depends(session)):
        BODY
"""


def files(frame: str, body: str, after: str = "pass") -> dict[str, str]:
    indent = "        "
    text = frame.replace("BODY", body.replace("\n", "\n" + indent))
    text = text.replace("AFTER", after.replace("\n", "\n" + indent))
    return {**DJANGO_FILES, "lessons/views.py": text} if frame is DJANGO else {"app.py": text}


COUNT = "if Pupil.objects.filter(lesson_id=number).count() >= 12:\n    raise ValueError('full')\n"
ADD = "Pupil.objects.create(lesson_id=number, name=who)"
A_COUNT = (
    "taken = await db.scalar(select(func.count()).select_from(Pupil)"
    ".where(Pupil.lesson_id == number))\nif taken >= 12:\n    raise ValueError('full')\n"
)
A_ADD = "db.add(Pupil(lesson_id=number))\nawait db.commit()"
TWO = (
    "one = Lesson.objects.select_for_update().get(pk=number)\n"
    "two = Lesson.objects.select_for_update().get(pk=other)\n"
)


def atomic(body: str) -> str:
    return "with transaction.atomic():\n    " + body.rstrip("\n").replace("\n", "\n    ")


limit, order, network, dropped = (
    quota_check,
    opposite_lock_order,
    transaction_across_network,
    promise_not_awaited,
)
FAULTY = {
    "django, counted": (limit, DJANGO, COUNT + ADD, "create"),
    "django, counted in a transaction": (limit, DJANGO, atomic(COUNT + ADD), "create"),
    "django, compared": (
        limit,
        DJANGO,
        "lesson = Lesson.objects.get(pk=number)\n"
        "if lesson.seats < 1:\n    raise ValueError('full')\n"
        "Lesson.objects.filter(pk=number).update(seats=F('seats') - 1)",
        "update",
    ),
    "fastapi, counted": (limit, FASTAPI, A_COUNT + A_ADD, "db."),
    "django, two rows": (order, DJANGO, atomic(TWO), "pk=other"),
    "fastapi, two rows": (
        order,
        FASTAPI,
        "one = await db.scalar(select(Lesson).where(Lesson.id == number).with_for_update())\n"
        "two = await db.scalar(select(Lesson).where(Lesson.id == other).with_for_update())\n"
        "await db.commit()",
        "other",
    ),
    "django, a request": (
        network,
        DJANGO,
        atomic(ADD + "\nrequests.post('https://mail.example', json={})"),
        "requests.post",
    ),
    "fastapi, a request": (
        network,
        FASTAPI,
        "await db.execute(update(Lesson).where(Lesson.id == number).values(seats=1))\n"
        "async with httpx.AsyncClient() as client:\n    await client.post('https://mail.example')\n"
        "await db.commit()",
        "client.post",
    ),
    "fastapi, dropped": (dropped, FASTAPI, "note(db, number)\nreturn {}", "note(db, number)"),
}


@pytest.mark.parametrize(("rule", "frame", "body", "line"), FAULTY.values(), ids=FAULTY)
def test_faulty(tmp_path: Path, rule: ModuleType, frame: str, body: str, line: str) -> None:
    (found,) = lines_shown(rule, tmp_path, files(frame, body))
    assert line in found


SAFE = {
    "django, the parent is locked": (
        limit,
        DJANGO,
        atomic("Lesson.objects.select_for_update().get(pk=number)\n" + COUNT + ADD),
    ),
    "django, a condition": (
        limit,
        DJANGO,
        "done = Lesson.objects.filter(pk=number, seats__gt=0).update(seats=F('seats') - 1)\n"
        "if not done:\n    raise ValueError('full')\n" + ADD,
    ),
    "fastapi, the parent is locked": (
        limit,
        FASTAPI,
        "await db.scalar(select(Lesson).where(Lesson.id == number).with_for_update())\n"
        + A_COUNT
        + A_ADD,
    ),
    "django, in one order": (
        order,
        DJANGO,
        atomic(
            "first, second = sorted([number, other])\n"
            + TWO.replace("pk=number", "pk=first").replace("pk=other", "pk=second")
        ),
    ),
    "django, one statement": (
        order,
        DJANGO,
        atomic(
            "list(Lesson.objects.select_for_update().filter(pk__in=[number, other])"
            ".order_by('pk'))\n"
        ),
    ),
    "django, no transaction": (
        order,
        DJANGO,
        "Lesson.objects.filter(pk=number).update(seats=1)\n"
        "Lesson.objects.filter(pk=other).update(seats=2)",
    ),
    "django, after the commit": (
        network,
        DJANGO,
        atomic(ADD) + "\nrequests.post('https://mail.example', json={})",
    ),
    "django, on commit": (
        network,
        DJANGO,
        atomic(ADD + "\ntransaction.on_commit(lambda: requests.post('https://mail.example'))"),
    ),
    "fastapi, before the first statement": (
        network,
        FASTAPI,
        "async with httpx.AsyncClient() as client:\n    await client.post('https://mail.example')\n"
        + A_ADD,
    ),
    "fastapi, awaited": (dropped, FASTAPI, "await note(db, number)\nreturn {}"),
    "fastapi, gathered": (
        dropped,
        FASTAPI,
        "await asyncio.gather(note(db, number), note(db, other))",
    ),
    "fastapi, a task": (
        dropped,
        FASTAPI,
        "task = asyncio.create_task(note(db, 1))\nawait task",
    ),
}


@pytest.mark.parametrize(("rule", "frame", "body"), SAFE.values(), ids=SAFE)
def test_safe(tmp_path: Path, rule: ModuleType, frame: str, body: str) -> None:
    assert lines_shown(rule, tmp_path, files(frame, body)) == []


READ = (
    "title = cache.get(f'title:{number}')\nif title is None:\n"
    "    title = Lesson.objects.get(pk=number).title\n"
    "    cache.set(f'title:{number}', title, 3600)"
)
SET = "Lesson.objects.filter(pk=number).update(title=request.POST['title'])\n"


def test_a_cache_that_keeps_an_old_value(tmp_path: Path) -> None:
    after = SET + "cache.delete(f'title:{number}')"
    (line,) = lines_shown(cache_set_after_invalidation, tmp_path, files(DJANGO, READ, after))
    assert "cache.set" in line


def test_a_cache_that_ends_soon(tmp_path: Path) -> None:
    after = SET + "cache.delete(f'title:{number}')"
    soon = files(DJANGO, READ.replace("3600", "5"), after)
    assert lines_shown(cache_set_after_invalidation, tmp_path, soon) == []


SKEWED = """
    import psycopg
    from flask import Flask, request

    app = Flask(__name__)


    @app.post("/shifts/<int:number>/leave")
    def leave(number):
        with psycopg.connect("") as db:
            db.execute("SET TRANSACTION ISOLATION LEVEL LEVEL")
            left = db.execute("SELECT count(*) FROM shifts WHERE ward = %s AND on_call", [number])
            if left.fetchone()[0] < 2:
                raise ValueError("the last one stays")
            db.execute("UPDATE shifts SET ward = NULL WHERE id = %s", [request.form["shift"]])
        return ""
"""


def test_two_leave_at_once(tmp_path: Path) -> None:
    skewed = {"app.py": SKEWED.replace("LEVEL LEVEL", "LEVEL REPEATABLE READ")}
    (line,) = lines_shown(wrong_isolation_level, tmp_path, skewed)
    assert "UPDATE shifts" in line
