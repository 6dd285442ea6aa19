"""Whose work it is: which delivery a job that a consumer picks up belongs to.

A job leaves the process that made it and comes back in an answer to another process. The link is
the job's identifier: a key that some operation created (``bull:mail:17``), whose last segment
turns up as a value in a later answer. Where there is none, the task that last wrote the key is
taken.
"""

from __future__ import annotations

from collections.abc import Iterable

from redhanded.case.operation import Touch

TOKEN_LENGTH_MAX = 128


class Tasks:
    """What each task left in Redis."""

    def __init__(self) -> None:
        self._keys: set[bytes] = set()
        self._tokens: dict[bytes, str] = {}
        self._writers: dict[tuple[str, str], str] = {}

    def begin(self, keys: Iterable[bytes]) -> None:
        """Starts a trial with the keys that are there."""
        self._keys = set(keys)
        self._tokens.clear()
        self._writers.clear()

    def wrote(self, task: str, touches: Iterable[Touch]) -> None:
        for touch in touches:
            if touch.access == "write":
                self._writers[touch.service, touch.resource] = task

    def keys_now(self, task: str, keys: Iterable[bytes]) -> None:
        """Learns the identifiers in keys that ``task`` created."""
        now = set(keys)
        for key in now - self._keys:
            token = key.rpartition(b":")[2]
            if 0 < len(token) <= TOKEN_LENGTH_MAX:
                self._tokens.setdefault(token, task)
        self._keys = now

    def handed_out(self, answer: bytes) -> str | None:
        """The task of the last known identifier in an answer (a RESP bulk string of its own)."""
        best, place = None, -1
        for token, task in self._tokens.items():
            found = answer.rfind(b"$%d\r\n%s\r\n" % (len(token), token))
            if found > place:
                best, place = task, found
        return best

    def writer(self, service: str, key: str) -> str | None:
        return self._writers.get((service, key))
