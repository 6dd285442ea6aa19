"""What pgbench does on the wire: ``pgbench.py simple|extended|prepared|pipeline``."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
from showing import URL, show

PIPELINE = """\
\\set aid random(1, 100000)
\\startpipeline
SELECT abalance FROM pgbench_accounts WHERE aid = :aid;
UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid = :aid;
INSERT INTO pgbench_history (tid, bid, aid, delta) VALUES (1, 1, :aid, 1);
\\endpipeline
"""
STATE = (
    "SELECT sum(abalance), sum(abalance::bigint * aid) FROM pgbench_accounts",
    "SELECT count(*), sum(delta), sum(aid) FROM pgbench_history",
    "SELECT sum(bbalance) FROM pgbench_branches",
)


def main(mode: str) -> None:
    bench("-i", "-I", "dtGvp", "-q", "-s", "1")
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "pipeline.sql"
        script.write_text(PIPELINE)
        way = ("-M", "extended", "-f", str(script)) if mode == "pipeline" else ("-M", mode)
        bench("-n", "-t", "60", "--random-seed=7", *way)
        if mode != "pipeline":
            bench("-n", "-S", "-c", "4", "-t", "50", "--random-seed=7", *way)
    with psycopg.connect(URL) as connection:
        for sql in STATE:
            show("state", connection.execute(sql).fetchone())


def bench(*options: str) -> None:
    done = subprocess.run(
        [os.environ["PGBENCH"], *options, URL], capture_output=True, text=True, check=False
    )
    show("ended", done.returncode)
    for line in done.stdout.splitlines():
        if line.startswith("number of"):
            show("said", line)
    if done.returncode:
        show("error", done.stderr)


main(sys.argv[1])
