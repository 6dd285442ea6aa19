"""What the RQ worker of ``rq_program.py`` does."""

from __future__ import annotations

import os

import psycopg
import redis
from tags import tag

client = redis.Redis.from_url(os.environ["REDIS_URL"])


def note(value: str) -> None:
    client.set(tag("in_job"), "1")  # line: in_job
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("SELECT %s::text", [tag("query_in_job")])  # line: query_in_job
