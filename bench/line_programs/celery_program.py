"""Celery: a producer, and a worker with a pool of two forked processes."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import celery
from celery import group
from celery_tasks import note
from tags import tag

ROUNDS = int(sys.argv[1])


def produce(_number: int) -> None:
    one = note.delay(tag("delay"))  # line: delay
    two = note.apply_async([tag("apply")], countdown=0)  # line: apply
    three = group(note.s(tag("group")), note.s(tag("group"))).apply_async()  # line: group
    for result in (one, two, three):
        result.get(timeout=30)


command = "-m celery -A celery_tasks worker -c 2 -l error --without-gossip --without-mingle"
worker = subprocess.Popen([sys.executable, *command.split()])
try:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(produce, range(2 * ROUNDS)))
finally:
    worker.terminate()
    worker.wait()
print(celery.__version__)
