"""psycopg2: statements, cursors of several kinds, transactions, threads."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import psycopg2.extras
from tags import tag

URL = os.environ["DATABASE_URL"]
ROUNDS = int(sys.argv[1])


def work(_number: int) -> None:
    connection = psycopg2.connect(URL)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT %s::text", [tag("execute")])  # line: execute
        cursor.execute("SELECT %s::text", [tag("again")])  # line: again
    with connection, connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
        cursor.execute("SELECT %s::text", [tag("dict")])  # line: dict
    with connection, connection.cursor(name="named") as cursor:
        cursor.execute("SELECT %s::text", [tag("named")])  # line: named
        cursor.fetchall()
    connection.close()


with ThreadPoolExecutor(3) as pool:
    list(pool.map(work, range(4 * ROUNDS)))
print(psycopg2.__version__.split()[0])
