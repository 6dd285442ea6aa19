# ruff: noqa: T201
"""Does errands one after the other: as procrastinate has them, or from a table of its own."""

import asyncio
import os
import time

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
else:
    work_by_hand()
