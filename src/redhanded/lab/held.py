"""An operation in the making: parked, sent, answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from redhanded.case.evidence import Location
from redhanded.case.operation import (
    Access,
    Mark,
    Operation,
    OperationName,
    Touch,
    WireFailure,
)
from redhanded.case.operation import Protocol as WireProtocol
from redhanded.lab.proxy import Channel
from redhanded.lab.wire.unit import Blocking, Unit

State = Literal["parked", "sent", "locked", "ready", "done", "lost"]
"""``locked``: the server holds it back for another transaction; ``ready``: it was, and the answer
has come but was not delivered; ``lost``: its connection ended."""

UNKNOWN_TASK = ""
NOTHING = "EMPTY"
"""The kind of what executes no statement of PostgreSQL: an empty query, or one that is prepared."""
Named = Callable[[OperationName], bool]
"""Whether a schedule speaks of an operation."""


def unnamed(_name: OperationName) -> bool:
    """No schedule speaks of anything."""
    return False


@dataclass(slots=True, kw_only=True, eq=False)
class Held:
    """What is known of one unit, filled in as it goes on its way."""

    protocol: WireProtocol
    process: str
    role: str
    service: str
    kind: str
    target: str
    access: Access
    text: str
    fingerprint: str
    touches: tuple[Touch, ...]
    cause: int | None
    task: str
    arrived_ms: float
    ambient: bool = False
    meanwhile: int | None = None
    """Of housekeeping: the operation whose answer its process was working on when it came."""
    free: bool = False
    """Touches nothing that another operation could touch, and no schedule speaks of it: released at
    once, never a choice."""
    uncommitted: bool = False
    """Its writes are seen by others only after a later COMMIT."""
    channel: Channel | None = None
    unit: Unit | None = None
    transaction: int | None = None
    stack: tuple[Location, ...] = ()
    occurrence: int = 1
    mark: Mark | None = None
    """Given when it is counted."""
    state: State = "parked"
    index: int = -1
    released_ms: float = 0.0
    replied_ms: float | None = None
    rows: int | None = None
    failure: WireFailure | None = None
    waited_for_lock: bool = False
    kept: list[bytes] = field(default_factory=list)
    """Pieces of the answer that were not delivered yet."""
    answer: bytearray = field(default_factory=bytearray)
    """The first bytes of the answer, to see which job it hands out."""
    withheld: bool = False
    """Its process is not given the answer."""
    before: Any = None
    """What a service held before it, where that is to be put back."""
    woken: bool = False
    """A notification of PostgreSQL made its process send it, or what led to it."""
    doubtful: bool = False
    """A timer may have sent it; see ``may_be_a_timers``."""
    parallel: bool = False
    """Another operation of the same task and process was parked beside it."""

    @property
    def blocking(self) -> Blocking | None:
        """What it waits for, if it is a consumer that waits until somebody feeds it."""
        return None if self.unit is None else self.unit.blocking

    @property
    def place(self) -> tuple[bool, float, str]:
        """By arrival; blocked consumers last and by name, since they came before the trial."""
        blocked = self.blocking is not None
        return (blocked, 0.0 if blocked else self.arrived_ms, self.process)

    @property
    def connection(self) -> tuple[str, str, int] | None:
        """Process, service and number."""
        if self.channel is None:
            return None
        return (self.process, self.service, self.channel.number)

    @property
    def name(self) -> OperationName:
        return OperationName(
            task=self.task,
            role=self.role,
            protocol=self.protocol,
            kind=self.kind,
            target=self.target,
            access=self.access,
            occurrence=self.occurrence,
            mark=self.mark,
        )

    def operation(self) -> Operation:
        """The value that a run keeps."""
        return Operation(
            index=self.index,
            name=self.name,
            process=self.process,
            service=self.service,
            text=self.text,
            fingerprint=self.fingerprint,
            parent=self.cause,
            ambient=self.ambient,
            touches=self.touches,
            location=self.stack[0] if self.stack else None,
            stack=self.stack,
            rows=self.rows,
            failure=self.failure,
            waited_for_lock=self.waited_for_lock,
            transaction=self.transaction,
            connection=self.channel.number if self.channel else 0,
            released_ms=round(self.released_ms, 3),
            replied_ms=None if self.replied_ms is None else round(self.replied_ms, 3),
        )
