"""psycopg: statements, transactions, cursors, COPY, pipelines, threads."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import psycopg
from tags import tag

URL = os.environ["DATABASE_URL"]
ROUNDS = int(sys.argv[1])


def plain(connection: psycopg.Connection) -> None:
    connection.execute(f"SELECT 1 /* {tag('execute')} */")  # line: execute
    connection.execute("SELECT %s::text", [tag("bound")])  # line: bound
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text", [tag("cursor")])  # line: cursor
        values = [(tag("many"),) for _ in range(2)]
        cursor.executemany("INSERT INTO lines_psycopg VALUES (%s)", values)  # line: many
    with connection.transaction():
        connection.execute("SELECT %s::text", [tag("transaction")])  # line: transaction


def streamed(connection: psycopg.Connection) -> None:
    with connection.transaction(), connection.cursor(name="c") as cursor:
        cursor.execute(  # line: declare
            "SELECT 1 FROM generate_series(1, 9), (SELECT %s::text) x", [tag("declare")]
        )
        cursor.fetchmany(3)
    with connection.cursor() as cursor:
        with cursor.copy(  # line: copy
            f"COPY lines_psycopg FROM STDIN /* {tag('copy')} */"
        ) as copy:
            copy.write("a\n")
        cursor.execute("SELECT %s::text", [tag("after_copy")])  # line: after_copy


def pipelined(connection: psycopg.Connection) -> None:
    with connection.pipeline() as pipeline:
        connection.execute("SELECT %s::text", [tag("piped_first")])  # line: piped_first
        connection.execute("SELECT %s::text", [tag("piped_second")])
        pipeline.sync()
        one = connection.execute("SELECT %s::text", [tag("piped_third")])  # line: piped_third
        one.fetchone()
        two = connection.execute("SELECT %s::text", [tag("piped_fourth")])  # line: piped_fourth
        two.fetchone()


def threaded(_number: int) -> None:
    with psycopg.connect(URL) as connection:
        connection.execute("SELECT %s::text", [tag("thread")])  # line: thread
        connection.execute("SELECT %s::text", [tag("thread_again")])  # line: thread_again


with psycopg.connect(URL, autocommit=True) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS lines_psycopg (value text)")
    for _ in range(ROUNDS):
        plain(connection)
        streamed(connection)
        pipelined(connection)
with ThreadPoolExecutor(4) as pool:
    list(pool.map(threaded, range(4 * ROUNDS)))
print(psycopg.__version__, psycopg.pq.__impl__)
