"""The codecs between real drivers and real servers."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest
import valkey
from relay import relay

from redhanded.lab.services import PostgresServer, RedisServer, start_postgres, start_redis
from redhanded.lab.wire.postgres import PostgresStream
from redhanded.lab.wire.redis import RedisStream
from redhanded.lab.wire.unit import Bound


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    with start_postgres(tmp_path_factory.mktemp("postgres")) as server:
        server.create_database("wire")
        yield server


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with start_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


def test_a_transaction_of_psycopg(postgres: PostgresServer) -> None:
    stream = PostgresStream()
    with (
        relay(postgres.port, stream) as (port, record),
        psycopg.connect(postgres.url("wire", port=port)) as connection,
    ):
        pid = connection.info.backend_pid
        connection.execute("CREATE TABLE things (id uuid PRIMARY KEY, n int, at timestamptz)")
        row = (UUID(int=7), 42, None)
        connection.execute("INSERT INTO things VALUES (%b, %b, %s)", row)
        connection.commit()
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO things VALUES (%s, %s, %s)", row)
        connection.rollback()
    assert stream.backend_pid == pid
    assert [unit.kind for unit in record.held] == [
        "BEGIN", "CREATE", "INSERT", "COMMIT", "BEGIN", "INSERT", "ROLLBACK",
    ]  # fmt: skip
    insert, again = record.held[2], record.held[5]
    assert insert.statements[0].values == (str(row[0]), "42", None)
    assert record.answer_to(insert).rows == 1
    assert record.answer_to(insert).transaction == "open"
    failure = record.answer_to(again).failure
    assert failure is not None
    assert (failure.code, failure.table, failure.constraint) == ("23505", "things", "things_pkey")
    assert record.answer_to(again).transaction == "failed"


def test_copy_cursors_prepared_statements_and_pipelines(postgres: PostgresServer) -> None:
    with relay(postgres.port, PostgresStream()) as (port, record):
        url = postgres.url("wire", port=port)
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.cursor()
            cursor.execute("CREATE TABLE lines (n int, body text)")
            with cursor.copy("COPY lines FROM STDIN") as copy:
                for number in range(2000):
                    copy.write_row((number, "x" * 200))
            with cursor.copy("COPY lines TO STDOUT") as out:
                assert len(list(out.rows())) == 2000
            with cursor.copy("COPY (SELECT * FROM lines WHERE n < %s) TO STDOUT", (3,)) as out:
                assert len(list(out.rows())) == 3
            for number in range(3):
                cursor.execute("SELECT body FROM lines WHERE n = %s", (number,), prepare=True)
            cursor.executemany("UPDATE lines SET body = %s WHERE n = %s", [("y", 1), ("z", 2)])
            with pytest.raises(psycopg.Error), connection.pipeline() as pipeline:
                connection.execute("SELECT 1")
                connection.execute("SELECT nothing")
                connection.execute("SELECT 2")
                pipeline.sync()
            with connection.transaction(), connection.cursor("named") as named:
                named.itersize = 500
                named.execute("SELECT * FROM lines")
                assert len(list(named)) == 2000
    copy_in = record.held[1]
    assert copy_in.kind == "COPY"
    assert record.answer_to(copy_in).rows == 2000
    prepared = [u for u in record.held if u.statements and "body FROM lines" in u.statements[0].sql]
    assert [unit.statements[0].values for unit in prepared] == [("0",), ("1",), ("2",)]
    fetched = [unit for unit in record.held if unit.kind == "FETCH"]
    assert sum(record.answer_to(unit).rows or 0 for unit in fetched) == 2000


def test_an_error_in_copied_data(postgres: PostgresServer) -> None:
    with (
        relay(postgres.port, PostgresStream()) as (port, record),
        psycopg.connect(postgres.url("wire", port=port), autocommit=True) as connection,
    ):
        connection.execute("CREATE TABLE numbers (n int)")
        with (
            pytest.raises(psycopg.Error),
            connection.cursor().copy("COPY numbers FROM STDIN") as copy,
        ):
            copy.write(b"no number\n")
        assert connection.execute("SELECT 1").fetchone() == (1,)
    copy_in, select = record.held[1:]
    failure = record.answer_to(copy_in).failure
    assert failure is not None
    assert failure.code == "22P02"
    assert select.statements == (Bound(sql="SELECT 1"),)


@pytest.mark.parametrize("version", [2, 3])
def test_a_driver_of_redis(redis: RedisServer, version: int) -> None:
    with relay(redis.port, RedisStream()) as (port, record):
        client = valkey.Valkey(port=port, protocol=version, max_connections=1)
        client.delete("jobs", "n")
        client.set("n", b"\r\n" + b"x" * 100_000)
        assert len(client.get("n")) == 100_002
        with client.pipeline(transaction=True) as block:
            assert block.rpush("jobs", "1").rpush("jobs", "2").execute() == [1, 2]
        with client.pipeline(transaction=False) as pipeline:
            pipeline.lrange("jobs", 0, -1).llen("jobs").execute()
        assert client.brpoplpush("jobs", "busy", timeout=1) == b"2"
        assert list(client.blpop(["jobs", "none"], timeout=1)) == [b"jobs", b"1"]
        assert client.blpop("none", timeout=0.02) is None
        assert client.eval("return {1, {2, 'x'}}", 0) == [1, [2, b"x"]]
        with pytest.raises(valkey.ResponseError):
            client.lpush("n", "x")
        client.close()
    kinds = [unit.kind for unit in record.held]
    assert kinds == [
        "DEL", "SET", "GET", "MULTI", "LRANGE", "LLEN", "BRPOPLPUSH", "BLPOP", "BLPOP", "EVAL",
        "LPUSH",
    ]  # fmt: skip
    assert [words[0] for words in record.held[3].commands] == [
        b"MULTI",
        b"RPUSH",
        b"RPUSH",
        b"EXEC",
    ]
    timed_out = record.held[8]
    assert timed_out.blocking is not None
    assert record.answer_to(timed_out).raw == timed_out.blocking.empty_reply
    failure = record.answer_to(record.held[-1]).failure
    assert failure is not None
    assert failure.code == "WRONGTYPE"


@pytest.mark.parametrize("version", [2, 3])
def test_subscriptions_of_a_driver(redis: RedisServer, version: int) -> None:
    publisher = valkey.Valkey(port=redis.port)
    with relay(redis.port, RedisStream()) as (port, record):
        client = valkey.Valkey(port=port, protocol=version)
        with client.pubsub() as channel:
            channel.subscribe("a", "b")
            confirmed = [channel.get_message(timeout=5) for _ in range(2)]
            assert [message["type"] for message in confirmed if message] == ["subscribe"] * 2
            publisher.publish("a", "hello")
            assert channel.get_message(timeout=5)["data"] == b"hello"
            channel.unsubscribe()
            assert channel.get_message(timeout=5)["type"] == "unsubscribe"
            assert channel.get_message(timeout=5)["type"] == "unsubscribe"
        client.close()
    publisher.close()
    assert [unit.kind for unit in record.held] == ["SUBSCRIBE", "UNSUBSCRIBE"]
    assert any(a.serial is None and b"hello" in a.raw for a in record.answers)
