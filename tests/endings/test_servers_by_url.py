"""Servers that run already: refused unless empty, and left as they were found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import valkey
from command_line import CommandLine
from systems import configure, lay_out

from redhanded.lab.services import start_postgres, start_redis


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[valkey.Valkey]:
    with start_redis(tmp_path / "own-redis") as server:
        client = valkey.Valkey.from_url(server.url)
        client.own_url = server.url
        yield client
        client.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[tuple[str, psycopg.Connection]]:
    with start_postgres(tmp_path / "own-postgres") as server:
        server.create_database("own")
        with server.admin("own") as connection:
            yield server.url("own"), connection


def add_database(target: Path, url: str) -> None:
    """A database that the setup fills; the race is in Redis."""
    contract = target / "redhanded.toml"
    contract.write_text(
        contract.read_text()
        + f'\n[services.books]\nkind = "postgres"\nurl = "{url}"\nenv = {{ BOOKS = "{{url}}" }}\n'
        + "[setup]\nsql = \"CREATE TYPE class AS ENUM ('a'); CREATE TABLE made (id serial)\"\n"
    )


def test_an_empty_redis_is_used_and_left_empty(line: CommandLine, redis: valkey.Valkey) -> None:
    lay_out(line.target, url=json.dumps(redis.own_url))
    ended = line.hunt("--yes", "--logs", line.target / "app.log")
    assert ended.code == 1, ended.err
    assert redis.dbsize() == 0


def test_a_redis_that_holds_keys_is_refused(line: CommandLine, redis: valkey.Valkey) -> None:
    redis.set("carts", "7")
    lay_out(line.target, url=json.dumps(redis.own_url))
    log = line.target / "app.log"
    ended = line.hunt("--yes", "--logs", log)
    assert ended.code == 2, ended.err
    assert "`seats`" in ended.err and "'carts'" in ended.err and "--allow-existing" in ended.err
    assert redis.get("carts") == b"7"
    allowed = line.hunt("--yes", "--resume", "--allow-existing")
    assert allowed.code == 1, allowed.err
    assert (redis.get("carts"), redis.dbsize()) == (b"7", 1)
    assert line.run("replay", "--target", line.target).code == 2
    again = line.run("replay", "--target", line.target, "--allow-existing")
    assert again.code == 1, again.out + again.err
    assert (redis.get("carts"), redis.dbsize()) == (b"7", 1)


def relations(connection: psycopg.Connection) -> list[str]:
    rows = connection.execute(
        "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
        "WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') "
        "UNION ALL SELECT nspname FROM pg_namespace WHERE nspname LIKE 'redhanded%' "
        "UNION ALL SELECT typname FROM pg_type WHERE typname = 'class'"
    )
    return [row[0] for row in rows.fetchall()]


def test_a_database_is_left_empty_or_refused_or_put_back(
    line: CommandLine, database: tuple[str, psycopg.Connection]
) -> None:
    url, connection = database
    lay_out(line.target)
    add_database(line.target, url)
    log = line.target / "app.log"
    ended = line.hunt("--yes", "--logs", log)
    assert ended.code == 1, ended.err
    assert relations(connection) == []
    connection.execute("CREATE TABLE guests AS SELECT 'Ada' AS name")
    refused = line.hunt("--yes", "--logs", log)
    assert refused.code == 2
    sentence = refused.err[refused.err.index("redhanded: ") :]
    assert "`books`" in sentence and "public.guests" in sentence
    assert url.split(":")[2].split("@")[0] not in sentence
    assert relations(connection) == ["guests"]
    allowed = line.hunt("--yes", "--logs", log, "--allow-existing")
    assert allowed.code == 1, allowed.err
    assert connection.execute("SELECT name FROM guests").fetchall() == [("Ada",)]
    assert not [name for name in relations(connection) if name.startswith("redhanded")]


def test_a_port_of_another_protocol_is_named(line: CommandLine, redis: valkey.Valkey) -> None:
    lay_out(line.target)
    configure(line.target, kind='"postgres"', url=json.dumps("postgres" + redis.own_url[5:]))
    ended = line.hunt("--yes", "--logs", line.target / "app.log")
    assert ended.code == 2, ended.err
    assert "`seats` does not answer" in ended.err
