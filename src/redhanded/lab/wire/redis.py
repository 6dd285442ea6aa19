"""Redis's protocol (RESP2, RESP3, inline commands): what one connection says.

Each command is a unit, pipelined or not. MULTI to EXEC is one unit while the client sends it in
one go. A client that waits for ``+OK`` and ``+QUEUED`` in between gets an ``open`` unit for
each part; those change nothing on the server, and the unit that ends the block (its ``raw`` only
the rest, its ``commands`` all of them) is the one to hold.

Unasked, with serial None: RESP3 pushes, published messages, MONITOR's lines. The confirmations of
SUBSCRIBE and its relatives are its answer, one per channel.
"""

from __future__ import annotations

from collections import deque

from redhanded.case.errors import WireError
from redhanded.case.operation import WireFailure
from redhanded.lab.wire.inbox import Inbox, wrong_bytes
from redhanded.lab.wire.redis_commands import (
    PUBLISHED,
    SUBSCRIBING,
    Command,
    blocking_of,
    client_reply_mode,
    is_handshake,
    waits,
)
from redhanded.lab.wire.redis_pending import (
    ALL_CHANNELS,
    Block,
    Pending,
    expected_replies,
    name_of,
    namespace_of,
)
from redhanded.lab.wire.redis_replies import MalformedReply, ReplyReader
from redhanded.lab.wire.redis_requests import MalformedRequest, RequestReader
from redhanded.lab.wire.redis_session import Session, after, without
from redhanded.lab.wire.unit import UNIT_BYTES_MAX, Answer, Unit

CONFIRMATION_BYTES_MAX = 128 * 1024
"""Of a push or array that must be seen whole before it is known whose it is."""

_ARRAY, _PUSH, _SIMPLE = b"*>+"
_ENDS_BLOCK = {"EXEC": "MULTI", "DISCARD": "DISCARD", "RESET": "DISCARD", "QUIT": "DISCARD"}


class RedisStream:
    """One connection; see ``unit.Stream``."""

    def __init__(self) -> None:
        self.session = Session()
        """As the client last asked for it."""
        self._inbox = Inbox()
        self._outbox = Inbox()
        self._requests = RequestReader()
        self._replies = ReplyReader()
        self._scanned = 0
        self._serial = 0
        self._block: Block | None = None
        self._replies_off = False
        self._skip_replies = 0
        self._pending: deque[Pending] = deque()
        self._channels: dict[str, set[bytes]] = {}
        self._monitoring = False

    @property
    def version(self) -> int:
        """Of RESP."""
        return self.session.version

    @property
    def passable(self) -> bool:
        return True

    def client(self, data: bytes) -> list[Unit]:
        units: list[Unit] = []
        data = self._inbox.take(data)
        if not data:
            return units
        start = 0
        position = self._scanned
        reader = self._requests
        while position < len(data):
            try:
                command, position = reader.read(data, position)
            except MalformedRequest as wrong:
                raise self._wrong("client", self._inbox, data, wrong.position, wrong) from wrong
            if command is None:
                break
            if command and self._take(command, data[start:position], start, units):
                start = position
        if position == len(data) and not reader.inside:
            reader.need = 1
            if self._block is not None and len(self._block.commands) > self._block.sent:
                units.append(self._of_block("MULTI", data[start:position], start, is_open=True))
                start = position
        self._scanned = position - start
        if self._scanned + reader.need > UNIT_BYTES_MAX:
            raise self._wrong("client", self._inbox, data, start, "a command too long to be held")
        self._inbox.keep(data, start, self._scanned + reader.need)
        return units

    def server(self, data: bytes) -> list[Answer]:
        answers: list[Answer] = []
        data = self._outbox.take(data)
        if not data:
            return answers
        reader = self._replies
        start = begin = position = 0
        while True:
            try:
                done, position = reader.read(data, position)
            except MalformedReply as wrong:
                raise self._wrong("server", self._outbox, data, wrong.position, wrong) from wrong
            if not done:
                break
            owner = self._owner()
            if owner is None:
                self._give_piece(data[start:begin], answers)
                self._give_unasked(data[begin:position], answers)
                start = position
            elif self._count_reply(owner):
                self._complete(data[start:position], answers)
                start = position
            self._track_channels(owner)
            reader.reset()
            begin = position
        if position > begin and not self._owner_is_known():
            return self._wait_for_owner(data, start, begin, position, answers)
        if position > begin and self._owner() is None:
            self._give_piece(data[start:begin], answers)
            self._give_unasked(data[begin:position], answers)
        else:
            self._give_piece(data[start:position], answers)
        self._outbox.keep(data, position, reader.need)
        return answers

    def end(self) -> list[Answer]:
        return []

    def withdraw(self, serial: int) -> None:
        self._pending = deque(waiting for waiting in self._pending if waiting.serial != serial)

    def repeat(self, unit: Unit) -> bool:
        """``unit`` was answered, but will be forwarded once more and answered again; false if that
        is too late, because answers to later units are on their way."""
        if self._pending:
            return False
        self._pending.append(Pending(unit.serial, unit.kind, 1))
        return True

    # Client to server

    def _take(self, command: Command, raw: bytes, start: int, units: list[Unit]) -> bool:
        """Makes a unit that ends with ``command``; false if more of a block must follow."""
        kind = command[0].decode("utf-8", "replace").upper()
        if self._block is not None:
            self._block.commands.append(command)
            if kind not in _ENDS_BLOCK:
                return False
            units.append(self._of_block(_ENDS_BLOCK[kind], raw, start, is_open=False))
            self._block = None
            return True
        if kind == "MULTI" and len(command) == 1:
            self._block = Block([command])
            return False
        units.append(self._single(kind, command, raw, start))
        return True

    def _single(self, kind: str, command: Command, raw: bytes, start: int) -> Unit:
        silent = self._is_silent(kind, command)
        handshake = is_handshake(kind, command)
        serial = self._serial
        self._serial += 1
        before = self.session
        self.session = after(before, kind, command)
        if not silent:
            expected = expected_replies(kind, command)
            change = None if self.session is before else (before, self.session)
            self._pending.append(
                Pending(serial, kind, expected, handshake=handshake, change=change)
            )
        return Unit(
            serial=serial,
            offset=self._inbox.offset + start,
            raw=raw,
            kind=kind,
            handshake=handshake,
            silent=silent,
            waits=waits(kind, command),
            arguments=command,
            database=before.database,
            blocking=blocking_of(kind, command, before.version),
        )

    def _of_block(self, kind: str, raw: bytes, start: int, *, is_open: bool) -> Unit:
        block = self._block
        assert block is not None
        serial = self._serial
        self._serial += 1
        before = self.session
        if not is_open:
            self.session = block.outcome(kind, before)
        if not self._replies_off:
            self._pending.append(
                Pending(
                    serial,
                    block.last_name if not is_open else kind,
                    len(block.commands) - block.sent,
                    block=block,
                    begins_block=block.sent == 0,
                    change=None if self.session is before else (before, self.session),
                )
            )
        block.sent = len(block.commands)
        return Unit(
            serial=serial,
            offset=self._inbox.offset + start,
            raw=raw,
            kind=kind,
            open=is_open,
            silent=self._replies_off,
            arguments=block.commands[-1],
            commands=tuple(block.commands),
            database=before.database,
            watched=before.watched if kind == "MULTI" and not is_open else (),
        )

    def _is_silent(self, kind: str, command: Command) -> bool:
        mode = client_reply_mode(kind, command)
        if mode == b"ON" or kind == "RESET":
            self._replies_off = False
            self._skip_replies = 0
        elif mode == b"OFF":
            self._replies_off = True
        elif mode == b"SKIP" and not self._replies_off:
            self._skip_replies = 2
        if self._skip_replies:
            self._skip_replies -= 1
            return True
        return self._replies_off

    # Server to client

    def _owner(self) -> Pending | None:
        """Whose the reply in the reader is, by its type and first words."""
        reader = self._replies
        front = self._pending[0] if self._pending else None
        if self._is_in_doubt(front):
            word = reader.words[0] if reader.words else b""
            kind = name_of(word)
            if kind in SUBSCRIBING:
                return front if front is not None and front.kind == kind else None
            return None if reader.head == _PUSH or word in PUBLISHED else front
        if self._monitoring and reader.head == _SIMPLE and reader.words[0][:1].isdigit():
            return None
        return front

    def _is_in_doubt(self, front: Pending | None) -> bool:
        """Whether only the first words tell if the reply is an answer."""
        if self._replies.head != _ARRAY or self.session.version != 2:
            return self._replies.head == _PUSH
        return any(self._channels.values()) or (front is not None and front.kind in SUBSCRIBING)

    def _owner_is_known(self) -> bool:
        """Whether the unfinished reply in the reader can already be passed on in pieces."""
        reader = self._replies
        if self._is_in_doubt(self._pending[0] if self._pending else None):
            return bool(reader.words) and name_of(reader.words[0]) not in SUBSCRIBING
        return reader.head != 0

    def _wait_for_owner(
        self, data: bytes, start: int, begin: int, position: int, answers: list[Answer]
    ) -> list[Answer]:
        """Keeps the reply that begins at ``begin``, to be read again with what follows it."""
        if position - begin > CONFIRMATION_BYTES_MAX:
            raise self._wrong("server", self._outbox, data, begin, "a push that says no kind")
        self._give_piece(data[start:begin], answers)
        self._outbox.keep(data, begin, position - begin + self._replies.need)
        self._replies.reset()
        return answers

    def _count_reply(self, owner: Pending) -> bool:
        """Takes one reply into the answer to ``owner``; true if it is the last."""
        reader = self._replies
        error = reader.error
        if error is None and owner.block is not None:
            error = reader.inner_error
        owner.failure = owner.failure or _failure(error)
        if owner.change is not None and reader.error is not None:
            self.session = without(self.session, *owner.change)
        if owner.begins_block:
            owner.begins_block = False
            if error is not None and self._block is owner.block:
                self._block = None
        if error is not None and owner.kind in SUBSCRIBING:
            return True
        if owner.expected == ALL_CHANNELS:
            owner.expected = max(1, len(self._channels.get(namespace_of(owner.kind), ())))
        owner.expected -= 1
        return owner.expected == 0

    def _complete(self, raw: bytes, answers: list[Answer]) -> None:
        owner = self._pending.popleft()
        if owner.kind == "MONITOR" and owner.failure is None:
            self._monitoring = True
        elif owner.kind == "RESET" and owner.failure is None:
            self._monitoring = False
            self._channels.clear()
        answers.append(
            Answer(
                serial=None if owner.handshake else owner.serial,
                raw=raw,
                complete=True,
                failure=owner.failure,
            )
        )

    def _give_piece(self, raw: bytes, answers: list[Answer]) -> None:
        """Bytes of the answer that the first waiting unit is getting."""
        if raw:
            front = self._pending[0] if self._pending else None
            serial = None if front is None or front.handshake else front.serial
            answers.append(Answer(serial=serial, raw=raw, complete=serial is None))

    def _give_unasked(self, raw: bytes, answers: list[Answer]) -> None:
        failure = _failure(self._replies.error)
        answers.append(Answer(serial=None, raw=raw, complete=True, failure=failure))

    def _track_channels(self, owner: Pending | None) -> None:
        words = self._replies.words
        if len(words) < 2 or self._replies.head not in (_ARRAY, _PUSH):
            return
        kind = name_of(words[0])
        if kind not in SUBSCRIBING or not self._is_in_doubt(owner):
            return
        channels = self._channels.setdefault(namespace_of(kind), set())
        if kind.endswith("UNSUBSCRIBE"):
            channels.discard(words[1])
        else:
            channels.add(words[1])

    def _wrong(self, side: str, box: Inbox, data: bytes, position: int, what: object) -> WireError:
        return wrong_bytes("Redis", side, box.offset + position, data[position:], str(what))


def _failure(error: bytes | None) -> WireFailure | None:
    if error is None:
        return None
    message = error.decode("utf-8", "replace")
    return WireFailure(code=message.partition(" ")[0], message=message)
