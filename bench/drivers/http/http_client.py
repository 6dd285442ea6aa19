"""Python's http.client and urllib, and what only a bare socket says. PORT."""

from __future__ import annotations

import http.client
import json
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator

PORT = int(sys.argv[1])
LONG = bytes(range(250)) * 8000


def show(name: str, value: object) -> None:
    print(name, repr(value), flush=True)


def kept() -> None:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=20)
    for path in ("/hello", "/empty", "/unchanged", "/error", "/long", "/chunked", "/connection"):
        connection.request("GET", path)
        answer = connection.getresponse()
        data = answer.read()
        show(path, (answer.status, len(data), data[:40], answer.getheader("Transfer-Encoding")))
    connection.request("HEAD", "/long")
    answer = connection.getresponse()
    show("head", (answer.status, answer.getheader("Content-Length"), answer.read()))
    for name, body in (("length", LONG), ("none", None), ("text", "text")):
        connection.request("POST", "/echo", body)
        show(name, json.loads(connection.getresponse().read()))
    connection.request("POST", "/echo", parts(), encode_chunked=True)
    show("chunks", json.loads(connection.getresponse().read()))
    connection.request("GET", "/connection")
    show("still the same", connection.getresponse().read())
    connection.close()


def parts() -> Iterator[bytes]:
    for number in range(1, 60):
        yield LONG[: number * 1009]


def once() -> None:
    for path in ("/hello", "/until-close", "/old", "/redirect", "/error"):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", timeout=20) as answer:
                show(path, (answer.status, answer.read()))
        except urllib.error.HTTPError as error:
            show(path, (error.code, error.read()))


def say(what: str, *messages: bytes, end: bytes | None = None) -> None:
    """Sends each message after something came for the last; hears until ``end`` or the end."""
    with socket.create_connection(("127.0.0.1", PORT), timeout=20) as line:
        got = b""
        for message in messages:
            line.sendall(message)
            if message is not messages[-1]:
                got += line.recv(65536)
        while not (end and got.endswith(end)) and (data := line.recv(65536)):
            got += data
    show(what, got)


def bare() -> None:
    host = b"Host: x\r\n"
    close = b"Connection: close\r\n\r\n"
    get = b"GET /hello HTTP/1.1\r\n" + host
    post = b"POST /echo HTTP/1.1\r\n" + host
    say("pipelined", (get + b"\r\n") * 20 + get + close)
    say("mixed", b"HEAD /long HTTP/1.1\r\n" + host + b"\r\n" + get + b"\r\n\r\n" + get + close)
    say("old", b"GET /hello HTTP/1.0\r\n\r\n")
    say("asking to be kept", b"GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    say("bare lines", b"GET /bare HTTP/1.1\r\n" + host + close)
    slowly = post + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n3;a=b\r\nabc\r\n"
    say("chunk extensions", slowly + b"0\r\nX-Sum: 1\r\n\r\n")
    expecting = post + b"Expect: 100-continue\r\nContent-Length: 3\r\n" + close
    say("expect", expecting, b"abc")
    say("expect, not waiting", expecting + b"abc")
    early = b"POST /early HTTP/1.1\r\n" + host + b"Content-Length: 6\r\n"
    say("early", early + b"\r\nabc", b"def" + get + close)
    up = b"GET /up HTTP/1.1\r\n" + host + b"Connection: Upgrade\r\nUpgrade: x\r\n\r\n"
    say("upgrade", up, b"abc", end=b"ready:abc")
    say("nonsense", b"\x16\x03\x01 what\r\n\r\n")
    say("bad length", post + b"Content-Length: x\r\n\r\n")


kept()
once()
bare()
