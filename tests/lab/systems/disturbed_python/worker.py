# ruff: noqa: T201
"""Forks for each job."""

import os

import redis
from rq import Queue, Worker

connection = redis.Redis.from_url(os.environ["CACHE_URL"])
print("worker at work", flush=True)
Worker([Queue("records", connection=connection)], connection=connection).work()
