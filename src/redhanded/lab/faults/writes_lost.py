"""Redis fails over to a replica that has not got the last writes yet.

Replication is asynchronous: a write that was acknowledged may be gone (Redis documentation,
"Replication"). The keys are put back to what they were before the last writes, and every connection
to the service breaks, as it does when a replica is promoted.
"""

from __future__ import annotations

from redhanded.case.operation import Operation
from redhanded.case.run import Run
from redhanded.case.schedule import Event
from redhanded.lab.faults.fault import Fault, Place, cut, miss, record
from redhanded.lab.held import Held
from redhanded.lab.reset import EMPTY, RedisBaseline, keep_redis, restore_redis
from redhanded.lab.running import RunningSystem


def _applies(operation: Operation, _run: Run) -> bool:
    return operation.name.protocol == "redis" and operation.name.access == "write"


def _look(running: RunningSystem, event: Event, held: Held) -> None:
    """Keeps what is there before a write that may be one of several that are lost."""
    if event.count > 1 and held.protocol == "redis" and held.access == "write":
        _keep(running, held)


def _begin(place: Place) -> None:
    if place.held.access != "write":
        miss(place, f"{place.held.kind} {place.held.target} writes nothing")
        return
    _keep(place.running, place.held)
    place.release(place.held)


def _keep(running: RunningSystem, held: Held) -> None:
    server = running.servers[held.service]
    numbers = {server.own_database, *server.databases()}
    kept = {number: keep_redis(server.database(number)) for number in sorted(numbers)}
    held.before = kept


def _end(place: Place) -> None:
    held, running = place.held, place.running
    lost = _lost(place)
    if len(lost) < place.event.count:
        place.missed[place.event] = f"only {len(lost)} writes of {held.service} had come"
        return
    server = running.servers[held.service]
    kept: dict[int, RedisBaseline] = lost[0].before
    for number in dict.fromkeys((*kept, *server.databases())):
        restore_redis(server.database(number), kept.get(number, EMPTY))
    running.traffic.forwarded[held.service] += 1
    what = ", ".join(f"{each.kind} {each.target}" for each in lost)
    touches = tuple(dict.fromkeys(touch for each in lost for touch in each.touches))
    text = f"{held.service} failed over and lost {what}"
    happened = record(place, held.target, text, touches=touches)
    for channel in tuple(running.traffic.states):
        if channel.route.service == held.service:
            cut(place, channel, happened)


def _lost(place: Place) -> list[Held]:
    """The last writes of that server, the one at which it happens last."""
    done = place.running.traffic.done
    kept = [each for each in done if each.before is not None]
    return [each for each in kept if each.service == place.held.service][-place.event.count :]


FAULT = Fault(
    kind="writes lost",
    protocols=("redis",),
    applies=_applies,
    begin=_begin,
    end=_end,
    look=_look,
)
