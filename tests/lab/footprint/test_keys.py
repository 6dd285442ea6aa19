"""Keys of Redis commands, as a real server states them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import valkey

from redhanded.case.errors import LabError
from redhanded.lab.footprint import KeySpecifications, pattern
from redhanded.lab.services import start_redis


@pytest.fixture(scope="module")
def asked() -> list[tuple[bytes, ...]]:
    return []


@pytest.fixture(scope="module")
def keys(
    tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[bytes, ...]]
) -> Iterator[KeySpecifications]:
    with start_redis(tmp_path_factory.mktemp("redis")) as server:
        connection = valkey.Connection(host=server.host, port=server.port)

        def ask(words: tuple[bytes, ...]) -> object:
            asked.append(words)
            connection.send_command(*words)
            return connection.read_response()

        yield KeySpecifications(ask)
        connection.disconnect()


@pytest.fixture(scope="module")
def older(keys: KeySpecifications) -> KeySpecifications:
    """What a server before Redis 7 tells: positions only, and no flags of single keys."""

    def ask(words: tuple[bytes, ...]) -> object:
        if words[1] == b"GETKEYSANDFLAGS":
            raise LabError("unknown subcommand")
        reply = keys._ask(words)
        if words[1] == b"INFO" and isinstance(reply, list) and reply[0]:
            return [reply[0][:6]]
        return reply

    return KeySpecifications(ask)


def look(keys: KeySpecifications, command: str) -> tuple[str, str, set[tuple[str, str]]]:
    target, access, touches = keys.touches("queue", tuple(command.encode().split()))
    return target, access, {(touch.resource, touch.access) for touch in touches}


@pytest.mark.parametrize(
    ("command", "target", "access", "resources"),
    [
        ("GET a:1", "a:*", "read", {("a:1", "read")}),
        ("SET a 1", "a", "write", {("a", "write")}),
        ("set lock 1 NX PX 100", "lock", "write", {("lock", "write"), ("lock", "read")}),
        ("INCR a", "a", "write", {("a", "write"), ("a", "read")}),
        ("MGET a b", "a", "read", {("a", "read"), ("b", "read")}),
        ("MSET a 1 b 2", "a", "write", {("a", "write"), ("b", "write")}),
        ("BRPOPLPUSH a b 5", "a", "write",
         {("a", "write"), ("a", "read"), ("b", "write"), ("b", "read")}),
        ("XREAD COUNT 2 STREAMS s 0", "s", "read", {("s", "read")}),
        ("EVALSHA abc 2 a b x", "a", "write",
         {("a", "write"), ("a", "read"), ("b", "write"), ("b", "read")}),
        ("EVAL_RO script 1 a", "a", "read", {("a", "read")}),
        ("EVAL script 0", "*", "write", {("*", "write"), ("*", "read")}),
        ("XGROUP CREATE s g 0", "s", "write", {("s", "write"), ("s", "read")}),
        ("PUBLISH news x", "channel news", "write", {("channel news", "write")}),
        ("KEYS *", "*", "read", {("*", "read")}),
        ("FLUSHALL", "*", "write", {("*", "write")}),
        ("MODULE.UNHEARD a", "*", "write", {("*", "write")}),
        ("PING", "", "read", set()),
        ("INFO", "", "read", set()),
        ("SUBSCRIBE news", "", "read", set()),
        ("CLIENT SETNAME x", "", "read", set()),
        ("SELECT 1", "", "read", set()),
        ("WATCH a b", "a", "read", {("a", "read"), ("b", "read")}),
        ("SET a 1 PX 100 KEEPTTL", "a", "write", {("a", "write")}),
        ("SET a 1 GET", "a", "write", {("a", "write"), ("a", "read")}),
        ("SINTERSTORE d a b", "d", "write", {("d", "write"), ("a", "read"), ("b", "read")}),
        ("ZUNIONSTORE d 2 a b", "d", "write", {("d", "write"), ("a", "read"), ("b", "read")}),
        ("SORT a BY w_* STORE d", "d", "write", {("d", "write"), ("a", "read")}),
        ("XREADGROUP GROUP g c STREAMS s t > >", "s", "write",
         {("s", "write"), ("s", "read"), ("t", "write"), ("t", "read")}),
        ("BLMPOP 0 2 a b LEFT", "a", "write",
         {("a", "write"), ("a", "read"), ("b", "write"), ("b", "read")}),
        ("FCALL f 1 a x", "a", "write", {("a", "write"), ("a", "read")}),
        ("OBJECT ENCODING a", "a", "read", {("a", "read")}),
        ("MEMORY USAGE a", "a", "read", {("a", "read")}),
        ("SPUBLISH news x", "channel news", "write", {("channel news", "write")}),
        ("SWAPDB 0 1", "*", "write", {("*", "write")}),
        ("MOVE a 3", "a", "write",
         {("a", "write"), ("a", "read"), ("db3/a", "write"), ("db3/a", "read")}),
    ],
)  # fmt: skip
def test_commands(
    keys: KeySpecifications,
    command: str,
    target: str,
    access: str,
    resources: set[tuple[str, str]],
) -> None:
    assert look(keys, command) == (target, access, resources)


def test_the_server_is_asked_once_per_command(
    keys: KeySpecifications, asked: list[tuple[bytes, ...]]
) -> None:
    look(keys, "HGET a b")
    count = len(asked)
    look(keys, "HGET c d")
    look(keys, "hget e f")
    assert len(asked) == count


def test_a_call_that_the_server_refuses_may_write_anything(keys: KeySpecifications) -> None:
    assert look(keys, "ZUNIONSTORE d notanumber a")[2] == {("*", "write")}


def test_a_transaction_is_named_after_its_first_write(keys: KeySpecifications) -> None:
    target, access, touches = keys.unit("queue", [(b"GET", b"a"), (b"SET", b"b", b"1")])
    assert (target, access, len(touches)) == ("b", "write", 2)


def test_whether_a_transaction_does_anything_depends_on_what_was_watched(
    keys: KeySpecifications,
) -> None:
    _, _, touches = keys.unit("queue", [(b"SET", b"b", b"1")], watched=[b"a"], database=1)
    assert {(touch.resource, touch.access) for touch in touches} == {
        ("db1/b", "write"),
        ("db1/a", "read"),
    }


def test_keys_of_another_database_are_other_keys(keys: KeySpecifications) -> None:
    target, _, (touch,) = keys.touches("queue", (b"GET", b"a:1"), database=2)
    assert (target, touch.resource) == ("db2/a:*", "db2/a:1")
    assert keys.touches("queue", (b"KEYS", b"*"), database=2)[2][0].resource == "*"
    copied = keys.touches("queue", (b"COPY", b"a", b"b", b"DB", b"1"))[2]
    assert ("db1/b", "write") in {(each.resource, each.access) for each in copied}
    commands = [(b"SET", b"a", b"1"), (b"SELECT", b"1"), (b"SET", b"a", b"1")]
    assert {touch.resource for touch in keys.unit("queue", commands)[2]} == {"a", "db1/a"}


@pytest.mark.parametrize(
    ("command", "resources"),
    [
        ("SET a 1", {("a", "write")}),
        ("INCR a", {("a", "write"), ("a", "read")}),
        ("WATCH a", {("a", "read")}),
        ("MGET a b", {("a", "read"), ("b", "read")}),
        ("EVALSHA abc 1 a x", {("a", "write"), ("a", "read")}),
        ("XREAD COUNT 2 STREAMS s 0", {("s", "read")}),
        ("FLUSHALL", {("*", "write")}),
        ("PING", set()),
    ],
)
def test_a_server_without_key_specifications(
    older: KeySpecifications, command: str, resources: set[tuple[str, str]]
) -> None:
    assert look(older, command)[2] == resources


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("bull:mail:17", "bull:mail:*"),
        ("bull:mail:17:lock", "bull:mail:*:lock"),
        ("bull:mail:wait", "bull:mail:wait"),
        ("17", "*"),
        ("v2:item", "v2:item"),
        ("s:a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "s:*"),
        ("sess:0a1b2c3d4e", "sess:*"),
        ("sess:6gXq5vTBgMlwJ_3SxZpW-0yKd1fHu2cN", "sess:*"),
        ("brute:RbF9HSe/w+iRqWKK1beHGjZgBXEb8O07ptWWYKLwNBc=", "brute:*"),
        ("brute:XrY7u+Ae7tCTyyK7j1rNww==:count", "brute:*:count"),
        ("decade:facade", "decade:facade"),
        ("monthly-statement-of-accounts", "monthly-statement-of-accounts"),
        ("Country/Region/NamesOfPlacesByCountry", "Country/Region/NamesOfPlacesByCountry"),
        ("seen:tok_x1", "seen:*"),
    ],
)
def test_patterns(key: str, expected: str) -> None:
    assert pattern(key.encode(), {"tok_x1"}) == expected


def test_a_short_value_counts_as_a_whole_word_only() -> None:
    assert pattern(b"a31x:a-3", {"3"}) == "a31x:a-*"


def test_a_key_that_is_no_text() -> None:
    assert pattern(b"\xff:1") == "\\xff:*"
