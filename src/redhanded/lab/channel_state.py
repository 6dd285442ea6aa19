"""What is under way on one connection of a process: held, owed, waited for at the server."""

from __future__ import annotations

from dataclasses import dataclass, field

from redhanded.lab.describe import TransactionState
from redhanded.lab.held import Held
from redhanded.lab.proxy import Channel
from redhanded.lab.wire.http import HttpStream
from redhanded.lab.wire.unit import Answer, Unit

NOTIFICATION = b"A"


@dataclass(slots=True)
class ChannelState:
    """What is under way on one connection."""

    channel: Channel
    transaction: TransactionState = field(default_factory=TransactionState)
    held: dict[int, Held] = field(default_factory=dict)
    """By serial, until the answer is complete."""
    owed: list[int] = field(default_factory=list)
    """Serials of units that were passed on without being held and are not answered yet."""
    blocked: dict[int, Unit] = field(default_factory=dict)
    """Consumers that wait at the server itself, by serial."""
    lost: bool = False

    def settle(self, answer: Answer) -> None:
        """Strikes off what ``answer`` answers: without a serial, the oldest handshake."""
        if answer.serial is None:
            if not is_notification(self.channel, answer):
                del self.owed[:1]
        elif answer.serial in self.owed:
            self.owed.remove(answer.serial)

    def set_pace(self, *, held: bool) -> None:
        """While nothing is held, the beginning of a request goes on before its end is there."""
        if isinstance(self.channel.stream, HttpStream):
            self.channel.stream.eager = not held

    def unfinished(self) -> list[Unit]:
        """A request whose client may be waiting for the answer before it sends the rest."""
        stream = self.channel.stream
        if isinstance(stream, HttpStream) and not self.channel.waiting:
            return stream.rest()
        return []


def is_notification(channel: Channel, answer: Answer) -> bool:
    """Whether PostgreSQL tells a process unasked what somebody notified."""
    unasked = answer.serial is None and channel.route.kind == "postgres"
    return unasked and answer.raw[:1] == NOTIFICATION


def gets_an_answer(unit: Unit) -> bool:
    """Whether the service answers it soon and of its own accord."""
    silent = unit.silent or unit.continuation or unit.kind in ("TLS", "TUNNEL")
    return not silent and not unit.waits and unit.blocking is None
