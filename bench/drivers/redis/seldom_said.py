"""What clients seldom say: inline commands, RESET, tracking, shard channels, functions, silence.

PORT. Prints what the server answers, with what differs from run to run taken out.
"""

from __future__ import annotations

import re
import socket
import sys

PORT = int(sys.argv[1])
VARIES = re.compile(rb"\d{10}\.\d{6} \[\d+ [\d.:]+\]|0x[0-9a-f]+|(?<=\$2\r\nid\r\n):\d+")
LIBRARY = (
    "#!lua name=lib\n"
    "redis.register_function('plus', function(k, a) return redis.call('incrby', k[1], a[1]) end)"
)
ODD_REPLIES = "return {KEYS[1], redis.status_reply('FINE'), redis.error_reply('BAD thing')}"
TYPES = ("attrib", "bignum", "verbatim", "push", "double", "true", "map", "set", "null")


class Line:
    """A connection, and a mark by which the end of what it hears is known."""

    def __init__(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", PORT))
        self.socket.settimeout(10)
        self.number = 0

    def say(self, *commands: bytes | str | tuple[str, ...]) -> None:
        """Bytes as they are, words as an array."""
        self.socket.sendall(b"".join(map(encoded, commands)))

    def hear(self, what: str) -> None:
        """All up to the answer to an ECHO of the next mark."""
        self.number += 1
        self.say(f"ECHO mark-{self.number}")
        self.until(what, f"mark-{self.number}\r\n".encode())

    def until(self, what: str, end: bytes) -> None:
        got = b""
        while not got.endswith(end):
            data = self.socket.recv(65536)
            if not data:
                got += b" (closed)"
                break
            got += data
        print(what, VARIES.sub(b"...", got), flush=True)


def encoded(command: bytes | str | tuple[str, ...]) -> bytes:
    if isinstance(command, bytes):
        return command
    words = [word.encode() for word in (command.split() if isinstance(command, str) else command)]
    parts = [b"$%d\r\n%s\r\n" % (len(word), word) for word in words]
    return b"".join([b"*%d\r\n" % len(words), *parts])


one, two = Line(), Line()
one.say(b"FLUSHALL\r\n\r\nSET a \"hello world\"\r\n  GET   a \n*0\r\nset 'b c' 1\r\n")
one.say(b"EXISTS 'b c'\r\n*1\r\n$4\r\n", b"PI", b"NG\r\n", b"PING\r\nPING\r\n")
one.hear("inline and in parts")
one.say("MULTI", "SET a 1", "NOSUCH", "EXEC", "MULTI", "INCR a", "DISCARD", "EXEC")
one.hear("refused and discarded")
one.say("MULTI", "SELECT 2", "SET two 2", "EXEC", "KEYS *", "SELECT 99", "SELECT 0")
one.hear("select in a block")
one.say("WATCH a x", "GET a")
one.hear("watch")
two.say("SET a other")
two.hear("other")
one.say("MULTI", "SET a mine", "EXEC", "GET a")
one.hear("nothing done")
one.say("HELLO 9", "HELLO 3", "HGETALL none", "ZADD z 1.5 m", "ZSCORE z m", "SMEMBERS none")
one.hear("version 3")
one.say(*(f"DEBUG PROTOCOL {kind}" for kind in TYPES))
one.hear("types")
one.say("CLIENT TRACKING ON", "GET a")
one.hear("tracking")
two.say("SET a changed", "FLUSHDB")
two.hear("changed")
one.hear("invalidated")
one.say("CLIENT TRACKING OFF", "SUBSCRIBE c d", "SSUBSCRIBE shard", "PSUBSCRIBE n*", "GET a")
one.hear("subscribed")
two.say("PUBLISH c 1", "SPUBLISH shard 2", "PUBLISH news 3")
two.hear("published")
one.say("UNSUBSCRIBE c d", "UNSUBSCRIBE", "SUNSUBSCRIBE shard none", "PUNSUBSCRIBE")
one.hear("unsubscribed")
one.say("RESET", "GET a")
one.hear("reset")
one.say("CLIENT REPLY SKIP", "SET a 1", "GET a", "CLIENT REPLY OFF", "SET a 2", "GET a")
one.say("CLIENT REPLY ON", "GET a")
one.hear("silence")
one.say("CLIENT REPLY OFF", "RESET", "MULTI", "SET a 1", "RESET", "GET a")
one.hear("silence ended")
one.say(("FUNCTION", "LOAD", LIBRARY), "FCALL plus 1 f 2", "FCALL_RO plus 1 f 3", "FUNCTION FLUSH")
one.hear("functions")
one.say(("EVAL", ODD_REPLIES, "1", "k"), ("EVAL_RO", "return 1", "0"))
one.say(("SCRIPT", "LOAD", "return 7"), "SCRIPT EXISTS " + "f" * 40, "EVALSHA " + "f" * 40 + " 0")
one.hear("scripts")
one.say("WAIT 0 5", "WAITAOF 0 0 5", "BLMPOP 0.01 1 none LEFT", "BZMPOP 0.01 1 none MIN")
one.say("XREAD BLOCK 10 STREAMS none $", "BLPOP none 0.01", "BRPOPLPUSH none x 0.01")
one.hear("waits")
one.say("SUBSCRIBE two", "PING", "PING x", "GET a", "UNSUBSCRIBE two", "UNSUBSCRIBE")
one.hear("version 2 subscribed")
one.say("CLIENT TRACKING ON BCAST", "HELLO 2")
one.hear("tracking in version 2")
one.say("MONITOR")
one.until("monitor", b"+OK\r\n")
two.say(("SET", "m", "*\r\n+x"), b"GET m\r\n")
two.hear("watched")
one.until("lines", b'"mark-%d"\r\n' % two.number)
one.say("RESET", "GET m")
one.hear("monitor ended")
one.say(("SET", "long", "x" * 2_000_000), "STRLEN long", "APPEND long y", "GETRANGE long 0 200000")
one.hear("long")
one.say("AUTH nobody x", "SENTINEL get-master-addr-by-name m", "QUIT")
one.until("quit", b"never")
two.say(b"*1\r\n:5\r\n")
two.until("nonsense", b"never")
