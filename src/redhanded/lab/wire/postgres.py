"""PostgreSQL's protocol 3: what one connection says, in units and answers.

A unit ends at Sync, Flush, a simple Query or a FunctionCall (manual, chapter 55; 3.0 and 3.2 differ
only in messages that pass unread here). COPY data are continuations of the unit that began the
copy. After ``S`` to an SSLRequest (or ``G`` to a GSSENCRequest) everything is unreadable and passes
as handshake of kind ``TLS``; a proxy that wants to read answers ``REFUSE_TLS`` itself and does not
forward the request.

What the server sends unasked (notices, notifications, changed parameters) has serial None while the
answer to the next unit has not begun, and is part of that answer after it has.
"""

from __future__ import annotations

import struct
from collections import deque

from redhanded.case.errors import WireError
from redhanded.lab.wire.inbox import Inbox, wrong_bytes
from redhanded.lab.wire.postgres_group import (
    ENDERS,
    FLUSH,
    QUERY,
    SYNC,
    Group,
    Pending,
    failure_of,
    rows_of,
    startup_parameters,
)
from redhanded.lab.wire.postgres_prepared import Prepared
from redhanded.lab.wire.unit import UNIT_BYTES_MAX, Answer, TransactionState, Unit

REFUSE_TLS = b"N"
"""The server's whole answer to SSLRequest and GSSENCRequest if it has neither."""
STARTUP_BYTES_MAX = 10_000
"""As in the server (MAX_STARTUP_PACKET_LENGTH)."""
REPLY_BYTES_MAX = 64 * 1024 * 1024
"""Of one server message other than rows and COPY data, which are passed on in pieces."""

_TLS_RECORD = 0x16
_START = struct.Struct(">II").unpack_from
_MESSAGE = struct.Struct(">BI").unpack_from
_STARTUP_KINDS = {80877102: "CANCEL", 80877103: "SSLREQUEST", 80877104: "GSSENCREQUEST"}
_COPY_DATA = ord("d")
_COPY_CODES = frozenset(b"dcf")
_ASIDE_KINDS = {ord("p"): "AUTH", ord("X"): "TERMINATE"}
_CLIENT_CODES = frozenset(b"PBDESQHCFpX") | _COPY_CODES
_SERVER_CODES = frozenset(b"RSKZTDC123ntsIENAGHWdcVv")
_UNASKED_CODES = frozenset(b"NAS")
_ROW = ord("D")
_ERROR = ord("E")
_READY = ord("Z")
_COMMAND_COMPLETE = ord("C")
_SUSPENDED = ord("s")
_PARAMETER_TYPES = ord("t")
_BACKEND_KEY = ord("K")
_PARTS_OF_ANSWER = frozenset(b"123TnCsI")
"""Of these each message of a Flush unit is answered by exactly one."""
_STATES: dict[int, TransactionState] = {ord("I"): "idle", ord("T"): "open", ord("E"): "failed"}


class PostgresStream:
    """One connection; see ``unit.Stream``."""

    def __init__(self) -> None:
        self.backend_pid: int | None = None
        """Of the server process, as soon as it has said so (BackendKeyData)."""
        self.parameters: dict[str, str] = {}
        """What the client asked for at start-up: ``user``, ``database``, ``application_name`` …"""
        self._inbox = Inbox()
        self._outbox = Inbox()
        self._serial = 0
        self._started = False
        self._encryption_asked = False
        self._encrypted = False
        self._ready = False
        self._prepared = Prepared()
        self._pending: deque[Pending] = deque()
        self._broken_until_sync = False
        self._scanned = 0
        self._group = Group()
        self._last = Pending(serial=0, ender=QUERY)
        self._copying = False
        self._copy_sync_due = False
        self._copy_rest = 0
        self._row_rest = 0

    def client(self, data: bytes) -> list[Unit]:
        units: list[Unit] = []
        data = self._inbox.take(data)
        start = need = 0
        while start < len(data) and not self._started and not self._encrypted:
            end, need = self._read_startup(data, start, units)
            if end == start:
                break
            start = end
        if self._encrypted and start < len(data):
            units.append(self._aside(data[start:], start, "TLS"))
            start = len(data)
        elif self._started:
            start, need = self._read_messages(data, start, units)
        self._inbox.keep(data, start, need)
        return units

    def server(self, data: bytes) -> list[Answer]:
        answers: list[Answer] = []
        data = self._outbox.take(data)
        start = 0
        if self._encryption_asked and data:
            start = self._read_encryption_answer(data, answers)
        if self._encrypted:
            if start < len(data):
                answers.append(Answer(serial=None, raw=data[start:], complete=True))
            self._outbox.keep(data, len(data), 0)
        else:
            self._read_replies(data, start, answers)
        return answers

    def end(self) -> list[Answer]:
        return []

    def withdraw(self, serial: int) -> None:
        self._pending = deque(waiting for waiting in self._pending if waiting.serial != serial)

    # Client to server

    def _read_startup(self, data: bytes, start: int, units: list[Unit]) -> tuple[int, int]:
        """Reads one packet without a type byte; gives its end (``start`` if it is not whole) and
        how many bytes it needs."""
        if data[start] == _TLS_RECORD:
            self._encrypted = True
            return start, 0
        if len(data) - start < 8:
            return start, 8
        length, code = _START(data, start)
        if not 8 <= length <= STARTUP_BYTES_MAX:
            raise self._wrong_client(data, start, "a start-up packet of an impossible length")
        kind = _STARTUP_KINDS.get(code, "STARTUP" if code >> 16 == 3 else None)
        if kind is None:
            raise self._wrong_client(data, start, "a start-up packet of an unknown version")
        if len(data) - start < length:
            return start, length
        packet = data[start : start + length]
        self._encryption_asked = kind in ("SSLREQUEST", "GSSENCREQUEST")
        if kind == "STARTUP":
            self._started = True
            self.parameters = startup_parameters(packet)
        units.append(self._aside(packet, start, kind))
        return start + length, 8

    def _read_messages(self, data: bytes, start: int, units: list[Unit]) -> tuple[int, int]:
        """Reads all whole messages; gives where the unit that is not ended begins, and how many
        bytes that needs to go on."""
        size = len(data)
        position = start + self._scanned
        in_copy = self._copy_rest > 0
        while True:
            if self._copy_rest:
                step = min(self._copy_rest, size - position)
                self._copy_rest -= step
                position += step
                if self._copy_rest:
                    break
            if size - position < 5:
                break
            code, length = _MESSAGE(data, position)
            if length < 4 or code not in _CLIENT_CODES:
                raise self._wrong_client(data, position, "not a message of a client")
            if self._belongs_to_copy(code):
                if position > start and not in_copy:
                    units.append(self._end_group(data[start:position], start, SYNC))
                    start = position
                in_copy = True
                self._follow_copy(code)
                self._copy_rest = 1 + length
                continue
            if in_copy:
                units.append(self._copy_piece(data[start:position], start))
                start = position
                in_copy = False
            end = position + 1 + length
            if end - start > UNIT_BYTES_MAX:
                raise self._wrong_client(data, position, "a message too long to be held")
            if end > size:
                self._scanned = position - start
                return start, end - start
            self._read_message(data, position, end)
            position = end
            if code in ENDERS:
                units.append(self._end_group(data[start:end], start, code))
                start = end
            elif code in _ASIDE_KINDS:
                self._group = Group()
                units.append(self._aside(data[start:end], start, _ASIDE_KINDS[code]))
                start = end
        if in_copy and position > start:
            units.append(self._copy_piece(data[start:position], start))
            start = position
        self._scanned = position - start
        return start, self._scanned + 5

    def _read_message(self, data: bytes, position: int, end: int) -> None:
        try:
            self._group.read(data[position], data[position + 5 : end], self._prepared)
        except (ValueError, struct.error) as cut_short:
            raise self._wrong_client(
                data, position, f"a message whose content does not fit ({cut_short})"
            ) from cut_short

    def _end_group(self, raw: bytes, start: int, ender: int) -> Unit:
        group = self._group
        self._group = Group()
        if ender == SYNC:
            self._broken_until_sync = False
        silent = self._broken_until_sync or (ender == FLUSH and not group.expected)
        self._last = Pending(
            serial=self._serial, ender=ender, expected=group.expected, described=group.described
        )
        if not silent:
            self._pending.append(self._last)
        self._serial += 1
        self._copying = self._copy_sync_due = False
        return Unit(
            serial=self._last.serial,
            offset=self._inbox.offset + start,
            raw=raw,
            kind=group.kind(ender),
            statements=tuple(group.statements),
            silent=silent,
        )

    def _belongs_to_copy(self, code: int) -> bool:
        """COPY messages, and the Sync and Flush that the server ignores among them; in the extended
        protocol also the Sync after them, which the unit's own Sync was ignored for."""
        if code in _COPY_CODES:
            return True
        return (self._copying or self._copy_sync_due) and code in (SYNC, FLUSH)

    def _follow_copy(self, code: int) -> None:
        if code == _COPY_DATA:
            self._copying = True
            self._copy_sync_due = False
        elif code in _COPY_CODES:
            self._copying = False
            self._copy_sync_due = self._last.ender == SYNC
        elif code == SYNC:
            self._copy_sync_due = False

    def _copy_piece(self, raw: bytes, start: int) -> Unit:
        return Unit(
            serial=self._last.serial,
            offset=self._inbox.offset + start,
            raw=raw,
            kind="COPY DATA",
            continuation=True,
        )

    def _aside(self, raw: bytes, start: int, kind: str) -> Unit:
        self._serial += 1
        return Unit(
            serial=self._serial - 1,
            offset=self._inbox.offset + start,
            raw=raw,
            kind=kind,
            handshake=True,
            silent=kind in ("TERMINATE", "CANCEL"),
        )

    def _wrong_client(self, data: bytes, position: int, what: str) -> WireError:
        return wrong_bytes(
            "PostgreSQL", "client", self._inbox.offset + position, data[position:], what
        )

    # Server to client

    def _read_encryption_answer(self, data: bytes, answers: list[Answer]) -> int:
        self._encryption_asked = False
        if data[0] not in b"SGN":
            return 0
        self._encrypted = data[:1] != REFUSE_TLS
        answers.append(Answer(serial=None, raw=data[:1], complete=True))
        return 1

    def _read_replies(self, data: bytes, start: int, answers: list[Answer]) -> None:
        size = len(data)
        position = start
        need = 5
        pending = self._pending
        while True:
            front = pending[0] if pending and self._ready else None
            if self._row_rest:
                step = min(self._row_rest, size - position)
                self._row_rest -= step
                position += step
                if self._row_rest:
                    break
            if size - position < 5:
                break
            code, length = _MESSAGE(data, position)
            if length < 4 or code not in _SERVER_CODES:
                raise self._wrong_server(data, position, "not a message of a server")
            if code in (_ROW, _COPY_DATA):
                self._row_rest = 1 + length
                if front is not None:
                    front.begun = True
                    front.returned += code == _ROW
                continue
            end = position + 1 + length
            if end > size:
                if length > REPLY_BYTES_MAX:
                    raise self._wrong_server(data, position, "a message of impossible length")
                need = end - position
                break
            if front is None or (code in _UNASKED_CODES and not front.begun):
                if position > start:
                    answers.append(Answer(serial=None, raw=data[start:position], complete=True))
                answers.append(self._unasked(code, data[position:end]))
                start = position = end
                continue
            front.begun = True
            if code == _READY and front.ender == FLUSH:
                start = self._catch_up(data, start, position, answers)
                if not pending:
                    continue
                front = pending[0]
            done = self._read_reply(front, code, data, position, end)
            position = end
            if done:
                self._complete(front, data[start:position], answers, data[end - 1], code)
                start = position
        if position > start:
            serial = pending[0].serial if pending and self._ready else None
            answers.append(Answer(serial=serial, raw=data[start:position], complete=serial is None))
        self._outbox.keep(data, position, need)

    def _read_reply(self, front: Pending, code: int, data: bytes, position: int, end: int) -> bool:
        """Takes one message into the answer to ``front``; true if it is the last."""
        if code == _READY:
            return True
        if code == _COMMAND_COMPLETE:
            front.add_rows(rows_of(data[position + 5 : end]))
        elif code == _SUSPENDED:
            front.add_rows(front.returned)
        elif code == _ERROR:
            failure, fatal = failure_of(data[position + 5 : end])
            front.failure = front.failure or failure
            return fatal or front.ender == FLUSH
        elif code == _PARAMETER_TYPES:
            front.describe(data[position + 5 : end])
        if front.ender == FLUSH and code in _PARTS_OF_ANSWER:
            front.expected -= 1
            return front.expected <= 0
        return False

    def _complete(
        self, front: Pending, raw: bytes, answers: list[Answer], state: int, code: int
    ) -> None:
        self._pending.popleft()
        answers.append(
            Answer(
                serial=front.serial,
                raw=raw,
                complete=True,
                rows=front.rows,
                failure=front.failure,
                transaction=_STATES.get(state) if code == _READY else None,
            )
        )
        if code == _ERROR and front.ender == FLUSH:
            self._pass_over(answers)

    def _pass_over(self, answers: list[Answer]) -> None:
        """After an error the server ignores everything up to the next Sync."""
        while self._pending and self._pending[0].ender != SYNC:
            passed = self._pending.popleft()
            answers.append(Answer(serial=passed.serial, raw=b"", complete=True))
        self._broken_until_sync = not self._pending

    def _catch_up(self, data: bytes, start: int, position: int, answers: list[Answer]) -> int:
        """ReadyForQuery is never for a Flush: those that still wait get nothing more."""
        while self._pending and self._pending[0].ender == FLUSH:
            front = self._pending[0]
            self._complete(front, data[start:position], answers, 0, 0)
            start = position
        return start

    def _unasked(self, code: int, message: bytes) -> Answer:
        failure = None
        if code == _READY:
            self._ready = True
        elif code == _BACKEND_KEY and len(message) >= 9:
            self.backend_pid = int.from_bytes(message[5:9], "big")
        elif code == _ERROR:
            failure, _ = failure_of(message[5:])
        return Answer(serial=None, raw=message, complete=True, failure=failure)

    def _wrong_server(self, data: bytes, position: int, what: str) -> WireError:
        return wrong_bytes(
            "PostgreSQL", "server", self._outbox.offset + position, data[position:], what
        )
