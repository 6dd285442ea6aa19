"""Jobs and the commits of the rows that they are about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from made_jobs import consumer, enqueue, joined, shown, table
from made_paths import asked, effect, event, path, within

from redhanded.case.evidence import Location
from redhanded.hunt.suspect.rules import job_enqueued_before_commit as before
from redhanded.hunt.suspect.rules import row_committed_enqueue_lost as lost
from redhanded.hunt.suspect.rules.rule import Reading
from redhanded.source.flow.events import Catcher, Event, Path
from redhanded.source.flow.values import Input, Known, Library, Result

BEGUN = event(0, effect("begin"))
ROW = event(1, effect("insert", "visits", values={"day": asked("day")}))
ABOUT = (Result(1, ("id",)),)
LOOKS = consumer(event(0, effect("read", "visits", where={"id": Input("job", ("data", "id"))})))
SENDS = consumer(event(0, effect("send", "mail.example")))


def early(*events: Event, taker: Path | None = LOOKS, **known: str) -> list[Any]:
    return shown(before, joined(path(*events, **known), taker, table("visits")))


def test_queued_in_the_transaction() -> None:
    (one,) = early(BEGUN, *within(0, ROW, enqueue(2, arguments=ABOUT)))
    assert one.location.line == 12
    assert "visits" in one.message and "shop/till.py:10" in one.message
    assert "committed" in one.steps[-1].says


def test_the_job_looks_at_what_is_written() -> None:
    assert early(BEGUN, *within(0, ROW, enqueue(2)))
    assert early(BEGUN, *within(0, ROW, enqueue(2)), taker=SENDS) == []


def test_the_job_is_about_what_is_changed() -> None:
    by = {"id": asked("visit")}
    change = event(1, effect("update", "visits", where=by, values={"state": Known("paid")}))
    queued = enqueue(2, arguments=(asked("visit"),))
    assert early(BEGUN, *within(0, change, queued), taker=SENDS)
    other = enqueue(2, arguments=(asked("shop"),))
    assert early(BEGUN, *within(0, change, other), taker=SENDS) == []


def test_queued_before_the_write() -> None:
    assert early(BEGUN, *within(0, enqueue(1), replace(ROW, number=2)))


def test_queued_after_the_commit() -> None:
    assert early(BEGUN, *within(0, ROW), enqueue(2, arguments=ABOUT)) == []


def test_a_transaction_that_only_reads() -> None:
    read = event(1, effect("read", "visits"))
    assert early(BEGUN, *within(0, read, enqueue(2))) == []


def test_a_queue_in_the_same_transaction() -> None:
    handle = Library("x", ("client",))
    queued = enqueue(2, arguments=ABOUT)
    assert queued.effect is not None
    in_database = replace(queued, effect=replace(queued.effect, store="database"))
    assert early(BEGUN, *within(0, ROW, in_database)) == []
    on_handle = replace(queued, effect=replace(queued.effect, session=handle))
    assert early(BEGUN, *within(0, ROW, on_handle, handle=handle)) == []


def test_a_delay_gives_the_commit_time() -> None:
    queued = enqueue(2, {"countdown": Known(60)}, arguments=ABOUT)
    assert early(BEGUN, *within(0, ROW, queued)) == []


def test_in_a_test() -> None:
    place = Location(path="tests/test_visits.py", line=7)
    queued = enqueue(2, arguments=ABOUT, location=place)
    assert early(BEGUN, *within(0, ROW, queued)) == []


def after(*events: Event, others: tuple[Path, ...] = (), **known: str) -> list[Any]:
    one = joined(path(BEGUN, *events, **known), None, table("visits"))
    return list(lost.look(Reading(paths=(*one.paths, *others), schema=one.schema, text=one.text)))


def test_the_process_may_end_between() -> None:
    (one,) = after(ROW, enqueue(2, arguments=ABOUT))
    assert one.score < lost.threshold
    assert "visits" in one.message


def test_a_failure_that_is_passed_over_and_not_waited_for() -> None:
    place = Location(path="shop/till.py", line=30)
    passed = Catcher(types=("*",), tests=(), outcome="goes on", location=place)
    queued = enqueue(2, arguments=ABOUT, catchers=(passed,), awaited=False)
    (one,) = after(ROW, queued)
    assert one.score >= lost.threshold


def test_what_keeps_a_row_from_staying_alone() -> None:
    read = event(0, effect("read", "visits", where={"state": Known("new")}))
    sweeper = path(read, kind="schedule", name="cron */5 * * * *")
    queued = enqueue(2, arguments=ABOUT)
    assert after(ROW, queued, others=(sweeper,)) == []
    assert after(ROW, queued, kind="job", name="other:job") == []
    assert after(ROW, queued, webhook="signed") == []
    assert after(*within(0, ROW, queued)) == []


@pytest.mark.parametrize("rule", [before, lost])
def test_a_job_about_something_else(rule: Any) -> None:
    one = joined(path(BEGUN, ROW, enqueue(2, arguments=(asked("x"),))), SENDS, table("visits"))
    assert list(rule.look(one)) == []
