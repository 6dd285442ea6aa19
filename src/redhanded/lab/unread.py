"""Bytes of one direction of a connection that were taken and not given on yet."""

from __future__ import annotations

from collections import deque


class Unread:
    """Bytes of one direction that came and that the codec has not given yet."""

    __slots__ = ("_chunks", "_size", "ahead", "end", "given")

    def __init__(self) -> None:
        self.end = 0
        """Bytes that came."""
        self.given = 0
        """Bytes that the codec gave of them."""
        self.ahead = 0
        """Bytes that the codec did not give yet and that went on nevertheless."""
        self._chunks: deque[bytes] = deque()
        self._size = 0

    @property
    def nothing_kept(self) -> bool:
        """Whether all that came went on."""
        return self.given + self.ahead == self.end

    def keep(self, data: bytes) -> None:
        """Remembers the newest bytes, of which some are not given; forgets those that are."""
        self._chunks.append(data)
        self._size += len(data)
        while self._chunks and self._size - len(self._chunks[0]) >= self.end - self.given:
            self._size -= len(self._chunks.popleft())

    def clear(self) -> None:
        """All that came was given."""
        if self._chunks:
            self._chunks.clear()
            self._size = 0

    def take(self) -> bytes:
        """What is left, which is forgotten here."""
        left = b"".join(self._chunks)[self._size - (self.end - self.given) :]
        self.clear()
        self.given = self.end
        return self.rest(left)

    def rest(self, data: bytes) -> bytes:
        """Of bytes that the codec gave, in their order, those that did not go on before."""
        if not self.ahead:
            return data
        gone = min(self.ahead, len(data))
        self.ahead -= gone
        return data[gone:]
