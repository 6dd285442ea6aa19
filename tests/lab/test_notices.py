"""A notification of PostgreSQL is waited for until it has come to all who listen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from made import touch
from test_causes import asked

from redhanded.lab.footprint import CHANNEL
from redhanded.lab.held import Held
from redhanded.lab.notices import PATIENCE_MS, Notices
from redhanded.lab.proxy import Channel
from redhanded.lab.wire.postgres import PostgresStream
from redhanded.lab.wire.unit import Bound, Unit


class Admin:
    """The lab's own connection: it hears of what was sent when it asks for anything."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.said: list[object] = []
        self._heard: Callable[[Any], None] = lambda _notify: None

    def add_notify_handler(self, heard: Callable[[Any], None]) -> None:
        self._heard = heard

    def execute(self, said: object) -> None:
        self.said.append(said)
        for name in self.sent:
            self._heard(SimpleNamespace(channel=name))
        self.sent.clear()


def listener(number: int) -> Channel:
    route = SimpleNamespace(service="db", process=f"worker.{number}", kind="postgres")
    return cast("Channel", SimpleChannel(route))


class SimpleChannel:
    """As much of a channel as is asked for."""

    def __init__(self, route: object) -> None:
        self.route = route
        self.stream = PostgresStream()
        self.open = True


def unit(*statements: str) -> Unit:
    bound = tuple(Bound(sql=sql) for sql in statements)
    return Unit(serial=0, offset=0, raw=b"", kind="LISTEN", statements=bound)


def notifying() -> Held:
    return replace(asked("NOTIFY"), touches=(touch(CHANNEL, "write", "db"),))


@pytest.fixture
def admin() -> Admin:
    return Admin()


@pytest.fixture
def busy() -> set[Channel]:
    return set()


@pytest.fixture
def notices(admin: Admin, busy: set[Channel]) -> Notices:
    return Notices(lambda _service: cast("Any", admin), lambda channel: channel in busy)


def hear(channel: Channel) -> None:
    assert isinstance(channel.stream, PostgresStream)
    channel.stream.notified += 1


def test_all_who_listen_are_waited_for(notices: Notices, admin: Admin) -> None:
    first, second, other = listener(1), listener(2), listener(3)
    for channel in (first, second):
        notices.went_by(channel, unit('LISTEN "Jobs"', "LISTEN more"))
    notices.went_by(other, unit("LISTEN jobs"))
    admin.sent = ["Jobs"]
    notices.done(notifying())
    assert notices.owed()
    hear(first)
    assert notices.owed()
    hear(second)
    assert not notices.owed()


def test_nobody_is_asked_where_nobody_listens_or_nothing_was_sent(
    notices: Notices, admin: Admin
) -> None:
    notices.done(notifying())
    assert not notices.owed() and admin.said == []
    notices.went_by(listener(1), unit("LISTEN jobs"))
    before = len(admin.said)
    notices.done(asked())
    notices.done(replace(notifying(), uncommitted=True))
    assert not notices.owed() and len(admin.said) == before


def test_who_does_not_listen_any_more_is_not_waited_for(notices: Notices, admin: Admin) -> None:
    first, second, third = listener(1), listener(2), listener(3)
    for channel in (first, second, third):
        notices.went_by(channel, unit("LISTEN jobs"))
    notices.went_by(first, unit("UNLISTEN jobs"))
    notices.went_by(second, unit("UNLISTEN *"))
    notices.closed(third)
    admin.sent = ["jobs"]
    notices.done(notifying())
    assert not notices.owed()


def test_in_a_transaction_nothing_is_told(
    notices: Notices, admin: Admin, busy: set[Channel]
) -> None:
    channel = listener(1)
    notices.went_by(channel, unit("LISTEN jobs"))
    busy.add(channel)
    admin.sent = ["jobs"]
    notices.done(notifying())
    assert not notices.owed()
    busy.clear()
    assert notices.owed()


def test_what_never_comes_is_not_waited_for_for_ever(
    notices: Notices, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr("redhanded.lab.notices.monotonic_ms", lambda: now)
    channel = listener(1)
    notices.went_by(channel, unit("LISTEN jobs"))
    admin.sent = ["jobs"]
    notices.done(notifying())
    assert notices.owed()
    now = PATIENCE_MS + 1.0
    assert not notices.owed()
    hear(channel)
    notices.begin()
    admin.sent = ["jobs"]
    assert notices.owed_now()
