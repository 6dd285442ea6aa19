"""The lab's proxy between a client and a server, passing everything; a process of its own.

    python proxy_relay.py postgres|redis HOST:PORT|SOCKET

Bytes become units and answers, nothing is held. Writes its port to standard output and ends when
standard input does.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from typing import cast

from redhanded.case.errors import LabError
from redhanded.case.evidence import Location
from redhanded.lab.footprint import UNKNOWN, Catalogue, KeySpecifications
from redhanded.lab.proxy import (
    Channel,
    Kind,
    Listener,
    Route,
    Upstream,
    tcp_upstream,
    unix_upstream,
)
from redhanded.lab.pump import Pump
from redhanded.lab.traffic import Traffic


def main(kind: Kind, address: str) -> None:
    bound = socket.create_server(("127.0.0.1", 0))
    print(bound.getsockname()[1], flush=True)
    pump = Pump()
    traffic = Traffic({}, Nowhere())
    route = Route(process="client", service="server", kind=kind, connect=upstream_of(pump, address))
    listener = Listener(pump, route, bound, traffic, traffic.opened)
    ended: list[int] = []
    pump.add(sys.stdin, ended.append)
    while not ended:
        pump.turn(60.0)
    listener.close()
    pump.close()


class Nowhere:
    """Surroundings for traffic that passes: it asks nothing of them unless it holds."""

    def keys(self, service: str) -> list[bytes]:
        return []

    def rows(self, service: str, sql: str) -> None:
        return None

    def admin(self, service: str) -> None:
        return None

    def specifications(self, service: str) -> KeySpecifications:
        raise LabError(f"the relay for {service} held a message instead of passing it")

    def catalogue(self, service: str) -> Catalogue:
        return UNKNOWN

    def stack(self, port: int, offset: int, sealed_at: int | None = None) -> tuple[Location, ...]:
        return ()

    def timer_fired(self, process: str) -> bool:
        return False


def upstream_of(pump: Pump, address: str) -> Callable[[Channel], Upstream]:
    if address.startswith("/"):
        return unix_upstream(pump, address)
    host, _, port = address.rpartition(":")
    return tcp_upstream(pump, host, int(port))


if __name__ == "__main__":
    main(cast("Kind", sys.argv[1]), sys.argv[2])
