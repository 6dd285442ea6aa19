"""A million hostile conversations for the HTTP codec; see ``fuzzing``.

python fuzz_http.py [--inputs 1000000]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from fuzzing import Fuzzed, Progress, Turn, fuzz, markdown

from redhanded.lab.wire.http import HttpStream

INPUTS = 1_000_000
TOKENS: Sequence[bytes] = (
    b"GET / HTTP/1.1\r\n", b"HEAD / HTTP/1.1\r\n", b"POST /a?b=c HTTP/1.1\r\n",
    b"GET / HTTP/1.0\r\n",
    b"CONNECT x:1 HTTP/1.1\r\n", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 304\r\n\r\n", b"HTTP/1.0 500 Oh\r\n", b"HTTP/2.0 200 OK\r\n", b"PRI * HTTP/2.0\r\n",
    b"Content-Length: 3\r\n", b"Content-Length: 0\r\n", b"Content-Length: 99999999999\r\n",
    b"Content-Length: -1\r\n", b"Content-Length: 3, 3\r\n", b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip\r\n", b"Transfer-Encoding: gzip, chunked\r\n",
    b"Connection: upgrade\r\n", b"Connection: close\r\n", b"Upgrade: websocket\r\n",
    b"Expect: 100-continue\r\n", b"Host: x\r\n", b" folded\r\n", b": no name\r\n", b"no colon\r\n",
    b"3\r\nabc\r\n", b"0\r\n\r\n", b"0\r\nTrailer: x\r\n\r\n", b"ffffffffffffff\r\n",
    b"-3\r\n", b"3;x=y\r\n",
    b"\r\n", b"\n", b"\r", b"\r\n\r\n", b" ", b"\0", b"\xff" * 9, b"abc",
)  # fmt: skip
LONG = b"z" * 70_000
CONVERSATIONS: Sequence[Sequence[Turn]] = (
    (
        ("c", b"GET /a?b=1 HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n"),
        ("s", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok"),
        ("c", b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n"),
        ("c", b"A\r\n0123456789\r\n0\r\nChecksum: 1\r\n\r\n"),
        ("s", b"HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwrong\r\n0\r\n\r\n"),
        ("c", b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("s", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n"),
        ("c", b"DELETE /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"),
        ("s", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("c", b"GET /end HTTP/1.0\r\n\r\n"),
        ("s", b"HTTP/1.0 200 OK\r\nServer: x\r\n\r\nuntil the end"),
    ),
    (
        ("c", b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"),
        ("s", b"HTTP/1.1 100 Continue\r\n\r\n"),
        ("c", b"abcd"),
        ("s", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 201 Created\r\n"),
        ("s", b"Content-Length: 0\r\n\r\n"),
        ("c", b"PUT /long HTTP/1.1\r\nContent-Length: 70000\r\n\r\n" + LONG[:300]),
        ("s", b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig"),
        ("c", LONG[300:]),
        ("c", b"GET /ws HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"),
        ("s", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x05hello"),
        ("c", b"\x81\x85\x00\x00\x00\x00hello"),
        ("s", b"\x88\x00"),
    ),
)  # fmt: skip


def measure(*, inputs: int = INPUTS, say: Progress) -> Fuzzed:
    return fuzz("HTTP", HttpStream, CONVERSATIONS, TOKENS, inputs=inputs, say=say)


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
