"""Whose work it is: which delivery a job that a consumer picks up belongs to.

A job leaves the process that made it and comes back in an answer to another process. The link is
the value that was pushed (``LPUSH mail {"to": …}``), or the job's identifier: a key that some
operation created (``bull:mail:17``), whose last segment turns up as a value in a later answer.
Where there is neither, the task that last wrote the key is taken. Before a waiting consumer is
served, whose work it will get is a guess: the oldest that nobody has got.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from redhanded.case.operation import Touch
from redhanded.lab.footprint import located_key

TOKEN_LENGTH_MAX = 128


class Tasks:
    """What each task left in Redis."""

    def __init__(self) -> None:
        self._keys: dict[str, set[bytes]] = {}
        self._queues: set[bytes] = set()
        self._tokens: dict[bytes, str] = {}
        self._writers: dict[tuple[str, str], str] = {}
        self._pushed: dict[tuple[str, bytes], list[tuple[bytes, str]]] = {}
        """By service and key: values and who pushed them, oldest first."""
        self._made: dict[tuple[str, bytes], list[tuple[bytes, str]]] = {}
        """By service and key prefix: identifiers of jobs and who made them, oldest first."""

    def begin(self, keys: Mapping[str, Iterable[bytes]], waited_at: Iterable[bytes] = ()) -> None:
        """Starts a trial with the keys that each service holds and those that consumers wait at.

        What the latter are put together from names queues, and never a job.
        """
        self._keys = {service: set(there) for service, there in keys.items()}
        self._queues = {part for key in waited_at for part in key.split(b":")}
        self._tokens.clear()
        self._writers.clear()
        self._pushed.clear()
        self._made.clear()

    def wrote(self, task: str, touches: Iterable[Touch]) -> None:
        for touch in touches:
            if touch.access == "write":
                self._writers[touch.service, touch.resource] = task

    def pushed(self, task: str, service: str, command: tuple[bytes, ...]) -> None:
        """Remembers the values of a writing command, which a consumer of its key may be given."""
        if len(command) > 2:
            values = self._pushed.setdefault((service, command[1]), [])
            values += [(value, task) for value in command[2:]]

    def keys_now(self, task: str, service: str, keys: Iterable[bytes], answer: bytes) -> set[bytes]:
        """Learns the identifiers in keys of ``service`` that ``task`` created; gives the new ones.

        One that the creating command answers with is a job's.
        """
        now = set(keys)
        new = set()
        for key in sorted(now - self._keys.get(service, set())):
            prefix, _, token = key.rpartition(b":")
            if 0 < len(token) <= TOKEN_LENGTH_MAX and token not in self._queues:
                self._tokens.setdefault(token, task)
                new.add(token)
                if _place(token, answer) >= 0:
                    self._made.setdefault((service, prefix), []).append((token, task))
        self._keys[service] = now
        return new

    def served(self, service: str, keys: Iterable[bytes], answer: bytes) -> str | None:
        """Whose pushed value a consumer of ``keys`` was given, once for each value."""
        for key in keys:
            values = self._pushed.get((service, key), [])
            for value, task in values:
                if _place(value, answer) >= 0:
                    values.remove((value, task))
                    return task
        return None

    def handed_out(self, answer: bytes, *, made: Set[bytes] = frozenset()) -> str | None:
        """The task of the last known identifier in an answer (a RESP bulk string of its own).

        Those in ``made`` come back to whoever made the job, and still wait for a consumer.
        """
        best, task, place = b"", None, -1
        for token, owner in self._tokens.items():
            found = _place(token, answer)
            if found > place and token not in made:
                best, task, place = token, owner, found
        for waiting in self._made.values():
            waiting[:] = [job for job in waiting if job != (best, task)]
        return task

    def next_up(self, service: str, key: bytes, database: int = 0) -> str | None:
        """The task that a consumer waiting at ``key`` will most likely serve."""
        named = located_key(key, database)
        waiting = self._pushed.get((service, key)) or self._made.get(
            (service, named.rpartition(b":")[0])
        )
        if waiting:
            return waiting[0][1]
        return self._writers.get((service, named.decode("utf-8", "backslashreplace")))


def _place(value: bytes, answer: bytes) -> int:
    return answer.rfind(b"$%d\r\n%s\r\n" % (len(value), value))


def task_order(task: str) -> tuple[int, str]:
    """By number; those without one first."""
    digits = task.rpartition(" ")[2]
    return (int(digits), task) if digits.isdigit() else (0, task)
