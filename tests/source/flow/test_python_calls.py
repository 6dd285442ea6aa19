"""redis-py, SQL drivers, HTTP clients, senders and the standard library: what calls mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from python_programs import followed, lines

HEAD = """
import asyncio
import hashlib
import hmac
import random
import secrets
import string
import threading
import time
import uuid

import asyncpg
import httpx
import psycopg
import psycopg2
import redis
import requests
from psycopg import sql
from psycopg_pool import ConnectionPool
from redis import asyncio as aioredis
from fastapi import FastAPI

app = FastAPI()
keys = redis.Redis.from_url("redis://x")
akeys = aioredis.from_url("redis://x")
connection = psycopg2.connect("x")
conns = ConnectionPool("x")
guard = threading.Lock()
DROP = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end"
drop = keys.register_script(DROP)


@app.post("/go/{number}")
async def go(number: int):
"""

CALLS = {
    "set-nx": (
        "keys.set(f'hold:{number}', 'x', nx=True, px=1500)",
        ["set hold:* if absent for 1.5 s"],
    ),
    "set": ("keys.set('a', 1)\nkeys.setex('b', 60, 1)", ["set a", "set b for 60 s"]),
    "get-incr": (
        "keys.get('a')\nkeys.incr('a')\nkeys.delete('a')\nkeys.expire('a', 60)",
        ["get a", "increment a", "remove a", "expire a for 60 s"],
    ),
    "hash": (
        "keys.hset('h', mapping={'a': 1})\nkeys.hincrby('h', 'a', 1)\nkeys.lpush('l', 1)",
        ["set h", "increment h", "push l"],
    ),
    "lock": (
        "with keys.lock(f'hold:{number}', timeout=10):\n    keys.get('a')",
        ["acquire hold:* for 10 s", "get a"],
    ),
    "lock-by-hand": (
        "lock = keys.lock('hold', timeout=3)\nif lock.acquire():\n    lock.release()",
        ["acquire hold for 3 s", "release hold by owner for 3 s"],
    ),
    "script": ("drop(keys=['hold'], args=['x'])", ["release hold by owner"]),
    "eval": ("keys.eval('return 1', 1, 'a')", ["script a"]),
    "pipeline": (
        "pipe = keys.pipeline()\npipe.get('a')\npipe.set('a', 1)\npipe.execute()",
        ["get a", "set a", "script ?"],
    ),
    "async-redis": ("await akeys.set('a', 1)\nawait akeys.get('a')", ["set a", "get a"]),
    "psycopg2": (
        "cursor = connection.cursor()\n"
        "cursor.execute('SELECT * FROM jars WHERE id = %s FOR UPDATE', (number,))\n"
        "connection.commit()",
        ["read jars where id lock update in tx", "commit ? in tx"],
    ),
    "psycopg-pool": (
        "with conns.connection() as c:\n"
        "    c.execute('UPDATE jars SET n = n + 1 WHERE id = %(id)s', {'id': number})",
        ["begin ?", "update jars where id values n:=n + 1 in tx"],
    ),
    "psycopg-transaction": (
        "with psycopg.connect('x', autocommit=True) as c, c.transaction():\n"
        "    c.execute('DELETE FROM jars WHERE id = %s', [number])",
        ["begin ?", "begin ? in tx", "delete jars where id in tx"],
    ),
    "composed": (
        "cursor = connection.cursor()\n"
        "text = sql.SQL('SELECT 1 FROM {} WHERE id = %s').format(sql.Identifier('jars'))\n"
        "cursor.execute(text, [1])",
        ["read jars where id in tx"],
    ),
    "asyncpg": (
        "c = await asyncpg.connect('x')\n"
        "async with c.transaction(isolation='serializable'):\n"
        "    await c.execute('INSERT INTO jars (id) VALUES ($1) ON CONFLICT DO NOTHING', number)",
        ["begin ? serializable", "upsert jars values id conflict ignore in tx"],
    ),
    "asyncpg-pool": (
        "pool = await asyncpg.create_pool('x')\n"
        "await pool.fetchrow('SELECT * FROM jars WHERE id = $1', number)",
        ["read jars where id"],
    ),
    "http": (
        "requests.post('https://shop.example/a', timeout=3)\n"
        "async with httpx.AsyncClient() as client:\n"
        "    await client.post(f'https://{number}.example/b')",
        ["send shop.example", "send ?"],
    ),
    "session-http": (
        "client = requests.Session()\nclient.get('http://shop.example/a')",
        ["send shop.example"],
    ),
    "identifiers": (
        "uuid.uuid4()\nsecrets.token_hex(4)\nrandom.randint(0, 1023)\n"
        "random.choices(string.ascii_uppercase + string.digits, k=6)\ntime.time()",
        [
            "identifier ? 122 bits",
            "identifier ? 32 bits",
            "identifier ? 10 bits",
            "identifier ? 31.02 bits",
            "clock ?",
        ],
    ),
    "sleep": ("time.sleep(2)\nawait asyncio.sleep(1)", ["sleep ? for 2 s", "sleep ? for 1 s"]),
    "thread-lock": ("with guard:\n    keys.get('a')", ["acquire jars.py:27", "get a"]),
    "signature": (
        "made = 'sha256=' + hmac.new(b'k', b'x', hashlib.sha256).hexdigest()\n"
        "hmac.compare_digest(made, 'x')",
        ["verify ?"],
    ),
    "no-signature": ("hmac.compare_digest('a', 'b')", []),
    "to-thread": (
        "def work(x):\n    keys.set('a', x)\nawait asyncio.to_thread(work, 1)",
        ["set a"],
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls(tmp_path: Path, name: str) -> None:
    body, expected = CALLS[name]
    files = {"jars.py": HEAD + "".join(f"    {line}\n" for line in body.split("\n"))}
    paths = followed(tmp_path, files)
    assert lines(paths["POST /go/{number}"]) == expected


def test_what_a_cursor_gives_is_what_was_asked(tmp_path: Path) -> None:
    body = (
        "cursor = connection.cursor()\n"
        "cursor.execute('SELECT id FROM jars WHERE id = %s', (number,))\n"
        "if cursor.fetchone() is None:\n"
        "    cursor.execute('INSERT INTO jars (id) VALUES (%s)', (number,))"
    )
    files = {"jars.py": HEAD + "".join(f"    {line}\n" for line in body.split("\n"))}
    path = followed(tmp_path, files)["POST /go/{number}"]
    read, insert = path.events[0], path.events[1]
    assert read.effect is not None
    assert insert.effect is not None
    assert [one.effect.kind for one in path.events if one.effect] == ["read", "insert"]
    assert str(insert.guards[0].test).count(f"event={read.number}") == 1


SENDERS = """
import stripe
from fastapi import FastAPI, Request

app = FastAPI()


@app.post("/hook")
async def hook(request: Request):
    event = stripe.Webhook.construct_event(await request.body(), request.headers["x"], "k")
    stripe.Refund.create(charge=event["id"], idempotency_key="r-" + event["id"])
"""


def test_senders(tmp_path: Path) -> None:
    path = followed(tmp_path, {"hook.py": SENDERS})["POST /hook"]
    assert [one.effect.kind for one in path.events if one.effect] == ["verify", "send"]
    send = path.events[-1].effect
    assert send is not None
    assert send.verb == "create Refund"
    assert "idempotency_key" in send.options
    assert path.entry.webhook
