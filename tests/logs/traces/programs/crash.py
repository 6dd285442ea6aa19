"""Writes one kind of CPython's traces."""

from __future__ import annotations

import asyncio
import sys
import threading
import traceback


class StoreError(Exception):
    """Raised from another error."""


def insert(number: int) -> None:
    raise KeyError(f"duplicate key {number}")


def save(number: int) -> None:
    try:
        insert(number)
    except KeyError as error:
        failed = StoreError(f"cannot save {number}\nDETAIL:  Key (a)=(1) already exists.")
        raise failed from error


def while_handling() -> None:
    try:
        insert(3)
    except KeyError:
        int("x")


def deep(left: int) -> None:
    if left:
        deep(left - 1)
    insert(4)


async def together() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.to_thread(save, 1))
        group.create_task(asyncio.to_thread(while_handling))


def write(kind: str) -> None:
    if kind == "thread":
        thread = threading.Thread(target=save, args=(1,), name="worker")
        thread.start()
        thread.join()
        return
    try:
        {
            "chained": lambda: save(1),
            "handling": while_handling,
            "deep": lambda: deep(40),
            "group": lambda: asyncio.run(together()),
        }[kind]()
    except (KeyError, ValueError, StoreError, ExceptionGroup):
        traceback.print_exc()


write(sys.argv[1])
