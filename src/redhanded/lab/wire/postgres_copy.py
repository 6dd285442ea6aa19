"""Which messages of a PostgreSQL client belong to a COPY that it feeds (manual, section 55.2.7)."""

from __future__ import annotations

from redhanded.lab.wire.postgres_group import FLUSH, SYNC, Pending

COPY_DATA, COPY_DONE, COPY_FAIL = b"dcf"
COPY_CODES = frozenset((COPY_DATA, COPY_DONE, COPY_FAIL))


class CopyIn:
    """How far a client is with sending the data of a COPY."""

    __slots__ = ("_running", "_sync_due")

    def __init__(self) -> None:
        self._running = False
        self._sync_due = False

    def takes(self, code: int) -> bool:
        """COPY messages, and the Sync and Flush that the server ignores among them; in the extended
        protocol also the Sync after them, which the unit's own Sync was ignored for."""
        return code in COPY_CODES or ((self._running or self._sync_due) and code in (SYNC, FLUSH))

    def follow(self, code: int, unit: Pending) -> None:
        """Takes note of a message that belongs to the copy that ``unit`` began."""
        if code == SYNC:
            self._sync_due = False
        elif code in COPY_CODES:
            # A copy that failed is over for the server; what still comes of it is dropped there.
            self._running = code == COPY_DATA and unit.failure is None
            self._sync_due = not self._running and unit.ender == SYNC

    def fail(self, unit: Pending) -> None:
        """The server refused ``unit``."""
        if self._running:
            self._running = False
            self._sync_due = unit.ender == SYNC

    def end(self) -> None:
        """Another unit begins."""
        self._running = self._sync_due = False
