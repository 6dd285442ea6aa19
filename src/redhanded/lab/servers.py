"""The servers of a system: started here or given by URL, as the lab reaches them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import valkey

from redhanded.case.system import Service
from redhanded.lab.existing import connect_postgres, connect_redis, emptied_again
from redhanded.lab.footprint import KeySpecifications, located_key
from redhanded.lab.proxy import Channel, Upstream, tcp_upstream, unix_upstream
from redhanded.lab.pump import Pump
from redhanded.lab.services import PostgresServer, RedisServer, start_postgres, start_redis

DATABASE = "app"
LOCK_MS = 300


@dataclass(slots=True, kw_only=True)
class Server:
    """One service of the system, as the lab reaches it."""

    service: Service
    postgres: PostgresServer | None = None
    redis: RedisServer | None = None
    admin: psycopg.Connection[Any] | None = None
    client: Any = None
    """A ``valkey.Valkey``, whose published types mix its two kinds of client."""
    specifications: KeySpecifications | None = None
    others: dict[int, Any] = field(default_factory=dict)
    """Clients of other databases than ``client``'s, by number."""
    at_end: Callable[[], None] | None = None
    """Puts back what a server by URL held; called once all processes have ended."""

    def connect(self, pump: Pump) -> Callable[[Channel], Upstream]:
        """How a proxy reaches it."""
        if self.postgres is not None:
            path = self.postgres.socket_folder / f".s.PGSQL.{self.postgres.port}"
            return unix_upstream(pump, str(path))
        host, port = self.address()
        return tcp_upstream(pump, host, port)

    def address(self) -> tuple[str, int]:
        if self.postgres is not None:
            return self.postgres.host, self.postgres.port
        if self.redis is not None:
            return self.redis.host, self.redis.port
        parts = urlsplit(self.service.url or "")
        default = 5432 if self.service.kind == "postgres" else 6379
        return parts.hostname or "127.0.0.1", parts.port or default

    def database(self, number: int) -> Any:
        """A client of one numbered database of a Redis server."""
        if number == self.own_database:
            return self.client
        if number not in self.others:
            options = self.client.connection_pool.connection_kwargs
            pool = valkey.ConnectionPool(**(options | {"db": number}))
            self.others[number] = valkey.Valkey(connection_pool=pool)
        return self.others[number]

    @property
    def own_database(self) -> int:
        """Number of the one that ``client`` is in."""
        return int(self.client.connection_pool.connection_kwargs.get("db") or 0)

    def databases(self) -> list[int]:
        """Numbers of those that hold keys; of a server by URL only the one that its URL names,
        since the others may be somebody else's."""
        if self.service.url is not None:
            return [self.own_database]
        return _numbers(self.client.info("keyspace"))

    def keys(self) -> list[bytes]:
        """All keys, named as footprints name them; one round trip if they are in one database."""
        own = self.own_database
        if self.service.url is not None:
            return [located_key(key, own) for key in self.client.keys("*")]
        asked = self.client.pipeline(transaction=False).keys("*").info("keyspace")
        found, spaces = asked.execute()
        keys = [located_key(key, own) for key in found]
        for number in _numbers(spaces):
            if number != own:
                keys += [located_key(key, number) for key in self.database(number).keys("*")]
        return keys

    def close(self) -> None:
        """Closes the lab's own connections to a Redis server."""
        for client in (*self.others.values(), self.client):
            client.close()

    def values(self, port: int | None) -> dict[str, str]:
        """What ``{url}`` and its kin stand for, by way of a proxy at ``port`` or directly."""
        host, own_port = self.address()
        shown = port or own_port
        if self.postgres is not None:
            return {
                "url": self.postgres.url(DATABASE, port=shown),
                "host": "127.0.0.1",
                "port": str(shown),
                "user": self.postgres.user,
                "password": self.postgres.password,
                "db": DATABASE,
            }
        if self.service.url is None:
            url = f"redis://127.0.0.1:{shown}"
            places = {"url": url, "host": "127.0.0.1", "port": str(shown), "db": "0"}
            return places | {"user": "", "password": ""}
        parts = urlsplit(self.service.url)
        login = parts.netloc.rpartition("@")[0]
        address = f"{login}@127.0.0.1:{shown}" if login else f"127.0.0.1:{shown}"
        return {
            "url": parts._replace(netloc=address).geturl(),
            "host": "127.0.0.1" if port else host,
            "port": str(shown),
            "user": parts.username or "",
            "password": parts.password or "",
            "db": parts.path.lstrip("/"),
        }


def start_server(
    service: Service,
    folder: Path,
    undo: ExitStack,
    *,
    allow_existing: bool,
    hang_up: Callable[[], None],
) -> Server:
    """A server that answers; ``undo`` stops it, or leaves one by URL as it was found.

    ``hang_up`` closes the connections that processes left open to it.
    """
    server = Server(service=service)
    if service.kind == "postgres":
        if service.url is not None:
            server.admin = connect_postgres(service, allow_existing=allow_existing)
        else:
            server.postgres = start_postgres(folder)
            undo.callback(server.postgres.stop)
            server.postgres.create_database(DATABASE)
            server.admin = server.postgres.admin(DATABASE)
        undo.callback(server.admin.close)
        if service.url is not None:
            server.at_end = emptied_again(server.admin)
            undo.callback(_leave, hang_up, server)
        return server
    if service.url is None:
        server.redis = start_redis(folder)
        undo.callback(server.redis.stop)
        server.client = valkey.Valkey(host=server.redis.host, port=server.redis.port)
    else:
        server.client = connect_redis(service, allow_existing=allow_existing)
    undo.callback(server.close)
    if service.url is not None:
        if not server.client.dbsize():
            server.at_end = server.client.flushdb
        undo.callback(_leave, hang_up, server)
    server.specifications = KeySpecifications(asker(server.client))
    return server


def rows_unless_locked(admin: psycopg.Connection[Any], sql: str) -> list[tuple[Any, ...]] | None:
    """The rows of a query; None if it had to wait for a lock."""
    whole = f"BEGIN; SET LOCAL lock_timeout = '{LOCK_MS}ms'; {sql}; COMMIT"
    try:
        cursor = admin.execute(whole.encode())
    except psycopg.errors.LockNotAvailable:
        admin.execute("ROLLBACK")
        return None
    while cursor.description is None:
        cursor.nextset()
    return cursor.fetchall()


def _numbers(spaces: Iterable[str]) -> list[int]:
    """Of databases, from INFO's section on them."""
    return [int(name.removeprefix("db")) for name in spaces]


def _leave(hang_up: Callable[[], None], server: Server) -> None:
    """Leaves a server by URL as it was found; connections of ended processes are closed first."""
    hang_up()
    if server.at_end is not None:
        server.at_end()


def asker(client: Any) -> Callable[[tuple[bytes, ...]], Any]:
    """Sends the words of a command and gives the reply as it came, not as a client shows it."""

    def ask(words: tuple[bytes, ...]) -> Any:
        connection = client.connection_pool.get_connection("COMMAND")
        try:
            connection.send_command(*words)
            return connection.read_response()
        finally:
            client.connection_pool.release(connection)

    return ask
