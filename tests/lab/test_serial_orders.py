"""Trials compared with the serial orders: what is a difference, and what only looks like one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from small_systems import lay_out, shelf

from redhanded.case.system import Delivery, Invariant
from redhanded.lab import Lab, open_lab
from redhanded.lab.clock import epoch_s
from redhanded.lab.final_state import State, Volatile, difference, take_state
from redhanded.lab.natural import run_naturally
from redhanded.lab.serial_orders import serial_orders

SERIAL = Invariant(name="as_if_alone", serial=True)


@pytest.fixture(scope="module")
def lab(node_packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("shelf")
    with open_lab(shelf(lay_out("shelf", folder, node_packages)), folder=folder / "lab") as opened:
        yield opened


@contextmanager
def stated(lab: Lab, *entries: Delivery, ignore: tuple[str, ...] = ()) -> Iterator[Lab]:
    before = lab.system
    invariants = (replace(SERIAL, ignore=ignore),)
    lab.system = lab.running.system = replace(
        before, invariants=invariants, workload=entries or before.workload
    )
    yield lab
    lab.system = lab.running.system = before


def sends(name: str, *, deliveries: int = 1, after: str | None = None) -> Delivery:
    return Delivery(
        name=name,
        to="web",
        method="POST",
        path="/take",
        body={"who": f"{name}-{{unique}}"},
        deliveries=deliveries,
        after=after,
    )


def test_a_lost_update_ends_like_no_serial_order(lab: Lab) -> None:
    with stated(lab):
        assert not lab.serial().failed
        (failure,) = lab.hold("SET", "left", task="delivery 1").failures
        assert failure.kind == "invariant"
        assert failure.text == (
            "as_if_alone: as after none of 1 serial orders: left has value '9' instead of '8'"
        )
        assert not lab.serial().failed


def test_an_order_that_only_changes_numbers_and_times_is_as_good(lab: Lab) -> None:
    """Ids come from a sequence, and the rows of two different senders in another order."""
    with stated(lab, sends("one"), sends("two")):
        assert not lab.hold("INSERT", "takings", task="delivery 1").failed
        found = lab.hold("SET", "left", task="delivery 1")
        assert "none of 2 serial orders" in found.failures[0].text


def test_what_is_ignored_is_not_compared(lab: Lab) -> None:
    for ignore in (("left",), ("le*",), ("left.value",)):
        with stated(lab, ignore=ignore):
            assert not lab.hold("SET", "left", task="delivery 1").failed


def test_natural_trials_are_compared_too(lab: Lab) -> None:
    with stated(lab):
        run = run_naturally(lab, name="x", trials=8, gaps_ms=[0.0], per_second=None, seed=1)
        assert run.failures > 0 and "serial orders" in run.sample
        apart = run_naturally(lab, name="x", trials=3, gaps_ms=[60.0], per_second=None, seed=2)
        assert apart.failures == 0 and "not checked" not in apart.how
        paced = run_naturally(lab, name="x", trials=2, gaps_ms=[0.0], per_second=50.0, seed=2)
        assert paced.how.endswith("not checked: as_if_alone")


def test_more_orders_than_are_run_are_no_failure_but_a_limit(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("redhanded.lab.serial_orders.ORDERS_MAX", 1)
    with stated(lab, sends("first"), sends("second")):
        assert not lab.hold("SET", "left", task="delivery 1").failed
    assert any("as_if_alone: only 1 of the orders" in limit for limit in lab.limits)


def test_orders_keep_what_comes_after_and_do_not_repeat_the_same() -> None:
    def orders(*entries: Delivery) -> list[str]:
        found = serial_orders(entries, None)
        return ["".join(task.removeprefix("delivery ") for task in order) for order in found]

    assert orders(sends("a", deliveries=5)) == ["12345"]
    assert orders(sends("a"), sends("b"), sends("c")) == ["123", "132", "213", "231", "312", "321"]
    assert orders(sends("a", deliveries=2), sends("b")) == ["123", "132", "312"]
    assert orders(sends("a"), sends("b"), sends("c", after="a")) == ["123", "132", "213"]


def learned(first: State, second: State) -> Volatile:
    volatile = Volatile()
    volatile.learn(first, second)
    return volatile


def test_places_that_differ_between_two_runs_of_an_order_are_not_compared() -> None:
    key = {"v": "1", "(expires)": "no"}
    one: State = {"t": [{"token": "x1", "n": "1"}], "s:17": [key]}
    two: State = {"t": [{"token": "x2", "n": "1"}], "s:18": [key]}
    volatile = learned(one, two)
    assert volatile.without(one) == volatile.without(two)
    other: State = {"t": [{"token": "x3", "n": "2"}], "s:99": [key]}
    said = difference(volatile.without(other), volatile.without(one))
    assert said == "t has n '2' instead of '1'"
    more: State = {"t": one["t"], "s:17": [key], "s:20": [key]}
    assert "s:* has 2 rows instead of 1" in difference(
        volatile.without(more), volatile.without(one)
    )


def test_a_collection_that_is_never_the_same_is_left_out_and_named() -> None:
    volatile = learned({"t": [{"a": "1"}]}, {"t": [{"a": "1"}, {"a": "2"}]})
    assert volatile.collections == {"t"} and volatile.without({"t": [{"a": "9"}]}) == {}


def test_a_key_that_runs_out_may_be_gone_but_not_be_another() -> None:
    there: State = {"lock": [{"value": "a", "(expires)": "yes"}]}
    assert difference({}, there) == difference(there, {}) == ""
    assert "lock" in difference({"lock": [{"value": "a", "(expires)": "no"}]}, there)


def test_a_state_has_all_kinds_of_keys_and_columns(lab: Lab) -> None:
    lab.reset()
    servers = lab.running.servers
    admin, client = servers["db"].admin, servers["counter"].client
    assert admin is not None
    admin.execute(
        "CREATE TABLE parents (id serial PRIMARY KEY, doc jsonb, at timestamptz, due text);"
        "CREATE TABLE children (parent int REFERENCES parents, n int);"
        "INSERT INTO parents (doc, at, due) VALUES ('{\"a\": [1, \"u1\"]}', now(), '2020-02-03');"
        "INSERT INTO children VALUES (1, 5)"
    )
    client.hset("h:u1", mapping={"f": '{"x": 1}'})
    client.rpush("l", "p", "q")
    client.sadd("s", "b", "a")
    client.zadd("z", {"m": 2})
    client.zadd("done", {"b": epoch_s(), "a": epoch_s() + 1})
    client.xadd("x", {"k": "v"})
    client.set("e", "1", ex=1000)
    state = take_state(servers, "u1", ())
    admin.execute("DROP TABLE children; DROP TABLE parents")
    lab.reset()
    assert state["parents"] == [
        {"doc.a(length)": "2", "doc.a.0": "1", "doc.a.1": "{unique}", "at": "(now)"}
        | {"due": "2020-02-03"}
    ]
    assert state["children"] == [{"n": "5"}]
    assert state["h:{unique}"] == [{"(type)": "hash", "(expires)": "no", "f.x": "1"}]
    assert state["l"][0]["1"] == "q" and state["s"][0]["0"] == "a"
    assert (state["done"][0]["0.member"], state["done"][0]["0.score"]) == ("a", "(now)")
    assert (state["z"][0]["0.member"], state["x"][0]["0.k"]) == ("m", "v")
    assert (state["e"][0]["(expires)"], state["h:{unique}"][0]["(expires)"]) == ("yes", "no")
