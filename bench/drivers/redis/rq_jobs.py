"""Jobs of RQ through one server, done by workers that fork and one that does not. PORT."""

from __future__ import annotations

import logging
import sys
from datetime import timedelta
from operator import mul, truediv

import redis
from rq import Queue, SimpleWorker, Worker
from rq.job import Dependency, Retry

client = redis.Redis(port=int(sys.argv[1]))
client.flushall()
logging.disable(logging.CRITICAL)
queue = Queue("work", connection=client)
jobs = [queue.enqueue(mul, n, 2) for n in range(5)]
jobs.append(queue.enqueue(truediv, 1, 0, retry=Retry(max=1)))
jobs.append(queue.enqueue(sum, [1, 2], depends_on=Dependency(jobs[:2])))
jobs.append(queue.enqueue_in(timedelta(0), mul, 3, 3))
Worker([queue], connection=client).work(burst=True, with_scheduler=True, logging_level="CRITICAL")
SimpleWorker([queue], connection=client).work(burst=True, logging_level="CRITICAL")
for job in jobs:
    job.refresh()
    result = job.latest_result()
    print(job.get_status(), job.return_value(), result.type.name if result else None, flush=True)
print(len(queue), queue.failed_job_registry.count, queue.finished_job_registry.count)
