"""Workers that ask a queue from time to time whether there is a job, instead of waiting at it.

What a process sends by a timer while it has heard of nothing, and what hands out a job later, is
such a look. It is housekeeping: let through when there may be a job, held back while there is other
work to choose from, and never a choice itself. What it hands out is work like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from redhanded.lab.held import Held

House: TypeAlias = tuple[object, ...]
"""What makes two operations the same piece of housekeeping; see ``causes``."""
PAUSE_MAX_MS = 2_000.0
"""Between two looks; what comes more rarely is something else, or not worth waiting for."""
MARGIN = 3.0
"""One that was sent before is let through first, and says nothing."""
LATE_MS = 500.0
"""Timers fire late on a busy machine."""
TAKES = frozenset(
    b"DEL EXEC EXPIRE HDEL LPOP LREM LTRIM MULTI PEXPIRE PSETEX RPOP SETEX SREM UNLINK XACK XDEL "
    b"ZPOPMIN ZREM ZREMRANGEBYRANK ZREMRANGEBYSCORE".split()
)
"""Commands that take a job out, or set a result beside it, and queue none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """How the workers of a role look whether there is a job."""

    role: str
    service: str
    shape: tuple[bytes, ...]
    """The command and its first argument, the key of most."""
    places: frozenset[tuple[str, str]]
    """Service and key where it looks."""
    pause_ms: float
    """Between two looks, at most."""

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

    def __iter__(self) -> Iterator[Poll]:
        return iter(self._known.values())

    def begin(self) -> None:
        """A trial begins."""
        self._given_up_at = 0

    def knows(self, house: House) -> bool:
        """Whether it is a look for jobs, where a timer may have sent it."""
        return house in self._known

    @property
    def is_steady(self) -> bool:
        """Whether all that came at rest came again."""
        return bool(self._last) and all(house in self._pause_ms for _, house in self._last)

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

    def unpolled(self, done: Sequence[Held], house_of: Callable[[Held], House]) -> dict[str, float]:
        """Roles whose workers did not look since something was written where they look; and how
        long at most they should take to do so, ms."""
        found = {}
        for house, poll in self._known.items():
            looked_ms = 0.0
            for held in reversed(done[self._given_up_at :]):
                if held.state == "done" and house_of(held) == house:
                    # One that was sent before does not ask for what came later.
                    looked_ms = max(looked_ms, held.arrived_ms)
                elif poll.is_fed_by(held):
                    if looked_ms < held.released_ms:
                        found[poll.role] = poll.pause_ms * MARGIN + LATE_MS
                    break
        return found

    def stop_expecting(self, done: Sequence[Held]) -> None:
        """Nobody looked in time: what was written up to now is left where it is."""
        self._given_up_at = len(done)
