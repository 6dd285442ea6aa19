"""One long message: ``long_messages.py row|slow-row|copy-out|copy-in|value``, LONG_BYTES long."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import psycopg
from psycopg import pq
from showing import LONG_BYTES, URL, digest, show

COPIED_AT_ONCE = 1 << 20


def main(what: str) -> None:
    with psycopg.connect(URL, autocommit=True) as connection:
        show(what, WAYS[what](connection))


def row(connection: psycopg.Connection) -> object:
    return digest(connection.execute("SELECT repeat('x', %s)", (LONG_BYTES,)).fetchone()[0])


def slow_row(connection: psycopg.Connection) -> object:
    """Reads only when the server has stopped, since nobody takes what it sends."""
    raw = connection.pgconn
    raw.send_query(f"SELECT repeat('x', {LONG_BYTES})".encode())
    full = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event = 'ClientWrite'"
    with psycopg.connect(os.environ["ADMIN_URL"], autocommit=True) as admin:
        while LONG_BYTES > 1 << 23 and not admin.execute(full, (raw.backend_pid,)).fetchone():
            continue
    found = raw.get_result()
    assert found is not None
    assert found.status == pq.ExecStatus.TUPLES_OK
    assert raw.get_result() is None
    return digest(found.get_value(0, 0) or b"")


def copy_out(connection: psycopg.Connection) -> object:
    sql = f"COPY (SELECT repeat('x', {LONG_BYTES})) TO STDOUT"
    with connection.cursor().copy(sql) as copy:
        return sum(len(part) for part in copy)


def copy_in(connection: psycopg.Connection) -> object:
    connection.execute("CREATE TABLE long (body text)")
    with connection.cursor().copy("COPY long FROM STDIN") as copy:
        for _ in range(0, LONG_BYTES, COPIED_AT_ONCE):
            copy.write(b"y" * min(LONG_BYTES, COPIED_AT_ONCE))
    return connection.execute("SELECT length(body) FROM long").fetchone()


def value(connection: psycopg.Connection) -> object:
    return connection.execute("SELECT length(%s)", ("y" * LONG_BYTES,)).fetchone()


WAYS: dict[str, Callable[[psycopg.Connection], object]] = {
    "row": row,
    "slow-row": slow_row,
    "copy-out": copy_out,
    "copy-in": copy_in,
    "value": value,
}

main(sys.argv[1])
