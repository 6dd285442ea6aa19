"""What happens from one entry on, in the order of the source: the input of every rule.

Both branches of a condition follow one another, told apart by their guards; a loop's body stands
once. Calls into the program are entered, across files, so a path runs through functions; a job that
is put on a queue is a path of its own, joined by `Journey.jobs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from redhanded.case.evidence import Location
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.values import Value

EntryKind = Literal["route", "job", "schedule", "command", "subscription", "function"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Where the outside world comes in.

    ``function``: a function that nothing in the program calls, and that has effects: it is looked
    at, too, and no claim is made of who calls it.
    """

    kind: EntryKind
    name: str
    """``POST /hooks/:sender``, ``queue:job``, ``cron 0 * * * *``, a function's name."""
    location: Location
    library: str = ""
    webhook: str = ""
    """The known sender, or ``signed`` (some signature is checked); empty: none that is seen."""
    queue: str | None = None
    job: str | None = None
    options: Mapping[str, Value] = field(default_factory=dict)
    """Of the consumer: concurrency, acks_late, max_retries …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A condition under which an event happens: of an ``if``, a ternary, ``a and b()``,
    ``a or b()``, ``a ?? b()``, a ``while``, or of a handler."""

    test: Value
    """With the operators of `form.Operation`. In a handler it is ``Computed("raised", (Known of
    each type's name, the `Result` of each event of the ``try``))``: ``except X.DoesNotExist:
    X.create()`` happens if the read found nothing."""
    holds: bool
    """The branch in which the test is true; after ``if (x) return`` the rest has False."""
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Catcher:
    """A ``try`` around an event."""

    types: tuple[str, ...]
    """Names of what it takes (``IntegrityError``, ``UniqueConstraintError``); ``*`` for all."""
    tests: tuple[Value, ...]
    """Conditions in the handler: ``error.code === '23505'``."""
    outcome: Literal["raises", "returns", "goes on", "tries again"]
    """What the handler does in the end."""
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A transaction around events."""

    number: int
    """Of the event that began it."""
    isolation: str = ""
    handle: Value | None = None
    """What statements must be given to be in it; None: all on this path are (Django's atomic)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One call, with all that surrounds it."""

    number: int
    """Place on the path, from 0."""
    location: Location
    end_line: int
    effect: Effect | None
    """None: a call that could not be resolved, or does nothing that is known."""
    callee: str
    """As written, at most 120 characters."""
    result: Value
    arguments: tuple[Value, ...] = ()
    keywords: Mapping[str, Value] = field(default_factory=dict)
    stack: tuple[Location, ...] = ()
    """The calls that lead here from the entry, outermost first."""
    guards: tuple[Guard, ...] = ()
    """Outermost first."""
    catchers: tuple[Catcher, ...] = ()
    """Innermost first."""
    transaction: Transaction | None = None
    """The innermost one that it runs in: on its handle, or all on the path."""
    around: tuple[Transaction, ...] = ()
    """All that are open, whether it runs in them or not."""
    locks: tuple[int, ...] = ()
    """Numbers of the ``acquire`` events held, and of reads that lock rows in an open
    transaction."""
    in_loop: bool = False
    retried: bool = False
    """The loop around it repeats after a failure."""
    awaited: bool = True
    """False: its promise or coroutine is dropped; always True where a call gives its value."""
    dropped_at: Location | None = None
    """The call it runs in whose promise nobody waits for: an async function called without
    ``await``, a callback that is async under ``forEach``. None: the entry waits for it."""
    is_detached: bool = False
    """Started and not waited for on purpose: ``void f()``, ``f().catch(…)``, a task, a timer."""
    is_resolved: bool = True
    """False: what is called is not known."""
    together_with: int | None = None
    """Number of the first event of the same ``Promise.all`` or ``gather``."""
    branch: int = 0
    """Which of those that run together it belongs to; the events of one follow one another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """A job put on a queue and the entry that takes it."""

    event: int
    entry: int
    """Index in `Journeys.paths`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """Everything that can happen from one entry."""

    entry: Entry
    events: tuple[Event, ...]
    jobs: tuple[Handover, ...] = ()
    functions: tuple[Location, ...] = ()
    """Where the functions begin that run for the entry, in their order, middleware first."""
    limits: tuple[str, ...] = ()
    """Where it was not followed further, and why."""
    beside: tuple[Event, ...] = ()
    """Calls of which no table says what they do, of libraries that a table describes otherwise."""
