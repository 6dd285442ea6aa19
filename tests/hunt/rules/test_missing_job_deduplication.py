"""Jobs that are queued twice for one event, and queues that drop the second."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from made_jobs import consumer, enqueue, joined, shown, table
from made_paths import asked, effect, event, guard, path

from redhanded.hunt.suspect.rules import missing_job_deduplication as rule
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.values import Computed, Input, Known, Record, Result, Unknown, Value

ID = {"parcel": Input("job", ("data", "parcel"))}
ROW = event(0, effect("insert", "slips", values=ID))
SEND = event(0, effect("send", "carrier.example"))


def webhook(*events: Event, **known: Any) -> Path:
    known = {"kind": "route", "name": "POST /hook", "webhook": "signed"} | known
    return path(*events, **known)


def of(producer: Path, taker: Path | None, *unique: str) -> list[Any]:
    return shown(rule, joined(producer, taker, table("slips", *unique)))


@pytest.mark.parametrize("act", [ROW, SEND], ids=["row", "send"])
def test_a_webhook_queues_a_job_without_a_name(act: Event) -> None:
    (one,) = of(webhook(enqueue(0)), consumer(act))
    assert one.location.line == 10
    assert one.subject == "mail"
    assert "POST /hook" in one.message
    assert "twice" in one.message or "second" in one.message


def test_a_name_that_is_forgotten_at_once() -> None:
    options = {"jobId": asked("parcel"), "removeOnComplete": Known(True)}
    (one,) = of(path(enqueue(0, options)), consumer(SEND))
    assert "forgotten" in one.message


def test_a_worker_that_removes_what_is_done() -> None:
    taker = consumer(SEND, options={"removeOnComplete": Known(True)})
    assert of(path(enqueue(0, {"jobId": asked("parcel")})), taker)


@pytest.mark.parametrize(
    ("library", "options"),
    [
        ("bullmq", {"jobId": asked("parcel")}),
        ("bull", {"jobId": asked("parcel"), "removeOnComplete": Known(False)}),
        ("bullmq", {"jobId": asked("parcel"), "removeOnComplete": Record({"age": Known(99)})}),
        ("bullmq", {"deduplication": Record({"id": asked("parcel"), "ttl": Known(900_000)})}),
        ("arq", {"_job_id": asked("parcel")}),
    ],
    ids=["jobId", "kept", "kept for a time", "deduplication for a time", "arq"],
)
def test_a_name_that_the_queue_remembers(library: str, options: dict[str, Value]) -> None:
    assert of(webhook(enqueue(0, options, library)), consumer(ROW)) == []


def test_a_name_that_drops_nothing() -> None:
    assert of(webhook(enqueue(0, {"task_id": asked("parcel")}, "celery")), consumer(ROW))
    fresh = event(0, effect("identifier", store="other"))
    assert of(webhook(fresh, enqueue(1, {"jobId": Result(0)})), consumer(ROW))


def test_a_job_whose_repetition_does_nothing() -> None:
    upsert = effect("upsert", "slips", values=ID, conflict="ignore", conflict_columns=("parcel",))
    assert of(webhook(enqueue(0)), consumer(event(0, upsert))) == []
    state = effect("update", "slips", where=ID, values={"state": Known("sent")})
    assert of(webhook(enqueue(0)), consumer(event(0, state))) == []
    keyed = effect("send", "carrier.example", options={"idempotency_key": ID["parcel"]})
    assert of(webhook(enqueue(0)), consumer(event(0, keyed))) == []


def test_a_job_that_claims_its_work() -> None:
    claim = event(0, effect("set", "sent:*", only_if_absent=True, where={"key": ID["parcel"]}))
    send = replace(SEND, number=1, guards=(guard(Result(0), True),))
    assert of(webhook(enqueue(0)), consumer(claim, send)) == []


def test_a_producer_that_claims_the_event() -> None:
    claim = event(0, effect("insert", "slips", values={"parcel": asked("parcel")}))
    assert of(webhook(claim, enqueue(1)), consumer(SEND), "parcel") == []
    ignored = effect("upsert", "slips", values={"parcel": asked("parcel")}, conflict="ignore")
    none = guard(Computed("==", (Result(0, ("rowCount",)), Known(0))))
    assert of(webhook(event(0, ignored), enqueue(1, guards=(none,))), consumer(SEND)) == []


def test_a_look_before_the_job_makes_it_worse() -> None:
    look = event(0, effect("read", "slips", where={"parcel": asked("parcel")}))
    queued = enqueue(1, guards=(guard(Result(0)),))
    (one,) = of(webhook(look, queued), consumer(ROW))
    assert any("not in the job" in reason.says for reason in one.reasons)


@pytest.mark.parametrize(
    "known",
    [
        {"webhook": ""},
        {"kind": "command", "name": "send-all", "webhook": ""},
        {"kind": "function", "name": "later", "webhook": ""},
    ],
    ids=["a request", "a command", "a function"],
)
def test_who_is_not_known_to_repeat(known: dict[str, str]) -> None:
    assert of(webhook(enqueue(0), **known), consumer(SEND)) == []


def test_a_job_about_a_row_of_the_same_request() -> None:
    made = event(0, effect("insert", "slips", values={"weight": asked("weight")}))
    queued = enqueue(1, arguments=(Result(0, ("id",)),))
    assert of(webhook(made, queued), consumer(SEND)) == []


def test_options_that_could_not_be_read() -> None:
    assert of(webhook(enqueue(0, {"?": Unknown("options")})), consumer(ROW))
    assert of(path(enqueue(0, {"?": Unknown("options")})), None) == []
