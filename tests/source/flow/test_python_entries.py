"""Where the outside comes in to Python programs: routes, jobs, schedules, commands."""

from __future__ import annotations

from pathlib import Path

import pytest
from python_programs import followed, lines

from redhanded.source.flow.values import Known

STORE = "import redis\nkeys = redis.Redis()\n"

FASTAPI = {
    "pkg/__init__.py": "",
    "pkg/store.py": STORE,
    "pkg/api.py": """
        from fastapi import APIRouter, BackgroundTasks, Depends
        from pydantic import BaseModel
        from .store import keys

        def check(token: str):
            keys.get("token")

        router = APIRouter(prefix="/lamps", dependencies=[Depends(check)])

        class Lamp(BaseModel):
            name: str

        def later(name):
            keys.delete(name)

        @router.post("/{room}")
        def light(room: str, lamp: Lamp, tasks: BackgroundTasks):
            keys.set(f"lamp:{room}", lamp.name)
            tasks.add_task(later, "old")

        @router.api_route("/all", methods=["GET", "DELETE"])
        async def all_of_them():
            keys.get("lamps")
        """,
    "pkg/main.py": """
        from fastapi import FastAPI
        from . import api
        from .store import keys

        def make():
            app = FastAPI()
            app.include_router(api.router, prefix="/v1")

            @app.get("/health")
            def health():
                keys.get("x")

            return app

        app = make()
        """,
}


def test_fastapi(tmp_path: Path) -> None:
    paths = followed(tmp_path, FASTAPI)
    assert {name: lines(one) for name, one in paths.items()} == {
        "POST /v1/lamps/{room}": ["get token", "set lamp:*", "remove old"],
        "GET /v1/lamps/all": ["get token", "get lamps"],
        "DELETE /v1/lamps/all": ["get token", "get lamps"],
        "GET /health": ["get x"],
    }


FLASK = {
    "lamps/__init__.py": """
        from flask import Flask

        def create_app():
            app = Flask(__name__)
            from .views import lamps
            app.register_blueprint(lamps, url_prefix="/v2")
            return app
        """,
    "lamps/store.py": STORE,
    "lamps/views.py": """
        from flask import Blueprint, request
        from flask.views import MethodView
        from .store import keys

        lamps = Blueprint("lamps", __name__)

        @lamps.route("/lamps/<int:number>", methods=["POST"])
        def light(number):
            keys.set(f"lamp:{number}", request.json["name"])

        class Rooms(MethodView):
            def get(self, room):
                keys.get(f"room:{room}")

        lamps.add_url_rule("/rooms/<room>", view_func=Rooms.as_view("rooms"))

        @lamps.cli.command("tidy")
        def tidy():
            keys.delete("lamps")
        """,
}


def test_flask(tmp_path: Path) -> None:
    paths = followed(tmp_path, FLASK)
    assert {name: lines(one) for name, one in paths.items()} == {
        "POST /v2/lamps/<int:number>": ["set lamp:*"],
        "GET /v2/rooms/<room>": ["get room:*"],
        "flask tidy": ["remove lamps"],
    }


CELERY = {
    "work/__init__.py": "",
    "work/queue.py": """
        from celery import Celery
        from celery.schedules import crontab

        app = Celery("work", broker="redis://x")
        app.conf.update(task_acks_late=True)
        app.conf.beat_schedule = {
            "nightly": {"task": "work.tasks.sweep", "schedule": crontab(minute=0, hour=3)},
        }
        """,
    "work/store.py": STORE,
    "work/tasks.py": """
        from celery import shared_task
        from .queue import app
        from .store import keys

        @app.task(bind=True, max_retries=5)
        def bake(self, loaf):
            try:
                keys.set(f"loaf:{loaf}", 1)
            except Exception as error:
                raise self.retry(exc=error)

        @shared_task(name="slice-it", autoretry_for=(Exception,))
        def cut(loaf):
            keys.incr("slices")

        @app.task
        def sweep():
            keys.delete("crumbs")
        """,
    "work/web.py": """
        from celery import chain
        from fastapi import FastAPI
        from . import tasks
        from .queue import app as queue

        app = FastAPI()

        @app.post("/bake/{loaf}")
        def bake(loaf: str):
            tasks.bake.delay(loaf)
            tasks.cut.apply_async((loaf,), countdown=5)
            queue.send_task("slice-it", args=[loaf])
            chain(tasks.bake.s(loaf), tasks.cut.si(loaf)).delay()
        """,
}


def test_celery(tmp_path: Path) -> None:
    paths = followed(tmp_path, CELERY)
    assert {name: lines(one) for name, one in paths.items()} == {
        "celery:work.tasks.bake": ["set loaf:*"],
        "celery:slice-it": ["increment slices"],
        "celery:work.tasks.sweep": ["remove crumbs"],
        "cron 0 3 * * * work.tasks.sweep": ["remove crumbs"],
        "POST /bake/{loaf}": [
            "enqueue celery work.tasks.bake",
            "enqueue celery slice-it",
            "enqueue celery slice-it",
            "enqueue celery work.tasks.bake",
            "enqueue celery slice-it",
        ],
    }
    bake = paths["celery:work.tasks.bake"].entry.options
    assert bake["max_retries"] == Known(5)
    assert bake["acks_late"] == Known(True)
    assert "max_retries" not in paths["celery:work.tasks.sweep"].entry.options
    assert "autoretry_for" in paths["celery:slice-it"].entry.options
    names = list(paths)
    jobs = paths["POST /bake/{loaf}"].jobs
    assert [names[one.entry] for one in jobs] == [
        "celery:work.tasks.bake",
        "celery:slice-it",
        "celery:slice-it",
        "celery:work.tasks.bake",
        "celery:slice-it",
    ]


JOBS = {
    "rq": (
        """
        from rq import Queue, Retry
        from redis import Redis
        keys = Redis()
        queue = Queue("ovens", connection=keys)

        def bake(loaf):
            keys.set(f"loaf:{loaf}", 1)

        @app.post("/go")
        def go():
            queue.enqueue(bake, "rye", job_id="rye", retry=Retry(max=3))
        """,
        "rq:bake",
    ),
    "dramatiq": (
        """
        import dramatiq
        from redis import Redis
        keys = Redis()

        @dramatiq.actor(max_retries=3)
        def bake(loaf):
            keys.set(f"loaf:{loaf}", 1)

        @app.post("/go")
        def go():
            bake.send("rye")
        """,
        "dramatiq:bake",
    ),
    "arq": (
        """
        from arq import create_pool
        from arq.connections import RedisSettings
        from redis.asyncio import Redis
        keys = Redis()

        async def bake(ctx, loaf):
            await keys.set(f"loaf:{loaf}", 1)

        class WorkerSettings:
            functions = [bake]
            redis_settings = RedisSettings()

        @app.post("/go")
        async def go():
            pool = await create_pool(RedisSettings())
            await pool.enqueue_job("bake", "rye", _job_id="rye")
        """,
        "arq:bake",
    ),
}


@pytest.mark.parametrize("name", JOBS)
def test_jobs(tmp_path: Path, name: str) -> None:
    text, consumer = JOBS[name]
    head = "from fastapi import FastAPI\napp = FastAPI()\n"
    body = "\n".join(line.removeprefix("        ") for line in text.split("\n"))
    paths = followed(tmp_path, {"ovens.py": head + body})
    assert lines(paths[consumer]) == ["set loaf:*"]
    assert lines(paths["POST /go"]) == [f"enqueue {name} bake"]
    assert [list(paths)[one.entry] for one in paths["POST /go"].jobs] == [consumer]


COMMANDS = """
import click
import typer
from apscheduler.schedulers.background import BackgroundScheduler
from redis import Redis

keys = Redis()
cli = typer.Typer()
clock = BackgroundScheduler()


@click.command()
def first():
    keys.set("a", 1)


@cli.command("second")
def two(name: str):
    keys.set("b", name)


@clock.scheduled_job("interval", minutes=5)
def third():
    keys.set("c", 1)


def fourth():
    keys.set("d", 1)


clock.add_job(fourth, "cron", hour=3)
"""


def test_commands_and_schedules(tmp_path: Path) -> None:
    paths = followed(tmp_path, {"tools.py": COMMANDS})
    assert {name: lines(one) for name, one in paths.items()} == {
        "first": ["set a"],
        "second": ["set b"],
        "every 5 minutes third": ["set c"],
        "cron * 3 * * * fourth": ["set d"],
    }
