# ruff: noqa: T201
"""Does errands one after the other: as procrastinate has them, or from a table of its own, looked
at from time to time or when somebody notifies."""

import asyncio
import os
import time

import asyncpg
import psycopg
from errand import app, count

TAKE = """
    UPDATE errands SET taken = now() WHERE id = (
        SELECT id FROM errands WHERE taken IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING id, letter
"""


async def work_for_procrastinate() -> None:
    async with app.open_async():
        print("clerk ready", flush=True)
        await app.run_worker_async()


async def work_when_notified() -> None:
    connection = await asyncpg.connect(os.environ["LETTERS_DB"])
    listener = await asyncpg.connect(os.environ["LETTERS_DB"])
    notified = asyncio.Event()
    await listener.add_listener("errands", lambda *_: notified.set())
    print("clerk ready", flush=True)
    while True:
        notified.clear()
        while (taken := await connection.fetchrow(TAKE)) is not None:
            total = await connection.fetchval("SELECT total FROM counted")
            await connection.execute("UPDATE counted SET total = $1", total + 1)
            await connection.execute("INSERT INTO done VALUES ($1)", taken["letter"])
            await connection.execute("DELETE FROM errands WHERE id = $1", taken["id"])
        await notified.wait()


def work_by_hand() -> None:
    with psycopg.connect(os.environ["LETTERS_DB"], autocommit=True) as connection:
        print("clerk ready", flush=True)
        while True:
            taken = connection.execute(TAKE).fetchone()
            if taken is None:
                time.sleep(float(os.environ["POLL_S"]))
            else:
                count(connection, taken[1])
                connection.execute("DELETE FROM errands WHERE id = %s", (taken[0],))


if os.environ["LIBRARY"] == "procrastinate":
    asyncio.run(work_for_procrastinate())
elif os.environ["LIBRARY"] == "asyncpg":
    asyncio.run(work_when_notified())
else:
    work_by_hand()
