"""A million hostile conversations for the Redis codec; see ``fuzzing``.

python fuzz_redis.py [--inputs 1000000]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from fuzzing import Fuzzed, Progress, Turn, fuzz, markdown

from redhanded.lab.wire.redis import RedisStream

INPUTS = 1_000_000
TOKENS: Sequence[bytes] = (
    b"*1\r\n", b"*2\r\n", b"*-1\r\n", b"*0\r\n", b"*1048576\r\n", b"*99999999999\r\n",
    b"$1\r\na\r\n", b"$-1\r\n", b"$0\r\n\r\n", b"$536870912\r\n", b"$65537\r\n", b"$?\r\n",
    b">2\r\n", b">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n", b">0\r\n",
    b"%1\r\n", b"|1\r\n", b"~2\r\n",
    b"+OK\r\n", b"+QUEUED\r\n", b"-ERR x\r\n", b"!5\r\nERR x\r\n", b"=7\r\ntxt:abc\r\n",
    b":1\r\n", b",1.5\r\n", b",inf\r\n", b"#t\r\n",
    b"(123456789012345678901234567890\r\n", b"_\r\n",
    b"$9\r\nsubscribe\r\n", b"$7\r\nmessage\r\n", b"$10\r\ninvalidate\r\n",
    b"$12\r\nsunsubscribe\r\n",
    b"MULTI\r\n", b"EXEC\r\n", b"DISCARD\r\n", b"WATCH a\r\n", b"SUBSCRIBE a b\r\n",
    b"UNSUBSCRIBE\r\n",
    b"PSUBSCRIBE a*\r\n", b"HELLO 3\r\n", b"HELLO 2\r\n", b"RESET\r\n", b"MONITOR\r\n", b"QUIT\r\n",
    b"CLIENT REPLY OFF\r\n", b"CLIENT REPLY SKIP\r\n", b"CLIENT REPLY ON\r\n", b"SELECT 3\r\n",
    b"BLPOP a 0\r\n", b"XREAD BLOCK 0 STREAMS a $\r\n", b"SET \"a b\" 'c\r\n", b"\r\n", b"\n", b" ",
    b"+1339518083.107412 [0 127.0.0.1:60866] \"keys\" \"*\"\r\n", b"\0", b"\xff" * 9,
)  # fmt: skip


def command(*words: str) -> bytes:
    parts = b"".join(b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in words)
    return b"*%d\r\n%s" % (len(words), parts)


def confirmed(kind: str, channel: str, count: int, head: str = "*") -> bytes:
    words = "".join(f"${len(word)}\r\n{word}\r\n" for word in (kind, channel))
    return f"{head}3\r\n{words}:{count}\r\n".encode()


CONVERSATIONS: Sequence[Sequence[Turn]] = (
    (
        ("c", command("HELLO", "3") + command("CLIENT", "SETINFO", "LIB-NAME", "x")),
        ("s", b"%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n+OK\r\n"),
        ("c", command("SELECT", "1") + command("SET", "a", "x" * 300) + command("GET", "a")),
        ("s", b"+OK\r\n+OK\r\n$300\r\n" + b"x" * 300 + b"\r\n"),
        ("c", command("CLIENT", "TRACKING", "ON") + command("MGET", "a", "b")),
        ("s", b"+OK\r\n*2\r\n$1\r\n1\r\n_\r\n>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n"),
        ("c", command("SUBSCRIBE", "a", "b") + command("SSUBSCRIBE", "s") + command("GET", "a")),
        ("s", confirmed("subscribe", "a", 1, ">") + confirmed("subscribe", "b", 2, ">")),
        ("s", confirmed("ssubscribe", "s", 1, ">") + b"$-1\r\n"),
        ("s", b">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n"),
        ("c", command("UNSUBSCRIBE") + command("RESET") + command("PING")),
        ("s", confirmed("unsubscribe", "a", 1, ">") + confirmed("unsubscribe", "b", 0, ">")),
        ("s", b"+RESET\r\n+PONG\r\n"),
    ),
    (
        ("c", command("WATCH", "k") + command("GET", "k")),
        ("s", b"+OK\r\n$1\r\n1\r\n"),
        ("c", command("MULTI") + command("SET", "k", "2") + command("INCR", "k") + command("EXEC")),
        ("s", b"+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n-ERR value is not an integer\r\n"),
        ("c", command("MULTI")),
        ("s", b"+OK\r\n"),
        ("c", command("LPUSH", "l", "a")),
        ("s", b"+QUEUED\r\n"),
        ("c", command("EXEC")),
        ("s", b"*-1\r\n"),
        ("c", command("EVALSHA", "f" * 40, "1", "k", "v") + command("FCALL", "f", "1", "k")),
        ("s", b"-NOSCRIPT No matching script.\r\n*2\r\n:1\r\n*2\r\n$1\r\na\r\n*-1\r\n"),
        ("c", command("BLPOP", "l", "0") + command("XREAD", "BLOCK", "0", "STREAMS", "s", "$")),
        ("s", b"*2\r\n$1\r\nl\r\n$1\r\na\r\n"),
        ("s", b"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n"),
    ),
    (
        ("c", b"PING\r\nSET a \"b c\"\r\n\r\nGET a\n" + command("SUBSCRIBE", "a")),
        ("s", b"+PONG\r\n+OK\r\n$3\r\nb c\r\n" + confirmed("subscribe", "a", 1)),
        ("s", b"*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$5\r\nhello\r\n"),
        ("c", command("PSUBSCRIBE", "n*") + command("PING")),
        ("s", confirmed("psubscribe", "n*", 2) + b"*2\r\n$4\r\npong\r\n$0\r\n\r\n"),
        ("s", b"*4\r\n$8\r\npmessage\r\n$2\r\nn*\r\n$4\r\nnews\r\n$1\r\nx\r\n"),
        ("c", command("UNSUBSCRIBE") + command("PUNSUBSCRIBE")),
        ("s", confirmed("unsubscribe", "a", 1) + confirmed("punsubscribe", "n*", 0)),
        ("c", command("CLIENT", "REPLY", "SKIP") + command("SET", "a", "1") + command("MONITOR")),
        ("s", b"+OK\r\n+1339518083.107412 [0 127.0.0.1:60866] \"set\" \"a\" \"1\"\r\n"),
        ("c", command("RESET") + command("LRANGE", "l", "0", "-1")),
        ("s", b"+RESET\r\n*3\r\n$1\r\na\r\n$-1\r\n$70000\r\n" + b"y" * 70_000 + b"\r\n"),
    ),
)  # fmt: skip


def measure(*, inputs: int = INPUTS, say: Progress) -> Fuzzed:
    return fuzz("Redis", RedisStream, CONVERSATIONS, TOKENS, inputs=inputs, say=say)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--inputs", type=int, default=INPUTS)
    row = measure(
        inputs=parser.parse_args().inputs, say=lambda line: print(line, file=sys.stderr, flush=True)
    )
    print(markdown([row]), *row.faults, f"slowest: seed {row.slowest_seed}", sep="\n")
    return 1 if row.faults else 0


if __name__ == "__main__":
    sys.exit(main())
