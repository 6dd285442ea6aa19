# ruff: noqa: T201
"""Writes bookings down, one after the other: spelled otherwise."""

import json
import os
import sys
from contextlib import suppress

import psycopg
import valkey

WRITE_DOWN = """
    insert into "public"."bookings" ("room")
         values ( %(room)s )  -- the only column
"""


def write_down(connection, job):
    with connection.transaction():
        connection.execute(WRITE_DOWN, job)


def main():
    queue = valkey.Valkey.from_url(os.environ["QUEUE_URL"])
    connection = psycopg.connect(os.environ["DATABASE_URL"])
    print("clerk at work", flush=True)
    while job := queue.brpop(["bookings"]):
        try:
            write_down(connection, json.loads(job[1]))
        except psycopg.Error as error:
            print(f"ERROR booking failed: {error}", file=sys.stderr, flush=True)


with suppress(KeyboardInterrupt):
    main()
