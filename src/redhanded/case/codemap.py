"""The program as read: entries, queues, data access, constraints, and paths through them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from redhanded.case.evidence import Location

HopKind = Literal[
    "route",
    "entry",  # what else begins a path: a schedule, a command, a function that nothing calls
    "handler",
    "enqueue",
    "consume",
    "call",
    "read",
    "write",
    "table",
    "constraint",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """An HTTP entry."""

    method: str
    path: str
    """As written, including the prefix of the router it is mounted under where that is known."""
    location: Location
    handler: Location | None
    webhook: bool = False
    """A signature check stands on its path."""
    library: str = ""
    """``express``, ``fastapi``, ``django`` …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enqueue:
    """A call that puts a job on a queue."""

    queue: str | None
    """Queue name as the broker sees it; None where it is not a literal."""
    job: str | None
    library: str
    """``bull``, ``bullmq``, ``celery`` …"""
    location: Location
    options: dict[str, str] = field(default_factory=dict)
    """Job options that are in force here (call and queue defaults), name to source text."""
    data: dict[str, str] = field(default_factory=dict)
    """Property of the job's data to what it is made of, as far as that is known."""
    in_transaction: bool = False
    """A transaction is open around it on some way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """A function that processes jobs."""

    queue: str | None
    job: str | None
    library: str
    location: Location
    handler: Location | None
    concurrency: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    """What else it is told: ``acks_late``, ``max_retries`` …, name to value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataAccess:
    """A call that reads or writes a table."""

    model: str
    """Empty where there is none."""
    table: str
    method: str
    """As the library calls it: ``create``, ``findOne``, ``get_or_create``, ``INSERT`` …"""
    access: Literal["read", "write", "read-write"]
    library: str
    location: Location
    columns: tuple[str, ...] = ()
    """Columns of the ``where``, or of the values written, as the database names them."""
    ranges: tuple[str, ...] = ()
    """Those of the ``where`` that it compares by less or greater."""
    in_transaction: bool = False
    locked: bool = False
    """Under ``FOR UPDATE`` or a lock taken before."""
    does: str = ""
    """Whatever the library calls it: ``read``, ``insert``, ``update``, ``delete``, ``upsert``,
    ``find-or-create``, ``save`` or ``statement`` (SQL that could not be read)."""
    isolation: str = ""
    """Of its transaction, where that is said."""
    conflict: Literal["", "ignore", "update", "error"] = ""
    """What an insert does when the row is there."""
    conflict_columns: tuple[str, ...] = ()
    atomic: bool = False
    """What it writes is computed or checked by the database in the same statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UniqueConstraint:
    """What the database refuses to hold twice."""

    table: str
    columns: tuple[str, ...]
    name: str | None
    """Where nothing names it, as PostgreSQL does."""
    location: Location | None
    source: Literal["migration", "model", "database"] = "migration"
    where: str = ""
    """Of a partial one; empty: for all rows."""
    in_force: bool = True
    """False: a model says it, and the migrations that make the table do not."""

    def is_called(self, name: str | None) -> bool:
        """Whether a database may know it by that name: its own, or one that tools make of table
        and columns (PostgreSQL, Django, Knex, Sequelize)."""
        if name is None or name == self.name:
            return name is not None
        made = "_".join(map(re.escape, (self.table, *self.columns)))
        tail = "(?:_[0-9a-f]{8})?_(?:key|uniq|unique|uk|idx)"
        prefix = "(?:uq|uk|ix|idx|uniq|unique)_"
        return re.fullmatch(f"{made}{tail}|{prefix}{made}", name, re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit that touched lines of a path."""

    sha: str
    author: str
    date: str
    """ISO 8601, when it was written."""
    subject: str
    locations: tuple[Location, ...] = ()
    at_ms: float | None = None
    """Epoch, when it was committed as it stands; None in cases of older versions."""
    repository: str = ""
    """Folder of its repository where that is not the one around the root, such as a submodule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One step of a path."""

    kind: HopKind
    label: str
    """e.g. ``POST /webhooks/x``, ``queue.add('send')``, ``INSERT INTO t``, ``UNIQUE t(c)``."""
    location: Location | None
    text: str = ""
    """The source line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePath:
    """From an entry to the data, across queues."""

    hops: tuple[Hop, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeMap:
    """Everything that ``explore`` gives."""

    root: str
    files: int
    routes: tuple[Route, ...] = ()
    enqueues: tuple[Enqueue, ...] = ()
    consumers: tuple[Consumer, ...] = ()
    accesses: tuple[DataAccess, ...] = ()
    constraints: tuple[UniqueConstraint, ...] = ()
    paths: tuple[CodePath, ...] = ()
    """Those that reach the symptom's table first."""
    commits: tuple[Commit, ...] = ()
    """Newest first, those that touched the paths."""
    unresolved: tuple[Location, ...] = ()
    """Calls on the paths whose target is not known."""
    limits: tuple[str, ...] = ()
