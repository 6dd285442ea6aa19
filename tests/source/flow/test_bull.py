"""Bull and BullMQ: jobs put and taken, in the spellings of both."""

from __future__ import annotations

import pytest
from library_calls import AROUND, WORK, effect, library, meaning, site

from redhanded.source.flow.framework import FoundEntry
from redhanded.source.flow.frameworks import bull, bullmq
from redhanded.source.flow.values import Input, Known, Library

SEAT = Input("request", ("body", "seat"))
DEFAULTS = {"defaultJobOptions": {"attempts": 3, "removeOnComplete": True}}
OLD = library("bull", ("mails", "redis://a", DEFAULTS))
NEW = library("bullmq", "Queue", ("mails", DEFAULTS))


def on(queue: Library, method: str) -> Library:
    return Library(queue.package, (*queue.steps, method))


@pytest.mark.parametrize(
    ("arguments", "job", "options"),
    [
        (({"seat": SEAT},), None, {}),
        (({"seat": SEAT}, {"jobId": SEAT}), None, {"jobId": SEAT}),
        (("send", {"seat": SEAT}), "send", {}),
        (("send", {"seat": SEAT}, {"jobId": SEAT, "attempts": 1}), "send", {"jobId": SEAT}),
    ],
)
def test_add_in_bull(arguments: tuple[object, ...], job: str | None, options: object) -> None:
    found = effect(bull.FRAMEWORK, on(OLD, "add"), *arguments)
    assert (found.kind, found.subject, found.job) == ("enqueue", "mails", job)
    assert found.values == {"seat": SEAT}
    assert found.options["removeOnComplete"] == Known(True)
    assert found.options.get("jobId") == (SEAT if options else None)


def test_data_that_is_not_written_out() -> None:
    data = Input("request", ("body",))
    found = effect(bull.FRAMEWORK, on(OLD, "add"), data, {"jobId": SEAT})
    assert (found.job, found.values, found.options["jobId"]) == (None, {"data": data}, SEAT)
    named = effect(bull.FRAMEWORK, on(OLD, "add"), Known("send"), data)
    assert (named.job, named.values) == ("send", {"data": data})


def test_add_in_bullmq() -> None:
    found = effect(bullmq.FRAMEWORK, on(NEW, "add"), "send", {"seat": SEAT}, {"jobId": SEAT})
    assert (found.subject, found.job) == ("mails", "send")
    assert found.options == {
        "attempts": Known(3),
        "removeOnComplete": Known(True),
        "jobId": SEAT,
    }


@pytest.mark.parametrize(
    ("framework", "queue"), [(bull.FRAMEWORK, OLD), (bullmq.FRAMEWORK, NEW)], ids=["bull", "bullmq"]
)
def test_many_at_once(framework: object, queue: Library) -> None:
    jobs = [{"name": "send", "data": {"seat": SEAT}, "opts": {"jobId": "1"}}, {"name": "log"}]
    found = meaning(framework, on(queue, "addBulk"), jobs).effects  # type: ignore[arg-type]
    assert [one.job for one in found] == ["send", "log"]
    assert found[0].options["jobId"] == Known("1")
    assert found[1].options["attempts"] == Known(3)


def test_flows_do_the_children_first() -> None:
    flow = {
        "name": "close",
        "queueName": "books",
        "children": [{"name": "send", "queueName": "mails", "data": {"seat": SEAT}}],
    }
    found = meaning(bullmq.FRAMEWORK, library("bullmq", "FlowProducer", (), "add"), flow).effects
    assert [(one.subject, one.job) for one in found] == [("mails", "send"), ("books", "close")]


def test_schedulers() -> None:
    found = effect(
        bullmq.FRAMEWORK, on(NEW, "upsertJobScheduler"), "night", {"every": 1000}, {"name": "clean"}
    )
    assert (found.job, found.options["jobId"]) == ("clean", Known("night"))


@pytest.mark.parametrize(
    ("arguments", "job", "concurrency"),
    [
        ((WORK,), None, 1),
        (("send", WORK), "send", 1),
        (("send", 5, WORK), "send", 5),
        ((7, WORK), None, 7),
    ],
)
def test_processors_of_bull(
    arguments: tuple[object, ...], job: str | None, concurrency: int
) -> None:
    (found,) = bull.FRAMEWORK.registered(site(on(OLD, "process"), *arguments), AROUND)
    assert isinstance(found, FoundEntry)
    assert (found.entry.queue, found.entry.job, found.functions) == ("mails", job, (WORK,))
    assert found.entry.options["concurrency"] == Known(concurrency)


def test_workers_of_bullmq() -> None:
    call = site(library("bullmq", "Worker"), "mails", WORK, {"concurrency": 9}, new=True)
    (found,) = bullmq.FRAMEWORK.registered(call, AROUND)
    assert isinstance(found, FoundEntry)
    assert (found.entry.kind, found.entry.name) == ("job", "mails:*")
    assert found.entry.options["concurrency"] == Known(9)


def test_what_puts_no_job() -> None:
    for method in ("on", "close", "getJob", "clean"):
        assert meaning(bull.FRAMEWORK, on(OLD, method)).effects == ()
        assert meaning(bullmq.FRAMEWORK, on(NEW, method)).effects == ()
    assert (
        list(bullmq.FRAMEWORK.registered(site(library("bullmq", "Queue"), "a", new=True), AROUND))
        == []
    )
    assert bullmq.FRAMEWORK.call(site(library("bullmq", "Job", "fromId")), AROUND) is None
