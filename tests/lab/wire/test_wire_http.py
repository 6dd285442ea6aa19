from __future__ import annotations

import contextlib

import pytest
from conversations import Turn, assert_cut_does_not_matter, assert_nothing_lost, converse
from hypothesis import given, settings
from hypothesis import strategies as st

from redhanded.case.errors import WireError
from redhanded.lab.wire.http import HttpStream
from redhanded.lab.wire.unit import BODY_BYTES_KEPT, Answer, Unit

GET = b"GET /a?b=1 HTTP/1.1\r\nHost: x\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def one_unit(stream: HttpStream, data: bytes) -> Unit:
    (unit,) = stream.client(data)
    return unit


def one_answer(stream: HttpStream, data: bytes) -> Answer:
    (answer,) = stream.server(data)
    return answer


def test_a_request_is_a_unit_with_its_body() -> None:
    stream = HttpStream()
    unit = one_unit(stream, b"POST /w HTTP/1.1\r\nX-Sign: a:b\r\nContent-Length: 3\r\n\r\n{1}")
    assert (unit.serial, unit.kind, unit.held) == (0, "POST", True)
    assert unit.request is not None
    assert unit.request.target == "/w"
    assert unit.request.headers[0] == ("x-sign", "a:b")
    assert unit.request.body == b"{1}"
    answer = one_answer(stream, OK)
    assert (answer.serial, answer.complete, answer.status, answer.failure) == (0, True, 200, None)


def test_pipelined_requests_are_answered_in_order() -> None:
    stream = HttpStream()
    assert [unit.serial for unit in stream.client(GET + b"\r\n" + GET)] == [0, 1]
    assert [a.serial for a in stream.server(OK + OK)] == [0, 1]


def test_chunks_are_joined() -> None:
    stream = HttpStream()
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    unit = one_unit(stream, head + b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: 1\r\n\r\n")
    assert unit.request is not None
    assert unit.request.body == b"abcde"
    reply = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert not one_answer(stream, reply + b"3\r\nabc\r\n").complete
    assert one_answer(stream, b"0\r\n\r\n").complete


def test_a_long_body_is_not_waited_for() -> None:
    stream = HttpStream()
    size = BODY_BYTES_KEPT * 3
    head = b"PUT / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % size
    first = one_unit(stream, head + b"x" * BODY_BYTES_KEPT)
    assert first.request is not None
    assert len(first.request.body) == BODY_BYTES_KEPT
    rest = one_unit(stream, b"x" * BODY_BYTES_KEPT * 2)
    assert (rest.serial, rest.continuation, rest.kind, rest.held) == (0, True, "BODY", False)
    assert one_unit(stream, GET).serial == 1


def test_a_client_that_waits_to_continue_is_let_through() -> None:
    stream = HttpStream()
    head = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    assert one_unit(stream, head).held
    interim = one_answer(stream, b"HTTP/1.1 100 Continue\r\n\r\n")
    assert (interim.serial, interim.complete, interim.status) == (0, False, 100)
    assert one_unit(stream, b"ab").continuation
    assert one_answer(stream, OK).complete


@pytest.mark.parametrize(
    ("request_line", "head"),
    [
        (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"),
        (b"GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        (b"GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n"),
    ],
)
def test_some_answers_have_no_body(request_line: bytes, head: bytes) -> None:
    stream = HttpStream()
    stream.client(request_line + b" / HTTP/1.1\r\n\r\n")
    assert one_answer(stream, head).complete


def test_an_answer_may_last_until_the_connection_ends() -> None:
    stream = HttpStream()
    stream.client(b"GET / HTTP/1.0\r\n\r\n")
    assert not one_answer(stream, b"HTTP/1.0 200 OK\r\n\r\nabc").complete
    (end,) = stream.end()
    assert (end.serial, end.complete, end.raw) == (0, True, b"")
    assert stream.end() == []


def test_a_server_error_is_a_failure() -> None:
    stream = HttpStream()
    stream.client(GET)
    answer = one_answer(stream, b"HTTP/1.1 503 Too Busy\r\nContent-Length: 4\r\n\r\nlate")
    assert answer.failure is not None
    assert answer.failure.code == "503"
    assert (answer.failure.message, answer.failure.detail) == ("Too Busy", "late")


def test_after_an_upgrade_everything_passes() -> None:
    stream = HttpStream()
    stream.client(
        b"GET /ws HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"
    )
    head = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
    done, frames = stream.server(head + b"\x81\x00")
    assert (done.serial, done.complete, frames.serial) == (0, True, None)
    frame = one_unit(stream, b"\x81\x80\x00\x00")
    assert (frame.kind, frame.held) == ("TUNNEL", False)


def test_http2_passes_unread() -> None:
    stream = HttpStream()
    unit = one_unit(stream, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00")
    assert (unit.kind, unit.held) == ("TUNNEL", False)
    assert one_answer(stream, b"\x00\x00\x00\x04").serial is None


def test_an_answer_without_a_request_is_nobodys() -> None:
    answer = one_answer(HttpStream(), b"HTTP/1.1 408 Timeout\r\nContent-Length: 0\r\n\r\n")
    assert (answer.serial, answer.complete) == (None, True)


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02",
        b"GET /\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 60000,
        b"\r\n" * 200000,
    ],
)
def test_what_is_no_client_is_refused_with_its_place(data: bytes) -> None:
    with pytest.raises(WireError, match=r"HTTP client: .* at byte \d+ of the connection"):
        HttpStream().client(data)


@pytest.mark.parametrize("data", [b"SSH-2.0-x\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/2"])
def test_what_is_no_server_is_refused(data: bytes) -> None:
    with pytest.raises(WireError, match="HTTP server"):
        HttpStream().server(data)


CONVERSATION: list[Turn] = [
    ("c", b"\r\n" + GET + b"HEAD / HTTP/1.1\r\nX: a\r\n b\r\n\r\n"),
    ("s", OK + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
    ("c", b"POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n3\r\nabc\r\n0\r\n\r\n"),
    ("s", b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ("s", b"A\r\n0123456789\r\n0\r\nT: 1\r\n\r\n"),
    ("c", b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nabcd" + GET),
    ("s", b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"HTTP/1.1 200 OK\r\n\r\nuntil the end"),
]


@given(st.lists(st.integers(0, 500), max_size=12))
def test_how_the_bytes_are_cut_does_not_matter(places: list[int]) -> None:
    assert_cut_does_not_matter(HttpStream, CONVERSATION, places)


@given(st.lists(st.integers(0, BODY_BYTES_KEPT * 2), max_size=8))
def test_how_a_long_body_is_cut_does_not_matter(places: list[int]) -> None:
    size = BODY_BYTES_KEPT + 5000
    request = b"PUT / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % size + bytes(range(250)) * (
        size // 250
    )
    request += b"z" * (size % 250)
    assert_cut_does_not_matter(HttpStream, [("c", request + GET), ("s", OK + OK)], places)


def test_byte_by_byte_nothing_is_lost() -> None:
    turns = [(side, bytes([byte])) for side, data in CONVERSATION for byte in data]
    units, answers = converse(HttpStream(), turns)
    assert_nothing_lost(turns, units, answers)


LINES = st.sampled_from(
    [b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\n", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 101 X\r\n",
     b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"\r\n", b"\n", b"3\r\nabc\r\n",
     b"0\r\n", b"Connection: upgrade\r\n", b"Expect: 100-continue\r\n", b"abc",
     b"Content-Length: 0\r\n"]
)  # fmt: skip


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("cs"),
            st.one_of(st.binary(max_size=40), st.lists(LINES, max_size=6).map(b"".join)),
        ),
        max_size=8,
    )
)
def test_random_bytes_raise_nothing_but_wire_errors(turns: list[Turn]) -> None:
    with contextlib.suppress(WireError):
        converse(HttpStream(), turns)


HALF = b"POST /w HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc"


def test_a_client_that_waits_inside_its_request_is_let_through_when_nothing_moves() -> None:
    stream = HttpStream()
    assert stream.client(HALF) == []
    (unit,) = stream.rest()
    assert (unit.raw, unit.held, unit.request and unit.request.body) == (HALF, True, b"abc")
    assert stream.rest() == []
    assert one_answer(stream, OK).serial == unit.serial
    (more,) = stream.client(b"def" + GET)[:1]
    assert (more.raw, more.continuation, more.serial) == (b"def", True, unit.serial)


def test_half_a_head_is_never_given() -> None:
    stream = HttpStream()
    stream.client(HALF[:20])
    assert stream.rest() == []
    assert one_unit(stream, HALF[20:] + b"def").raw == HALF + b"def"


def test_an_eager_stream_waits_for_no_body() -> None:
    stream = HttpStream()
    stream.eager = True
    assert one_unit(stream, HALF).raw == HALF
    assert one_unit(stream, b"def").continuation
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert b"".join(u.raw for u in stream.client(head + b"3\r\nab")) == head + b"3\r\nab"


def test_a_folded_header_is_joined() -> None:
    unit = one_unit(HttpStream(), b"GET / HTTP/1.1\r\nX: a\r\n b\r\n\tc\r\nY: d\r\n\r\n")
    assert unit.request is not None
    assert unit.request.headers == (("x", "a b c"), ("y", "d"))
