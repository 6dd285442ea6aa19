"""What later commands of a connection depend on: version, database, watched keys, silence."""

from __future__ import annotations

import pytest
from conversations import command

from redhanded.lab.wire.redis import RedisStream
from redhanded.lab.wire.redis_requests import inline_words
from redhanded.lab.wire.unit import Unit

OK = b"+OK\r\n"


def one_unit(stream: RedisStream, data: bytes) -> Unit:
    (unit,) = stream.client(data)
    return unit


def test_a_command_goes_to_the_selected_database() -> None:
    stream = RedisStream()
    units = stream.client(command("GET", "a") + command("SELECT", "3") + command("GET", "a"))
    assert [unit.database for unit in units] == [0, 0, 3]
    stream.server(b"$-1\r\n" + OK + b"$-1\r\n")
    stream.client(command("RESET"))
    assert one_unit(stream, command("GET", "a")).database == 0


def test_a_refused_database_is_not_selected() -> None:
    stream = RedisStream()
    stream.client(command("SELECT", "2") + command("SELECT", "99"))
    stream.server(OK + b"-ERR DB index is out of range\r\n")
    assert one_unit(stream, command("GET", "a")).database == 2
    stream.client(command("SELECT", "x"))
    assert one_unit(stream, command("GET", "a")).database == 2


def test_what_is_refused_takes_nothing_else_back() -> None:
    stream = RedisStream()
    stream.client(command("HELLO", "3") + command("SELECT", "1"))
    stream.server(b"-NOPROTO unsupported\r\n" + OK)
    assert stream.version == 2
    assert one_unit(stream, command("GET", "a")).database == 1


def test_a_database_selected_in_a_block_is_selected_when_it_ends() -> None:
    stream = RedisStream()
    block = command("MULTI") + command("SELECT", "3") + command("SET", "a", "1")
    unit = one_unit(stream, block + command("EXEC"))
    assert unit.database == 0
    assert one_unit(stream, command("GET", "a")).database == 3
    stream = RedisStream()
    stream.client(block + command("DISCARD"))
    assert one_unit(stream, command("GET", "a")).database == 0
    stream = RedisStream()
    stream.client(block + command("EXEC"))
    stream.server(OK + b"+QUEUED\r\n-ERR no\r\n-EXECABORT discarded\r\n")
    assert one_unit(stream, command("GET", "a")).database == 0


def test_a_block_names_the_keys_that_were_watched_before_it() -> None:
    stream = RedisStream()
    watch = one_unit(stream, command("WATCH", "a", "b"))
    assert watch.held
    stream.client(command("WATCH", "b", "c"))
    block = command("MULTI") + command("SET", "x", "1") + command("EXEC")
    assert one_unit(stream, block).watched == (b"a", b"b", b"c")
    answers = stream.server(OK + OK + OK + b"+QUEUED\r\n*-1\r\n")
    assert (answers[-1].complete, answers[-1].failure) == (True, None)
    assert one_unit(stream, block).watched == ()


@pytest.mark.parametrize("words", [("UNWATCH",), ("DISCARD",), ("RESET",)])
def test_a_watch_ends_without_a_block_too(words: tuple[str, ...]) -> None:
    stream = RedisStream()
    stream.client(command("WATCH", "a"))
    stream.client((command("MULTI") if words == ("DISCARD",) else b"") + command(*words))
    block = command("MULTI") + command("SET", "x", "1") + command("EXEC")
    assert one_unit(stream, block).watched == ()


def test_only_the_unit_that_ends_a_block_names_watched_keys() -> None:
    stream = RedisStream()
    stream.client(command("WATCH", "a"))
    assert one_unit(stream, command("MULTI")).watched == ()
    assert one_unit(stream, command("SET", "x", "1")).watched == ()
    assert one_unit(stream, command("EXEC")).watched == (b"a",)


def test_a_reset_ends_a_block_silence_and_subscriptions() -> None:
    stream = RedisStream()
    stream.client(command("HELLO", "3") + command("SUBSCRIBE", "a"))
    stream.server(b"%0\r\n>3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n")
    unit = one_unit(stream, command("MULTI") + command("GET", "a") + command("RESET"))
    (answer,) = stream.server(b"+OK\r\n+QUEUED\r\n+RESET\r\n")
    assert (answer.serial, stream.version) == (unit.serial, 2)
    get = one_unit(stream, command("LRANGE", "l", "0", "-1"))
    (found,) = stream.server(b"*1\r\n$7\r\nmessage\r\n")
    assert found.serial == get.serial
    assert one_unit(stream, command("CLIENT", "REPLY", "OFF")).silent
    assert not one_unit(stream, command("RESET")).silent


@pytest.mark.parametrize(
    "words", [("SENTINEL", "get-master-addr-by-name", "m"), ("ROLE",), ("CLIENT", "TRACKING", "ON")]
)
def test_how_a_driver_finds_its_server_is_not_held(words: tuple[str, ...]) -> None:
    assert not one_unit(RedisStream(), command(*words)).held


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"GET a", (b"GET", b"a")),
        (b'SET a "b c"', (b"SET", b"a", b"b c")),
        (b"SET a 'it\\'s' \"\\x41\\n\"", (b"SET", b"a", b"it's", b"A\n")),
        (b'SET a ""', (b"SET", b"a", b"")),
        (b'SET a "open', (b"SET", b"a", b'"open')),
        (b"   ", ()),
    ],
)
def test_words_of_an_inline_command(line: bytes, words: tuple[bytes, ...]) -> None:
    assert inline_words(line) == words


def test_a_push_that_begins_with_an_array_is_passed_on_in_pieces() -> None:
    stream = RedisStream()
    stream.client(command("HELLO", "3"))
    stream.server(b"%0\r\n")
    head = b">2\r\n*100000\r\n" + b":1\r\n" * 10
    assert b"".join(answer.raw for answer in stream.server(head)) == head


def test_an_answer_between_two_pushes_is_its_commands() -> None:
    stream = RedisStream()
    stream.client(command("HELLO", "3"))
    stream.server(b"%0\r\n")
    push = b">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n"
    get = one_unit(stream, command("GET", "a"))
    assert [a.serial for a in stream.server(push + b"$1\r\n1\r\n" + push)] == [
        None,
        get.serial,
        None,
    ]
