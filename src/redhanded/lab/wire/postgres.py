"""PostgreSQL's protocol 3: what one connection says, in units and answers.

A unit ends at Sync, Flush, a simple Query or a FunctionCall (manual, chapter 55; 3.0 and 3.2 differ
only in messages that pass unread here). COPY data are continuations of the unit that began the
copy. After ``S`` to an SSLRequest (or ``G`` to a GSSENCRequest) everything is unreadable and passes
as handshake of kind ``TLS``; a proxy that wants to read answers ``REFUSE_ENCRYPTION`` itself and
does not forward the request.

A CancelRequest comes on a connection of its own and is never held; ``cancels`` there equals
``backend_key`` of the connection it is meant for.

What the server sends unasked (notices, notifications, changed parameters) has serial None while the
answer to the next unit has not begun, and is part of that answer after it has.
"""

from __future__ import annotations

import struct
from collections import deque

from redhanded.case.errors import WireError
from redhanded.lab.wire.inbox import Inbox, wrong_bytes
from redhanded.lab.wire.postgres_copy import COPY_CODES, COPY_DATA, CopyIn
from redhanded.lab.wire.postgres_group import (
    ENDERS,
    FLUSH,
    QUERY,
    SYNC,
    Group,
    Pending,
    failure_of,
    rows_of,
)
from redhanded.lab.wire.postgres_prepared import Prepared
from redhanded.lab.wire.postgres_startup import (
    ENCRYPTION_REQUESTS,
    HEADER_BYTES,
    REFUSE_ENCRYPTION,
    NotStartup,
    Packet,
    backend_key,
    read_packet,
)
from redhanded.lab.wire.unit import UNIT_BYTES_MAX, Answer, TransactionState, Unit

REPLY_BYTES_MAX = 64 * 1024 * 1024
"""Of one server message other than rows and COPY data, which are passed on in pieces."""

_MESSAGE = struct.Struct(">BI").unpack_from
_ASIDE_KINDS = {ord("p"): "AUTH", ord("X"): "TERMINATE"}
_CLIENT_CODES = frozenset(b"PBDESQHCFpX") | COPY_CODES
_SERVER_CODES = frozenset(b"RSKZTDC123ntsIENAGHWdcVv")
_UNASKED_CODES = frozenset(b"NAS")
_ROW, _ERROR, _READY, _COMMAND_COMPLETE, _SUSPENDED, _PARAMETER_TYPES, _BACKEND_KEY = b"DEZCstK"
_COLUMNS, NOTIFICATION = b"TA"
_PARTS_OF_ANSWER = frozenset(b"123TnCsI")
"""Of these each message of a Flush unit is answered by exactly one."""
_CONFIRMATIONS = frozenset(b"123")
"""Of Parse, Bind and Close."""
_STATES: dict[int, TransactionState] = {ord("I"): "idle", ord("T"): "open", ord("E"): "failed"}


class PostgresStream:
    """One connection; see ``unit.Stream``."""

    def __init__(self) -> None:
        self.backend_pid: int | None = None
        """Of the server process, as soon as it has said so (BackendKeyData)."""
        self.backend_key: tuple[int, bytes] | None = None
        """The same with the secret that a CancelRequest has to know."""
        self.cancels: tuple[int, bytes] | None = None
        """Whom a CancelRequest on this connection is meant for: that one's ``backend_key``."""
        self.parameters: dict[str, str] = {}
        """What the client asked for at start-up: ``user``, ``database``, ``application_name`` …"""
        self.notified = 0
        """Notifications that the server sent."""
        self._inbox = Inbox()
        self._outbox = Inbox()
        self._serial = 0
        self._started = False
        self._encryption_asked = False
        self._encrypted = False
        self._ready = False
        self.prepared = Prepared()
        self._pending: deque[Pending] = deque()
        self._broken_until_sync = False
        self._group = Group()
        self._last = Pending(serial=0, ender=QUERY)
        self._copy = CopyIn()
        self._copy_rest = self._row_rest = 0

    @property
    def passable(self) -> bool:
        return self._started or self._encrypted

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
        if not self._started:
            self._encryption_asked = False
        for waiting in tuple(self._pending):
            if waiting.serial == serial:
                self._pending.remove(waiting)
                waiting.undo()

    # Client to server

    def _read_startup(self, data: bytes, start: int, units: list[Unit]) -> tuple[int, int]:
        """Reads one packet without a type byte; gives its end (``start`` if it is not whole) and
        how many bytes it needs."""
        try:
            packet = read_packet(data, start)
        except NotStartup as wrong:
            raise self._wrong_client(data, start, str(wrong)) from wrong
        if not isinstance(packet, Packet):
            return start, packet
        self._encryption_asked = packet.kind in ENCRYPTION_REQUESTS
        if packet.kind == "STARTUP":
            self._started = True
            self.parameters = packet.parameters
        self.cancels = packet.cancels
        units.append(self._aside(packet.raw, start, packet.kind))
        return start + len(packet.raw), HEADER_BYTES

    def _read_messages(self, data: bytes, start: int, units: list[Unit]) -> tuple[int, int]:
        """Reads all whole messages; gives where the message that is not whole begins, and how many
        bytes that needs."""
        size = len(data)
        position = start
        need = 5
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
            if self._copy.takes(code):
                if not in_copy and (position > start or self._group.length):
                    units.append(self._end_group(data[start:position], start, SYNC))
                    start = position
                in_copy = True
                self._copy.follow(code, self._last)
                self._copy_rest = 1 + length
                continue
            if in_copy:
                if position > start:
                    units.append(self._copy_piece(data[start:position], start))
                start = position
                in_copy = False
            end = position + 1 + length
            if self._group.length + end - start > UNIT_BYTES_MAX:
                raise self._wrong_client(data, position, "a message too long to be held")
            if end > size:
                need = end - position
                break
            self._read_message(data, position, end)
            position = end
            if code in ENDERS:
                units.append(self._end_group(data[start:end], start, code))
                start = end
            elif code in _ASIDE_KINDS:
                units.append(self._aside(data[start:end], start, _ASIDE_KINDS[code]))
                start = end
        if in_copy and position > start:
            units.append(self._copy_piece(data[start:position], start))
        elif position > start:
            # Joined once when the unit ends, not with each part of a long pipeline.
            self._group.keep(data[start:position])
        return position, need

    def _read_message(self, data: bytes, position: int, end: int) -> None:
        try:
            self._group.read(data[position], data[position + 5 : end], self.prepared)
        except (ValueError, struct.error) as cut_short:
            what = f"a message whose content does not fit ({cut_short})"
            raise self._wrong_client(data, position, what) from cut_short

    def _end_group(self, raw: bytes, start: int, ender: int) -> Unit:
        group = self._group
        offset = self._inbox.offset + start - group.length
        self._group = Group()
        if ender == SYNC:
            self._broken_until_sync = False
        silent = self._broken_until_sync or (ender == FLUSH and not group.expected)
        self._last = Pending(
            serial=self._serial,
            ender=ender,
            expected=group.expected,
            described=group.described,
            changes=group.changes,
        )
        if not silent:
            self._pending.append(self._last)
        elif self._broken_until_sync:
            self._last.undo()
        self._serial += 1
        self._copy.end()
        return Unit(
            serial=self._last.serial,
            offset=offset,
            raw=group.joined(raw),
            kind=group.kind(ender),
            statements=tuple(group.statements),
            silent=silent,
        )

    def _copy_piece(self, raw: bytes, start: int) -> Unit:
        return Unit(
            serial=self._last.serial,
            offset=self._inbox.offset + start,
            raw=raw,
            kind="COPY DATA",
            continuation=True,
        )

    def _aside(self, raw: bytes, start: int, kind: str) -> Unit:
        group, self._group = self._group, Group()
        self._serial += 1
        return Unit(
            serial=self._serial - 1,
            offset=self._inbox.offset + start - group.length,
            raw=group.joined(raw),
            kind=kind,
            handshake=True,
            silent=kind in ("TERMINATE", "CANCEL"),
        )

    def _wrong_client(self, data: bytes, position: int, what: str) -> WireError:
        at = self._inbox.offset + position
        return wrong_bytes("PostgreSQL", "client", at, data[position:], what)

    # Server to client

    def _read_encryption_answer(self, data: bytes, answers: list[Answer]) -> int:
        self._encryption_asked = False
        if data[0] not in b"SGN":
            return 0
        self._encrypted = data[:1] != REFUSE_ENCRYPTION
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
            if code in (_ROW, COPY_DATA):
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
            self.notified += code == NOTIFICATION
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
            if front.ender != FLUSH:
                front.undo()
            if front is self._last:
                self._copy.fail(front)
            return fatal or front.ender == FLUSH
        elif code == _PARAMETER_TYPES:
            front.describe(data[position + 5 : end])
        elif code == _COLUMNS and front.describing is not None:
            front.describe_rows(data[position + 5 : end])
        elif code in _CONFIRMATIONS:
            front.confirmed += 1
        if front.ender == FLUSH and code in _PARTS_OF_ANSWER:
            front.expected -= 1
            return front.expected <= 0
        return False

    def _complete(
        self, front: Pending, raw: bytes, answers: list[Answer], state: int, code: int
    ) -> None:
        self._pending.popleft()
        answers.append(front.answer(raw, _STATES.get(state) if code == _READY else None))
        if code == _ERROR and front.ender == FLUSH:
            self._pass_over(front, answers)

    def _pass_over(self, failed: Pending, answers: list[Answer]) -> None:
        """After an error the server ignores everything up to the next Sync."""
        passed = [failed]
        while self._pending and self._pending[0].ender != SYNC:
            passed.append(self._pending.popleft())
            answers.append(Answer(serial=passed[-1].serial, raw=b"", complete=True))
        for unit in reversed(passed):
            unit.undo()
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
        elif code == _BACKEND_KEY:
            self.backend_key = backend_key(message[5:])
            self.backend_pid = self.backend_key[0] if self.backend_key else None
        elif code == _ERROR:
            failure, _ = failure_of(message[5:])
        return Answer(serial=None, raw=message, complete=True, failure=failure)

    def _wrong_server(self, data: bytes, position: int, what: str) -> WireError:
        at = self._outbox.offset + position
        return wrong_bytes("PostgreSQL", "server", at, data[position:], what)
