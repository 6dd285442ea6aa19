"""What the order that fails says of its cause, each pattern with one that only looks like it."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import parcels
import pytest
from stories import Story, cause, lines, reproduction

from redhanded.case.advice import ADVICE
from redhanded.case.hypothesis import Hypothesis
from redhanded.case.reproduction import Counterfactual
from redhanded.case.schedule import Event, EventKind
from redhanded.hunt import suspect
from redhanded.hunt.suspect import verdict
from redhanded.hunt.suspect.disturbances import EVENTS
from redhanded.hunt.suspect.rules import RULES

SEAT = {"id": "7"}
LOCKED = "SELECT * FROM seats WHERE id = 7 FOR UPDATE"


def two_updates(*, serially: bool = False, locked: bool = False, guard: str = "") -> Story:
    """Both read a row and write it; ``serially``: one after the other."""
    story = Story()
    text = f"UPDATE seats SET taken = 3 WHERE id = 7{guard}"
    look = {"row": SEAT, "line": "seats.js:5 book", "text": LOCKED if locked else ""}
    for task in (1, 2):
        story.deliver(task)
    first, second = ((1, 1), (2, 2)) if serially else ((1, 2), (2, 1))
    story.step(first[0], "SELECT", "seats", locks=locked, **look)
    if serially:
        story.step(1, "UPDATE", "seats", row=SEAT, text=text, line="seats.js:9 book")
    story.step(2, "SELECT", "seats", locks=locked, **look)
    if not serially:
        story.step(first[1], "UPDATE", "seats", row=SEAT, text=text, line="seats.js:9 book")
        story.step(second[1], "UPDATE", "seats", row=SEAT, text=text, line="seats.js:9 book")
    else:
        story.step(2, "UPDATE", "seats", row=SEAT, text=text, line="seats.js:9 book")
    return story


def test_a_row_that_is_written_from_what_was_read_before_is_a_lost_update() -> None:
    found = cause(two_updates(), two_updates(serially=True))
    assert found is not None
    assert found.mechanism == "read-modify-write"
    assert lines(found) == ["look-up seats.js:5", "write seats.js:9"]
    assert found.sentence == (
        "Delivery 1 reads seats (seats.js:5), delivery 2 changes it meanwhile with UPDATE seats "
        "(seats.js:9), and delivery 1 writes it from what was read before, with UPDATE seats "
        "(seats.js:9): what delivery 2 wrote is lost."
    )


@pytest.mark.parametrize(
    "near",
    [
        two_updates(serially=True),
        two_updates(locked=True),
        two_updates(guard=" AND taken = 2"),
    ],
    ids=["one after the other", "read under a lock", "the write looks again"],
)
def test_no_update_is_lost_where_nothing_stale_is_written(near: Story) -> None:
    assert cause(near) is None


def test_what_the_passing_run_does_as_well_explains_nothing() -> None:
    assert cause(two_updates(), two_updates()) is None


def test_a_read_that_is_made_again_before_the_write_is_not_stale() -> None:
    story = Story()
    for task in (1, 2):
        story.deliver(task)
    story.step(1, "SELECT", "seats", row=SEAT)
    story.step(2, "UPDATE", "seats", row=SEAT)
    story.step(1, "SELECT", "seats", row=SEAT)
    story.step(1, "UPDATE", "seats", row=SEAT)
    assert cause(story) is None


@pytest.mark.parametrize("unlike", [{"row": {"id": "8"}}, {"rows": 0}], ids=["other row", "no row"])
def test_a_change_of_something_else_or_of_nothing_makes_no_read_stale(
    unlike: dict[str, Any],
) -> None:
    story = Story()
    for task in (1, 2):
        story.deliver(task)
    story.step(1, "SELECT", "seats", row=SEAT)
    story.step(2, "UPDATE", "seats", **{"row": SEAT, **unlike})
    story.step(1, "UPDATE", "seats", row=SEAT)
    assert cause(story) is None


def check_then_insert(*, guard: str = "", committed: bool = True) -> Story:
    story = Story()
    row = {"code": "A"}
    for task in (1, 2):
        story.deliver(task)
    for task in (1, 2):
        story.step(task, "BEGIN", transaction=task)
        story.step(task, "SELECT", "uses", row=row, rows=0, transaction=task, line="use.js:4")
    for task in (1, 2):
        text = f"INSERT INTO uses VALUES ('A') {guard}"
        story.step(task, "INSERT", "uses", row=row, text=text, transaction=task, line="use.js:8")
    story.step(2, "COMMIT" if committed else "ROLLBACK", "uses", transaction=2)
    story.step(1, "COMMIT", "uses", transaction=1)
    return story


def test_both_create_what_neither_had_found() -> None:
    found = cause(check_then_insert())
    assert found is not None
    assert found.mechanism == "check-then-create"
    assert lines(found) == ["look-up use.js:4", "write use.js:8"]


@pytest.mark.parametrize(
    "near",
    [check_then_insert(guard="ON CONFLICT DO NOTHING"), check_then_insert(committed=False)],
    ids=["the row is created only once", "the other one is rolled back"],
)
def test_only_one_creates(near: Story) -> None:
    assert cause(near) is None


def test_an_upsert_from_an_old_read_loses_what_another_wrote() -> None:
    found = cause(check_then_insert(guard="ON CONFLICT (code) DO UPDATE SET n = 1"))
    assert found is not None
    assert found.mechanism == "read-modify-write"


def test_an_insert_that_waited_and_was_refused_acts_when_the_other_has_committed() -> None:
    story = Story()
    row = {"slug": "x"}
    for task in (1, 2):
        story.step(task, "SELECT", "tags", row=row, rows=0, transaction=task, line="tags.js:3")
    story.step(1, "INSERT", "tags", row=row, transaction=1, line="tags.js:4")
    late = story.step(
        2, "INSERT", "tags", row=row, transaction=2, line="tags.js:4", refused="23505", waited=True
    )
    story.step(1, "COMMIT", "tags", transaction=1)
    assert cause(story) is None
    story.operations[late.index] = replace(late, replied_ms=late.released_ms + 5)
    found = cause(story)
    assert found is not None
    assert found.mechanism == "check-then-create"
    assert "which is refused (23505)" in found.sentence


def test_another_table_written_on_an_old_read_is_a_stale_read() -> None:
    story = Story()
    story.step(1, "SELECT", "stock", row=SEAT, line="shop.js:3 look")
    story.step(2, "UPDATE", "stock", row=SEAT, line="shop.js:20")
    story.step(1, "INSERT", "orders", row={"item": "7"}, line="shop.js:6 order < web.js:2 post")
    found = cause(story)
    assert found is not None
    assert found.mechanism == "stale-read"
    assert lines(found) == [
        "look-up shop.js:3",
        "change shop.js:20",
        "write shop.js:6",
        "call web.js:2",
    ]


def skewed(*, level: str) -> Story:
    story = Story()
    for task in (1, 2):
        story.step(task, "BEGIN", text=f"BEGIN ISOLATION LEVEL {level}", transaction=task)
        story.step(task, "SELECT", "bookings", row={"room": "a"}, rows=0, transaction=task)
    for task in (1, 2):
        row = {"room": "a", "club": str(task)}
        story.step(task, "INSERT", "bookings", row=row, transaction=task)
    for task in (2, 1):
        story.step(task, "COMMIT", "bookings", transaction=task)
    return story


def test_two_snapshots_that_each_miss_the_other_row_are_write_skew() -> None:
    found = cause(skewed(level="REPEATABLE READ"))
    assert found is not None
    assert found.mechanism == "wrong-isolation-level"
    near = cause(skewed(level="READ COMMITTED"))
    assert near is not None
    assert near.mechanism == "check-then-create"


def cached(*, removed: bool) -> Story:
    story = Story()
    key = {"protocol": "redis", "line": "cache.js:9"}
    story.step(1, "SELECT", "prices", row=SEAT, line="prices.js:4")
    story.step(2, "UPDATE", "prices", row=SEAT, line="prices.js:12")
    if removed:
        story.step(2, "DEL", "price:*", **key)
    story.step(1, "SET", "price:*", protocol="redis", line="cache.js:3")
    return story


def test_an_old_value_that_is_stored_after_its_removal_stays() -> None:
    found = cause(cached(removed=True))
    assert found is not None
    assert found.mechanism == "cache-set-after-invalidation"
    assert lines(found)[:4] == [
        "look-up prices.js:4",
        "change prices.js:12",
        "change cache.js:9",
        "write cache.js:3",
    ]
    near = cause(cached(removed=False))
    assert near is not None
    assert near.mechanism == "stale-read"


def moved(first: int, second: int, *, guard: str = "") -> Story:
    story = Story()
    text = f"INSERT INTO parcels VALUES (1) ON CONFLICT (id) DO UPDATE SET at = excluded.at {guard}"
    for task in (1, 2):
        story.deliver(task)
    for task in (first, second):
        story.step(task, "INSERT", "parcels", row=SEAT, text=text, line="scan.js:30 < scan.js:18")
    return story


def test_an_older_event_that_overwrites_a_newer_one_is_out_of_order() -> None:
    found = cause(moved(2, 1), moved(1, 2))
    assert found is not None
    assert found.mechanism == "out-of-order-event-applied"
    assert lines(found) == ["write scan.js:30", "call scan.js:18"]


@pytest.mark.parametrize(
    ("failing", "passing"),
    [
        (moved(1, 2), moved(2, 1)),
        (moved(2, 1), None),
        (moved(2, 1, guard="WHERE parcels.at < excluded.at"), moved(1, 2)),
    ],
    ids=["in order", "nothing to compare with", "the time is compared"],
)
def test_events_that_are_in_order_or_compared(failing: Story, passing: Story | None) -> None:
    assert cause(failing, passing) is None


def moves(*, opposite: bool, code: str = "40P01") -> Story:
    story = Story()
    one, other = {"shelf": "A"}, {"shelf": "B"}
    orders = {1: (one, other), 2: (other, one) if opposite else (one, other)}
    for task in (1, 2):
        story.step(task, "BEGIN", transaction=task)
        held = {"row": orders[task][0], "transaction": task, "locks": True}
        story.step(task, "SELECT", "shelves", line="move.py:26", text=LOCKED, **held)
    for task, refused in ((2, code), (1, "")):
        held = {"row": orders[task][1], "transaction": task, "locks": True, "refused": refused}
        story.step(task, "SELECT", "shelves", line="move.py:29", text=LOCKED, **held)
    return story


def test_a_deadlock_names_both_locks_of_each() -> None:
    found = cause(moves(opposite=True))
    assert found is not None
    assert found.mechanism == "opposite-lock-order"
    assert lines(found) == ["lock move.py:26", "lock move.py:29"]
    assert "delivery 2 as a deadlock" in found.sentence


def test_locks_in_one_order_are_no_opposite_locks() -> None:
    near = cause(moves(opposite=False))
    assert near is not None
    assert near.mechanism == "transaction-not-retried"
    assert cause(moves(opposite=True, code="55P03")) is None


def enrolled(*, early: bool, together: bool = True, ends: bool = True) -> Story:
    story = Story()
    row = {"id": "1"}
    api = {"role": "api", "transaction": 1 if together else None}
    story.deliver(1)
    story.step(1, "INSERT", "enrolments", row=row, line="enrol.py:30", **api)
    if not early:
        story.step(1, "COMMIT", "enrolments", **api)
    story.step(1, "LPUSH", "jobs", role="api", protocol="redis", line="enrol.py:33")
    story.step(1, "SELECT", "enrolments", row=row, rows=0, role="worker", line="confirm.py:14")
    if early and ends:
        story.step(1, "COMMIT", "enrolments", **api)
    return story


def test_a_worker_that_is_quicker_than_the_commit() -> None:
    found = cause(enrolled(early=True), enrolled(early=False))
    assert found is not None
    assert found.mechanism == "job-enqueued-before-commit"
    assert lines(found) == ["enqueue enrol.py:33", "change enrol.py:30", "look-up confirm.py:14"]
    assert "before the COMMIT of INSERT enrolments (enrol.py:30)" in found.sentence
    # The worker's failure may end the run before anything is committed.
    assert cause(enrolled(early=True, ends=False), enrolled(early=False)) == found


def test_a_job_that_is_queued_after_its_row_is_there() -> None:
    assert cause(enrolled(early=False)) is None
    assert cause(enrolled(early=True, together=False)) is None


def test_what_does_not_replay_or_fails_the_other_way_too_has_no_measured_cause() -> None:
    name = two_updates().operations[0].name
    flip = Event(kind="process killed", at=name)
    fails = Counterfactual(without=flip, runs=5, failures=1)
    silent = Counterfactual(without=flip, runs=5, failures=5, infeasible=5)
    assert cause(two_updates(), replays_failed=19) is None
    assert cause(two_updates(), counterfactuals=(fails,)) is None
    assert cause(two_updates(), counterfactuals=(silent,)) is not None


def test_unknown_lines_are_left_out_and_a_package_line_stands_beside_the_application_s() -> None:
    story = two_updates()
    read, late = (
        each for each in story.operations if each.name.task == "delivery 1" and each.touches
    )
    story.operations[read.index] = replace(read, location=None, stack=())
    inner = replace(late.stack[0], path="node_modules/orm/save.js", line=40)
    story.operations[late.index] = replace(late, stack=(inner, *late.stack), location=inner)
    found = cause(story)
    assert lines(found) == ["write seats.js:9", "write node_modules/orm/save.js:40"]
    assert found is not None
    assert "Delivery 1 reads seats, delivery 2" in found.sentence


def test_a_line_that_sends_everything_is_passed_over_for_the_one_that_calls_it() -> None:
    story = Story()
    story.step(1, "SELECT", "prices", row=SEAT, line="db.js:8 query < prices.js:10 read")
    story.step(2, "UPDATE", "prices", row=SEAT, line="db.js:8 query < prices.js:26 change")
    story.step(1, "UPDATE", "prices", row=SEAT, line="db.js:8 query < prices.js:31 save")
    assert lines(cause(story)) == [
        "look-up prices.js:10",
        "change prices.js:26",
        "write prices.js:31",
    ]


def test_every_cause_has_advice_and_every_event_an_explanation() -> None:
    told = set()
    for file in Path(suspect.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Explained":
                told |= {
                    each.value.value
                    for each in node.keywords
                    if each.arg == "mechanism" and isinstance(each.value, ast.Constant)
                }
    rules = {rule.name for rule in RULES}
    assert told | rules == set(ADVICE) | {"missing-job-deduplication"}  # for which there is a fix
    kinds = {kind for part in get_args(EventKind) for kind in (get_args(part) or (part,))}
    assert kinds - {"lease kept"} == set(EVENTS)


def test_a_confirmed_defect_is_blamed_and_an_occasion_gives_way(tmp_path: Path) -> None:
    code = parcels.code_map(parcels.write(tmp_path))
    known = suspect.rank(parcels.symptom(), code)
    defect = _confirmed(known, "create-without-idempotency", "webhook-redelivery")
    caught = reproduction(two_updates(), two_updates(serially=True))
    blamed = [
        suspect.blame(defect, caught, code),
        suspect.blame(_confirmed(known, "webhook-redelivery"), caught, code),
        suspect.blame(_confirmed(known), caught, code),
        suspect.blame(_confirmed(known, "webhook-redelivery"), reproduction(two_reads()), code),
        suspect.blame(_confirmed(known), reproduction(two_reads()), code),
    ]
    assert [each and each.mechanism for each in blamed] == [
        "create-without-idempotency",
        "read-modify-write",
        "read-modify-write",
        "webhook-redelivery",
        None,
    ]


def two_reads() -> Story:
    story = Story()
    for task in (1, 2):
        story.step(task, "SELECT", "seats", row=SEAT)
    return story


def _confirmed(known: tuple[Hypothesis, ...], *mechanisms: str) -> tuple[Hypothesis, ...]:
    return tuple(
        verdict.confirmed(each, "so")
        if each.mechanism in mechanisms
        else verdict.refuted(each, "no")
        for each in known
    )
