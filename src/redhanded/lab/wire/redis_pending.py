"""What is under way on one Redis connection: answers that are due, a MULTI that is not ended."""

from __future__ import annotations

from dataclasses import dataclass

from redhanded.case.operation import WireFailure
from redhanded.lab.wire.redis_commands import SUBSCRIBING, Command
from redhanded.lab.wire.redis_session import Session, after

ALL_CHANNELS = -1
"""As many replies as channels are subscribed when the first one comes."""


@dataclass(slots=True)
class Block:
    """A MULTI that is not ended."""

    commands: list[Command]
    sent: int = 0
    """Commands of it in units that were given already."""

    @property
    def last_name(self) -> str:
        return name_of(self.commands[-1][0])

    def outcome(self, kind: str, session: Session) -> Session:
        """After its end; one that is given up leaves no trace of its commands."""
        for command in self.commands if kind == "MULTI" else self.commands[-1:]:
            session = after(session, name_of(command[0]), command)
        return session


@dataclass(slots=True)
class Pending:
    """A unit whose answer is not complete."""

    serial: int
    kind: str
    expected: int
    """Replies still to come; or ``ALL_CHANNELS``."""
    handshake: bool = False
    block: Block | None = None
    begins_block: bool = False
    """The reply to MULTI itself is still to come."""
    change: tuple[Session, Session] | None = None
    """Of the session, before and after: to be taken back if it is refused."""
    failure: WireFailure | None = None


def expected_replies(kind: str, command: Command) -> int:
    if kind not in SUBSCRIBING:
        return 1
    if len(command) > 1:
        return len(command) - 1
    return ALL_CHANNELS if kind.endswith("UNSUBSCRIBE") else 1


def namespace_of(kind: str) -> str:
    """Channels, patterns and shard channels are subscribed apart: ``""``, ``P``, ``S``."""
    return kind.removesuffix("SUBSCRIBE").removesuffix("UN")


def name_of(word: bytes) -> str:
    return word.decode("utf-8", "replace").upper()
