"""Express: what a call adds, and the answer to a request."""

from __future__ import annotations

import pytest
from library_calls import AROUND, HERE, WORK, effect, library, site

from redhanded.source.flow.framework import CallSite, FoundEntry, Mount
from redhanded.source.flow.frameworks.express import FRAMEWORK, NEXT, REQUEST, RESPONSE
from redhanded.source.flow.mounting import mounted
from redhanded.source.flow.values import Library, Procedure

APP = library("express", ())
ROUTER = library("express", "Router", ())
CHECK, SEND = Procedure("app.js", 2), Procedure("app.js", 3)


def on(router: Library, *steps: object, arguments: tuple[object, ...]) -> CallSite:
    return site(Library("express", (*router.steps, *library("express", *steps).steps)), *arguments)  # type: ignore[arg-type]


def registered(call: CallSite) -> list[FoundEntry | Mount]:
    return list(FRAMEWORK.registered(call, AROUND))


@pytest.mark.parametrize(
    "call",
    [
        on(APP, "post", arguments=("/seats/:id", CHECK, SEND)),
        on(ROUTER, "post", arguments=("/seats/:id", [CHECK, SEND])),
        on(APP, "route", ("/seats/:id",), "post", arguments=(CHECK, SEND)),
        on(ROUTER, "route", ("/seats/:id",), "get", (WORK,), "post", arguments=(CHECK, SEND)),
        on(APP, "post", arguments=("/seats/:id", CHECK, library("express-async-handler", (SEND,)))),
    ],
)
def test_a_route_in_each_spelling(call: CallSite) -> None:
    found = registered(call)
    assert len(found) == 1 and isinstance(found[0], FoundEntry)
    assert found[0].entry.name == "POST /seats/:id"
    assert found[0].functions == (CHECK, SEND)
    assert found[0].arguments == (REQUEST, RESPONSE, NEXT)
    assert found[0].on in (APP, ROUTER)


def test_mounting_with_middleware_before() -> None:
    steps = [
        *registered(on(ROUTER, "get", arguments=("/:id", SEND))),
        *registered(on(APP, "use", arguments=(library("express", "json", ()), CHECK))),
        *registered(on(APP, "use", arguments=(["/v1", "/v2"], WORK, ROUTER))),
    ]
    found = mounted(steps)
    assert [one.entry.name for one in found] == ["GET /v1/:id", "GET /v2/:id"]
    assert found[0].functions == (CHECK, WORK, SEND)


def test_a_setting_is_no_route() -> None:
    assert registered(on(APP, "get", arguments=("view engine",))) == []
    assert registered(site(library("express", "json"), {})) == []
    assert registered(on(APP, "post", arguments=("/x", REQUEST))) == []


def test_the_answer() -> None:
    status = Library("express", (*RESPONSE.steps, "status"))
    assert FRAMEWORK.call(site(status, 201), AROUND).result == RESPONSE  # type: ignore[union-attr]
    found = effect(FRAMEWORK, Library("express", (*RESPONSE.steps, "json")), {})
    assert (found.kind, found.verb) == ("respond", "json")
    assert HERE.path == "app.js"
