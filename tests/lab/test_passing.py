"""What goes by unheld, as the lab keeps account of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from redhanded.lab.channel_state import ChannelState
from redhanded.lab.passing import Passing
from redhanded.lab.polls import Poll
from redhanded.lab.proxy import Channel
from redhanded.lab.wire.unit import Unit

SCRIPT = (b"EVALSHA", b"fdacc359")


class Connection:
    """A channel as far as the account asks for it."""

    def __init__(self, process: str) -> None:
        self.route = SimpleNamespace(process=process, service="queue", kind="redis")

    def catch_up(self) -> None:
        pass


def sent(passing: Passing, channel: Channel, *arguments: bytes) -> None:
    unit = Unit(kind="EVALSHA", raw=b"", serial=1, offset=0, arguments=(*SCRIPT, *arguments))
    passing.passed(channel, unit)


def test_who_queues_by_the_script_that_workers_look_with_is_not_waited_for() -> None:
    """One script does it all (Dramatiq): the web process sends it once, and never looks again."""
    passing = Passing()
    web, worker = (cast(Any, Connection(name)) for name in ("web", "worker.1"))
    passing.states = {web: ChannelState(web), worker: ChannelState(worker)}
    poll = Poll(role="worker", service="queue", shape=SCRIPT, places=frozenset(), pause_ms=1.0)
    known = SimpleNamespace(
        items=lambda: [(("fetch",), poll)], asks_for_what_is_given=lambda *_: True
    )
    passing.lookers.follow(cast(Any, known))
    sent(passing, worker, b"fetch")
    assert not passing.still_to_look()
    sent(passing, web, b"enqueue")
    assert passing.still_to_look()
    sent(passing, worker, b"fetch")
    assert not passing.still_to_look()
