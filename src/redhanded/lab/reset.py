"""Puts rows, sequences and keys back to what they were after migrations and setup.

Only what changed is written. In-memory state of the processes is not touched; a self-check
compares a later serial trial with the first one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
from psycopg import sql

from redhanded.case.errors import LabError
from redhanded.lab.existing import COPIES
from redhanded.lab.running import RunningSystem

TABLES = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', %s)
      AND n.nspname NOT LIKE 'pg_toast%%' AND n.nspname NOT LIKE 'pg_temp%%'
    ORDER BY 1, 2
"""
SEQUENCES = """
    SELECT schemaname, sequencename, last_value, start_value FROM pg_sequences
    WHERE schemaname NOT LIKE 'pg_temp%'
"""


class Baseline:
    """Rows, sequences and keys of all servers of a running system."""

    def __init__(self, running: RunningSystem) -> None:
        self._servers = running.servers
        self.postgres: dict[str, PostgresBaseline] = {}
        self.keep_databases()
        self.redis = {
            name: {number: keep_redis(server.database(number)) for number in server.databases()}
            for name, server in running.servers.items()
            if server.client is not None
        }
        for name, server in running.servers.items():
            # One that was empty is emptied; what another one held is put back.
            if server.service.url is not None and server.at_end is None:
                server.at_end = partial(self._leave, name)

    def keep_databases(self) -> None:
        """Takes what the databases hold now for what they are put back to."""
        self.postgres = {
            name: keep_postgres(server.admin)
            for name, server in self._servers.items()
            if server.admin is not None
        }

    def _leave(self, name: str) -> None:
        server = self._servers[name]
        if server.admin is not None:
            restore_postgres(server.admin, self.postgres[name])
            server.admin.execute(f"DROP SCHEMA IF EXISTS {COPIES} CASCADE")
        else:
            self._restore_redis(name)

    def restore(self) -> None:
        """Puts everything back; ``LabError`` if a transaction was left open."""
        for name, baseline in self.postgres.items():
            restore_postgres(self._servers[name].admin, baseline)
        for name in self.redis:
            self._restore_redis(name)

    def _restore_redis(self, name: str) -> None:
        """In all its databases."""
        server, kept = self._servers[name], self.redis[name]
        for number in dict.fromkeys((*kept, *server.databases())):
            restore_redis(server.database(number), kept.get(number, EMPTY))


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresBaseline:
    """What a database held when its baseline was taken."""

    statement: str
    """Puts it back, in one round trip."""


def keep_postgres(connection: psycopg.Connection[Any]) -> PostgresBaseline:
    """Copies all rows aside (schema ``redhanded_baseline``) and says how to put them back."""
    tables = connection.execute(TABLES, (COPIES,)).fetchall()
    connection.execute(f"DROP SCHEMA IF EXISTS {COPIES} CASCADE; CREATE SCHEMA {COPIES}")
    parts = [
        "BEGIN",
        "SET LOCAL lock_timeout = '3s'",
        "SET LOCAL session_replication_role = replica",
    ]
    for number, (schema, table) in enumerate(tables):
        name = sql.Identifier(schema, table).as_string(connection)
        parts.append(f"DELETE FROM {name}")
        found = connection.execute(f"SELECT EXISTS (SELECT 1 FROM {name})").fetchone()
        if found and found[0]:
            connection.execute(f"CREATE TABLE {COPIES}.t{number} AS SELECT * FROM {name}")
            columns = _columns(connection, schema, table)
            parts.append(
                f"INSERT INTO {name} ({columns}) OVERRIDING SYSTEM VALUE "
                f"SELECT {columns} FROM {COPIES}.t{number}"
            )
    for schema, name, last, start in connection.execute(SEQUENCES).fetchall():
        identifier = sql.Literal(sql.Identifier(schema, name).as_string(connection))
        value, called = (start, "false") if last is None else (last, "true")
        parts.append(f"SELECT setval({identifier.as_string(connection)}, {value}, {called})")
    parts.append("COMMIT")
    return PostgresBaseline(statement="; ".join(parts))


def restore_postgres(
    connection: psycopg.Connection[Any] | None, baseline: PostgresBaseline
) -> None:
    """Puts the rows back; ``LabError`` if a transaction of the system holds on to them."""
    if connection is None:
        return
    try:
        connection.execute(baseline.statement.encode())
    except psycopg.errors.LockNotAvailable as error:
        connection.execute("ROLLBACK")
        raise LabError(
            "The database could not be put back between two trials: a transaction of the system "
            "was left open and holds its rows."
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisBaseline:
    """All keys of a Redis server and their dumped values."""

    values: dict[bytes, bytes]
    lifetimes_ms: dict[bytes, int]


EMPTY = RedisBaseline(values={}, lifetimes_ms={})


def keep_redis(client: Any) -> RedisBaseline:
    """Dumps every key."""
    keys = sorted(client.keys("*"))
    values = {key: value for key in keys if (value := client.dump(key)) is not None}
    lifetimes = {key: left for key in values if (left := client.pttl(key)) > 0}
    return RedisBaseline(values=values, lifetimes_ms=lifetimes)


def restore_redis(client: Any, baseline: RedisBaseline) -> None:
    """Deletes keys that are new and restores those that changed."""
    keys = sorted(client.keys("*"))
    new = [key for key in keys if key not in baseline.values]
    pipe = client.pipeline(transaction=False)
    for key in baseline.values:
        pipe.dump(key)
    now = pipe.execute() if baseline.values else []
    pipe = client.pipeline(transaction=True)
    if new:
        pipe.delete(*new)
    for key, value in zip(baseline.values, now, strict=True):
        if value != baseline.values[key]:
            lifetime = baseline.lifetimes_ms.get(key, 0)
            pipe.restore(key, lifetime, baseline.values[key], replace=True)
    pipe.execute()


def _columns(connection: psycopg.Connection[Any], schema: str, table: str) -> str:
    rows = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 "
        "AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
        (sql.Identifier(schema, table).as_string(connection),),
    ).fetchall()
    return ", ".join(sql.Identifier(row[0]).as_string(connection) for row in rows)
