# ruff: noqa: T201
"""Writes bookings down, one after the other."""

import json
import os
import sys
import time
from queue import SimpleQueue
from threading import Thread

import psycopg
import valkey

queue = valkey.Valkey.from_url(os.environ["QUEUE_URL"])
connection = psycopg.connect(os.environ["DATABASE_URL"])
taken = SimpleQueue()


def take_ahead():
    while True:
        taken.put(queue.brpop(["bookings"]))


if "AHEAD" in os.environ:
    Thread(target=take_ahead, daemon=True).start()
print("clerk at work", flush=True)
while True:
    _, text = taken.get() if "AHEAD" in os.environ else queue.brpop(["bookings"])
    time.sleep(float(os.environ.get("CARE_S", "0")))
    try:
        with connection.transaction():
            connection.execute("INSERT INTO bookings VALUES (%s)", (json.loads(text)["room"],))
    except psycopg.Error as error:
        print(f"ERROR booking failed: {error}", file=sys.stderr, flush=True)
