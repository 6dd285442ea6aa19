"""Holds statements back inside PostgreSQL: after they took their snapshot, before they write.

A third session takes a lock that the statements need once they have begun to execute: the sequence
that numbers their rows, the rows that they change, or the rows that theirs refer to. (A table lock
would not do: it is asked for before the snapshot is taken.)
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from typing import Any

import psycopg
from psycopg import sql

SESSION = "redhanded gate"
"""What the session is called at the server."""
LOCK_TIMEOUT = "2s"
_SEQUENCES = """
    SELECT s.oid::regclass::text, q.seqincrement
    FROM pg_class s JOIN pg_sequence q ON q.seqrelid = s.oid
    WHERE EXISTS (
        SELECT FROM pg_depend d JOIN pg_attrdef a ON a.oid = d.objid
        WHERE d.classid = 'pg_attrdef'::regclass AND d.refobjid = s.oid
          AND a.adrelid = to_regclass(%(table)s))
      OR EXISTS (
        SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = s.oid
          AND d.refobjid = to_regclass(%(table)s) AND d.deptype = 'i')
    ORDER BY 1
"""
_PARENTS = """
    SELECT DISTINCT f.confrelid::regclass::text FROM pg_constraint f
    WHERE f.contype = 'f' AND f.conrelid = to_regclass(%(table)s) ORDER BY 1
"""


class Gate:
    """A session of the lab's own that holds such a lock until it is opened."""

    def __init__(self, admin: psycopg.Connection[Any], statements: Collection[str]) -> None:
        """``statements`` take the lock; each in the same transaction."""
        info = admin.info
        given = psycopg.conninfo.make_conninfo(
            info.dsn, password=info.password or None, application_name=SESSION
        )
        self._session = psycopg.connect(given)
        self.waiting = 0
        """Statements that were let in."""
        try:
            self._session.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            for statement in statements:
                self._session.execute(statement.encode())
        except psycopg.Error:
            self.open()
            raise

    @property
    def closed(self) -> bool:
        return not self._session.closed

    def open(self) -> None:
        """Lets go of everything, and changes nothing."""
        with contextlib.suppress(psycopg.Error):
            self._session.rollback()
        self._session.close()


def locks_for(admin: psycopg.Connection[Any], kind: str, tables: Collection[str]) -> list[str]:
    """Statements that take what a statement of this kind needs after its snapshot; none if there
    is no such lock."""
    found: list[str] = []
    for table in tables:
        if kind == "INSERT":
            rows = admin.execute(_SEQUENCES, {"table": table}).fetchall()
            found += [f"ALTER SEQUENCE {name} INCREMENT BY {increment}" for name, increment in rows]
    if kind in ("UPDATE", "DELETE", "MERGE"):
        found += [_rows(admin, table) for table in tables]
    if not found:
        for table in tables:
            parents = admin.execute(_PARENTS, {"table": table}).fetchall()
            found += [f"SELECT 1 FROM {name} FOR UPDATE" for (name,) in parents]
    return found


def _rows(admin: psycopg.Connection[Any], table: str) -> str:
    name = sql.Identifier(*table.split(".")).as_string(admin)
    return f"SELECT 1 FROM {name} FOR UPDATE"
