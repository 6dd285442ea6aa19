"""What the wire codecs give: units that can be held, and the answers to them.

Every codec is pure (bytes in, values out) and keeps these promises:

- ``client`` takes what the client sent and gives units; their ``raw`` bytes, joined, are what the
  client sent. ``server`` takes what the server sent and gives answers, likewise unchanged.
- Units of one connection must be forwarded, and answers delivered, in the order in which they were
  given. Not held (``Unit.held`` is false) means: needs no release of its own, not: may overtake.
- Each unit gets exactly one answer with ``complete``, unless it is ``silent``, a ``continuation``,
  or part of the handshake. Pieces before it have ``complete`` false and may have to reach the
  client for it to go on (COPY, ``100 Continue``, cursors): deliver them as they come.
- How the bytes were cut into calls does not matter, except where a unit says so (``open``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from redhanded.case.operation import WireFailure

TransactionState = Literal["idle", "open", "failed"]

UNIT_BYTES_MAX = 256 * 1024 * 1024
"""A unit is held whole; a client that sends a longer one gets a ``WireError``."""
BODY_BYTES_KEPT = 64 * 1024
"""Of an HTTP request's body; the rest passes as continuations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One SQL statement with the values bound to its placeholders."""

    sql: str
    """Without the closing semicolon; comments kept."""
    values: tuple[str | None, ...] = ()
    """As text; None is NULL. Bytes, and binary values whose type is unknown: ``0x…``."""
    results: tuple[int, ...] = field(default=(), compare=False)
    """How the client wants the columns of the answer: 1 is binary; one for all, or one each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """The head of a request and the beginning of its body."""

    method: str
    target: str
    """As sent: path and query, or absolute."""
    headers: tuple[tuple[str, str], ...]
    """Names in lower case, in the order sent."""
    body: bytes
    """At most the first ``BODY_BYTES_KEPT`` bytes, chunks joined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocking:
    """A command whose reply may be withheld by the server until somebody adds data."""

    keys: tuple[bytes, ...]
    """Those it takes from, in the order in which the server looks at them."""
    timeout_s: float
    """0 means for ever."""
    empty_reply: bytes
    """What the server answers when the time is over, in the protocol version in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """The smallest thing of a connection that can be held and released."""

    serial: int
    """Counted from 0 on this connection, handshakes too. A continuation has the serial of the
    unit it continues."""
    offset: int
    """Of its first byte in everything the client sent on this connection."""
    raw: bytes
    kind: str
    """SQL: the verb (``SELECT``, ``BEGIN``, ``ROLLBACK TO`` …), ``PARSE``, ``BIND``, ``DESCRIBE``,
    ``CLOSE``, ``SYNC``, ``FLUSH`` where a unit executes nothing, ``FUNCTION CALL``, ``COPY DATA``,
    ``TERMINATE``, ``STARTUP``, ``SSLREQUEST``, ``GSSENCREQUEST``, ``AUTH``, ``CANCEL``, ``TLS``.
    Redis: the command in upper case; ``MULTI`` for a whole or open block, ``DISCARD`` for one that
    is given up. HTTP: the method; ``BODY`` for a continuation, ``TUNNEL`` after an upgrade."""
    handshake: bool = False
    """Start-up, authentication, keep-alive, end: to be forwarded without being held. Its answers
    have serial None."""
    continuation: bool = False
    """More bytes of a unit that was released (COPY data, a long HTTP body): never held."""
    open: bool = False
    """The beginning or middle of a Redis MULTI block whose client waits for ``+OK``/``+QUEUED``:
    changes nothing on the server, so never held. Has a serial and a complete answer of its own;
    the unit that ends the block carries all of its commands."""
    silent: bool = False
    """No answer will come for it (CLIENT REPLY OFF; a pipeline that is already broken)."""
    waits: bool = False
    """The server may withhold the reply for other reasons than ``blocking`` (XREAD BLOCK, WAIT)."""
    statements: tuple[Bound, ...] = ()
    """PostgreSQL: those it executes, in order."""
    arguments: tuple[bytes, ...] = ()
    """Redis: the words of the command, name first; of a block the last command's."""
    commands: tuple[tuple[bytes, ...], ...] = ()
    """Redis: of a block, all commands from MULTI to EXEC, also those sent in open parts."""
    database: int = 0
    """Redis: number of the one selected when it begins."""
    watched: tuple[bytes, ...] = ()
    """Redis: of a block, keys that were watched before it: if one changed, it does nothing."""
    request: HttpRequest | None = None
    blocking: Blocking | None = None

    @property
    def length(self) -> int:
        return len(self.raw)

    @property
    def held(self) -> bool:
        """Whether the scheduler decides when it goes."""
        return not (self.handshake or self.continuation or self.open)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Bytes of the server that belong to one unit, or to none."""

    serial: int | None
    """None for the handshake and for what the server sends unasked."""
    raw: bytes
    """May be empty on a completion: a broken pipeline's unit that the server passes over."""
    complete: bool
    """Last piece of that unit's answer. The fields below are of the whole answer and are set on
    the complete piece (``status`` as soon as known). Always true where serial is None."""
    rows: int | None = None
    """PostgreSQL: affected or returned, added up over the statements that say so."""
    failure: WireFailure | None = None
    """The first error in the answer; also set where serial is None (a server that shuts down)."""
    transaction: TransactionState | None = None
    """PostgreSQL: after the unit; None for one that ends at Flush."""
    status: int | None = None
    """HTTP."""


class Stream(Protocol):
    """One connection of any protocol."""

    @property
    def passable(self) -> bool:
        """Whether all that comes may go on before it is read: nothing of it has to be answered or
        changed on the way."""

    def client(self, data: bytes) -> list[Unit]:
        """The units that ``data``, sent by the client, ends. Raises ``WireError``."""

    def server(self, data: bytes) -> list[Answer]:
        """The pieces of answers in ``data``, sent by the server. Raises ``WireError``."""

    def end(self) -> list[Answer]:
        """The server closed its side: completes an answer that lasts until then (HTTP)."""

    def withdraw(self, serial: int) -> None:
        """This unit was given but never forwarded (the proxy answered it, or dropped it): no
        answer is expected for it. Unknown serials are ignored."""
