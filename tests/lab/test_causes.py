"""Housekeeping is told from work by how it comes: unasked, or in answer to a message."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

from made import touch

from redhanded.case.evidence import Location
from redhanded.lab.causes import Causes
from redhanded.lab.doubts import may_be_a_timers
from redhanded.lab.held import UNKNOWN_TASK, Held
from redhanded.lab.polls import look_of
from redhanded.lab.proxy import Channel


def sent(kind: str = "SUBSCRIBE") -> Held:
    return Held(
        protocol="redis",
        process="web",
        role="web",
        service="queue",
        kind=kind,
        target="results",
        access="read",
        text=kind,
        fingerprint=kind,
        touches=(touch("results", "read", "queue"),),
        cause=None,
        task=UNKNOWN_TASK,
        arrived_ms=0.0,
    )


def causes() -> Causes:
    """In the first trial."""
    known = Causes(lambda _service: [])
    known.begin(set())
    return known


def test_what_came_unasked_keeps_house_ever_after() -> None:
    known = causes()
    assert known.keeps_house(sent(), True)
    assert known.keeps_house(sent(), False)


def test_what_came_in_answer_first_is_work_also_where_a_timer_fires() -> None:
    known = causes()
    assert not known.keeps_house(sent(), False)
    assert known.expected(sent())
    assert not known.keeps_house(sent(), True)


def test_a_timer_that_fell_due_beside_a_message_proves_nothing_for_long() -> None:
    known = causes()
    assert known.keeps_house(sent(), False, perhaps=True)
    assert not known.keeps_house(sent(), False)
    assert known.expected(sent())


def test_what_may_have_been_a_timers_and_then_comes_unasked_was_one() -> None:
    known = causes()
    known.keeps_house(sent("PUBLISH"), False, perhaps=True)
    assert known.keeps_house(sent("PUBLISH"), True)
    assert known.keeps_house(sent("PUBLISH"), False)
    assert not known.keeps_house(sent("LPUSH"), False)


def test_what_a_process_sends_to_get_ready_may_be_work_later() -> None:
    known = causes()
    known.starts("web")
    assert known.keeps_house(sent(), True)
    assert not known.keeps_house(sent(), False)
    assert known.expected(sent())


def test_a_process_that_is_told_of_nothing_is_ready_some_day() -> None:
    known = causes()
    known.starts("web")
    for _ in range(3):
        known.begin(set())
    assert known.keeps_house(sent(), True)
    assert known.keeps_house(sent(), False)


def test_a_process_that_was_told_of_something_is_ready() -> None:
    known = causes()
    known.starts("web")
    message = sent("GET")
    known.take_place(message, 0.0)
    known.tell("web", message)
    assert known.keeps_house(sent(), True)
    assert known.keeps_house(sent(), False)


def test_work_that_a_timer_stood_in_the_way_of_is_work_of_the_message() -> None:
    """A worker is given a job, fires its heartbeat, and begins with the job once that is answered:
    what its lines send is the job's, what its library sends is the heartbeat's."""
    known = causes()
    known.keeps_house(sent("PUBLISH"), True)
    job = replace(sent("BRPOP"), task="delivery 1")
    known.take_place(job, 0.0)
    known.delivered(job)
    beat = replace(sent("PUBLISH"), cause=known.of("web"), task="delivery 1")
    known.set_aside(beat)
    known.take_place(beat, 1.0)
    known.delivered(beat)
    assert (beat.task, beat.cause, beat.ambient) == (UNKNOWN_TASK, None, True)
    cause = known.of("web")
    assert cause is not None and known.only_house(cause)
    line = Location(path="shop/services.py", line=19)
    work, more = replace(sent("SELECT"), stack=(line,)), sent("EXPIRE")
    known.follow_house(work, cause)
    known.follow_house(more, cause)
    known.take_place(more, 2.0)
    known.delivered(more)
    later = replace(sent("SELECT"), stack=(line,))
    known.follow_house(later, more.index)
    assert (later.task, later.cause, later.ambient) == ("delivery 1", job.index, False)
    assert (work.task, work.cause, work.ambient) == ("delivery 1", job.index, False)
    assert more.ambient


def test_what_follows_a_timer_at_rest_is_housekeeping() -> None:
    known = causes()
    beat = sent("PUBLISH")
    known.set_aside(beat)
    known.take_place(beat, 0.0)
    known.delivered(beat)
    after = replace(sent("SELECT"), stack=(Location(path="shop/services.py", line=19),))
    known.follow_house(after, beat.index)
    assert after.ambient


def test_what_only_followed_housekeeping_came_in_answer_to_no_work() -> None:
    """A queue's library sets its guard when it is connected, and again by a timer, which may fall
    due beside a message."""
    known = causes()
    greeting = sent("INFO")
    known.take_place(greeting, 0.0)
    known.delivered(greeting)
    greeting.ambient = True
    guard = replace(sent("EVALSHA"), ambient=False, cause=greeting.index)
    known.follow_house(guard, greeting.index)
    assert not known.keeps_house(guard, False)
    again = replace(sent("EVALSHA"), ambient=False)
    assert not known.expected(again)
    assert known.keeps_house(again, False, perhaps=True)


def on_connection(number: int, kind: str, *, cause: int | None = None) -> Held:
    """A statement on a connection of a pool, sent after ``cause``; BEGIN touches nothing."""
    free = kind == "BEGIN"
    held = replace(
        sent(kind),
        protocol="postgres",
        service="db",
        cause=cause,
        task="" if cause is None else "delivery 1",
        touches=() if free else (touch("jobs", "read", "db"),),
        free=free,
    )
    held.channel = cast("Channel", SimpleNamespace(number=number))
    return held


def goes_on(known: Causes, held: Held, *, timer: bool, ambient: bool = False) -> bool:
    """``held`` comes and is answered: whether it is taken for housekeeping."""
    perhaps = not ambient and may_be_a_timers(held, known, lambda _process: timer)
    keeps_house = known.keeps_house(held, ambient, perhaps)
    known.take_place(held, 0.0)
    known.delivered(held)
    return keeps_house


def test_a_doubt_about_what_touches_nothing_is_handed_on_along_its_connection() -> None:
    """A worker's timer falls due just when it is handed a job: its pool opens a transaction, as it
    does for jobs, and only what comes then says what for."""
    known = causes()
    job = on_connection(1, "SELECT")
    assert not goes_on(known, job, timer=False)
    usual = on_connection(1, "BEGIN", cause=job.index)
    assert not goes_on(known, usual, timer=False) and not usual.doubtful
    opened = on_connection(2, "BEGIN", cause=job.index)
    assert not goes_on(known, opened, timer=True) and opened.doubtful
    work = on_connection(1, "UPDATE", cause=opened.index)
    look = on_connection(2, "DELETE", cause=opened.index)
    assert not goes_on(known, work, timer=False) and not work.doubtful
    assert goes_on(known, look, timer=False)


def test_no_doubt_outlasts_what_a_line_or_a_message_says() -> None:
    known = causes()
    job = on_connection(1, "SELECT")
    goes_on(known, job, timer=False)
    opened = on_connection(1, "BEGIN", cause=job.index)
    assert goes_on(known, opened, timer=True)
    of_a_line = on_connection(1, "UPDATE", cause=opened.index)
    of_a_line.stack = (Location(path="shop/services.py", line=19),)
    assert not may_be_a_timers(of_a_line, known, lambda _process: True)
    seen = on_connection(1, "INSERT", cause=job.index)
    assert not goes_on(known, seen, timer=False)
    again = on_connection(1, "INSERT", cause=opened.index)
    assert not may_be_a_timers(again, known, lambda _process: True) and not again.doubtful


PLACE = ("db", "jobs")


def asked(sql: str = "UPDATE jobs", *, process: str = "worker", kind: str = "UPDATE") -> Held:
    """A statement about a table of jobs."""
    free = kind in ("BEGIN", "EMPTY")
    return replace(
        sent(kind),
        protocol="postgres",
        process=process,
        role="worker",
        service="db",
        target="" if free else "jobs",
        access="read" if free else "write",
        fingerprint=sql,
        touches=() if free else (touch("jobs", "write", "db"),),
        free=free,
        ambient=True,
    )


def gave(known: Causes, look: Held) -> None:
    """``look`` is let through and returns a job of a delivery."""
    known.take_place(look, 1.0)
    known.polls.gave(look, frozenset({PLACE}))


def learned() -> Causes:
    """A look returned a job, and another one none."""
    known = causes()
    gave(known, asked())
    known.polls.was_in_vain(look_of(asked()))
    return known


def work(known: Causes) -> Held:
    """Something of a delivery that the worker has heard of last."""
    message = replace(asked("SELECT seats", kind="SELECT"), task="delivery 1", ambient=False)
    known.take_place(message, 2.0)
    known.tell("worker", message)
    return message


def test_a_look_for_rows_is_housekeeping_also_when_a_job_is_done() -> None:
    known = learned()
    work(known)
    assert known.keeps_house(asked(), False)
    assert not known.keeps_house(asked("UPDATE seats"), False)


def test_a_statement_that_never_came_in_vain_is_no_look() -> None:
    known = causes()
    gave(known, asked())
    work(known)
    assert not known.keeps_house(asked(), False)


def test_what_a_notification_leads_to_is_housekeeping_and_remembers_it() -> None:
    known = causes()
    work(known)
    known.next_step()
    known.wake("worker")
    begin = asked("BEGIN", kind="BEGIN")
    assert known.keeps_house(begin, True) and begin.woken
    known.take_place(begin, 3.0)
    known.delivered(begin)
    look = asked()
    known.keeps_house(look, False)
    assert look.woken
    known.next_step()
    known.only_timers(["worker"])
    later = asked("BEGIN", kind="BEGIN")
    known.keeps_house(later, True)
    assert not later.woken


def test_what_begins_a_look_by_a_timer_is_housekeeping_and_says_nothing_of_what_follows() -> None:
    known = learned()
    known.starts("worker")
    begin = asked("BEGIN", kind="BEGIN")
    assert known.keeps_house(begin, True)
    known.take_place(begin, 3.0)
    known.delivered(begin)
    assert known.keeps_house(asked(), False)
    work(known)
    known.next_step()
    again = asked("BEGIN", kind="BEGIN")
    assert known.keeps_house(again, True)
    known.take_place(again, 4.0)
    assert known.is_prelude(again.index)


def test_a_statement_that_a_driver_prepares_is_not_what_goes_on_after_a_pause() -> None:
    known = causes()
    work(known)
    known.next_step()
    prepared = asked("", kind="EMPTY")
    assert known.keeps_house(prepared, True)
    known.take_place(prepared, 3.0)
    assert known.is_prelude(prepared.index)


def test_a_look_that_was_sent_before_a_job_has_served_it_if_it_got_it() -> None:
    known = learned()
    look = replace(asked(), arrived_ms=5.0)
    feeding = replace(asked("INSERT jobs"), task="delivery 1", ambient=False)
    known.take_place(feeding, 6.0)
    feeding.state = "done"
    known.polls.feeds(feeding, frozenset({PLACE}))
    assert known.unpolled() == {"worker": 0.0}
    known.take_place(look, 7.0)
    look.state = "done"
    assert known.unpolled() == {"worker": 0.0}
    known.polls.gave(look, frozenset({PLACE}))
    assert known.unpolled() == {}


def test_of_workers_that_are_woken_at_once_the_first_by_name_looks_first() -> None:
    known = learned()
    looks = [asked(process=name) for name in ("worker.2", "worker.1")]
    other = asked("UPDATE seats", process="worker.9")
    assert sorted([*looks, other], key=known.turn_of) == [other, looks[1], looks[0]]
