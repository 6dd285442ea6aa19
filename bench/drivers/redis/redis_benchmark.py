"""redis-benchmark with pipelines of 16, by environment REDIS_BENCHMARK. PORT.

Prints which tests ran to their end and what they left, not how fast.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import redis

PROGRAM = Path(os.environ["REDIS_BENCHMARK"])
TESTS = "ping_inline,ping_mbulk,set,get,incr,lpush,rpop,sadd,hset,zadd,lrange_100,mset"
client = redis.Redis(port=int(sys.argv[1]))
client.flushall()
for version in ((), ("-3",)):
    options = ["-P", "16", "-n", "4000", "-c", "10", "-t", TESTS, "--csv", *version]
    done = subprocess.run(
        [PROGRAM, "-p", sys.argv[1], *options],
        env=os.environ | {"LD_LIBRARY_PATH": str(PROGRAM.with_name("lib"))},
        capture_output=True,
        text=True,
        check=False,
    )
    print(done.returncode, [row[0] for row in csv.reader(done.stdout.splitlines())])
    print(client.get("counter:__rand_int__"), client.llen("mylist"), client.dbsize())
