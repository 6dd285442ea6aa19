"""HTTP/1.0 and 1.1 (RFC 9112): what one connection says, in units and answers.

A unit is a request with its body. A body longer than ``BODY_BYTES_KEPT``, and one that waits for
``100 Continue``, is not waited for: the unit holds what has come (nothing of the body in the latter
case) and the rest are continuations. So it is with a body that the client does not end before it
is answered, which its bytes do not tell: ``rest`` gives what has come when nothing else moves, and
an ``eager`` stream always does. After an upgrade (``101``, or a ``2xx`` to CONNECT), or when
the client begins with HTTP/2, everything passes as handshake of kind ``TUNNEL``.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from redhanded.case.errors import WireError
from redhanded.case.operation import WireFailure
from redhanded.lab.wire.http_body import (
    BLANKS_MAX,
    BodyReader,
    Framing,
    Headers,
    MalformedMessage,
    framing_of,
    head_end,
    is_token,
    read_head,
    values_of,
)
from redhanded.lab.wire.inbox import Inbox, wrong_bytes
from redhanded.lab.wire.unit import BODY_BYTES_KEPT, Answer, HttpRequest, Unit

FAILURE_BYTES_KEPT = 400
"""Of the body of an answer with status 500 or above."""
UNIT_BYTES_HELD_MAX = 1024 * 1024
"""A request that is longer, by many small chunks, is given before its body is kept full."""

_BLANKS = frozenset(b"\r\n")
_HTTP2 = b"PRI * HTTP/2.0"
_STATUS_LINE = b"HTTP/1."


class HttpStream:
    """One connection; see ``unit.Stream``."""

    def __init__(self) -> None:
        self.eager = False
        """Give a request as soon as its head is there."""
        self._inbox = Inbox()
        self._outbox = Inbox()
        self._serial = 0
        self._tunnel = False
        self._request: _Request | None = None
        self._response: _Response | None = None
        self._pending: deque[_Pending] = deque()

    @property
    def passable(self) -> bool:
        return False

    def client(self, data: bytes) -> list[Unit]:
        units: list[Unit] = []
        data = self._inbox.take(data)
        start = 0
        need = 1
        while start < len(data):
            if self._tunnel:
                units.append(self._through_tunnel(data[start:], start))
                start = len(data)
                break
            try:
                end, need = self._read_request(data, start, units)
            except MalformedMessage as wrong:
                raise self._wrong("client", self._inbox, data, wrong) from wrong
            if end == start and not self._tunnel:
                break
            start = end
        self._inbox.keep(data, start, need)
        return units

    def server(self, data: bytes) -> list[Answer]:
        answers: list[Answer] = []
        data = self._outbox.take(data)
        start = 0
        need = 1
        while start < len(data):
            if self._tunnel:
                answers.append(Answer(serial=None, raw=data[start:], complete=True))
                start = len(data)
                break
            try:
                end, need = self._read_response(data, start, answers)
            except MalformedMessage as wrong:
                raise self._wrong("server", self._outbox, data, wrong) from wrong
            if end == start:
                break
            start = end
        self._outbox.keep(data, start, need)
        return answers

    def rest(self) -> list[Unit]:
        """What has come of a request whose head is there and whose body is not ended: its client
        may be waiting for the answer before it goes on."""
        if self._request is None or self.eager:
            return []
        self.eager = True
        self._inbox.hurry()
        try:
            return self.client(b"")
        finally:
            self.eager = False

    def end(self) -> list[Answer]:
        response = self._response
        if response is None or response.body.framing != "until close":
            return []
        return [self._complete(response, b"")]

    def withdraw(self, serial: int) -> None:
        self._pending = deque(waiting for waiting in self._pending if waiting.serial != serial)

    # Client to server

    def _read_request(self, data: bytes, start: int, units: list[Unit]) -> tuple[int, int]:
        """Reads up to the end of one request, or of the data; gives up to where bytes were given
        out, and how many it needs from there."""
        request = self._request
        if request is None:
            end = _end_of_head(data, start)
            if end < 0:
                return start, len(data) - start + 1
            if data.startswith(_HTTP2, start):
                self._tunnel = True
                return start, 1
            request = self._request = _request_of(data, start, end, self._serial)
            self._serial += 1
            self._pending.append(_Pending(request.serial, request.method, request.upgrades))
            request.scanned = end - start
            if request.waits_to_continue:
                units.append(self._give(request, data[start:end], start))
                return end, 1
        done, position = request.body.read(data, start + request.scanned)
        raw = data[start:position]
        request.scanned = len(raw)
        if done:
            self._request = None
        elif not (self.eager or request.given or request.body.kept_all_it_may or _is_long(raw)):
            return start, request.scanned + request.body.need
        if raw:
            units.append(self._give(request, raw, start))
        return position, request.body.need

    def _give(self, request: _Request, raw: bytes, start: int) -> Unit:
        continuation = request.given
        request.given = True
        request.scanned = 0
        return Unit(
            serial=request.serial,
            offset=self._inbox.offset + start,
            raw=raw,
            kind="BODY" if continuation else request.method,
            continuation=continuation,
            request=None if continuation else request.value(),
        )

    def _through_tunnel(self, raw: bytes, start: int) -> Unit:
        self._serial += 1
        return Unit(
            serial=self._serial - 1,
            offset=self._inbox.offset + start,
            raw=raw,
            kind="TUNNEL",
            handshake=True,
            silent=True,
        )

    # Server to client

    def _read_response(self, data: bytes, start: int, answers: list[Answer]) -> tuple[int, int]:
        response = self._response
        position = start
        if response is None:
            if not _STATUS_LINE.startswith(data[start : start + len(_STATUS_LINE)]):
                raise MalformedMessage(start, "not a response")
            position = head_end(data, start)
            if position < 0:
                return start, len(data) - start + 1
            front = self._pending[0] if self._pending else None
            response = _response_of(data, start, position, front)
            if 100 <= response.status < 200 and response.status != 101:
                answers.append(self._piece(response, data[start:position]))
                return position, 1
            self._response = response
        done, position = response.body.read(data, position)
        raw = data[start:position]
        if done:
            answers.append(self._complete(response, raw))
        elif raw:
            answers.append(self._piece(response, raw))
        else:
            return start, response.body.need
        return position, response.body.need

    def _piece(self, response: _Response, raw: bytes) -> Answer:
        return Answer(
            serial=response.serial,
            raw=raw,
            complete=response.serial is None,
            status=response.status,
        )

    def _complete(self, response: _Response, raw: bytes) -> Answer:
        self._response = None
        if self._pending and self._pending[0].serial == response.serial:
            self._pending.popleft()
        self._tunnel = response.opens_tunnel
        return Answer(
            serial=response.serial,
            raw=raw,
            complete=True,
            failure=response.failure(),
            status=response.status,
        )

    def _wrong(self, side: str, box: Inbox, data: bytes, wrong: MalformedMessage) -> WireError:
        return wrong_bytes(
            "HTTP", side, box.offset + wrong.position, data[wrong.position :], str(wrong)
        )


@dataclass(slots=True)
class _Request:
    """A request that the client has not finished."""

    serial: int
    method: str
    target: str
    headers: Headers
    body: BodyReader
    upgrades: bool
    waits_to_continue: bool
    given: bool = False
    """Its unit was given; the rest are continuations."""
    scanned: int = 0
    """Bytes of it that are read but not given."""

    def value(self) -> HttpRequest:
        return HttpRequest(
            method=self.method,
            target=self.target,
            headers=self.headers,
            body=bytes(self.body.kept),
        )


@dataclass(slots=True)
class _Pending:
    """A request whose response is not complete."""

    serial: int
    method: str
    upgrades: bool


@dataclass(slots=True)
class _Response:
    """A response that the server has not finished."""

    serial: int | None
    status: int
    reason: str
    body: BodyReader
    opens_tunnel: bool

    def failure(self) -> WireFailure | None:
        if self.status < 500:
            return None
        detail = self.body.kept.decode("utf-8", "replace")
        return WireFailure(code=str(self.status), message=self.reason, detail=detail or None)


def _is_long(raw: bytes) -> bool:
    return len(raw) > UNIT_BYTES_HELD_MAX


def _end_of_head(data: bytes, start: int) -> int:
    """Empty lines before a request are taken as part of it (RFC 9112, section 2.2)."""
    begin = start
    while begin < len(data) and data[begin] in _BLANKS:
        begin += 1
        if begin - start > BLANKS_MAX:
            raise MalformedMessage(start, "empty lines without end")
    if begin < len(data) and not is_token(data[begin : begin + 1]):
        raise MalformedMessage(begin, "not a request")
    return head_end(data, begin)


def _request_of(data: bytes, start: int, end: int, serial: int) -> _Request:
    line, headers = read_head(data, start, end)
    words = line.split(b" ")
    if len(words) != 3 or not is_token(words[0]) or not words[2].startswith(b"HTTP/1."):
        raise MalformedMessage(start, "not a request of HTTP/1")
    framing, length = framing_of(headers, start, otherwise="none")
    method = words[0].decode("ascii")
    return _Request(
        serial=serial,
        method=method,
        target=words[1].decode("latin-1"),
        headers=headers,
        body=BodyReader(framing, length, kept_max=BODY_BYTES_KEPT),
        upgrades=method == "CONNECT" or "upgrade" in values_of(headers, "connection"),
        waits_to_continue="100-continue" in values_of(headers, "expect")
        and (framing == "chunked" or length > 0),
    )


def _response_of(data: bytes, start: int, end: int, front: _Pending | None) -> _Response:
    line, headers = read_head(data, start, end)
    words = line.split(b" ", 2)
    if len(words) < 2 or len(words[1]) != 3 or not words[1].isdigit():
        raise MalformedMessage(start, "a response without a status")
    status = int(words[1])
    method = front.method if front else ""
    opens_tunnel = (front is not None and front.upgrades) and (
        status == 101 or (method == "CONNECT" and 200 <= status < 300)
    )
    framing: Framing = "none"
    length = 0
    if not (method == "HEAD" or status < 200 or status in (204, 304) or opens_tunnel):
        framing, length = framing_of(headers, start, otherwise="until close")
    return _Response(
        serial=front.serial if front else None,
        status=status,
        reason=words[2].decode("latin-1") if len(words) > 2 else "",
        body=BodyReader(framing, length, kept_max=FAILURE_BYTES_KEPT if status >= 500 else 0),
        opens_tunnel=opens_tunnel,
    )
