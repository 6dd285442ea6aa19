"""ioredis: one command in many spellings, batches, scripts."""

from __future__ import annotations

import pytest
from library_calls import AROUND, WORK, effect, library, meaning, site

from redhanded.source.flow.framework import THIS
from redhanded.source.flow.frameworks.ioredis import FRAMEWORK
from redhanded.source.flow.values import Computed, Input, Known, Library

SEAT = Input("request", ("body", "seat"))
KEY = Computed("text", (Known("seat:"), SEAT))
CHECKED = (
    'if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) '
    "else return 0 end"
)


def on(*steps: object) -> Library:
    return library("ioredis", ({"keyPrefix": "app:"},), *steps)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "verb", "expiry"),
    [
        ((KEY, "1", "NX", "PX", 5000), "SET NX", 5.0),
        ((KEY, "1", "EX", 60, "nx"), "SET NX", 60.0),
        ((KEY, "1", "PX", Computed("*", (Known(60), Known(1000))), "NX"), "SET NX", 60.0),
        ((KEY, "1"), "SET", None),
    ],
)
def test_set(arguments: tuple[object, ...], verb: str, expiry: float | None) -> None:
    found = effect(FRAMEWORK, on("set"), *arguments)
    assert (found.kind, found.subject, found.verb) == ("set", "app:seat:*", verb)
    assert found.where == {"key": KEY}
    assert (found.only_if_absent, found.expiry_s) == (verb == "SET NX", expiry)


@pytest.mark.parametrize(
    ("method", "arguments", "kind"),
    [
        ("setnx", (KEY, "1"), "set"),
        ("get", (KEY,), "get"),
        ("incrby", (KEY, 2), "increment"),
        ("hincrby", (KEY, "free", -1), "increment"),
        ("del", (KEY,), "remove"),
        ("pexpire", (KEY, 100), "expire"),
        ("sadd", (KEY, "a"), "push"),
        ("watch", (KEY,), "watch"),
        ("getBuffer", (KEY,), "get"),
    ],
)
def test_kinds(method: str, arguments: tuple[object, ...], kind: str) -> None:
    found = effect(FRAMEWORK, on(method), *arguments)
    assert (found.kind, found.where["key"]) == (kind, KEY)


def test_an_expiry_that_is_not_written_out() -> None:
    found = effect(FRAMEWORK, on("set"), KEY, "1", "EX", SEAT, "NX")
    assert found.expiry_s is None and found.options["expiry"] == SEAT


def test_commands_of_a_transaction_are_queued_and_sent_together() -> None:
    for chained in (on("multi", ()), on("multi", ())):
        queued = meaning(FRAMEWORK, Library("ioredis", (*chained.steps, "incr")), KEY)
        assert queued.result == chained
        assert queued.effects[0].options["queued"] == Known("MULTI")
        sent = effect(FRAMEWORK, Library("ioredis", (*chained.steps, "exec")))
        assert (sent.kind, sent.verb, sent.session) == ("script", "EXEC", chained)
    pipe = effect(FRAMEWORK, on("pipeline", (), "set"), KEY, "1")
    assert pipe.options["queued"] == Known("pipeline")
    batch = meaning(FRAMEWORK, on("multi"), [["incr", KEY], ["expire", KEY, 9]])
    assert [one.kind for one in batch.effects] == ["increment", "expire"]


def test_scripts_that_compare_the_holder() -> None:
    found = effect(FRAMEWORK, on("eval"), CHECKED, 1, KEY, SEAT)
    assert (found.kind, found.owner_checked, found.subject) == ("release", True, "app:seat:*")
    longer = effect(FRAMEWORK, on("eval"), CHECKED.replace('"del"', '"pexpire"'), 1, KEY, SEAT)
    assert (longer.kind, longer.owner_checked) == ("extend", True)
    plain = effect(FRAMEWORK, on("eval"), 'return redis.call("del", KEYS[1])', 1, KEY)
    assert (plain.kind, plain.owner_checked) == ("script", False)


def test_a_command_of_the_program_is_a_script() -> None:
    found = effect(FRAMEWORK, on("takeSeat"), KEY, 1)
    assert (found.kind, found.verb) == ("script", "takeSeat")


def test_callbacks_and_what_touches_no_key() -> None:
    found = meaning(FRAMEWORK, on("get"), KEY, WORK)
    assert found.callbacks[0].arguments[1] == THIS and found.effects[0].where == {"key": KEY}
    for method in ("on", "quit", "disconnect", "ping", "defineCommand"):
        assert meaning(FRAMEWORK, on(method)).effects == ()
    assert FRAMEWORK.call(site(library("ioredis", "ReplyError")), AROUND) is None
