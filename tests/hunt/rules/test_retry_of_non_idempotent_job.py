"""Jobs that fail after their effect and are run again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from made_jobs import consumer, enqueue, joined, shown, table
from made_paths import effect, event, guard, path, within

from redhanded.case.evidence import Location
from redhanded.hunt.suspect.rules import retry_of_non_idempotent_job as rule
from redhanded.source.flow.events import Catcher, Event
from redhanded.source.flow.schema import Table
from redhanded.source.flow.values import Computed, Input, Known, Result, Value

ID = Input("job", ("data", "invoice"))
SEND = event(0, effect("send", "mail.example"))
MARK = event(1, effect("update", "bills", where={"id": ID}, values={"sent": Known(True)}))
THREE: dict[str, Value] = {"attempts": Known(3)}


def of(
    *events: Event,
    options: dict[str, Value] | None = None,
    tables: tuple[Table, ...] = (),
    library: str = "bullmq",
    entry: dict[str, Value] | None = None,
) -> list[Any]:
    queued = enqueue(0, THREE if options is None else options, library)
    taker = consumer(*events, library=library, options=entry or {})
    return shown(rule, joined(path(queued), taker, *tables))


def test_mail_is_sent_again_when_the_mark_fails() -> None:
    (one,) = of(SEND, MARK)
    assert one.location.line == 10
    assert "shop/till.py:11" in one.message
    assert "up to 3 times" in " ".join(step.says for step in one.steps)


def test_a_row_is_added_again_when_the_mail_fails() -> None:
    row = event(0, effect("insert", "letters", values={"invoice": ID}))
    assert of(row, replace(SEND, number=1), tables=(table("letters"),))


def test_one_of_many_is_sent_again() -> None:
    assert of(replace(SEND, in_loop=True))


@pytest.mark.parametrize(
    ("library", "entry"),
    [
        ("celery", {"autoretry_for": Known("Exception"), "max_retries": Known(3)}),
        ("celery", {"acks_late": Known(True)}),
        ("dramatiq", {}),
    ],
    ids=["autoretry", "acks late", "by default"],
)
def test_who_runs_again(library: str, entry: dict[str, Value]) -> None:
    assert of(SEND, MARK, options={}, library=library, entry=entry)


@pytest.mark.parametrize(
    ("library", "options", "entry"),
    [
        ("bullmq", {"attempts": Known(1)}, {}),
        ("bullmq", {}, {}),
        ("celery", {}, {}),
        ("dramatiq", {}, {"max_retries": Known(0)}),
    ],
    ids=["one attempt", "by default one", "celery", "no retries"],
)
def test_who_runs_once(library: str, options: dict[str, Value], entry: dict[str, Value]) -> None:
    assert of(SEND, MARK, options=options, library=library, entry=entry) == []


def test_nothing_can_fail_after_it() -> None:
    assert of(event(0, effect("send", "smtp"))) == []
    place = Location(path="shop/till.py", line=30)
    passed = Catcher(types=("*",), tests=(), outcome="goes on", location=place)
    row = event(0, effect("insert", "letters", values={"invoice": ID}))
    assert of(row, replace(MARK, catchers=(passed,)), tables=(table("letters"),)) == []


def test_the_answer_of_the_last_call_is_lost() -> None:
    (one,) = of(SEND)
    assert "its answer is lost" in one.message


def test_a_transaction_undoes_it() -> None:
    begun = event(0, effect("begin"))
    row = event(1, effect("insert", "letters", values={"invoice": ID}))
    mark = replace(MARK, number=2)
    assert of(begun, *within(0, row, mark), tables=(table("letters"),)) == []


def test_an_idempotency_key() -> None:
    keyed = effect("send", "mail.example", options={"Idempotency-Key": ID})
    assert of(event(0, keyed), MARK) == []


def test_the_work_is_claimed() -> None:
    claim = effect(
        "update",
        "bills",
        where={"id": ID, "state": Known("open")},
        values={"state": Known("sending")},
    )
    mine = guard(Computed("==", (Result(0), Known(1))), True)
    assert (
        of(event(0, claim), event(1, effect("send", "m"), guards=(mine,)), event(2, MARK.effect))
        == []
    )


def test_a_job_that_looks_first_is_shown_on_demand() -> None:
    look = event(0, effect("read", "bills", where={"id": ID}))
    sent = guard(Result(0, ("sent",)))
    send = event(1, effect("send", "mail.example"), guards=(sent,))
    assert of(look, send, event(2, MARK.effect, guards=(sent,))) == []


def test_a_route_is_no_job() -> None:
    assert shown(rule, joined(path(SEND, MARK), None)) == []
