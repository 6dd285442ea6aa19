"""Waits until a notification of PostgreSQL has come to all who listen.

It is sent by another server process than the one that answers the statement, some time after that
answer, and is no answer to anything: without waiting the system would seem to be at rest before a
worker has been woken. The lab listens too. Whatever was notified before a statement was answered
has come to the lab by the end of a query that it sends after that answer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import psycopg

from redhanded.lab.clock import monotonic_ms
from redhanded.lab.footprint import ANYTHING, CHANNEL
from redhanded.lab.held import Held
from redhanded.lab.proxy import Channel
from redhanded.lab.wire.postgres import PostgresStream
from redhanded.lab.wire.unit import Unit

PATIENCE_MS = 1_000.0
_LISTEN = re.compile(r'\s*(UN)?LISTEN\s+(?:"((?:[^"]|"")+)"|([^\W\d][\w$]*)|(\*))', re.IGNORECASE)

Admin = Callable[[str], "psycopg.Connection[Any] | None"]


class Notices:
    """Who listens to what, and what has not come yet."""

    def __init__(self, admin: Admin, is_busy: Callable[[Channel], bool]) -> None:
        self._admin = admin
        self._is_busy = is_busy
        """Whether a connection stands in a transaction: it is told of nothing until it ends."""
        self._listening: dict[Channel, set[str]] = {}
        self._before: Counter[Channel] = Counter()
        """Notifications that had come before any that is counted."""
        self._sent: Counter[Channel] = Counter()
        """Those that were sent since."""
        self._heard: dict[str, set[str]] = {}
        """By service: what the lab listens to."""
        self._asked: set[str] = set()
        """Services that may have sent some."""
        self._since_ms: float | None = None

    def begin(self) -> None:
        """Starts a trial: all that was sent has come."""
        for channel in [*self._listening]:
            self._catch_up(channel)
            if not channel.open:
                self.closed(channel)
        self._asked.clear()
        self._since_ms = None

    def went_by(self, channel: Channel, unit: Unit) -> None:
        """Takes note of who listens to what."""
        for bound in unit.statements:
            if (found := _LISTEN.match(bound.sql)) is None:
                continue
            stop, quoted, plain, everything = found.groups()
            name = quoted.replace('""', '"') if quoted else (plain or "").lower()
            if everything:
                self._listening.pop(channel, None)
            elif stop:
                self._listening.get(channel, set()).discard(name)
            elif self._listen(channel.route.service, name):
                self._listening.setdefault(channel, set()).add(name)
                self._catch_up(channel)

    def closed(self, channel: Channel) -> None:
        """A connection has ended."""
        for kept in (self._listening, self._before, self._sent):
            kept.pop(channel, None)

    def done(self, held: Held) -> None:
        """An operation was answered: it may have sent some."""
        if self._listening and not held.uncommitted and any(map(_notifies, held.touches)):
            self._asked.add(held.service)

    def owed(self) -> bool:
        """Whether a notification that was sent has not come to a process; not for ever."""
        while self._asked:
            admin = self._admin(self._asked.pop())
            if admin is not None:
                admin.execute("SELECT 1")
        if not self._sent:
            return False
        behind = [each for each in self._sent if self._is_behind(each)]
        if not behind:
            self._since_ms = None
        elif self._since_ms is None:
            self._since_ms = monotonic_ms()
        elif monotonic_ms() - self._since_ms > PATIENCE_MS:
            for channel in behind:
                self._catch_up(channel)
            self._since_ms = None
            return False
        return bool(behind)

    def owed_now(self) -> bool:
        """The same while nothing is held: any service may have sent some."""
        self._asked |= {channel.route.service for channel in self._listening}
        return self.owed()

    def _is_behind(self, channel: Channel) -> bool:
        came = _notified(channel) - self._before[channel]
        told = channel.open and not self._is_busy(channel)
        return told and came < self._sent[channel]

    def _catch_up(self, channel: Channel) -> None:
        self._before[channel] = _notified(channel)
        self._sent.pop(channel, None)

    def _listen(self, service: str, name: str) -> bool:
        admin = self._admin(service)
        if admin is None:
            return False
        if service not in self._heard:
            self._heard[service] = set()
            admin.add_notify_handler(lambda notify: self._was_sent(service, notify.channel))
        if name not in self._heard[service]:
            self._heard[service].add(name)
            admin.execute(psycopg.sql.SQL("LISTEN {}").format(psycopg.sql.Identifier(name)))
        return True

    def _was_sent(self, service: str, name: str) -> None:
        for channel, names in self._listening.items():
            if channel.open and channel.route.service == service and name in names:
                self._sent[channel] += 1


def _notifies(touch: Any) -> bool:
    return touch.access == "write" and touch.resource in (CHANNEL, ANYTHING)


def _notified(channel: Channel) -> int:
    stream = channel.stream
    return stream.notified if isinstance(stream, PostgresStream) else 0
