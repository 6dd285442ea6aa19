"""The lifetime of a key in Redis ends: a lease, a lock with a time-out.

Redis counts by its own clock, so whoever holds a lease cannot know whether it still does
(Kleppmann, "How to do distributed locking", 2016). The lab lets the key expire as the server would:
with its event, at a chosen operation.
"""

from __future__ import annotations

from typing import Any

from redhanded.case.operation import Operation, Touch
from redhanded.case.run import Run
from redhanded.lab.clock import monotonic_ms
from redhanded.lab.faults.fault import EVERYTHING, Fault, Place, record, release
from redhanded.lab.footprint import located, pattern

EXPIRY_TIMEOUT_MS = 1_000.0


def _applies(_operation: Operation, _run: Run) -> bool:
    """Only what a lock guards is worth ending it for: that is predicted, not tried everywhere."""
    return False


def _end(place: Place) -> None:
    event, running = place.event, place.running
    ended: list[str] = []
    for client, key, name in leases(place):
        client.pexpire(key, 1)
        _wait_until_gone(client, key)
        ended.append(name)
    if not ended:
        return
    touches = tuple(Touch(service=event.service, resource=key, access="write") for key in ended)
    text = f"the lifetime of {', '.join(ended)} ended"
    record(place, event.target, text, service=event.service, touches=touches)
    running.traffic.forwarded[event.service] += 1


def leases(place: Place) -> list[tuple[Any, bytes, str]]:
    """Keys of the event's name that have a lifetime, each with a client of its database and the
    name that footprints give it. If there are none, the event is missed."""
    event, running = place.event, place.running
    server = running.servers.get(event.service)
    if server is None or server.client is None:
        place.missed[event] = f"{event.service or 'no service'} is not a Redis server"
        return []
    found: list[tuple[Any, bytes, str]] = []
    for number in server.databases():
        client = server.database(number)
        for key in client.keys("*"):
            named = located(pattern(key, running.traffic.variable), number)
            if named == event.target and client.pttl(key) >= 0:
                found.append(
                    (client, key, located(key.decode("utf-8", "backslashreplace"), number))
                )
    if not found:
        place.missed[event] = f"no key {event.target} with a lifetime is there at {event.at}"
    return found


def _wait_until_gone(client: Any, key: bytes) -> None:
    """The server removes a key when somebody asks for it after its time: a millisecond."""
    deadline = monotonic_ms() + EXPIRY_TIMEOUT_MS
    while client.exists(key) and monotonic_ms() < deadline:
        continue


FAULT = Fault(
    kind="lease ended",
    protocols=EVERYTHING,
    applies=_applies,
    begin=release,
    end=_end,
)
