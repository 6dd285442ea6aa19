"""Whether a database still works on a statement: its client sleeps meanwhile, as one at rest."""

from __future__ import annotations

import psycopg

from redhanded.lab.running import RunningSystem

_ASK = """
SELECT EXISTS (
    SELECT FROM pg_stat_activity
    WHERE state = 'active' AND datname = current_database() AND pid <> pg_backend_pid()
      AND backend_type = 'client backend'
)"""


def statement_under_way(running: RunningSystem) -> bool:
    """Of any PostgreSQL of the system, waiting for a lock included."""
    for server in running.servers.values():
        if server.admin is None:
            continue
        try:
            row = server.admin.execute(_ASK).fetchone()
        except psycopg.Error:
            continue  # whoever needs the server says that it is gone
        if row is not None and row[0]:
            return True
    return False
