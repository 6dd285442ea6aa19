"""What redis-py does with one server, as lines that do not differ between two runs.

PORT and the version of RESP.
"""

from __future__ import annotations

import asyncio
import sys
import threading

import redis
import redis.asyncio
from redis.cache import CacheConfig

PORT, RESP = int(sys.argv[1]), int(sys.argv[2])


def connect(**options: object) -> redis.Redis:
    return redis.Redis(port=PORT, protocol=RESP, **options)


def show(name: str, value: object) -> None:
    print(name, repr(value), flush=True)


def failed(action) -> str:
    try:
        action()
    except redis.RedisError as error:
        return f"{type(error).__name__} {str(error).split(',')[0]}"
    return "no error"


def plain() -> None:
    client = connect()
    client.flushall()
    show("set", [client.set("a", 1), client.get("a"), client.get("none")])
    show("binary", [client.set("b", bytes([0, 13, 10, 255])), client.get("b")])
    show("long", client.set("long", "x" * 3_000_000) and len(client.get("long")))
    show("error", failed(lambda: client.lpush("a", 1)))
    show("hash", [client.hset("h", mapping={"x": 1}), client.hgetall("h")])
    show("sorted", [client.zadd("z", {"x": 1.5}), client.zrange("z", 0, -1, withscores=True)])
    show("members", [client.sadd("s", "m"), client.smembers("s")])
    show("nested", client.eval("return {1, {2, 'x'}, false}", 0))
    show("scan", sorted(client.scan_iter(count=2)))
    show("list", client.execute_command("ECHO", "hello"))
    other = connect(db=5)
    show("database", [other.set("five", 1), other.keys(), client.exists("five")])
    other.close()
    client.close()


def pipelines() -> None:
    client = connect()
    with client.pipeline(transaction=False) as pipe:
        for _ in range(3000):
            pipe.incr("many")
        show("pipeline", pipe.execute()[-1])
        pipe.set("t", "x").incr("t").get("t")
        show("with error", [str(each) for each in pipe.execute(raise_on_error=False)])
    with client.pipeline(transaction=True) as pipe:
        show("multi", pipe.set("t", 1).incr("t").execute())
        show("inner error", failed(lambda: pipe.set("t", "x").incr("t").execute()))
        show("aborted", failed(lambda: pipe.execute_command("SET", "t").execute()))
    with client.pipeline() as pipe:
        pipe.watch("t")
        client.set("t", "changed")
        pipe.multi()
        pipe.set("t", "mine")
        show("watch", failed(pipe.execute))
    show("transaction", client.transaction(lambda pipe: pipe.multi() or pipe.set("t", 7), "t"))
    client.close()


def listening() -> None:
    client = connect()
    with client.pubsub() as channel:
        channel.subscribe("a", "b")
        channel.psubscribe("n*")
        got = [channel.get_message(timeout=5) for _ in range(3)]
        for name, text in (("a", "1"), ("news", "2"), ("c", "3")):
            client.publish(name, text)
        got += [channel.get_message(timeout=5) for _ in range(2)]
        channel.ping()
        got.append(channel.get_message(timeout=5))
        channel.unsubscribe()
        channel.punsubscribe()
        got += [channel.get_message(timeout=5) for _ in range(3)]
        for message in got:
            show("message", sorted((key, str(value)) for key, value in message.items()))
    heard = []
    with client.pubsub() as channel:
        channel.subscribe(news=lambda message: heard.append(message["data"]))
        thread = channel.run_in_thread(sleep_time=0.01)
        while not client.pubsub_numsub("news")[0][1]:
            pass
        client.publish("news", "x")
        while not heard:
            client.ping()
        thread.stop()
        thread.join()
    show("thread", heard)
    with client.monitor() as monitor:
        connect().set("seen", 1)
        show("monitor", next(m["command"] for m in monitor.listen() if "seen" in m["command"]))
    client.close()


def waiting() -> None:
    client, producer = connect(), connect()
    show(
        "nothing",
        [client.blpop("q", 0.05), client.brpoplpush("q", "r", 1), client.bzpopmin("zz", 0.05)],
    )
    for action, feed in (
        (lambda: client.blpop(["q", "q2"], 5), lambda: producer.rpush("q2", "job")),
        (lambda: client.blmove("q", "r", 5), lambda: producer.rpush("q", "x")),
        (lambda: client.bzpopmin("zz", 5), lambda: producer.zadd("zz", {"one": 1})),
        (
            lambda: client.xread({"st": "$"}, block=5000),
            lambda: producer.xadd("st", {"f": "v"}, id="1-1"),
        ),
    ):
        result = []
        thread = threading.Thread(target=keep, args=(action, result))
        thread.start()
        while not any("b" in each["flags"] for each in producer.client_list()):
            producer.ping()
        feed()
        thread.join()
        show("served", result)
    client.xgroup_create("st", "g", "0")
    show("group", client.xreadgroup("g", "me", {"st": ">"}, count=5))
    show("none", client.xreadgroup("g", "me", {"st": ">"}, block=20))
    show("wait", client.wait(0, 10))
    with client.lock("lock", timeout=5) as lock:
        show("lock", [lock.owned(), producer.lock("lock").acquire(blocking=False)])
    show("unlocked", client.exists("lock"))
    script = client.register_script("return redis.call('incrby', KEYS[1], ARGV[1])")
    show("script", [script(keys=["n"], args=[3]), script(keys=["n"], args=[4])])
    with client.pipeline() as pipe:
        script(keys=["n"], args=[5], client=pipe)
        show("script in pipeline", pipe.execute())
    show("evalsha", failed(lambda: client.evalsha("f" * 40, 0)))
    client.close()
    producer.close()


def keep(action, result: list[object]) -> None:
    result.append(action())


def caching() -> None:
    if RESP != 3:
        return
    try:
        client, other = connect(cache_config=CacheConfig()), connect()
        client.set("c", "old")
    except redis.ConnectionError as error:  # It wants Redis 7.4; Valkey says 7.2.
        show("no cache", error)
        return
    values = [client.get("c"), client.get("c")]
    other.set("c", "new")
    while client.get("c") != b"new":
        other.ping()
    show("cached", [*values, client.get("c")])
    client.close()
    other.close()


async def in_asyncio() -> None:
    client = redis.asyncio.Redis(port=PORT, protocol=RESP, max_connections=5)
    pool = redis.asyncio.BlockingConnectionPool(port=PORT, protocol=RESP, max_connections=4)
    shared = redis.asyncio.Redis(connection_pool=pool)
    show("gather", (await asyncio.gather(*(shared.incr("together") for _ in range(200))))[-1] > 0)
    show("total", await client.get("together"))
    async with client.pipeline(transaction=True) as pipe:
        show("async multi", await pipe.set("t", 1).incr("t").execute())
    async with client.pubsub() as channel:
        await channel.subscribe("a")
        await client.publish("a", "hello")
        found = [await channel.get_message(timeout=5) for _ in range(2)]
        show("async messages", [str(each["data"]) for each in found])
    waiting_for = asyncio.create_task(client.blpop("later", 5))
    await asyncio.gather(*(shared.ping() for _ in range(3)))
    await shared.rpush("later", "x")
    show("async served", await waiting_for)
    cancelled = asyncio.create_task(client.blpop("never", 5))
    await asyncio.gather(*(shared.ping() for _ in range(3)))
    cancelled.cancel()
    show("after cancel", [await client.get("t"), await shared.exists("never")])
    await client.aclose()
    await shared.aclose()


plain()
pipelines()
listening()
waiting()
caching()
asyncio.run(in_asyncio())
