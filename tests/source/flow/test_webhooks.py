"""Routes that check a signature, and ones that only look alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

from redhanded.case.evidence import Location
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Entry, Event
from redhanded.source.flow.values import Result
from redhanded.source.flow.webhooks import recognised

PLACE = Location(path="src/hooks.js", line=4)
ROUTE = Entry(kind="route", name="POST /hooks", location=PLACE)


def event(verb: str, sender: str | None = None, kind: str = "verify") -> Event:
    effect = Effect(kind=kind, store="other", library="crypto", verb=verb, subject=sender)  # type: ignore[arg-type]
    return Event(number=0, location=PLACE, end_line=4, effect=effect, callee=verb, result=Result(0))


@pytest.mark.parametrize(
    ("events", "webhook"),
    [
        ([event("constructEvent", "a-sender")], "a-sender"),
        ([event("createHmac"), event("timingSafeEqual")], "signed"),
        ([event("compare_digest")], "signed"),
        ([event("createHmac"), event("verify", "a-sender")], "a-sender"),
        ([event("timingSafeEqual")], ""),
        ([event("POST", "mail.example", "send")], ""),
        ([], ""),
    ],
    ids=["sender", "hmac", "python", "both", "a comparison alone", "a request", "nothing"],
)
def test_what_is_signed(events: list[Event], webhook: str) -> None:
    assert recognised(ROUTE, events).webhook == webhook


@pytest.mark.parametrize(
    "entry",
    [
        replace(ROUTE, name="GET /unsubscribe"),
        replace(ROUTE, kind="job", name="mail:send"),
        replace(ROUTE, kind="function", name="signed"),
    ],
    ids=["a link", "a job", "a function"],
)
def test_what_is_no_webhook(entry: Entry) -> None:
    assert recognised(entry, [event("createHmac")]) == entry


def test_what_is_known_stays() -> None:
    entry = replace(ROUTE, webhook="a-sender")
    assert recognised(entry, [event("verify", "another")]) == entry
