"""Tasks of Celery with Redis as broker and for results. PORT. With `worker`: the worker itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import redis
from celery import Celery, chord, group

PORT = int(sys.argv[1])
app = Celery(
    "celery_tasks", broker=f"redis://127.0.0.1:{PORT}/0", backend=f"redis://127.0.0.1:{PORT}/1"
)
app.conf.update(
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
    worker_prefetch_multiplier=1,
    broker_transport_options={"polling_interval": 0.1},
)


@app.task(name="double")
def double(number: int) -> int:
    return number * 2


@app.task(name="total")
def total(numbers: list[int]) -> int:
    return sum(numbers)


@app.task(name="sometimes", bind=True, max_retries=2)
def sometimes(self, number: int) -> int:
    if self.request.retries < 1:
        raise self.retry(countdown=0)
    return number


@app.task(name="never")
def never() -> None:
    raise ValueError("never")


def main() -> None:
    redis.Redis(port=PORT).flushall()
    pool = sys.argv[2] if len(sys.argv) > 2 else "prefork"
    worker = subprocess.Popen(
        [sys.executable, __file__, str(PORT), "worker", pool],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        print([double.delay(n).get(timeout=30) for n in range(5)], flush=True)
        print(group(double.s(n) for n in range(5))().get(timeout=30), flush=True)
        print(chord([double.s(n) for n in range(4)], total.s())().get(timeout=30), flush=True)
        print(sometimes.delay(9).get(timeout=30), flush=True)
        print(repr(never.delay().get(timeout=30, propagate=False)), flush=True)
        print(double.apply_async((4,), countdown=0.1).get(timeout=30), flush=True)
    finally:
        worker.send_signal(signal.SIGTERM)
        print("worker", worker.wait(30))


if __name__ == "__main__":
    if "worker" in sys.argv:
        os.environ.setdefault("C_FORCE_ROOT", "1")
        arguments = ["worker", "-P", sys.argv[3], "-c", "2", "-l", "CRITICAL"]
        app.worker_main([*arguments, "--without-gossip", "--without-mingle"])
    else:
        main()
