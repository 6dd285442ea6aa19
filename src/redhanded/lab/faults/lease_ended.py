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
from redhanded.lab.faults.fault import Fault, Place, record, release
from redhanded.lab.footprint import pattern

EXPIRY_TIMEOUT_MS = 1_000.0


def _applies(_operation: Operation, _run: Run) -> bool:
    """Only what a lock guards is worth ending it for: that is predicted, not tried everywhere."""
    return False


def _end(place: Place) -> None:
    event, running = place.event, place.running
    client, keys = leases(place)
    ended: list[str] = []
    for key in keys:
        client.pexpire(key, 1)
        _wait_until_gone(client, key)
        ended.append(key.decode("utf-8", "backslashreplace"))
    if not ended:
        place.missed[event] = f"no key {event.target} with a lifetime is there at {event.at}"
        return
    touches = tuple(Touch(service=event.service, resource=key, access="write") for key in ended)
    text = f"the lifetime of {', '.join(ended)} ended"
    record(place, event.target, text, service=event.service, touches=touches)
    running.traffic.forwarded[event.service] += 1


def leases(place: Place) -> tuple[Any, list[bytes]]:
    """A client of the event's service, and its keys of that name that have a lifetime."""
    event, running = place.event, place.running
    server = running.servers.get(event.service)
    client: Any = server.client if server is not None else None
    if client is None:
        return None, []
    named = [
        key
        for key in client.keys("*")
        if pattern(key, running.traffic.variable) == event.target and client.pttl(key) >= 0
    ]
    return client, named


def _wait_until_gone(client: Any, key: bytes) -> None:
    """The server removes a key when somebody asks for it after its time: a millisecond."""
    deadline = monotonic_ms() + EXPIRY_TIMEOUT_MS
    while client.exists(key) and monotonic_ms() < deadline:
        continue


FAULT = Fault(kind="lease ended", applies=_applies, begin=release, end=_end)
