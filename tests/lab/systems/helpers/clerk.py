# ruff: noqa: T201
"""Hands each booking to a helper and waits for the next at once; the database takes its time."""

import json
import os
import threading

import psycopg
import valkey

queue = valkey.Valkey.from_url(os.environ["QUEUE_URL"])


def book(room):
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("INSERT INTO bookings SELECT %s FROM pg_sleep(0.3)", (room,))


print("clerk at work", flush=True)
while True:
    _, text = queue.brpop(["bookings"])
    threading.Thread(target=book, args=(json.loads(text)["room"],)).start()
