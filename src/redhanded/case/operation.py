"""What a process did, as the proxies saw it: one message unit that can be held and released."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from redhanded.case.evidence import Location

Protocol = Literal["postgres", "redis", "http", "delivery", "fault"]
"""``fault``: something that the environment did; see ``schedule.Event``."""
Access = Literal["read", "write"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One thing that an operation reads or writes."""

    service: str
    """Name of the service in ``redhanded.toml``."""
    resource: str
    """Table (lower case, without schema ``public``), Redis key, or HTTP method and path."""
    access: Access
    row: tuple[tuple[str, str], ...] = ()
    """Column and value pairs known from the statement (equality predicates, inserted values);
    empty means: any row."""

    def conflicts(self, other: Touch) -> bool:
        """Whether both may touch the same thing and one of them writes.

        Two row descriptions are apart only if they name a common column with different values.
        """
        if self.service != other.service or self.access == other.access == "read":
            return False
        if self.resource != other.resource and "*" not in (self.resource, other.resource):
            return False
        mine = dict(self.row)
        return all(mine.get(column, value) == value for column, value in other.row)


@dataclass(frozen=True, slots=True, kw_only=True)
class WireFailure:
    """An error that a service answered with."""

    code: str
    """SQLSTATE, Redis error word, or HTTP status."""
    message: str
    table: str | None = None
    constraint: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What else is known of a named operation, to find it again in a program that was edited."""

    statement: str = ""
    """Without its values, as it was sent; of a COMMIT what its transaction wrote, too."""
    repetition: int = 1
    """Counts operations of this name that are the same statement within the task, from 1."""
    repetitions: int = 0
    """How many of these the task had; 0 is unknown."""
    cause: str = ""
    """Role, kind and target of the operation whose reply caused it; empty is unknown."""
    usual: bool = False
    """Some task sends it when each delivery ends before the next begins, too."""
    uncommitted: bool = False
    """Others see what it wrote only after a later COMMIT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationName:
    """A name that survives edits of the program: no offsets, no replica numbers."""

    task: str
    """``delivery 1``, ``delivery 2`` …: whose causal chain it belongs to. A variable: deliveries
    of the same request may be exchanged."""
    role: str
    """Process role, e.g. ``worker``."""
    protocol: Protocol
    kind: str
    """``SELECT``, ``INSERT``, ``COMMIT``, ``EVALSHA``, ``BRPOPLPUSH``, ``POST`` …"""
    target: str
    """Table, key pattern (values of the trial replaced by ``*``) or path; for COMMIT the tables
    that its transaction wrote, joined by ``+``."""
    access: Access
    occurrence: int = 1
    """Counts operations of this name within the task, from 1."""
    mark: Mark | None = field(default=None, compare=False)
    """No part of the name: tells apart what is called the same on edited code."""

    def __str__(self) -> str:
        nth = f" #{self.occurrence}" if self.occurrence > 1 else ""
        return f"{self.task}: {self.role} {self.kind} {self.target}{nth}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One released operation of one run."""

    index: int
    """Position in the order of release, from 0."""
    name: OperationName
    process: str
    """The replica, e.g. ``worker.2``."""
    service: str
    """Whom it was sent to: a service, a stub, or a process."""
    text: str
    """The statement or command with its values, redacted, at most 2,000 characters."""
    fingerprint: str
    """The statement without its values."""
    parent: int | None
    """Index of the operation whose reply caused it; None for a delivery."""
    ambient: bool = False
    """True for housekeeping that a timer caused: released first, never ordered."""
    touches: tuple[Touch, ...] = ()
    location: Location | None = None
    """The application line that sent it; None is unknown."""
    stack: tuple[Location, ...] = ()
    """Application frames, innermost first."""
    rows: int | None = None
    """Rows returned or affected, where the reply says."""
    failure: WireFailure | None = None
    waited_for_lock: bool = False
    """True if the server held it back for another transaction's lock."""
    transaction: int | None = None
    """Counts transactions on its connection; None outside one."""
    connection: int = 0
    released_ms: float = 0.0
    """Since the trial's start."""
    replied_ms: float | None = None
