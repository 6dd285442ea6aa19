"""What an order says of its cause in which the environment had to do something."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stories import Story, cause, lines

from redhanded.case.operation import Operation
from redhanded.case.reproduction import RootCause
from redhanded.case.schedule import Event, EventKind

METER = {"meter": "m"}
TAKE = "SET lease:m token PX 300 NX"


def happens(story: Story, kind: EventKind, at: Operation, *, target: str = "") -> Event:
    """The event's own place in the run, and what a schedule says of it."""
    task = at.name.task
    last = story.last[task]
    story.step(task, kind, target or at.name.target, role="environment", protocol="fault")
    story.last[task] = last
    return Event(kind=kind, at=at.name, service=at.service, target=target)


def leased(*, taken: str = TAKE, given_back: bool = False) -> tuple[Story, Event]:
    story = Story()
    for task in (1, 2):
        row = {"meter": "m", "number": "1"}
        for _attempt in range(task):
            story.step(task, "SET", "lease:*", protocol="redis", text=taken, line="lease.js:18")
        read = story.step(task, "SELECT", "statements", row=METER, line="work.js:8")
        if task == 1 and given_back:
            story.step(1, "DEL", "lease:*", protocol="redis")
        if task == 1:
            event = happens(story, "lease ended", read, target="lease:*")
    story.step(2, "INSERT", "statements", row=row, line="work.js:14")
    story.step(1, "INSERT", "statements", row=row, line="work.js:14", refused="23505")
    return story, Event(kind=event.kind, at=event.at, service="cache", target="lease:*")


def test_a_lease_that_ends_before_its_work_names_lease_read_and_write() -> None:
    story, event = leased()
    found = cause(story, events=[event])
    assert found is not None
    assert found.mechanism == "lease-shorter-than-work"
    assert lines(found) == ["lease lease.js:18", "look-up work.js:8", "write work.js:14"]
    assert "delivery 2 takes it too" in found.sentence


def test_a_lease_that_ends_by_itself_is_told_from_who_could_take_it() -> None:
    story, _ = leased()
    found = cause(_without_faults(story))
    assert found is not None
    assert found.mechanism == "lease-shorter-than-work"
    assert lines(found) == ["lease lease.js:18", "look-up work.js:8", "write work.js:14"]
    for near in (leased(taken="SET lease:m token"), leased(given_back=True)):
        other = cause(_without_faults(near[0]))
        assert other is not None
        assert other.mechanism == "check-then-create"


def _without_faults(story: Story) -> Story:
    """The same without what the lab did: its place is taken by a look at something else."""
    kept = Story()
    for each in story.operations:
        name = each.name
        if name.protocol == "fault":
            each = replace(each, name=replace(name, protocol="http"), touches=())
        kept.operations.append(each)
    return kept


def test_a_key_that_is_no_lease_is_none() -> None:
    story, event = leased(taken="SET lease:m token")
    found = cause(story, events=[event])
    assert found is not None
    assert found.mechanism == "check-then-create"


def overlapping() -> tuple[Story, Event]:
    story = Story()
    text = "INSERT INTO locks SELECT 0 WHERE NOT EXISTS (SELECT FROM locks)"
    one = story.step(1, "INSERT", "locks", text=text, line="lock.js:7")
    other = story.step(2, "INSERT", "locks", text=text, line="lock.js:7")
    return story, Event(kind="overlap", at=one.name, other=other.name)


def test_two_statements_that_look_and_write_in_one_step() -> None:
    story, event = overlapping()
    found = cause(story, events=[event])
    assert found is not None
    assert found.mechanism == "overlapping-snapshots"
    assert lines(found) == ["statement lock.js:7"]
    assert cause(story) is None


def counting(*, died: bool, repeats: bool = False, expires: bool = True) -> tuple[Story, Event]:
    """A count that is given a lifetime in a second step."""
    story = Story()
    story.deliver(1)
    count = {"protocol": "redis", "line": "limit.py:12"}
    done = story.step(1, "INCRBY", "count:*", **count)
    event = Event(kind="process killed", at=done.name)
    if died:
        happens(story, "process killed", done)
    if not died and expires:
        story.step(1, "EXPIRE", "count:*", protocol="redis", line="limit.py:14")
    if repeats:
        story.step(1, "INCRBY", "count:*", **count)
    return story, event


def explained(failing: tuple[Story, Event], passing: tuple[Story, Event]) -> RootCause | None:
    return cause(failing[0], passing[0], events=[failing[1]])


def test_a_process_that_dies_between_two_effects_leaves_the_first() -> None:
    found = explained(counting(died=True), counting(died=False))
    assert found is not None
    assert found.mechanism == "effects-not-atomic"
    assert lines(found) == ["done limit.py:12", "missing limit.py:14"]
    assert "shop dies between them" in found.sentence


def test_nothing_is_missing_where_nothing_would_have_followed() -> None:
    assert explained(counting(died=True), counting(died=False, expires=False)) is None


def test_what_is_done_again_after_a_death_is_no_missing_effect() -> None:
    found = explained(counting(died=True, repeats=True), counting(died=False))
    assert found is not None
    assert found.mechanism == "retry-of-non-idempotent-job"


def paid(*, lost: bool, again: bool) -> tuple[Story, Event]:
    story = Story()
    story.deliver(1)
    for attempt in (1, 2) if again else (1,):
        story.step(1, "BEGIN", transaction=attempt)
        story.step(1, "INSERT", "payments", transaction=attempt, line="pay.js:6")
        commit = story.step(1, "COMMIT", "payments", transaction=attempt, line="pay.js:7")
        if attempt == 1:
            event = Event(kind="reply lost", at=commit.name)
            if lost:
                happens(story, "reply lost", commit)
    return story, event


def test_a_commit_whose_answer_is_lost_is_made_twice() -> None:
    found = explained(paid(lost=True, again=True), paid(lost=False, again=False))
    assert found is not None
    assert found.mechanism == "retry-of-non-idempotent-job"
    assert lines(found) == ["done pay.js:7", "write pay.js:6"]
    assert explained(paid(lost=True, again=False), paid(lost=False, again=False)) is None
    assert explained(paid(lost=True, again=True), paid(lost=False, again=True)) is None


def broken(*, again: bool, first: bool = True) -> tuple[Story, Event]:
    story = Story()
    if first:
        story.step(1, "INSERT", "orders", line="order.js:3")
    sent = story.step(1, "LPUSH", "jobs", protocol="redis", line="order.js:4")
    happens(story, "connection reset", sent)
    if again:
        story.step(1, "LPUSH", "jobs", protocol="redis", line="order.js:4")
    return story, Event(kind="connection reset", at=sent.name)


def test_a_connection_that_breaks_before_the_second_effect() -> None:
    story, event = broken(again=False)
    found = cause(story, events=[event])
    assert found is not None
    assert found.mechanism == "effects-not-atomic"
    assert lines(found) == ["done order.js:3", "missing order.js:4"]


@pytest.mark.parametrize("near", [broken(again=True), broken(again=False, first=False)])
def test_what_is_sent_again_or_stands_alone_is_not_half_done(near: tuple[Story, Event]) -> None:
    assert cause(near[0], events=[near[1]]) is None


def test_a_fail_over_that_loses_a_write_names_it_and_what_stays() -> None:
    story = Story()
    story.step(1, "INSERT", "orders", line="order.js:3")
    sent = story.step(1, "LPUSH", "jobs", protocol="redis", line="order.js:4")
    event = happens(story, "writes lost", sent)
    found = cause(story, events=[event])
    assert found is not None
    assert found.mechanism == "effects-not-atomic"
    assert lines(found) == ["done order.js:3", "missing order.js:4"]
    missing = Event(kind="writes lost", at=sent.name.__class__(**_parts(sent, "SADD")))
    assert cause(story, events=[missing]) is None


def turned_away(*, again: bool) -> tuple[Story, Event]:
    story = Story()
    story.step(1, "BEGIN", transaction=1)
    story.step(1, "UPDATE", "seats", transaction=1, line="book.js:5")
    commit = story.step(1, "COMMIT", "seats", transaction=1, line="book.js:6", refused="40001")
    story.step(1, "ROLLBACK", transaction=1)
    if again:
        story.step(1, "UPDATE", "seats", transaction=2, line="book.js:5")
        story.step(1, "COMMIT", "seats", transaction=2, line="book.js:6")
    return story, Event(kind="serialization failure", at=commit.name)


@pytest.mark.parametrize("by_event", [True, False])
def test_a_transaction_that_is_turned_away_and_not_tried_again(by_event: bool) -> None:
    story, event = turned_away(again=False)
    found = cause(story, events=[event] if by_event else [])
    assert found is not None
    assert found.mechanism == "transaction-not-retried"
    assert lines(found) == ["statement book.js:6"]
    story, event = turned_away(again=True)
    assert cause(story, events=[event] if by_event else []) is None


def beating(*, meets: bool) -> tuple[Story, Event]:
    story = Story()
    at = story.step(1, "ZREM", "started", protocol="redis", line="worker.py:20")
    event = happens(story, "timer fires", at)
    beat = "started" if meets else "workers"
    story.step("", "ZADD", beat, protocol="redis", line="beat.py:4", ambient=True)
    return story, event


def test_a_heartbeat_that_comes_after_the_end() -> None:
    story, event = beating(meets=True)
    found = cause(story, events=[event])
    assert found is not None
    assert found.mechanism == "message-after-the-end"
    assert lines(found)[:2] == ["done worker.py:20", "write beat.py:4"]
    story, event = beating(meets=False)
    assert lines(cause(story, events=[event])) == ["done worker.py:20"]


def repeated(*, guard: str = "", alike: bool = True) -> Story:
    story = Story()
    text = f"INSERT INTO letters VALUES (1) {guard}"
    for task in (1, 2):
        story.deliver(task, text="POST /letters 1" if alike else f"POST /letters {task}")
        story.step(task, "INSERT", "letters", row={"id": "1"}, text=text, line="letter.js:3")
    return story


@pytest.mark.parametrize("by_event", [True, False])
def test_a_repeated_request_that_nothing_recognises(by_event: bool) -> None:
    story = repeated()
    event = Event(kind="delivered twice", at=story.operations[0].name)
    found = cause(story, events=[event] if by_event else [])
    assert found is not None
    assert found.mechanism == "repeated-delivery"
    assert lines(found) == ["write letter.js:3"]
    for near in (repeated(guard="ON CONFLICT DO NOTHING"), repeated(alike=False)):
        assert cause(near, events=[event] if by_event else []) is None


def _parts(operation: Operation, kind: str) -> dict[str, object]:
    name = operation.name
    return {
        "task": name.task,
        "role": name.role,
        "protocol": name.protocol,
        "kind": kind,
        "target": name.target,
        "access": name.access,
    }
