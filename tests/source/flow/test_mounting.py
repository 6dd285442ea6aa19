"""Paths and middleware through routers that are mounted on one another."""

from __future__ import annotations

from redhanded.case.evidence import Location
from redhanded.source.flow.events import Entry
from redhanded.source.flow.framework import FoundEntry, Mount
from redhanded.source.flow.mounting import join_path, mounted
from redhanded.source.flow.values import Library, Made, Procedure, Value

HERE = Location(path="a.js", line=1)
APP, API, SEATS = (
    Library("express", ("Router", Made((), {}, Location(path="a.js", line=n)))) for n in (1, 2, 3)
)


def function(number: int) -> Value:
    return Procedure("a.js", number)


def route(on: Value, path: str, number: int) -> FoundEntry:
    entry = Entry(kind="route", name=f"POST {path}", location=HERE)
    return FoundEntry(entry=entry, functions=(function(number),), on=on, path=path)


def use(on: Value, *numbers: int, prefix: str = "", what: Value | None = None) -> Mount:
    return Mount(
        on=on, location=HERE, what=what, prefix=prefix, functions=tuple(map(function, numbers))
    )


def test_prefixes_and_middleware_of_all_levels() -> None:
    found = mounted(
        [
            use(SEATS, 5),
            route(SEATS, "/:id", 6),
            use(SEATS, 7),
            use(APP, 1),
            use(APP, 2, prefix="/other"),
            use(APP, 3, prefix="/api", what=API),
            use(APP, 4),
            use(API, prefix="seats", what=SEATS),
        ]
    )
    assert [one.entry.name for one in found] == ["POST /api/seats/:id"]
    assert found[0].functions == tuple(map(function, (1, 3, 5, 6)))


def test_a_router_mounted_twice_or_never_or_on_itself() -> None:
    twice = [use(APP, prefix="/v1", what=API), use(APP, prefix="/v2", what=API), route(API, "/", 1)]
    assert [one.entry.name for one in mounted(twice)] == ["POST /v1", "POST /v2"]
    assert [one.entry.name for one in mounted([route(API, "seats", 1)])] == ["POST /seats"]
    itself = [use(API, prefix="/x", what=API), route(API, "/", 1)]
    assert [one.entry.name for one in mounted(itself)] == ["POST /x"]
    alone = FoundEntry(entry=Entry(kind="job", name="a:b", location=HERE), functions=())
    assert mounted([alone]) == (alone,)


def test_joined_paths() -> None:
    assert join_path("", "/") == "/"
    assert join_path("/api/", "//seats/") == "/api/seats"
