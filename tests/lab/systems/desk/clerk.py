# ruff: noqa: T201
"""Writes bookings down, one after the other."""

import json
import os
import sys
import time

import psycopg
import valkey

queue = valkey.Valkey.from_url(os.environ["QUEUE_URL"])
connection = psycopg.connect(os.environ["DATABASE_URL"])
print("clerk at work", flush=True)
while True:
    _, text = queue.brpop(["bookings"])
    time.sleep(float(os.environ.get("CARE_S", "0")))
    try:
        with connection.transaction():
            connection.execute("INSERT INTO bookings VALUES (%s)", (json.loads(text)["room"],))
    except psycopg.Error as error:
        print(f"ERROR booking failed: {error}", file=sys.stderr, flush=True)
