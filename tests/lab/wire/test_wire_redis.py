from __future__ import annotations

import contextlib
import itertools
import tracemalloc

import pytest
from conversations import (
    Turn,
    assert_cut_does_not_matter,
    assert_nothing_lost,
    command,
    converse,
    joined_answers,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from redhanded.case.errors import WireError
from redhanded.lab.wire.redis import RedisStream
from redhanded.lab.wire.unit import Answer, Blocking, Unit


def one_unit(stream: RedisStream, data: bytes) -> Unit:
    (unit,) = stream.client(data)
    return unit


def one_answer(stream: RedisStream, data: bytes) -> Answer:
    (answer,) = stream.server(data)
    return answer


def test_a_pipeline_is_taken_apart() -> None:
    stream = RedisStream()
    units = stream.client(command("set", "a", "1") + command("GET", "a") + command("GET", "b"))
    assert [(unit.serial, unit.kind) for unit in units] == [(0, "SET"), (1, "GET"), (2, "GET")]
    assert units[0].arguments == (b"set", b"a", b"1")
    assert all(unit.held for unit in units)
    answers = stream.server(b"+OK\r\n$1\r\n1\r\n$-1\r\n")
    assert [(a.serial, a.complete, a.raw) for a in answers] == [
        (0, True, b"+OK\r\n"),
        (1, True, b"$1\r\n1\r\n"),
        (2, True, b"$-1\r\n"),
    ]


def test_inline_commands_and_empty_lines() -> None:
    stream = RedisStream()
    units = stream.client(b"\r\nGET  a\r\n*0\r\nPING\n")
    assert [unit.arguments for unit in units] == [(b"GET", b"a"), (b"PING",)]
    assert [unit.handshake for unit in units] == [False, True]


def test_an_error_is_a_failure() -> None:
    stream = RedisStream()
    stream.client(command("INCR", "a"))
    failure = one_answer(stream, b"-WRONGTYPE Operation against a key\r\n").failure
    assert failure is not None
    assert (failure.code, failure.message) == (
        "WRONGTYPE",
        "WRONGTYPE Operation against a key",
    )


@pytest.mark.parametrize(
    "words",
    [("HELLO", "3"), ("auth", "x"), ("CLIENT", "SETINFO", "LIB-NAME", "x"), ("SELECT", "1"),
     ("INFO",), ("SCRIPT", "LOAD", "return 1"), ("script", "exists", "x"), ("QUIT",)],
)  # fmt: skip
def test_what_drivers_say_on_their_own_passes_unheld(words: tuple[str, ...]) -> None:
    stream = RedisStream()
    assert not one_unit(stream, command(*words)).held
    assert one_answer(stream, b"+OK\r\n").serial is None


def test_other_script_commands_are_held() -> None:
    assert one_unit(RedisStream(), command("SCRIPT", "FLUSH")).held


def test_a_block_sent_in_one_go_is_one_unit() -> None:
    stream = RedisStream()
    block = command("MULTI") + command("SET", "a", "1") + command("INCR", "a") + command("EXEC")
    first, then = stream.client(block + command("GET", "a"))
    assert (first.serial, first.kind, first.held) == (0, "MULTI", True)
    assert [words[0] for words in first.commands] == [b"MULTI", b"SET", b"INCR", b"EXEC"]
    assert then.serial == 1
    answers = joined_answers(
        stream.server(
            b"+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n-ERR not an integer\r\n$1\r\n1\r\n"
        )
    )
    assert [(a.serial, a.complete) for a in answers] == [(0, True), (1, True)]
    assert answers[0].failure is not None


def test_a_client_that_waits_inside_a_block_is_let_through_until_its_end() -> None:
    stream = RedisStream()
    begin = one_unit(stream, command("MULTI"))
    assert (begin.kind, begin.open, begin.held) == ("MULTI", True, False)
    assert one_answer(stream, b"+OK\r\n").serial == begin.serial
    part = one_unit(stream, command("SET", "a", "1"))
    assert part.open
    stream.server(b"+QUEUED\r\n")
    end = one_unit(stream, command("EXEC"))
    assert (end.held, end.raw) == (True, command("EXEC"))
    assert end.commands == ((b"MULTI",), (b"SET", b"a", b"1"), (b"EXEC",))
    assert one_answer(stream, b"*1\r\n+OK\r\n").serial == end.serial


def test_a_block_that_is_given_up_or_refused_ends() -> None:
    stream = RedisStream()
    unit = one_unit(stream, command("MULTI") + command("SET", "a", "1") + command("DISCARD"))
    assert unit.kind == "DISCARD"
    stream.server(b"+OK\r\n+QUEUED\r\n+OK\r\n")
    stream.client(command("MULTI"))
    stream.server(b"-NOAUTH Authentication required.\r\n")
    assert one_unit(stream, command("SET", "a", "1")).held


def test_half_a_command_inside_a_block_is_waited_for() -> None:
    stream = RedisStream()
    block = command("MULTI") + command("SET", "a", "1") + command("EXEC")
    assert stream.client(block[:25]) == []
    assert one_unit(stream, block[25:]).raw == block


@pytest.mark.parametrize(
    ("words", "keys", "timeout_s"),
    [
        (("BLPOP", "a", "b", "0"), (b"a", b"b"), 0.0),
        (("brpop", "a", "1.5"), (b"a",), 1.5),
        (("BRPOPLPUSH", "a", "b", "5"), (b"a",), 5.0),
        (("BLMOVE", "a", "b", "LEFT", "RIGHT", "2"), (b"a",), 2.0),
        (("BLMPOP", "0.5", "2", "a", "b", "LEFT", "COUNT", "3"), (b"a", b"b"), 0.5),
        (("BZPOPMIN", "a", "10"), (b"a",), 10.0),
        (("BZMPOP", "1", "1", "a", "MIN"), (b"a",), 1.0),
    ],
)
def test_blocking_commands_say_for_what_and_how_long(
    words: tuple[str, ...], keys: tuple[bytes, ...], timeout_s: float
) -> None:
    unit = one_unit(RedisStream(), command(*words))
    assert unit.blocking == Blocking(keys=keys, timeout_s=timeout_s, empty_reply=b"*-1\r\n")


@pytest.mark.parametrize(
    "words", [("BLPOP", "a", "x"), ("BLPOP", "a", "-1"), ("BLPOP",), ("BLMPOP", "1", "x", "a"),
              ("BRPOPLPUSH", "a", "1"), ("LPOP", "a"), ("BGSAVE",)],
)  # fmt: skip
def test_what_the_server_refuses_does_not_block(words: tuple[str, ...]) -> None:
    assert one_unit(RedisStream(), command(*words)).blocking is None


def test_the_empty_reply_follows_the_version() -> None:
    stream = RedisStream()
    stream.client(command("HELLO", "3"))
    blocking = one_unit(stream, command("BLPOP", "a", "1")).blocking
    assert blocking is not None
    assert blocking.empty_reply == b"_\r\n"
    stream.server(b"-NOPROTO unsupported\r\n")
    assert stream.version == 2


@pytest.mark.parametrize(
    ("words", "waits"),
    [
        (("XREAD", "COUNT", "1", "BLOCK", "0", "STREAMS", "s", "$"), True),
        (("XREADGROUP", "GROUP", "g", "c", "BLOCK", "5", "STREAMS", "s", ">"), True),
        (("XREAD", "STREAMS", "BLOCK", "0"), False),
        (("WAIT", "1", "0"), True),
        (("GET", "BLOCK"), False),
    ],
)
def test_other_commands_that_may_wait(words: tuple[str, ...], waits: bool) -> None:
    assert one_unit(RedisStream(), command(*words)).waits is waits


def test_subscriptions_are_confirmed_per_channel_and_messages_are_nobodys() -> None:
    stream = RedisStream()
    unit = one_unit(stream, command("SUBSCRIBE", "a", "b"))
    confirm = b"*3\r\n$9\r\nsubscribe\r\n$1\r\n%s\r\n:%d\r\n"
    news = b"*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$5\r\nhello\r\n"
    answers = stream.server(confirm % (b"a", 1) + news + confirm % (b"b", 2) + news)
    assert [(a.serial, a.complete) for a in answers] == [
        (unit.serial, False),
        (None, True),
        (unit.serial, True),
        (None, True),
    ]
    ping = one_unit(stream, command("PING"))
    (pong, late) = stream.server(b"*2\r\n$4\r\npong\r\n$0\r\n\r\n" + news)
    assert (ping.handshake, pong.serial, late.serial) == (True, None, None)
    leave = one_unit(stream, command("UNSUBSCRIBE"))
    gone = b"*3\r\n$11\r\nunsubscribe\r\n$1\r\n%s\r\n:%d\r\n"
    answers = stream.server(gone % (b"a", 1) + news + gone % (b"b", 0))
    assert [(a.serial, a.complete) for a in answers][-1] == (leave.serial, True)
    stream.client(command("LRANGE", "l", "0", "-1"))
    assert one_answer(stream, b"*1\r\n$7\r\nmessage\r\n").serial == leave.serial + 1


def test_pushes_are_nobodys_but_confirmations_are_not() -> None:
    stream = RedisStream()
    stream.client(command("HELLO", "3"))
    stream.server(b"%1\r\n$5\r\nproto\r\n:3\r\n")
    unit = one_unit(stream, command("SUBSCRIBE", "a"))
    get = one_unit(stream, command("GET", "x"))
    answers = stream.server(
        b">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nx\r\n"
        b">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n"
        b">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nb\r\n"
        b"_\r\n"
    )
    assert [a.serial for a in answers] == [None, unit.serial, None, get.serial]


def test_monitor_lines_are_nobodys() -> None:
    stream = RedisStream()
    monitor = one_unit(stream, command("MONITOR"))
    line = b'+1339518083.107412 [0 127.0.0.1:60866] "keys" "*"\r\n'
    ok, seen = stream.server(b"+OK\r\n" + line)
    assert (ok.serial, seen.serial) == (monitor.serial, None)
    get = one_unit(stream, command("GET", "a"))
    (again, own) = stream.server(line + b"$1\r\n1\r\n")
    assert (again.serial, own.serial) == (None, get.serial)


def test_replies_that_are_switched_off_are_not_expected() -> None:
    stream = RedisStream()
    units = stream.client(
        command("CLIENT", "REPLY", "SKIP") + command("SET", "a", "1") + command("GET", "a")
        + command("CLIENT", "REPLY", "OFF") + command("SET", "a", "1")
        + command("CLIENT", "REPLY", "ON") + command("GET", "a")
    )  # fmt: skip
    assert [unit.silent for unit in units] == [True, True, False, True, True, False, False]
    answers = stream.server(b"$1\r\n1\r\n+OK\r\n$1\r\n1\r\n")
    assert [a.serial for a in answers] == [2, None, 6]


def test_nested_and_attributed_replies_end_where_they_end() -> None:
    stream = RedisStream()
    stream.client(command("A") + command("B"))
    nested = b"*2\r\n*2\r\n:1\r\n*0\r\n%1\r\n+a\r\n*-1\r\n"
    attributed = b"|1\r\n+ttl\r\n:3600\r\n~2\r\n#t\r\n,1.5\r\n"
    answers = stream.server(nested + attributed)
    assert [a.raw for a in answers] == [nested, attributed]


def test_long_replies_pass_in_pieces() -> None:
    stream = RedisStream()
    stream.client(command("GET", "a"))
    long = b"$50000000\r\n" + b"x" * 50_000_000 + b"\r\n"
    tracemalloc.start()
    pieces = [stream.server(long[at : at + 65536])[0].complete for at in range(0, len(long), 65536)]
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    assert pieces.count(True) == 1
    assert pieces[-1]


def test_a_withdrawn_unit_expects_no_answer() -> None:
    stream = RedisStream()
    first, second = stream.client(command("BLPOP", "a", "1") + command("GET", "a"))
    stream.withdraw(first.serial)
    assert one_answer(stream, b"$-1\r\n").serial == second.serial


@pytest.mark.parametrize(
    "data",
    [b"\x16\x03\x01\x02\x00", b"*1\r\n:1\r\n", b"*1\r\n$2\r\nabcd\r\n", b"*x\r\n", b"*9999999\r\n",
     b"*1\r\n$-1\r\n", b"*1\r\n$999999999999\r\n", b"x" * 70000],
)  # fmt: skip
def test_what_is_no_client_is_refused_with_its_place(data: bytes) -> None:
    with pytest.raises(WireError, match=r"Redis client: .* at byte \d+ of the connection"):
        RedisStream().client(data)


@pytest.mark.parametrize(
    "data", [b"HTTP/1.1 400\r\n", b"$x\r\n", b"$1\r\nab\r\n", b"*1\r\n" * 2000]
)
def test_what_is_no_server_is_refused(data: bytes) -> None:
    stream = RedisStream()
    stream.client(command("GET", "a"))
    with pytest.raises(WireError, match="Redis server"):
        stream.server(data)


CONVERSATION: list[Turn] = [
    ("c", command("HELLO", "2") + command("CLIENT", "SETINFO", "LIB-NAME", "x")),
    ("s", b"*2\r\n$5\r\nproto\r\n:2\r\n+OK\r\n"),
    ("c", command("SET", "a", "\r\n\r\n") + b"PING\r\n" + command("EVALSHA", "f" * 40, "1", "a")),
    ("s", b"+OK\r\n+PONG\r\n*3\r\n:1\r\n$4\r\n\r\n\r\n\r\n*1\r\n$-1\r\n"),
    ("c", command("SUBSCRIBE", "a") + command("PSUBSCRIBE", "b*")),
    (
        "s",
        b"*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n",
    ),
    ("s", b"*3\r\n$10\r\npsubscribe\r\n$2\r\nb*\r\n:2\r\n"),
    ("c", command("UNSUBSCRIBE") + command("PUNSUBSCRIBE")),
    ("s", b"*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:1\r\n"),
    ("s", b"*3\r\n$12\r\npunsubscribe\r\n$2\r\nb*\r\n:0\r\n"),
    ("c", command("HELLO", "3")),
    ("s", b"%1\r\n+proto\r\n:3\r\n>2\r\n+invalidate\r\n_\r\n"),
    ("c", command("GET", "a")),
    ("s", b"-MOVED 1 127.0.0.1:1\r\n"),
]


@given(st.lists(st.integers(0, 500), max_size=12))
def test_how_the_bytes_are_cut_does_not_matter(places: list[int]) -> None:
    assert_cut_does_not_matter(RedisStream, CONVERSATION, places)


def test_byte_by_byte_nothing_is_lost() -> None:
    turns = [(side, bytes([byte])) for side, data in CONVERSATION for byte in data]
    units, answers = converse(RedisStream(), turns)
    assert_nothing_lost(turns, units, answers)
    held = [unit.serial for unit in units if unit.held]
    assert [a.serial for a in answers if a.serial is not None and a.complete] == held


@given(st.lists(st.integers(1, 200), max_size=6))
def test_a_block_has_the_same_end_however_it_is_cut(places: list[int]) -> None:
    block = command("MULTI") + command("SET", "a", "1") + command("INCR", "b") + command("EXEC")
    edges = [0, *sorted({place % len(block) for place in places}), len(block)]
    stream = RedisStream()
    units = [u for a, b in itertools.pairwise(edges) for u in stream.client(block[a:b])]
    assert b"".join(unit.raw for unit in units) == block
    assert [unit.held for unit in units] == [False] * (len(units) - 1) + [True]
    assert len(units[-1].commands) == 4
    answers = stream.server(b"+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n:1\r\n")
    assert [a.serial for a in joined_answers(answers)] == [unit.serial for unit in units]


RESP = st.sampled_from(
    [b"*1\r\n", b"*2\r\n", b">2\r\n", b"$1\r\na\r\n", b"+OK\r\n", b"-E x\r\n", b":1\r\n", b"_\r\n",
     b"%1\r\n", b"|1\r\n", b"$-1\r\n", b"*0\r\n", b"$9\r\nsubscribe\r\n", b"MULTI\r\n", b"EXEC\r\n",
     b"SUBSCRIBE a\r\n", b"UNSUBSCRIBE\r\n", b"HELLO 3\r\n", b"RESET\r\n", b"MONITOR\r\n", b"\r\n"]
)  # fmt: skip


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("cs"),
            st.one_of(st.binary(max_size=40), st.lists(RESP, max_size=6).map(b"".join)),
        ),
        max_size=8,
    )
)
def test_random_bytes_raise_nothing_but_wire_errors(turns: list[Turn]) -> None:
    with contextlib.suppress(WireError):
        converse(RedisStream(), turns)
