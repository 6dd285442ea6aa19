"""What a Redis command reads and writes, as the server in use states it.

The server is asked once per command name (``COMMAND INFO``: flags and positions of keys), and per
call only where keys move (``COMMAND GETKEYS``). A script touches the keys it declares; keys that
it builds itself are not seen, as Redis Cluster does not see them either. The numbered database is
not told apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from valkey.exceptions import ResponseError

from redhanded.case.errors import LabError
from redhanded.case.operation import Access, Touch
from redhanded.lab.footprint.shape import ANYTHING

Ask = Callable[[tuple[bytes, ...]], object]
"""Sends one command to the server and gives its reply (bytes, int, None or nested lists of them).
An error reply is raised as ``LabError`` or as the client's own ``ResponseError``."""


class KeySpecifications:
    """The keys of commands, learned from one server."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._known: dict[bytes, _Specification | None] = {}
        self._moving: dict[tuple[bytes, ...], tuple[bytes, ...] | None] = {}

    def touches(
        self, service: str, arguments: Sequence[bytes], variable: Collection[str] = ()
    ) -> tuple[str, Access, tuple[Touch, ...]]:
        """Target (pattern of the first key, empty if there is none), access, and what the command
        touches. ``variable`` holds values that differ from trial to trial. Unknown commands may
        write anything. A command that answers from what it changes reads and writes."""
        if not arguments:
            return "", "read", ()
        found = self._resources(arguments)
        accesses = {access for _, access in found}
        touches = tuple(
            Touch(service=service, resource=resource, access=access) for resource, access in found
        )
        target = pattern(found[0][0].encode(), variable) if found else ""
        return target, "write" if "write" in accesses else "read", touches

    def unit(
        self, service: str, commands: Iterable[Sequence[bytes]], variable: Collection[str] = ()
    ) -> tuple[str, Access, tuple[Touch, ...]]:
        """The same for MULTI…EXEC: named after the first command that writes, else that reads."""
        parts = [self.touches(service, command, variable) for command in commands]
        parts = [part for part in parts if part[2]]
        if not parts:
            return "", "read", ()
        main = next((part for part in parts if part[1] == "write"), parts[0])
        return main[0], main[1], tuple(dict.fromkeys(item for part in parts for item in part[2]))

    def _resources(self, arguments: Sequence[bytes]) -> list[tuple[str, Access]]:
        name = arguments[0].upper()
        if name in _PUBLISH:
            return [(f"channel {_text(arguments[1])}", "write")] if len(arguments) > 1 else []
        if name in _SILENT:
            return []
        if name in _EVERYTHING:
            return [(ANYTHING, "write")]
        if name in _SCRIPTS:
            return _accesses(_declared(arguments), not name.endswith(b"_RO"), arguments)
        specification = self._specification(name, arguments)
        if specification is None:
            return [(ANYTHING, "write")]
        keys = self._keys(specification, arguments)
        if keys is None or (not keys and specification.writes):
            return [(ANYTHING, "write" if specification.writes else "read")]
        if not keys and specification.reads:
            return [(ANYTHING, "read")]
        return _accesses(keys, specification.writes, arguments)

    def _specification(self, name: bytes, arguments: Sequence[bytes]) -> _Specification | None:
        """Of the command, or of its subcommand (``XGROUP CREATE``)."""
        full = b"|".join((name, arguments[1].upper())) if len(arguments) > 1 else name
        for candidate in (full, name) if name in _CONTAINERS else (name,):
            if candidate not in self._known:
                self._known[candidate] = self._information(candidate)
            if (known := self._known[candidate]) is not None:
                return known
        return None

    def _information(self, name: bytes) -> _Specification | None:
        try:
            reply = self._ask((b"COMMAND", b"INFO", name.lower()))
        except _REFUSED:
            return None
        entry = reply[0] if isinstance(reply, list) and reply else None
        if not isinstance(entry, list) or len(entry) < 6:
            return None
        flags = {_word(flag) for flag in entry[2]}
        return _Specification(
            writes="write" in flags,
            reads="readonly" in flags,
            moves="movablekeys" in flags,
            first=int(entry[3]),
            last=int(entry[4]),
            step=int(entry[5]),
        )

    def _keys(
        self, specification: _Specification, arguments: Sequence[bytes]
    ) -> tuple[bytes, ...] | None:
        """The keys by position; by asking where they move; None if they cannot be told."""
        if not specification.moves:
            return specification.keys(arguments)
        words = tuple(arguments)
        if words not in self._moving:
            if len(self._moving) >= _MOVING_MAX:
                self._moving.clear()
            self._moving[words] = self._asked_keys(words)
        return self._moving[words]

    def _asked_keys(self, words: tuple[bytes, ...]) -> tuple[bytes, ...] | None:
        try:
            reply = self._ask((b"COMMAND", b"GETKEYS", *words))
        except _REFUSED:
            return None
        if not isinstance(reply, list):
            return None
        return tuple(key for key in reply if isinstance(key, bytes))


def pattern(key: bytes, variable: Collection[str] = ()) -> str:
    """The key with what differs from trial to trial replaced by ``*``: the values of this trial,
    UUIDs, hexadecimal words of eight digits or more, and segments between ``:`` that are numbers.
    ``bull:mail:17`` gives ``bull:mail:*``."""
    return _pattern(key, tuple(variable))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Specification:
    """Flags and key positions of one command, as ``COMMAND INFO`` gives them."""

    writes: bool
    reads: bool
    moves: bool
    first: int
    last: int
    """Negative counts from the end."""
    step: int

    def keys(self, arguments: Sequence[bytes]) -> tuple[bytes, ...]:
        if self.first <= 0:
            return ()
        last = self.last if self.last >= 0 else len(arguments) + self.last
        return tuple(arguments[self.first : last + 1 : max(self.step, 1)])


_REFUSED = (LabError, ResponseError)
_MOVING_MAX = 4096
_PUBLISH = frozenset({b"PUBLISH", b"SPUBLISH"})
_SCRIPTS = frozenset({b"EVAL", b"EVALSHA", b"EVAL_RO", b"EVALSHA_RO", b"FCALL", b"FCALL_RO"})
_CONTAINERS = frozenset(
    {b"XGROUP", b"XINFO", b"OBJECT", b"MEMORY", b"CLIENT", b"CONFIG", b"SCRIPT", b"FUNCTION"}
)
_EVERYTHING = frozenset({b"FLUSHALL", b"FLUSHDB", b"SWAPDB"})
_SILENT = frozenset(
    b"""PING ECHO AUTH HELLO SELECT QUIT RESET CLIENT COMMAND INFO CONFIG TIME ROLE READONLY
    READWRITE ASKING MULTI EXEC DISCARD UNWATCH SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE
    PUNSUBSCRIBE SUNSUBSCRIBE PUBSUB SCRIPT FUNCTION SLOWLOG LATENCY MONITOR ACL CLUSTER MODULE
    WAIT WAITAOF SAVE BGSAVE BGREWRITEAOF LASTSAVE DEBUG LOLWUT SHUTDOWN""".split()
)
_BLIND = frozenset(b"SET SETEX PSETEX MSET HMSET UNLINK EXPIRE PEXPIRE PUBLISH".split())


def _declared(arguments: Sequence[bytes]) -> tuple[bytes, ...]:
    """Keys of ``EVAL script numkeys key…``."""
    count = int(arguments[2]) if len(arguments) > 2 and arguments[2].isdigit() else 0
    return tuple(arguments[3 : 3 + count])


def _accesses(
    keys: tuple[bytes, ...], writes: bool, arguments: Sequence[bytes]
) -> list[tuple[str, Access]]:
    name = arguments[0].upper()
    names = [_text(key) for key in dict.fromkeys(keys)]
    if not names and name in _SCRIPTS:
        names = [ANYTHING]
    if not writes:
        return [(key, "read") for key in names]
    options = {word.upper() for word in arguments[3:]} if name == b"SET" else set()
    blind = name in _BLIND and not options & {b"NX", b"XX", b"GET"}
    written: list[tuple[str, Access]] = [(key, "write") for key in names]
    return written if blind else [*written, *((key, "read") for key in names)]


def _text(key: bytes) -> str:
    return key.decode("utf-8", "backslashreplace")


def _word(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@lru_cache(maxsize=4096)
def _pattern(key: bytes, variable: tuple[str, ...]) -> str:
    text = _text(key)
    for value in sorted(variable, key=len, reverse=True):
        if len(value) >= _DISTINCT_LENGTH:
            text = text.replace(value, "*")
        elif value:
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "*", text)
    text = _UUID.sub("*", text)
    text = _HEXADECIMAL.sub("*", text)
    return _NUMBER.sub("*", text)


_DISTINCT_LENGTH = 4
"""A shorter value may be part of a longer one by chance: it counts as a whole word only."""
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEXADECIMAL = re.compile(r"(?<![0-9A-Za-z])(?=[a-fA-F]*[0-9])[0-9a-fA-F]{8,}(?![0-9A-Za-z])")
_NUMBER = re.compile(r"(?<=:)\d+(?=:|$)|^\d+(?=:|$)")
