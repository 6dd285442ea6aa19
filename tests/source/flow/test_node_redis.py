"""node-redis 3, 4 and 5: one command in many spellings."""

from __future__ import annotations

import pytest
from library_calls import AROUND, WORK, effect, library, meaning, site

from redhanded.source.flow.frameworks.node_redis import FRAMEWORK
from redhanded.source.flow.values import Computed, Input, Known, Library

SEAT = Input("request", ("body", "seat"))
KEY = Computed("text", (Known("seat:"), SEAT))
CHECKED = 'if redis.call("GET",KEYS[1]) == ARGV[1] then return redis.call("DEL",KEYS[1]) end'


def on(*steps: object) -> Library:
    return library("redis", "createClient", ({},), *steps)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("set", (KEY, "1", {"NX": True, "PX": 5000})),
        ("SET", (KEY, "1", {"EX": 5, "NX": True})),
        ("set", (KEY, "1", {"condition": "NX", "expiration": {"type": "PX", "value": 5000}})),
        ("set", (KEY, "1", "NX", "PX", 5000)),
        ("set", (KEY, "1", "NX", "PX", 5000, WORK)),
        ("sendCommand", (["SET", KEY, "1", "NX", "EX", 5],)),
    ],
)
def test_a_lock_in_each_spelling(method: str, arguments: tuple[object, ...]) -> None:
    found = effect(FRAMEWORK, on(method), *arguments)
    assert (found.kind, found.verb, found.subject) == ("set", "SET NX", "seat:*")
    assert (found.only_if_absent, found.expiry_s) == (True, 5.0)


@pytest.mark.parametrize(
    ("method", "arguments", "kind"),
    [
        ("hSet", (KEY, {"free": "1"}), "set"),
        ("setEx", (KEY, 5, "1"), "set"),
        ("hIncrBy", (KEY, "free", 1), "increment"),
        ("INCR", (KEY,), "increment"),
        ("zAdd", (KEY, {"score": 1, "value": "a"}), "push"),
        ("getAsync", (KEY,), "get"),
        ("del", ([KEY, "b"],), "remove"),
    ],
)
def test_kinds(method: str, arguments: tuple[object, ...], kind: str) -> None:
    found = effect(FRAMEWORK, on(method), *arguments)
    assert (found.kind, found.where["key"]) == (kind, KEY)


def test_scripts_and_batches() -> None:
    found = effect(FRAMEWORK, on("eval"), CHECKED, {"keys": [KEY], "arguments": [SEAT]})
    assert (found.kind, found.owner_checked, found.subject) == ("release", True, "seat:*")
    queued = meaning(FRAMEWORK, on("multi", (), "set"), KEY, "1")
    assert queued.result == on("multi", ())
    assert queued.effects[0].options["queued"] == Known("MULTI")
    assert effect(FRAMEWORK, on("multi", (), "exec")).verb == "EXEC"


def test_a_connection_of_its_own() -> None:
    found = meaning(FRAMEWORK, on("executeIsolated"), WORK)
    (session,) = found.callbacks[0].arguments
    assert isinstance(session, Library)
    watched = effect(FRAMEWORK, Library("redis", (*session.steps, "watch")), KEY)
    assert (watched.kind, watched.session) == ("watch", session)


def test_what_gives_the_client_itself() -> None:
    assert meaning(FRAMEWORK, on("connect")).result == on()
    assert meaning(FRAMEWORK, on("on"), "error", WORK).result == on()
    assert FRAMEWORK.call(site(library("redis", "print")), AROUND) is None
