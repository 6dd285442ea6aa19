"""What the Celery worker of ``celery_program.py`` does."""

from __future__ import annotations

import os

import psycopg
import redis
from celery import Celery
from tags import tag

app = Celery("lines", broker=os.environ["REDIS_URL"] + "/0", backend=os.environ["REDIS_URL"] + "/0")
app.conf.update(broker_connection_retry_on_startup=True, worker_prefetch_multiplier=1)
client = redis.Redis.from_url(os.environ["REDIS_URL"])


@app.task
def note(value: str) -> str:
    client.set(tag("in_task"), "1")  # line: in_task
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("SELECT %s::text", [tag("query_in_task")])  # line: query_in_task
    return "done"
