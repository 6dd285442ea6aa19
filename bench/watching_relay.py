"""The lab's proxy, passing everything and keeping account of what it understood.

    python watching_relay.py postgres|redis HOST:PORT|SOCKET [held]

With ``held`` every unit is parked and released alone, whenever nothing else is under way. When
standard input ends it writes what it saw as one line of JSON: see ``Seen``.
"""

from __future__ import annotations

import socket
import sys
from dataclasses import asdict, dataclass, field
from json import dumps
from pathlib import Path
from time import monotonic
from typing import cast

from proxy_relay import Nowhere, upstream_of

from redhanded.case.errors import WireError
from redhanded.lab.proxy import Channel, Kind, Listener, Route
from redhanded.lab.pump import Pump
from redhanded.lab.traffic import Traffic
from redhanded.lab.wire.postgres import PostgresStream
from redhanded.lab.wire.unit import Answer, Unit

PATIENCE_S = 0.02
"""A unit that is not answered after this long waits for something else."""


@dataclass(slots=True, kw_only=True)
class Seen:
    """What passed through one relay."""

    connections: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    """Units by kind."""
    unread: list[str] = field(default_factory=list)
    """Where bytes were not the protocol, or could not be read for being encrypted."""
    unanswered: list[str] = field(default_factory=list)
    """Units that were due an answer when their connection ended."""
    cancels: int = 0
    cancels_of_nobody: int = 0
    """Cancel requests that name no connection through this relay."""
    peak_kb: int = 0
    """The most memory that the relay's process ever had."""


class Watch(Traffic):
    """Traffic that passes, and an account of it."""

    def __init__(self) -> None:
        super().__init__({}, Nowhere())
        self.seen = Seen()
        self._due: dict[Channel, dict[int, str]] = {}
        self._keys: set[tuple[int, bytes]] = set()

    def opened(self, channel: Channel) -> None:
        self.seen.connections += 1
        self._due[channel] = {}
        super().opened(channel)

    def arrived(self, channel: Channel, unit: Unit) -> None:
        self._count(channel, unit)
        super().arrived(channel, unit)

    def passed(self, channel: Channel, unit: Unit) -> None:
        self._count(channel, unit)
        super().passed(channel, unit)

    def answered(self, channel: Channel, answer: Answer) -> None:
        self._strike_off(channel, answer)
        super().answered(channel, answer)

    def passed_back(self, channel: Channel, answer: Answer) -> None:
        self._strike_off(channel, answer)
        super().passed_back(channel, answer)

    def _count(self, channel: Channel, unit: Unit) -> None:
        self.seen.kinds[unit.kind] = self.seen.kinds.get(unit.kind, 0) + 1
        if unit.kind in ("TLS", "TUNNEL"):
            self.seen.unread.append(f"{unit.kind} on connection {channel.number}")
        if unit.held and not unit.silent:
            self._due[channel][unit.serial] = unit.kind
        if unit.kind == "CANCEL" and isinstance(channel.stream, PostgresStream):
            self.catch_up()
            self.seen.cancels += 1
            self.seen.cancels_of_nobody += channel.stream.cancels not in self._keys

    def _strike_off(self, channel: Channel, answer: Answer) -> None:
        if answer.complete and answer.serial is not None:
            self._due[channel].pop(answer.serial, None)
        stream = channel.stream
        if isinstance(stream, PostgresStream) and stream.backend_key is not None:
            self._keys.add(stream.backend_key)

    def closed(self, channel: Channel) -> None:
        self.seen.unanswered += self._due.pop(channel, {}).values()
        super().closed(channel)

    def broken(self, channel: Channel, error: WireError) -> None:
        self.seen.unread.append(str(error))
        super().broken(channel, error)


def main(kind: Kind, address: str, held: bool) -> None:
    bound = socket.create_server(("127.0.0.1", 0))
    print(bound.getsockname()[1], flush=True)
    pump, watch = Pump(), Watch()
    route = Route(process="client", service="server", kind=kind, connect=upstream_of(pump, address))
    listener = Listener(pump, route, bound, watch, watch.opened)
    ended: list[int] = []
    pump.add(sys.stdin, ended.append)
    watch.holding = held
    turn = OneByOne(watch).turn if held else lambda: 60.0
    while not ended:
        pump.turn(turn())
    pump.drop(sys.stdin)
    while pump.turn(0.05):
        continue  # The last clients are hanging up.
    listener.close()
    pump.close()
    watch.seen.peak_kb = _peak_kb()
    print(dumps(asdict(watch.seen)), flush=True)


class OneByOne:
    """Releases the oldest unit when the one before is answered, or waits at the server."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._since = 0.0

    def turn(self) -> float:
        """Does what can be done now; gives the seconds until it has to be asked again."""
        watch = self._watch
        waited_s = monotonic() - self._since
        if watch.in_flight is not None and waited_s > PATIENCE_S:
            if watch.in_flight.kept:
                watch.deliver_kept(watch.in_flight)  # The client has to go on first: COPY.
            elif not watch.in_flight.answer:
                watch.lock_found(watch.in_flight)
        while watch.deliver_ready():
            continue
        if watch.in_flight is None and (heads := watch.heads()):
            self._since = monotonic()
            watch.release(heads[0])
        return PATIENCE_S if watch.in_flight is not None else 60.0


def _peak_kb() -> int:
    """Of this program alone; getrusage would count what started it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0


if __name__ == "__main__":
    main(cast("Kind", sys.argv[1]), sys.argv[2], "held" in sys.argv[3:])
