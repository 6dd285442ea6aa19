# ruff: noqa: T201
"""What the drivers of Python make of what the environment does to them."""

import asyncio
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import asyncpg
import psycopg
import redis
from jobs import record
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue

URL = os.environ["DATABASE_URL"]
cache = redis.Redis.from_url(os.environ["CACHE_URL"])
queue = Queue("records", connection=cache)
MOVE = "UPDATE accounts SET amount = amount + 1 WHERE id = 'a'"


def transfer(prepare):
    """Says what came, and whether the session can be used afterwards."""
    with psycopg.connect(URL) as connection:
        connection.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
        try:
            for _ in range(2):
                connection.execute(MOVE, prepare=prepare)
            connection.commit()
        except psycopg.Error as error:
            print(f"transfer: {error.sqlstate} {connection.info.transaction_status.name}")
            connection.rollback()
            (amount,) = connection.execute("SELECT amount FROM accounts WHERE id = 'a'").fetchone()
            print(f"afterwards: {amount} {connection.info.transaction_status.name}")


def psycopg_plain(_body):
    transfer(None)


def psycopg_prepared(_body):
    transfer(True)


def psycopg_pipeline(_body):
    """One Sync for all of it."""
    with psycopg.connect(URL, autocommit=True) as connection, connection.pipeline():
        for _ in range(2):
            connection.execute(MOVE)


async def in_asyncpg():
    connection = await asyncpg.connect(URL)
    try:
        async with connection.transaction(isolation="serializable"):
            for _ in range(2):
                await connection.execute(MOVE.replace("'a'", "$1"), "a")
    except asyncpg.PostgresError as error:
        print(f"transfer: {error.sqlstate} {connection.is_in_transaction()}")
        amount = await connection.fetchval("SELECT amount FROM accounts WHERE id = $1", "a")
        print(f"afterwards: {amount} {connection.is_in_transaction()}")
    await connection.close()


def asyncpg_prepared(_body):
    asyncio.run(in_asyncpg())


def count(_body):
    """Counts under the lock of redis-py."""
    lock = cache.lock("lease", timeout=60)
    lock.acquire()
    with psycopg.connect(URL, autocommit=True) as connection:
        (amount,) = connection.execute("SELECT amount FROM accounts WHERE id = 'a'").fetchone()
        connection.execute("UPDATE accounts SET amount = %s WHERE id = 'a'", (amount + 1,))
    try:
        lock.release()
    except redis.exceptions.LockError as error:
        print(f"release: {error}")


def impatient(_body):
    """Waits for a quarter of a second at most."""
    options = {"socket_timeout": 0.25, "retry": Retry(NoBackoff(), 0)}
    with redis.Redis.from_url(os.environ["CACHE_URL"], **options) as client:
        client.set("alive", "yes")


def enqueue(body):
    queue.enqueue(record, body["payment"])


class Desk(BaseHTTPRequestHandler):
    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"] or 0))
        status = 200
        try:
            globals()[urlsplit(self.path).path[1:]](json.loads(text or b"{}"))
        except (psycopg.Error, asyncpg.PostgresError, redis.RedisError, OSError) as error:
            print(f"failed: {type(error).__name__}")
            status = 500
        self.send_response(status)
        self.end_headers()

    def do_GET(self):
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Desk).serve_forever()
