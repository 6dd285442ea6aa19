"""Whether workers that look at a table have done what there was to do, while nothing is held."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

from test_causes import PLACE, asked
from test_job_rows import answered

from redhanded.lab.lookers import Lookers
from redhanded.lab.polls import PAUSE_MAX_MS, Polls, look_of, said_of
from redhanded.lab.proxy import Channel
from redhanded.lab.wire.postgres import PostgresStream
from redhanded.lab.wire.unit import Answer, Bound, Unit

LOOK = "UPDATE jobs WHERE queue = $1"
FOUND = answered(("id", 0, 0), values=("7",))
NONE = answered(("id", 0, 0), values=())


def unit(sql: str = LOOK, *values: str, serial: int = 0) -> Unit:
    return Unit(
        serial=serial, offset=0, raw=b"", kind="UPDATE", statements=(Bound(sql=sql, values=values),)
    )


def line(process: str) -> Channel:
    route = SimpleNamespace(service="db", process=process, kind="postgres")
    return cast("Channel", Line(route))


class Line:
    """As much of a channel as is asked for."""

    def __init__(self, route: object) -> None:
        self.route = route
        self.stream = PostgresStream()


def polls(*, woken: bool, pause_ms: float = 100.0) -> Polls:
    """Workers look at ``mail``, where a job was, and at ``cron``, where none ever is."""
    known = Polls()
    look = replace(asked("UPDATE jobs WHERE queue = ?"), unit=unit(LOOK, "mail"), woken=woken)
    for at_ms in (0.0, pause_ms):
        known.came_at_rest(replace(look, arrived_ms=at_ms, replied_ms=at_ms), look_of(look))
    known.gave(look, frozenset({PLACE}))
    known.was_in_vain(look_of(look))
    for queue in ("mail", "cron"):
        for _ in range(2):
            known.came(look_of(look), said_of(unit(LOOK, queue)))
    return known


def followed(*, woken: bool, pause_ms: float = 100.0) -> Lookers:
    lookers = Lookers()
    lookers.follow(polls(woken=woken, pause_ms=pause_ms))
    return lookers


def look(lookers: Lookers, channel: Channel, queue: str, answer: bytes) -> None:
    lookers.passed(channel, unit(LOOK, queue))
    lookers.passed_back(channel, Answer(serial=0, raw=answer, complete=True))


def test_one_that_got_a_job_is_at_work_until_it_looks_in_vain() -> None:
    lookers, worker = followed(woken=True), line("worker")
    look(lookers, worker, "mail", FOUND)
    assert lookers.still_to_look()
    lookers.passed(worker, unit("DELETE FROM jobs"))
    assert lookers.still_to_look()
    look(lookers, worker, "mail", NONE)
    assert not lookers.still_to_look()


def test_a_look_at_another_queue_says_nothing() -> None:
    lookers, worker = followed(woken=True), line("worker")
    look(lookers, worker, "mail", FOUND)
    look(lookers, worker, "cron", NONE)
    assert lookers.still_to_look()


def test_a_look_without_an_answer_is_waited_for() -> None:
    lookers, worker = followed(woken=True), line("worker")
    lookers.passed(worker, unit(LOOK, "mail"))
    assert lookers.still_to_look()


def test_who_is_woken_need_not_look_again() -> None:
    lookers = followed(woken=True)
    lookers.passed(line("web"), unit("INSERT INTO jobs"))
    assert not lookers.still_to_look()


def test_who_looks_from_time_to_time_has_to_do_so_after_what_others_did() -> None:
    lookers, worker, web = followed(woken=False), line("worker"), line("web")
    look(lookers, worker, "mail", NONE)
    assert not lookers.still_to_look()
    lookers.passed(web, unit("INSERT INTO jobs"))
    assert lookers.still_to_look()
    look(lookers, worker, "cron", NONE)
    assert lookers.still_to_look()
    look(lookers, worker, "mail", NONE)
    assert not lookers.still_to_look()


def test_who_looks_too_seldom_is_not_waited_for() -> None:
    lookers = followed(woken=False, pause_ms=PAUSE_MAX_MS * 2)
    lookers.passed(line("web"), unit("INSERT INTO jobs"))
    assert not lookers.still_to_look()
