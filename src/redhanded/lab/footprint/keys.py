"""What a Redis command reads and writes, as the server in use states it.

The server is asked once per command name (``COMMAND INFO``: flags and key specifications), and per
call only where these do not say it all (``COMMAND GETKEYS``, ``GETKEYSANDFLAGS``). A script touches
the keys it declares; keys that it builds itself are not seen, as Redis Cluster does not see them
either. Keys of another database than 0 are named ``db1/key``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache

from valkey.exceptions import ResponseError

from redhanded.case.errors import LabError
from redhanded.case.operation import Access, Touch
from redhanded.lab.footprint.key_positions import (
    BOTH,
    READ,
    WRITE,
    CommandInformation,
    KeyUse,
    read_flags,
    read_information,
)
from redhanded.lab.footprint.shape import ANYTHING

Ask = Callable[[tuple[bytes, ...]], object]
"""Sends one command to the server and gives its reply (bytes, int, None or nested lists of them).
An error reply is raised as ``LabError`` or as the client's own ``ResponseError``."""


class KeySpecifications:
    """The keys of commands, learned from one server."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._known: dict[bytes, CommandInformation | None] = {}
        self._asked: dict[tuple[bytes, ...], tuple[KeyUse, ...] | None] = {}

    def touches(
        self,
        service: str,
        arguments: Sequence[bytes],
        variable: Collection[str] = (),
        database: int = 0,
    ) -> tuple[str, Access, tuple[Touch, ...]]:
        """Target (pattern of the first key written, else read; empty if there is none), access,
        and what the command touches in ``database``. ``variable`` holds values that differ from
        trial to trial. Unknown commands may write anything. A command that answers from what it
        changes reads and writes."""
        if not arguments:
            return "", "read", ()
        found = self._resources(arguments, database)
        accesses = {access for _, access, _ in found}
        touches = tuple(
            Touch(service=service, resource=located(name, number), access=access)
            for name, access, number in found
        )
        if not found:
            return "", "read", touches
        target = located(pattern(found[0][0].encode(), variable), found[0][2])
        return target, "write" if "write" in accesses else "read", touches

    def unit(
        self,
        service: str,
        commands: Iterable[Sequence[bytes]],
        variable: Collection[str] = (),
        database: int = 0,
        watched: Iterable[bytes] = (),
    ) -> tuple[str, Access, tuple[Touch, ...]]:
        """The same for MULTI…EXEC: named after the first command that writes, else that reads.
        Whether it does anything depends on the keys ``watched`` before it: it reads them."""
        parts = []
        last = database
        for command in commands:
            parts.append(self.touches(service, command, variable, last))
            last = _database_after(command, last)
        parts = [part for part in parts if part[2]]
        reads = tuple(
            Touch(service=service, resource=located(_text(key), database), access="read")
            for key in watched
        )
        if not parts:
            return "", "read", reads
        main = next((part for part in parts if part[1] == "write"), parts[0])
        touches = dict.fromkeys((*(item for part in parts for item in part[2]), *reads))
        return main[0], main[1], tuple(touches)

    def _resources(
        self, arguments: Sequence[bytes], database: int
    ) -> list[tuple[str, Access, int]]:
        """Name, access and database of what is touched, writes first."""
        name = arguments[0].upper()
        if name in _PUBLISH:
            return [(f"channel {_text(word)}", "write", 0) for word in arguments[1:2]]
        information = self._information(name, arguments)
        if information is None:
            return [(ANYTHING, "write", 0)]
        uses = self._uses(information, arguments)
        if uses is None or (not uses and information.writes):
            # The server refuses it, or it concerns all keys (FLUSHALL, SWAPDB).
            return [(ANYTHING, "read" if information.reads else "write", 0)]
        if not uses and information.reads:
            return [(ANYTHING, "read", 0)]
        if not uses and information.moves:
            return [(ANYTHING, access, 0) for access in BOTH]
        if information.writes and all(accesses == READ for _, accesses in uses):
            # XREADGROUP moves its group on, though it leaves the entries as they are.
            uses = tuple((key, BOTH) for key, _ in uses)
        if name == b"SET" and _overwrites(arguments):
            uses = tuple((key, WRITE) for key, _ in uses)
        placed = [(key, access, database) for key, accesses in uses for access in accesses]
        placed += _elsewhere(name, arguments)
        found = dict.fromkeys((_text(key), access, number) for key, access, number in placed)
        return sorted(found, key=lambda item: item[1] != "write")

    def _information(self, name: bytes, arguments: Sequence[bytes]) -> CommandInformation | None:
        """Of the command, or of its subcommand (``XGROUP CREATE``)."""
        if name not in self._known:
            self._known[name] = self._ask_information(name)
        known = self._known[name]
        if known is None or len(arguments) < 2:
            return known
        return known.subcommands.get(arguments[1].lower(), known)

    def _ask_information(self, name: bytes) -> CommandInformation | None:
        try:
            reply = self._ask((b"COMMAND", b"INFO", name.lower()))
        except _REFUSED:
            return None
        return read_information(reply[0]) if isinstance(reply, list) and reply else None

    def _uses(
        self, information: CommandInformation, arguments: Sequence[bytes]
    ) -> tuple[KeyUse, ...] | None:
        """The keys of a call; None if they cannot be told."""
        uses = information.uses(arguments)
        if uses is not None:
            return uses
        words = tuple(arguments)
        if words not in self._asked:
            if len(self._asked) >= _ASKED_MAX:
                self._asked.clear()
            self._asked[words] = self._ask_uses(information, words)
        return self._asked[words]

    def _ask_uses(
        self, information: CommandInformation, words: tuple[bytes, ...]
    ) -> tuple[KeyUse, ...] | None:
        flagged = bool(information.specifications)
        question = b"GETKEYSANDFLAGS" if flagged else b"GETKEYS"
        try:
            reply = self._ask((b"COMMAND", question, *words))
        except _REFUSED:
            return None
        if not isinstance(reply, list):
            return None
        pairs = reply if flagged else [(key, ()) for key in reply]
        return tuple((key, information.access(read_flags(list(flags)))) for key, flags in pairs)


def located(name: str, database: int) -> str:
    """The name of a key, or of a pattern of keys, of a numbered database: ``key``, ``db1/key``."""
    return name if database == 0 or name == ANYTHING else f"db{database}/{name}"


def located_key(key: bytes, database: int) -> bytes:
    """The same in bytes, of one key."""
    return key if database == 0 else b"db%d/%s" % (database, key)


def pattern(key: bytes, variable: Collection[str] = ()) -> str:
    """The key with what differs from trial to trial replaced by ``*``: the values of this trial,
    UUIDs, hexadecimal words of eight digits or more, digests and random tokens in base64, and
    segments between ``:`` that are numbers. ``bull:mail:17`` gives ``bull:mail:*``."""
    return _pattern(key, tuple(variable))


_REFUSED = (LabError, ResponseError)
_ASKED_MAX = 4096
_PUBLISH = frozenset({b"PUBLISH", b"SPUBLISH"})
"""Their first word is a channel, which no key specification tells."""
_LIFETIMES = frozenset({b"EX", b"PX", b"EXAT", b"PXAT", b"KEEPTTL"})


def _overwrites(arguments: Sequence[bytes]) -> bool:
    """Whether a SET does not look at what was there: the specification holds for its options all
    together (``variable_flags``), and the server's answer for one call leaves NX and XX out."""
    return all(word.upper() in _LIFETIMES or word.isdigit() for word in arguments[3:])


def _elsewhere(name: bytes, arguments: Sequence[bytes]) -> list[tuple[bytes, Access, int]]:
    """What MOVE and COPY … DB touch in the database that they name."""
    if name == b"MOVE":
        key, number = arguments[1:2], arguments[2:3]
    elif name == b"COPY" and b"DB" in (words := [word.upper() for word in arguments]):
        key, number = arguments[2:3], arguments[words.index(b"DB") + 1 :][:1]
    else:
        return []
    if not key or not number or not number[0].isdigit():
        return []
    return [(key[0], access, int(number[0][:9])) for access in BOTH]


def _database_after(command: Sequence[bytes], database: int) -> int:
    if len(command) == 2 and command[0].upper() == b"SELECT" and command[1].isdigit():
        return int(command[1][:9])
    return database


def _text(key: bytes) -> str:
    return key.decode("utf-8", "backslashreplace")


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
    text = _PADDED.sub("*", text)
    text = _TOKEN.sub("*", text)
    return _NUMBER.sub("*", text)


_DISTINCT_LENGTH = 4
"""A shorter value may be part of a longer one by chance: it counts as a whole word only."""
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HEXADECIMAL = re.compile(r"(?<![0-9A-Za-z])(?=[a-fA-F]*[0-9])[0-9a-fA-F]{8,}(?![0-9A-Za-z])")
_PADDED = re.compile(
    r"(?<![\w+/])(?:[\w+/]{22}==|[\w+/]{27}=|[\w+/]{43}=|[\w+/]{86}==)(?![\w+/=])", re.ASCII
)
"""Base64 of a UUID or MD5, SHA-1, SHA-256, SHA-512 sum, with its padding."""
_TOKEN = re.compile(
    r"(?<![\w-])(?=(?:[A-Za-z_-]*\d){2})(?=(?:[a-z\d_-]*[A-Z]){2})(?=(?:[A-Z\d_-]*[a-z]){2})"
    r"[\w-]{22,}(?![\w-])",
    re.ASCII,
)
"""A word of URL-safe base64 as session identifiers are: long, with digits and letters of both
cases."""
_NUMBER = re.compile(r"(?<=:)\d+(?=:|$)|^\d+(?=:|$)")
