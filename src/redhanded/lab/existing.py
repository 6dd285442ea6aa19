"""Servers by URL that run already: refused unless empty, and left as they were found."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import psycopg
import valkey

from redhanded.case.errors import InputError
from redhanded.case.system import Service

CONNECT_TIMEOUT_S = 5
COPIES = "redhanded_baseline"
"""The schema in which rows are put aside while a lab runs."""
_OWN = """
    n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp%'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = o.oid AND d.deptype = 'e')
"""
RELATIONS = f"""
    SELECT n.nspname, o.relname FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
    WHERE o.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND {_OWN}
    ORDER BY 1, 2
"""
OBJECTS = f"""
    SELECT oid::bigint, format('DROP EXTENSION IF EXISTS %I CASCADE', extname) FROM pg_extension
    UNION ALL
    SELECT o.oid::bigint, format('DROP SCHEMA IF EXISTS %I CASCADE', n.nspname)
    FROM pg_namespace n JOIN pg_namespace o ON o.oid = n.oid WHERE {_OWN}
    UNION ALL
    SELECT o.oid::bigint, format('DROP %s IF EXISTS %s CASCADE', CASE o.relkind
        WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
        WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, o.oid::regclass)
    FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
    WHERE o.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND {_OWN}
    UNION ALL
    SELECT o.oid::bigint, format('DROP ROUTINE IF EXISTS %s CASCADE', o.oid::regprocedure)
    FROM pg_proc o JOIN pg_namespace n ON n.oid = o.pronamespace WHERE {_OWN}
    UNION ALL
    SELECT o.oid::bigint, format('DROP TYPE IF EXISTS %s CASCADE', o.oid::regtype)
    FROM pg_type o JOIN pg_namespace n ON n.oid = o.typnamespace
    WHERE o.typtype IN ('e', 'd') AND {_OWN}
"""
"""Identity of everything a migration may make, and how to take it away."""


def connect_postgres(service: Service, *, allow_existing: bool) -> psycopg.Connection[Any]:
    """A connection with autocommit. The caller closes it.

    InputError if nobody answers, the user may not do what a reset needs, a killed lab left rows
    aside there, or the database holds something and ``allow_existing`` is not given.
    """
    url = service.url or ""
    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S)
    except psycopg.Error as error:
        raise _unreachable(service, " ".join(str(error).split())) from error
    try:
        _refuse_what_is_left(service, connection)
        relations = connection.execute(RELATIONS).fetchall()
        if relations and not allow_existing:
            raise _not_empty(service, ".".join(relations[0]), len(relations) - 1)
        # Rows are put back without triggers and foreign keys, which takes this right.
        connection.execute("SET session_replication_role = replica")
        connection.execute("RESET session_replication_role")
    except psycopg.errors.InsufficientPrivilege as error:
        connection.close()
        raise InputError(
            f"The user of service `{service.name}` ({hidden(url)}) may not set "
            "session_replication_role, which putting rows back between trials needs: name a "
            "superuser in its `url`, or leave `url` out to use an embedded server."
        ) from error
    except BaseException:
        connection.close()
        raise
    return connection


def connect_redis(service: Service, *, allow_existing: bool) -> Any:
    """A ``valkey.Valkey``. InputError as for ``connect_postgres``."""
    client: Any = valkey.Valkey.from_url(
        service.url or "", socket_connect_timeout=CONNECT_TIMEOUT_S
    )
    try:
        keys = client.dbsize()
        if keys and not allow_existing:
            raise _not_empty(service, repr(client.randomkey().decode("utf-8", "replace")), keys - 1)
    except valkey.ValkeyError as error:
        client.close()
        raise _unreachable(service, " ".join(str(error).split())) from error
    except InputError:
        client.close()
        raise
    return client


def emptied_again(connection: psycopg.Connection[Any]) -> Callable[[], None] | None:
    """Takes away what will have been made since now; None if the database is not empty."""
    if connection.execute(RELATIONS).fetchall():
        return None
    before = frozenset(oid for oid, _ in connection.execute(OBJECTS).fetchall())
    return partial(_remove_since, connection, before)


def _remove_since(connection: psycopg.Connection[Any], before: frozenset[int]) -> None:
    """Takes away whatever was not there ``before``; no process may be connected any more."""
    connection.execute("SET lock_timeout = '5s'")
    for oid, statement in connection.execute(OBJECTS).fetchall():
        if oid not in before:
            connection.execute(statement)


def hidden(url: str) -> str:
    """``url`` without its password."""
    head, at, tail = url.rpartition("@")
    scheme, _, login = head.partition("://")
    return f"{scheme}://{login.partition(':')[0]}@{tail}" if at else url


def _refuse_what_is_left(service: Service, connection: psycopg.Connection[Any]) -> None:
    found = connection.execute("SELECT FROM pg_namespace WHERE nspname = %s", (COPIES,)).fetchone()
    if found is not None:
        raise InputError(
            f"The database of service `{service.name}` ({hidden(service.url or '')}) is in use by "
            f"another lab, or one that was killed left its rows aside in the schema {COPIES}: take "
            "back what you need and drop that schema, or give an empty database."
        )


def _unreachable(service: Service, said: str) -> InputError:
    return InputError(
        f"Service `{service.name}` does not answer at {hidden(service.url or '')}: {said}. Start "
        f"it, correct `url` in [services.{service.name}] of redhanded.toml, or leave `url` out to "
        "use an embedded server."
    )


def _not_empty(service: Service, first: str, others: int) -> InputError:
    more = f" and {others:,} more" if others else ""
    return InputError(
        f"The {service.kind} database of service `{service.name}` ({hidden(service.url or '')}) is "
        f"not empty: it holds {first}{more}. Trials write and delete there, so it is refused "
        "without --allow-existing: give an empty one, or leave `url` out."
    )
