"""Bytes in, messages out: the protocols of the services a system talks to. No sockets, no clock."""

from __future__ import annotations

from typing import Literal

from redhanded.lab.wire.http import HttpStream
from redhanded.lab.wire.postgres import PostgresStream
from redhanded.lab.wire.redis import RedisStream
from redhanded.lab.wire.unit import Stream

WireProtocol = Literal["postgres", "redis", "http"]

STREAMS: dict[WireProtocol, type[PostgresStream] | type[RedisStream] | type[HttpStream]] = {
    "postgres": PostgresStream,
    "redis": RedisStream,
    "http": HttpStream,
}
"""One codec per protocol; a new one is a file and a line here."""


def open_stream(protocol: WireProtocol) -> Stream:
    """A codec for one new connection."""
    return STREAMS[protocol]()
