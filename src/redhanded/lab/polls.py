"""Workers that ask a queue from time to time whether there is a job, instead of waiting at it.

What a process sends by a timer while it has heard of nothing, and what hands out a job later, is
such a look. It is housekeeping: let through when there may be a job, held back while there is other
work to choose from, and never a choice itself. What it hands out is work like any other.

Where jobs are rows of PostgreSQL a look is known by its statement: sent for nobody, it returned a
row that a task had inserted, and at another time none. A worker then looks whenever it has nothing
else to do: when a notification wakes it, when a job is done, when a timer fires.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from redhanded.lab.held import Held
from redhanded.lab.job_rows import Place
from redhanded.lab.wire.unit import Unit

House: TypeAlias = tuple[object, ...]
"""What makes two operations the same piece of housekeeping; see ``house_of``."""
SAID_MAX = 10_000
PAUSE_MAX_MS = 2_000.0
"""Between two looks; what comes more rarely is something else, or not worth waiting for."""
MARGIN = 3.0
"""One that was sent before is let through first, and says nothing."""
LATE_MS = 500.0
"""Timers fire late on a busy machine."""
NOWHERE: frozenset[Place] = frozenset()
TAKES = frozenset(
    b"DEL EXEC EXPIRE HDEL LPOP LREM LTRIM MULTI PEXPIRE PSETEX RPOP SETEX SREM UNLINK XACK XDEL "
    b"ZPOPMIN ZREM ZREMRANGEBYRANK ZREMRANGEBYSCORE".split()
)
"""Commands that take a job out, or set a result beside it, and queue none."""


def house_of(held: Held) -> House:
    """What makes two operations the same piece of housekeeping."""
    return (held.role, held.kind, held.target, held.stack[:1])


def look_of(held: Held) -> House:
    """What makes two operations the same look for jobs."""
    if held.protocol == "postgres":
        return (held.role, held.service, held.fingerprint)
    return house_of(held)


Said: TypeAlias = tuple[object, ...]
"""A look with its values: the queue that it is about, and whatever else they say."""


def said_of(unit: Unit | None) -> Said:
    """What a statement says; nothing where it is a command."""
    statements = () if unit is None else unit.statements
    return tuple((bound.sql, bound.values) for bound in statements)


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """How the workers of a role look whether there is a job."""

    role: str
    service: str
    shape: tuple[bytes, ...]
    """The command and its first argument, the key of most; of a statement: without its values."""
    places: frozenset[Place]
    """Where it looks."""
    pause_ms: float | None
    """Between two looks, at most; None: they come too seldom to wait for the next."""
    woken: bool = False
    """A notification makes workers look: who could do so at once has done it."""

    @property
    def patience_ms(self) -> float:
        """How long somebody may take to look; 0 where it is of no use to wait for that."""
        if self.pause_ms is None or self.woken:
            return 0.0
        return self.pause_ms * MARGIN + LATE_MS

    def is_fed_by(self, held: Held) -> bool:
        """Whether it adds something where the workers look, as far as can be told."""
        if held.ambient or held.unit is None:
            return False
        if not any(
            touch.access == "write" and (held.service, touch.resource) in self.places
            for touch in held.touches
        ):
            return False
        commands = held.unit.commands or (held.unit.arguments,)
        return any(command and command[0].upper() not in TAKES for command in commands)


class Polls:
    """The looks of all processes, as far as they were seen."""

    def __init__(self) -> None:
        self._pause_ms: dict[House, float] = {}
        """Of what came again at rest: the longest pause in between."""
        self._last: dict[tuple[str, House], Held] = {}
        """By process: the last that came at rest."""
        self._known: dict[House, Poll] = {}
        self._given_up_at = 0
        self._gave: dict[House, Poll] = {}
        """Statements that returned a job, sent for nobody."""
        self._in_vain: set[House] = set()
        """Statements that returned none."""
        self._fed: dict[int, frozenset[Place]] = {}
        """By operation: the tables into which it inserted a job, in this trial."""
        self._giving: set[int] = set()
        """Looks of this trial that returned a job from a table."""
        self._said: Counter[tuple[House, Said]] = Counter()
        """How often each look came with the same values."""
        self._gave_to: dict[House, set[Said]] = {}
        """The values with which it returned a job."""

    def __iter__(self) -> Iterator[Poll]:
        return iter(self._known.values())

    def items(self) -> Iterator[tuple[House, Poll]]:
        """Each with what makes a look one of it."""
        return iter(self._known.items())

    def begin(self) -> None:
        """A trial begins."""
        self._given_up_at = 0
        self._fed.clear()
        self._giving.clear()

    def knows(self, house: House) -> bool:
        """Whether it is a look for jobs, where a timer or nothing else may have sent it."""
        return house in self._known

    def came_at_rest(self, held: Held, house: House) -> None:
        """A timer sent it while its process had heard of nothing: learns how long that pauses."""
        before = self._last.get((held.process, house))
        self._last[held.process, house] = held
        if before is not None and before.replied_ms is not None:
            pause = held.arrived_ms - before.replied_ms
            if pause <= PAUSE_MAX_MS:
                self._pause_ms[house] = max(self._pause_ms.get(house, 0.0), pause)

    def handed_out(self, held: Held, house: House) -> None:
        """Its answer held a job: it is a look for jobs, if it was sent by a timer as it had been
        at rest, again and again."""
        if house in self._pause_ms and held.ambient and held.unit is not None:
            self._known[house] = Poll(
                role=held.role,
                service=held.service,
                shape=held.unit.arguments[:2],
                places=frozenset((held.service, touch.resource) for touch in held.touches),
                pause_ms=self._pause_ms[house],
            )

    def feeds(self, held: Held, places: frozenset[Place]) -> None:
        """It inserted jobs into tables."""
        if places:
            self._fed[held.index] = places

    def gave(self, held: Held, places: frozenset[Place]) -> None:
        """A statement returned jobs of these tables."""
        look = look_of(held)
        known = self._gave.get(look)
        poll = Poll(
            role=held.role,
            service=held.service,
            shape=(held.fingerprint.encode(),),
            places=places if known is None else places | known.places,
            pause_ms=self._pause_ms.get(look),
            woken=held.woken or (known is not None and known.woken),
        )
        self._gave[look] = poll
        self._gave_to.setdefault(look, set()).add(said_of(held.unit))
        self._giving.add(held.index)
        if look in self._in_vain:
            self._known[look] = poll

    def was_in_vain(self, look: House) -> None:
        """A statement returned no job."""
        self._in_vain.add(look)
        if look in self._gave:
            self._known[look] = self._gave[look]

    def came(self, look: House, said: Said) -> None:
        """A statement that may be a look was answered."""
        if len(self._said) < SAID_MAX or (look, said) in self._said:
            self._said[look, said] += 1

    def subject(self, look: House, said: Said) -> Said:
        """What tells looks at several queues apart; nothing where the values are never the same,
        as times are."""
        return said if self._said[look, said] > 1 else ()

    def asks_for_what_is_given(self, look: House, said: Said) -> bool:
        """Whether a look in vain says that there is no job, as far as can be told: it is not about
        another queue."""
        subject = self.subject(look, said)
        return not subject or subject in self._gave_to.get(look, ())

    def has_given(self, look: House) -> bool:
        """Whether such a statement returned a job before, sent for nobody."""
        return look in self._gave

    def unpolled(self, done: Sequence[Held], house_of: Callable[[Held], House]) -> dict[str, float]:
        """Roles whose workers did not look since something was written where they look; and how
        long at most they should take to do so, ms."""
        found: dict[str, float] = {}
        for house, poll in self._known.items():
            looked_ms = 0.0
            for held in reversed(done[self._given_up_at :]):
                if held.state == "done" and house_of(held) == house:
                    looked_ms = max(looked_ms, self._looked_ms(held, house))
                elif poll.is_fed_by(held) or self._fed.get(held.index, NOWHERE) & poll.places:
                    if looked_ms < held.released_ms:
                        found[poll.role] = max(found.get(poll.role, 0.0), poll.patience_ms)
                    break
        return found

    def _looked_ms(self, held: Held, look: House) -> float:
        """Since when a look says that nothing is left. One that was sent before need not ask for
        what came later."""
        if held.index in self._giving:
            return held.released_ms
        about = self.asks_for_what_is_given(look, said_of(held.unit))
        return held.arrived_ms if about else 0.0

    def stop_expecting(self, done: Sequence[Held]) -> None:
        """Nobody looked in time: what was written up to now is left where it is."""
        self._given_up_at = len(done)
