# ruff: noqa: T201
"""What drivers get to see, in each way of asking for TLS: one line of JSON for each way."""

import asyncio
import json
import os
import select
import ssl

import asyncpg
import psycopg
import redis
import redis.asyncio

DB_URL, REDIS_URL, CA = os.environ["DB_URL"], os.environ["REDIS_URL"], os.environ.get("CA")
PLAIN_URL = DB_URL.partition("?")[0]
SCRIPT = "return {KEYS[1], 2}"


def of_psycopg(url):
    seen = []
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TEMPORARY TABLE lines (n int PRIMARY KEY, body text)")
        with cursor.copy("COPY lines FROM STDIN") as copy:
            for number in range(3000):
                copy.write_row((number, "x" * 100))
        try:
            cursor.execute("INSERT INTO lines VALUES (%s, 'y')", (7,))
        except psycopg.Error as error:
            seen.append(error.sqlstate)
        with connection.pipeline():
            several = [cursor.connection.execute("SELECT %s::int", (n,)) for n in range(5)]
            seen.append([each.fetchone() for each in several])
        with connection.transaction(), connection.cursor("named") as named:
            named.execute("SELECT n, body FROM lines ORDER BY n")
            seen.append(len(named.fetchall()))
        with cursor.copy("COPY lines TO STDOUT") as out:
            seen.append(sum(len(piece) for piece in out))
        seen.append(cancelled(connection))
        return {"encrypted": bool(connection.pgconn.ssl_in_use), "seen": seen}


def cancelled(connection):
    """A cancel request comes on a connection of its own, encrypted like the first one."""
    connection.execute("SET statement_timeout = '20s'")
    try:
        connection.pgconn.send_query(b"SELECT pg_sleep(15)")
        connection.pgconn.flush()
        while connection.pgconn.is_busy():
            # One that the server takes before the query has begun cancels nothing.
            connection.cancel_safe(timeout=10)
            select.select([connection.pgconn.socket], [], [], 1.0)
            connection.pgconn.consume_input()
        return connection.pgconn.get_result().error_field(psycopg.pq.DiagnosticField.SQLSTATE)
    finally:
        while connection.pgconn.get_result():
            continue


async def of_asyncpg(url, **options):
    connection = await asyncpg.connect(url, **options)
    seen = [await connection.fetchval("SELECT length($1::text)", "x" * 300_000)]
    await connection.execute("CREATE TEMPORARY TABLE lines (n int PRIMARY KEY)")
    await connection.executemany("INSERT INTO lines VALUES ($1)", [(n,) for n in range(2000)])
    try:
        await connection.execute("INSERT INTO lines VALUES (7)")
    except asyncpg.PostgresError as error:
        seen.append(error.sqlstate)
    async with connection.transaction():
        seen.append(len([row async for row in connection.cursor("SELECT * FROM lines")]))
    try:
        await connection.execute("SELECT pg_sleep(15)", timeout=0.1)
    except TimeoutError:
        seen.append("cancelled")
    seen.append(await connection.fetchval("SELECT 1"))
    encrypted = connection._transport.get_extra_info("ssl_object") is not None
    await connection.close()
    return {"encrypted": encrypted, "seen": seen}


def of_redis(**options):
    client = redis.Redis.from_url(REDIS_URL, decode_responses=True, **options)
    seen = [client.flushall(), client.set("long", "z" * 500_000), len(client.get("long"))]
    with client.pipeline(transaction=True) as block:
        seen.append(block.incr("n").incr("n").execute())
    with client.pipeline(transaction=False) as block:
        seen.append(len(block.mget(["long"] * 4).incr("n").execute()))
    seen += [client.rpush("list", "a"), client.blpop(["list"], timeout=1)]
    seen += [client.blpop(["list"], timeout=0.05), client.eval(SCRIPT, 1, "k")]
    connection = client.connection_pool.get_connection()
    encrypted = isinstance(connection._sock, ssl.SSLSocket)
    client.connection_pool.release(connection)
    client.close()
    return {"encrypted": encrypted, "seen": seen}


async def of_redis_asyncio(**options):
    client = redis.asyncio.Redis.from_url(REDIS_URL, decode_responses=True, **options)
    seen = [await client.flushall(), await client.set("long", "z" * 500_000)]
    seen += await asyncio.gather(client.strlen("long"), client.incr("n"), client.get("none"))
    async with client.pipeline(transaction=True) as block:
        seen.append(await block.incr("n").get("n").execute())
    encrypted = REDIS_URL.startswith("rediss")
    await client.aclose()
    return {"encrypted": encrypted, "seen": seen}


def ways():
    if not CA:
        yield "psycopg, plain", of_psycopg(DB_URL)
        yield "asyncpg, plain", asyncio.run(of_asyncpg(DB_URL))
        yield "redis, plain", of_redis()
        yield "redis asyncio, plain", asyncio.run(of_redis_asyncio())
        return
    checked = f"{PLAIN_URL}?sslmode=verify-full&sslrootcert={CA}"
    yield "psycopg, url", of_psycopg(DB_URL)
    yield "psycopg, verify-full", of_psycopg(checked)
    yield "psycopg, direct", of_psycopg(DB_URL + "&sslnegotiation=direct")
    yield "asyncpg, url", asyncio.run(of_asyncpg(DB_URL))
    yield "asyncpg, unchecked", asyncio.run(of_asyncpg(PLAIN_URL, ssl="require"))
    yield (
        "asyncpg, ca",
        asyncio.run(of_asyncpg(PLAIN_URL, ssl=ssl.create_default_context(cafile=CA))),
    )
    yield "redis, url", of_redis()
    yield "redis, unchecked", of_redis(ssl_cert_reqs="none")
    yield "redis, ca", of_redis(ssl_ca_certs=CA)
    yield "redis asyncio, url", asyncio.run(of_redis_asyncio())


if __name__ == "__main__":
    for name, result in ways():
        print(json.dumps([name, result], default=bytes.decode))
