"""Redis fails over to a replica that has not got the last writes yet.

Replication is asynchronous: a write that was acknowledged may be gone (Redis documentation,
"Replication"). The keys are put back to what they were before the last writes, and every connection
to the service breaks, as it does when a replica is promoted.
"""

from __future__ import annotations

from redhanded.case.operation import Operation
from redhanded.case.run import Run
from redhanded.lab.faults.fault import Fault, Place, record
from redhanded.lab.reset import RedisBaseline, keep_redis, restore_redis


def _applies(operation: Operation, _run: Run) -> bool:
    return operation.name.protocol == "redis" and operation.name.access == "write"


def _begin(place: Place) -> None:
    """Keeps what is there before the write; ``count`` writes back if more are to be lost."""
    held = place.held
    server = place.running.servers[held.service]
    if server.client is None:
        place.missed[place.event] = f"{held.service} is not a Redis server"
    else:
        numbers = {0, server.own_database, *server.databases()}
        kept = {number: keep_redis(server.database(number)) for number in sorted(numbers)}
        held.before = kept
    place.release(held)


def _end(place: Place) -> None:
    held, running = place.held, place.running
    kept: dict[int, RedisBaseline] | None = held.before
    if kept is None:
        return
    server = running.servers[held.service]
    for number in dict.fromkeys((*kept, *server.databases())):
        empty = RedisBaseline(values={}, lifetimes_ms={})
        restore_redis(server.database(number), kept.get(number, empty))
    record(
        place,
        held.target,
        f"{held.service} failed over and lost {held.kind} {held.target}",
        touches=held.touches,
    )
    for channel in tuple(running.traffic.states):
        if channel.route.service == held.service:
            channel.cut()


FAULT = Fault(kind="writes lost", applies=_applies, begin=_begin, end=_end)
