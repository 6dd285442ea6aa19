"""A package as a library: functions that stand for classes, clients told by their use."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from redhanded.source.flow.events import Path as Way
from redhanded.source.flow.exported import chart_package, names_in
from redhanded.source.flow.installed import installed, places, source
from redhanded.source.flow.values import Known


def ways(root: Path, files: dict[str, str], needs: tuple[str, ...] = ()) -> dict[str, Way]:
    """The paths of a package that is written below a folder, by the names of their entries."""
    folder = root / "node_modules" / "wharf"
    fields = {"name": "wharf", "version": "1.0.0", "dependencies": dict.fromkeys(needs, "*")}
    for name, text in ({"package.json": json.dumps(fields)} | files).items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(textwrap.dedent(text), encoding="utf-8")
    one = installed("wharf", places(root))
    assert one is not None
    return {path.entry.name: path for path in chart_package(one, source(one)).paths}


def does(way: Way) -> list[str]:
    return [f"{one.effect.verb} {one.location.line}" for one in way.events if one.effect]


COUNT = """
    var util = require('util');
    function Dock(options) { EventEmitter.call(this); this.BASE = options.client; }
    HEAD
    Dock.prototype.key = function (id) { return 'dock:' + id; };
    METHOD
    module.exports = Dock;
"""
CALL = "this.client.hget(this.key(id), 'n', function () {}); this.client.expire(this.key(id), 5);"


@pytest.mark.parametrize(
    ("head", "method"),
    [
        ("util.inherits(Dock, EventEmitter);", "Dock.prototype.count = function (id) { CALL };"),
        (
            "Dock.prototype = Object.create(EventEmitter.prototype);",
            "Dock.prototype.count = Dock.prototype.tally = function (id) { CALL };",
        ),
        ("", "Object.assign(Dock.prototype, { count: function (id) { CALL } });"),
        ("var proto = Dock.prototype;", "proto.count = function (id) { CALL };"),
        (
            "var _ = require('lodash');",
            "Dock.prototype.count = function (id) { _.bind(function () { CALL }, this)(); };",
        ),
        (
            "",
            "Dock.prototype.count = function (id) { var _this = this; "
            "[id].forEach(function (id) { _this.run(id); }); };"
            " Dock.prototype.run = function (id) { CALL };",
        ),
    ],
    ids=["inherits", "create", "assign", "alias", "bound", "kept-this"],
)
def test_functions_that_stand_for_classes(tmp_path: Path, head: str, method: str) -> None:
    text = COUNT.replace("HEAD", head).replace("METHOD", method.replace("CALL", CALL))
    found = ways(tmp_path, {"index.js": text.replace("BASE", "client")})
    (way,) = [one for name, one in found.items() if name in ("Dock.count", "Dock.tally")]
    effects = [one.effect for one in way.events if one.effect is not None]
    assert [one.verb for one in effects] == ["HGET", "EXPIRE"]
    assert {one.subject for one in effects} == {"dock:*"}


@pytest.mark.parametrize(
    ("text", "verbs"),
    [
        ("exports.f = (redis, k) => { redis.incr(k); redis.expire(k, 9); };", ["INCR", "EXPIRE"]),
        ("exports.f = (o, k) => { o.client.sadd(k, 1); o.client.srem(k, 1); };", ["SADD", "SREM"]),
        (
            "exports.f = (c, k) => { c.hgetAsync(k, 'a'); c.hsetAsync(k, 'a', 1); };",
            ["HGET", "HSET"],
        ),
        ("exports.f = (c, k) => { c.hGet(k, 'a'); c.hSet(k, 'a', 1); };", ["HGET", "HSET"]),
        ("exports.f = (c, k) => { c.set(k, 1, 'NX', 'PX', 9, g); c.del(k); };", ["SET NX", "DEL"]),
        (
            "exports.f = (c, a) => { c.zadd.apply(c, a); c.zrem.call(c, 'k', 'm'); };",
            ["ZADD", "ZREM"],
        ),
        (
            "const { promisify } = require('util');\n"
            "exports.f = (c, k) => { promisify(c.hget).bind(c)(k, 'a'); c.hset(k, 'a', 1); };",
            ["HGET", "HSET"],
        ),
        (
            "exports.f = (s, k) => { s.get(k, (e, v) => s.set(k, v + 1, () => 0)); };",
            ["get", "set"],
        ),
        ("exports.f = async (s, k) => { await s.set(k, await s.get(k)); };", ["get", "set"]),
    ],
    ids=[
        "parameter",
        "option",
        "promisified",
        "camel",
        "flags",
        "apply",
        "util",
        "store",
        "awaited",
    ],
)
def test_what_is_handed_is_told_by_its_use(tmp_path: Path, text: str, verbs: list[str]) -> None:
    found = ways(tmp_path, {"index.js": text})
    assert sorted(each.split()[0] for way in found.values() for each in does(way)) == sorted(
        each.split()[0] for each in verbs
    )


@pytest.mark.parametrize(
    "text",
    [
        "exports.f = (map, k) => { map.set(k, map.get(k) + 1); };",
        "exports.f = (counter, k) => { counter.incr(k); counter.report(k); counter.tell(); };",
        "class S { incr(k) {} expire(k) {} }\nexports.f = (s, k) => { s.incr(k); s.expire(k); };",
        "exports.f = (list, k) => { list.push(k); list.pop(); list.append(k); };",
    ],
    ids=["map", "few", "own-interface", "list"],
)
def test_what_only_looks_like_a_client_is_none(tmp_path: Path, text: str) -> None:
    assert [does(way) for way in ways(tmp_path, {"index.js": text}).values()] == []


def test_a_connection_is_told_where_a_driver_is_declared(tmp_path: Path) -> None:
    text = "exports.f = (client) => client.query('DELETE FROM docks');"
    assert [does(one) for one in ways(tmp_path, {"index.js": text}, ("pg",)).values()] == [
        ["DELETE 1"]
    ]
    assert ways(tmp_path / "other", {"index.js": text}) == {}


def test_a_batch_that_is_handed_is_told_by_what_sends_it(tmp_path: Path) -> None:
    text = "exports.f = (multi, k) => { multi.incr(k); multi.expire(k, 9); multi.exec(); };"
    (way,) = ways(tmp_path, {"index.js": text}).values()
    queued = [one.effect.options.get("queued") for one in way.events if one.effect is not None]
    assert queued == [Known("MULTI")] * 3


def test_an_attribute_that_begins_as_nothing_is_told_by_its_use(tmp_path: Path) -> None:
    text = """
        class Gate {
          static redis = null;
          static enter(k) { if (!Gate.redis) return; Gate.redis.incr(k); Gate.redis.expire(k, 9); }
        }
        module.exports = Gate;
    """
    assert does(ways(tmp_path, {"index.js": text})["Gate.enter"]) == ["INCR 4", "EXPIRE 4"]


def test_what_a_function_gives_away_is_run_for_its_caller(tmp_path: Path) -> None:
    text = """
        module.exports = function limit(options) {
          const redis = options.redis;
          return function (req, res, next) {
            redis.incr(req.ip);
            redis.expire(req.ip, 60);
          };
        };
    """
    assert [does(one) for one in ways(tmp_path, {"index.js": text}).values()] == [
        ["INCR 5", "EXPIRE 6"]
    ]


def test_methods_are_found_by_the_name_of_their_class(tmp_path: Path) -> None:
    text = """
        class Crate { lift(redis) { redis.hset('c', 'up', 1); redis.hdel('c', 'down'); } }
        class Crane { lift() { return 1; } }
        exports.work = (crate, redis) => crate.lift(redis);
        exports.Crate = Crate;
        exports.Crane = Crane;
    """
    assert does(ways(tmp_path, {"index.js": text})["work"]) == ["HSET 2", "HDEL 2"]


def test_only_what_its_entries_load_is_read(tmp_path: Path) -> None:
    files = {
        "index.js": "module.exports = require('./lib/a');",
        "lib/a.js": "exports.a = (redis) => { redis.incr('a'); redis.expire('a', 1); };",
        "lib/b.js": "exports.b = (redis) => { redis.incr('b'); redis.expire('b', 1); };",
        "test/c.js": "exports.c = (redis) => { redis.incr('c'); redis.expire('c', 1); };",
    }
    assert list(ways(tmp_path, files)) == ["a"]


def test_names_are_those_that_are_called_in_a_function(tmp_path: Path) -> None:
    text = "function a(x) { x.forEach((y) => b(y)); }\nfunction b(y) { y.save(); }\nexports.a = a;"
    ways(tmp_path, {"index.js": text})
    one = installed("wharf", places(tmp_path))
    assert one is not None
    names = names_in(chart_package(one, source(one)))
    assert set(names["a"]) == {"forEach", "b"}
    assert set(names["b"]) == {"save"}
