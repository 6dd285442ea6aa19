# ruff: noqa: T201
"""Writes bookings down, one after the other."""

import json
import os
import sys
import time
from collections import deque
from threading import Semaphore, Thread

import psycopg
import valkey

queue = valkey.Valkey.from_url(os.environ["QUEUE_URL"])
connection = psycopg.connect(os.environ["DATABASE_URL"])
in_hand, fetched = deque(), Semaphore(0)


def fetch_ahead():
    while True:
        in_hand.append(queue.brpop(["bookings"]))
        fetched.release()


def wait_for_next():
    fetched.acquire()
    return in_hand.popleft()


if "AHEAD" in os.environ:
    Thread(target=fetch_ahead, daemon=True).start()
print("clerk at work", flush=True)
while True:
    _, text = wait_for_next() if "AHEAD" in os.environ else queue.brpop(["bookings"])
    time.sleep(float(os.environ.get("CARE_S", "0")))
    try:
        with connection.transaction():
            connection.execute("INSERT INTO bookings VALUES (%s)", (json.loads(text)["room"],))
    except psycopg.Error as error:
        print(f"ERROR booking failed: {error}", file=sys.stderr, flush=True)
