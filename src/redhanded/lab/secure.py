"""Ends TLS between a process and its proxy: the process sees a server with TLS, the channel sees
what it says.

No socket of its own and no thread: records go through ``ssl.MemoryBIO``, so that nothing moves
between two turns. Whatever came in whole is decrypted at once; nothing waits here.
"""

from __future__ import annotations

import math
import socket
import ssl
from bisect import bisect_right
from collections.abc import Callable
from contextlib import suppress

from redhanded.lab.pump import Pipe, Pump
from redhanded.lab.wire.encryption import Begin

RECORD_HEADER_BYTES = 5
RECORD_BYTES_MAX = RECORD_HEADER_BYTES + (1 << 14) + 2048
"""What TLS 1.2 allows; 1.3 allows less."""
READ_BYTES = 1 << 16
"""More than a record holds."""
RECORDS_KEPT = 64
"""Of those that came before the newest bytes: a message may have begun in them."""
SPEAKS_PLAIN = (
    "came in plain text, which a service with `tls = true` does not serve: the connection was "
    "ended. Have the process connect with TLS (`{url}` says so), or remove `tls`"
)
ENDED = (
    "ended the connection in the midst of the TLS handshake. If it checks certificates, give it "
    "the lab's authority, the file named by `{ca}`"
)


class SecurePipe(Pipe):
    """A pipe that its owner reads and writes in plain text, and its peer in TLS."""

    def __init__(
        self,
        pump: Pump,
        connection: socket.socket,
        on_bytes: Callable[[bytes], None],
        on_end: Callable[[], None],
        *,
        context: ssl.SSLContext,
        begin: Begin,
    ) -> None:
        super().__init__(pump, connection, self._take_beginning, on_end)
        self._on_plain = on_bytes
        self._context = context
        self._begin = begin
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None
        self._plain = False
        """The client wants no TLS, which some services allow."""
        self._agreed = False
        """The handshake is over."""
        self._early: list[bytes] = []
        """To be sent once it is."""
        self._ends_early = False
        self._left = False
        """The client has said that nothing more comes (close_notify)."""
        self._rest = b""
        """Of a record, or of a client's question, that is not whole yet."""
        self._sealed = self._opened = 0
        """Bytes of the connection before ``rest``, and of what they said."""
        self._records: list[tuple[int, int]] = []
        """Where what a record says begins, and where the record does."""

    def sent_at(self, offset: int) -> tuple[int, int | None]:
        if self._plain:
            return offset + self._sealed, None
        position = bisect_right(self._records, (offset, math.inf)) - 1
        return offset, self._records[position][1] if position >= 0 else -1

    def send(self, data: bytes) -> None:
        if self._plain:
            super().send(data)
        elif not self._agreed:
            self._early.append(data)
        elif self.open and not self._ending and data:
            assert self._tls is not None
            self._tls.write(data)
            super().send(self._outgoing.read())

    def finish(self) -> None:
        if self._early and self.open and not self._agreed:
            self._ends_early = True
            return
        self._say_goodbye()
        super().finish()

    def _take_beginning(self, data: bytes) -> None:
        """Until it is known whether the client speaks TLS."""
        data = self._rest + data
        while data:
            beginning = self._begin(data)
            super().send(beginning.answer)
            data = data[beginning.used :]
            self._sealed += beginning.used
            if beginning.speaks == "wrong":
                self._refuse(SPEAKS_PLAIN)
                return
            if beginning.speaks != "unknown":
                self._rest = b""
                self._go_on(beginning.speaks == "tls", data)
                return
            if not beginning.used:
                break
        self._rest = data

    def _go_on(self, in_tls: bool, data: bytes) -> None:
        if in_tls:
            self._tls = self._context.wrap_bio(self._incoming, self._outgoing, server_side=True)
            self._on_bytes = self._take_records
        else:
            self._plain = True
            self._on_bytes = self._on_plain
            self._send_early()
        if data:
            self._on_bytes(data)

    def _take_records(self, data: bytes) -> None:
        """Opens whole records one by one: so it is known which bytes came in which."""
        del self._records[:-RECORDS_KEPT]
        data = self._rest + data
        start = 0
        said: list[bytes] = []
        broken: ssl.SSLError | None = None
        while (end := record_end(data, start)) is not None:
            try:
                said.append(self._open(data[start:end]))
            except ssl.SSLError as error:
                broken = error
                break
            self._sealed += end - start
            start = end
        self._rest = data[start:]
        agreed = self._agreed
        super().send(self._outgoing.read())  # Handshake, alerts, answers to key updates.
        plain = b"".join(said)
        if plain and not self._ending:
            self._on_plain(plain)
        if broken is not None:
            self._refuse(_sentence(broken, agreed))
        elif self._left:
            self._say_goodbye()
            self._end()

    def _open(self, record: bytes) -> bytes:
        """What one record says to the service; handshakes say nothing."""
        assert self._tls is not None
        self._incoming.write(record)
        with suppress(ssl.SSLWantReadError):
            if not self._agreed:
                self._tls.do_handshake()
                self._agreed = True
                self._send_early()
            said = self._tls.read(READ_BYTES)
            if said:
                self._records.append((self._opened, self._sealed))
                self._opened += len(said)
            else:
                self._left = True
            return said
        return b""

    def _send_early(self) -> None:
        early, self._early = self._early, []
        for data in early:
            self.send(data)
        if self._ends_early:
            self.finish()

    def _say_goodbye(self) -> None:
        """So that the client knows that nothing was cut off (close_notify)."""
        if self._tls is not None and self._agreed and self.open and not self._ending:
            with suppress(ssl.SSLError):
                self._tls.unwrap()
            super().send(self._outgoing.read())

    def _refuse(self, why: str) -> None:
        self.refusal = why
        self._end()

    def _end(self) -> None:
        if self._tls is not None and not self._agreed and not self.refusal:
            self.refusal = ENDED
        super()._end()


def record_end(data: bytes, start: int) -> int | None:
    """Where the record that begins at ``start`` ends; None if it is not whole.

    What is no record ends where the data do: the library will say what is wrong with it.
    """
    if len(data) - start < RECORD_HEADER_BYTES:
        return None
    size = RECORD_HEADER_BYTES + int.from_bytes(data[start + 3 : start + 5], "big")
    if not 20 <= data[start] <= 24 or data[start + 1] != 3 or size > RECORD_BYTES_MAX:
        return len(data)
    return start + size if start + size <= len(data) else None


def _sentence(error: ssl.SSLError, agreed: bool) -> str:
    """For a limit of the case, after the names of process and service."""
    reason = (error.reason or str(error)).lower().replace("_", " ")
    if agreed:
        return f"the TLS connection broke ({reason}) and was ended"
    if "certificate" in reason or "unknown ca" in reason:
        return (
            f"the process does not accept the lab's certificate ({reason}): give it the lab's "
            "authority, the file named by `{ca}`, and have it connect to localhost or 127.0.0.1"
        )
    return f"the TLS handshake failed ({reason}): the two sides have no version or cipher in common"
