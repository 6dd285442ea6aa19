"""Bytes that came but do not make a whole message yet, and the error for those that never will."""

from __future__ import annotations

from redhanded.case.errors import WireError

SHOWN_BYTES = 24


class Inbox:
    """Keeps the unparsed rest of one direction of a connection.

    ``need`` says how many bytes the parser must see before it can get on, so that a long message
    in many small parts is joined once, not at each part.
    """

    __slots__ = ("_need", "_parts", "_size", "offset")

    def __init__(self) -> None:
        self.offset = 0
        """Of the first byte that ``take`` gives next, in everything that came."""
        self._parts: list[bytes] = []
        self._size = 0
        self._need = 1

    def take(self, data: bytes) -> bytes:
        """The rest and ``data`` together, or nothing while they are fewer than needed."""
        if not self._parts:
            return data
        self._parts.append(data)
        self._size += len(data)
        if self._size < self._need:
            return b""
        joined = b"".join(self._parts)
        self._parts.clear()
        return joined

    def hurry(self) -> None:
        """The next ``take`` gives what is there, however little."""
        self._need = 0

    def keep(self, data: bytes, used: int, need: int) -> None:
        """``used`` bytes of what ``take`` gave are done; ``need`` must be there to go on, counted
        from the first byte that is not done."""
        self.offset += used
        if used < len(data):
            self._parts.append(data[used:] if used else data)
            self._size = len(data) - used
            self._need = need


def wrong_bytes(protocol: str, side: str, offset: int, data: bytes, what: str) -> WireError:
    """The error for bytes that are not the protocol; ``data`` begins at ``offset``."""
    shown = data[:SHOWN_BYTES].hex(" ") or "nothing"
    return WireError(
        f"{protocol} {side}: {what} at byte {offset} of the connection (bytes: {shown}). "
        f"Check that the address belongs to a {protocol} service and that TLS is off, or that the "
        "service has `tls = true`."
    )
