"""What other paths do is looked up once, however many ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from made_jobs import consumer, enqueue
from made_paths import effect, event, path

from redhanded.hunt.suspect.rules.elsewhere import producers, scheduled
from redhanded.hunt.suspect.rules.rule import Reading
from redhanded.source.flow.events import Handover, Path
from redhanded.source.flow.schema import Schema


class Counted(tuple[Path, ...]):
    """Paths that count how often somebody goes through them."""

    times = 0

    def __iter__(self) -> Iterator[Path]:
        Counted.times += 1
        return super().__iter__()


ROW = event(0, effect("insert", "slips"))


def reading() -> Reading:
    """Three routes whose jobs four workers take, and what runs on a schedule."""
    jobs = tuple(Handover(event=0, entry=place) for place in range(3, 7))
    routes = [replace(path(enqueue(0), name=f"POST /{place}"), jobs=jobs) for place in range(3)]
    takers = [consumer(ROW) for _ in jobs]
    nightly = path(ROW, kind="schedule", name="cron 0 * * * *")
    return Reading(
        paths=Counted([*routes, *takers, nightly]),
        schema=Schema(tables={}, has_migrations=False),
        text=lambda at: "",
    )


def test_all_that_put_a_job_on_its_queue() -> None:
    found = reading()
    given = [[event for event, _ in producers(found, one)] for one in found.paths]
    queued = [one.events[0] for one in list(found.paths)[:3]]
    assert given == [[], [], [], queued, queued, queued, queued, []]


def test_of_another_program_something_else_is_told() -> None:
    first, second = reading(), reading()
    assert len(producers(first, first.paths[3])) == 3
    assert producers(second, first.paths[3]) == ()
    assert len(producers(second, second.paths[3])) == 3


def test_a_program_is_gone_through_once() -> None:
    found = reading()
    paths = list(found.paths)
    Counted.times = 0
    for one in paths * 10:
        producers(found, one)
        assert [each.entry.kind for each in scheduled(found)] == ["schedule"]
    assert Counted.times == 2
