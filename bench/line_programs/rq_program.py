"""RQ: jobs added one by one and in bulk, and a worker that forks for each."""

from __future__ import annotations

import subprocess
import sys

import rq
from rq_tasks import client, note
from tags import tag

ROUNDS = int(sys.argv[1])
queue = rq.Queue("lines", connection=client)
for _ in range(3 * ROUNDS):
    queue.enqueue(note, "1", description=tag("enqueue"))  # line: enqueue
    pipeline = client.pipeline()
    queue.enqueue(note, "2", description=tag("piped"), pipeline=pipeline)
    pipeline.execute()  # line: piped
address = "redis://{host}:{port}".format(**client.connection_pool.connection_kwargs)
command = ["-m", "rq.cli", "worker", "lines", "--burst", "--url", address, "--quiet"]
subprocess.run([sys.executable, *command], check=True, timeout=50)
print(rq.VERSION)
