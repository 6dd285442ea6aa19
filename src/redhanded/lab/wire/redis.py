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
from dataclasses import dataclass

from redhanded.case.errors import WireError
from redhanded.case.operation import WireFailure
from redhanded.lab.wire.inbox import Inbox, wrong_bytes
from redhanded.lab.wire.redis_commands import (
    PUBLISHED,
    SUBSCRIBING,
    Command,
    blocking_of,
    client_reply_mode,
    hello_version,
    is_handshake,
    waits,
)
from redhanded.lab.wire.redis_replies import MalformedReply, ReplyReader
from redhanded.lab.wire.redis_requests import MalformedRequest, RequestReader
from redhanded.lab.wire.unit import UNIT_BYTES_MAX, Answer, Unit

CONFIRMATION_BYTES_MAX = 1024 * 1024
"""Of a push or array that must be seen whole before it is known whose it is."""

_ARRAY, _PUSH, _SIMPLE = b"*>+"
_ENDS_BLOCK = {"EXEC": "MULTI", "DISCARD": "DISCARD", "RESET": "DISCARD", "QUIT": "DISCARD"}


class RedisStream:
    """One connection; see ``unit.Stream``."""

    def __init__(self) -> None:
        self.version = 2
        """Of RESP, as the client last asked for it."""
        self._inbox = Inbox()
        self._outbox = Inbox()
        self._requests = RequestReader()
        self._replies = ReplyReader()
        self._scanned = 0
        self._serial = 0
        self._block: _Block | None = None
        self._replies_off = False
        self._skip_replies = 0
        self._pending: deque[_Pending] = deque()
        self._channels: dict[str, set[bytes]] = {}
        self._monitoring = False

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
        self._pending.append(_Pending(unit.serial, unit.kind, 1))
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
            if kind == "RESET":
                self.version = 2
            return True
        if kind == "MULTI" and len(command) == 1:
            self._block = _Block([command])
            return False
        units.append(self._single(kind, command, raw, start))
        return True

    def _single(self, kind: str, command: Command, raw: bytes, start: int) -> Unit:
        silent = self._is_silent(kind, command)
        handshake = is_handshake(kind, command)
        serial = self._serial
        self._serial += 1
        version = hello_version(kind, command)
        if not silent:
            self._pending.append(
                _Pending(
                    serial,
                    kind,
                    _expected_replies(kind, command),
                    handshake=handshake,
                    version_before=None if version is None else self.version,
                )
            )
        self.version = version or self.version
        return Unit(
            serial=serial,
            offset=self._inbox.offset + start,
            raw=raw,
            kind=kind,
            handshake=handshake,
            silent=silent,
            waits=waits(kind, command),
            arguments=command,
            blocking=blocking_of(kind, command, self.version),
        )

    def _of_block(self, kind: str, raw: bytes, start: int, *, is_open: bool) -> Unit:
        block = self._block
        assert block is not None
        serial = self._serial
        self._serial += 1
        if not self._replies_off:
            expected = len(block.commands) - block.sent
            self._pending.append(
                _Pending(serial, kind, expected, block=block, begins_block=block.sent == 0)
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
        )

    def _is_silent(self, kind: str, command: Command) -> bool:
        mode = client_reply_mode(kind, command)
        if mode == b"ON":
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

    def _owner(self) -> _Pending | None:
        """Whose the reply in the reader is, by its type and first words."""
        reader = self._replies
        front = self._pending[0] if self._pending else None
        if self._is_in_doubt(front):
            word = reader.words[0] if reader.words else b""
            kind = _name(word)
            if kind in SUBSCRIBING:
                return front if front is not None and front.kind == kind else None
            return None if reader.head == _PUSH or word in PUBLISHED else front
        if self._monitoring and reader.head == _SIMPLE and reader.words[0][:1].isdigit():
            return None
        return front

    def _is_in_doubt(self, front: _Pending | None) -> bool:
        """Whether only the first words tell if the reply is an answer."""
        if self._replies.head != _ARRAY or self.version != 2:
            return self._replies.head == _PUSH
        return any(self._channels.values()) or (front is not None and front.kind in SUBSCRIBING)

    def _owner_is_known(self) -> bool:
        """Whether the unfinished reply in the reader can already be passed on in pieces."""
        reader = self._replies
        if self._is_in_doubt(self._pending[0] if self._pending else None):
            return bool(reader.words) and _name(reader.words[0]) not in SUBSCRIBING
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

    def _count_reply(self, owner: _Pending) -> bool:
        """Takes one reply into the answer to ``owner``; true if it is the last."""
        reader = self._replies
        error = reader.error
        if error is None and owner.block is not None:
            error = reader.inner_error
        owner.failure = owner.failure or _failure(error)
        if owner.begins_block:
            owner.begins_block = False
            if error is not None and self._block is owner.block:
                self._block = None
        if error is not None and owner.kind in SUBSCRIBING:
            return True
        if owner.expected == _ALL_CHANNELS:
            owner.expected = max(1, len(self._channels.get(_namespace(owner.kind), ())))
        owner.expected -= 1
        return owner.expected == 0

    def _complete(self, raw: bytes, answers: list[Answer]) -> None:
        owner = self._pending.popleft()
        if owner.failure is not None:
            if owner.version_before is not None:
                self.version = owner.version_before
        elif owner.kind == "MONITOR":
            self._monitoring = True
        elif owner.kind == "RESET":
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

    def _track_channels(self, owner: _Pending | None) -> None:
        words = self._replies.words
        if len(words) < 2 or self._replies.head not in (_ARRAY, _PUSH):
            return
        kind = _name(words[0])
        if kind not in SUBSCRIBING or not self._is_in_doubt(owner):
            return
        channels = self._channels.setdefault(_namespace(kind), set())
        if kind.endswith("UNSUBSCRIBE"):
            channels.discard(words[1])
        else:
            channels.add(words[1])

    def _wrong(self, side: str, box: Inbox, data: bytes, position: int, what: object) -> WireError:
        return wrong_bytes("Redis", side, box.offset + position, data[position:], str(what))


_ALL_CHANNELS = -1


@dataclass(slots=True)
class _Block:
    """A MULTI that is not ended."""

    commands: list[Command]
    sent: int = 0
    """Commands of it in units that were given already."""


@dataclass(slots=True)
class _Pending:
    """A unit whose answer is not complete."""

    serial: int
    kind: str
    expected: int
    """Replies still to come; ``_ALL_CHANNELS``: as many as are subscribed when the first comes."""
    handshake: bool = False
    block: _Block | None = None
    begins_block: bool = False
    """The reply to MULTI itself is still to come."""
    version_before: int | None = None
    """To go back to, if the change is refused."""
    failure: WireFailure | None = None


def _expected_replies(kind: str, command: Command) -> int:
    if kind not in SUBSCRIBING:
        return 1
    if len(command) > 1:
        return len(command) - 1
    return _ALL_CHANNELS if kind.endswith("UNSUBSCRIBE") else 1


def _namespace(kind: str) -> str:
    """Channels, patterns and shard channels are subscribed apart: ``""``, ``P``, ``S``."""
    return kind.removesuffix("SUBSCRIBE").removesuffix("UN")


def _name(word: bytes) -> str:
    return word.decode("utf-8", "replace").upper()


def _failure(error: bytes | None) -> WireFailure | None:
    if error is None:
        return None
    message = error.decode("utf-8", "replace")
    return WireFailure(code=message.partition(" ")[0], message=message)
