"""Where the keys of a Redis command stand, read from the server's own ``COMMAND INFO``.

From Redis 7 on each command has key specifications: where a search begins, how keys are found from
there, and whether they are read, overwritten, changed or removed
(https://redis.io/docs/latest/develop/reference/key-specs/). Older servers name the first and last
position only, and whether the command writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from redhanded.case.operation import Access

KeyUse = tuple[bytes, tuple[Access, ...]]
"""A key, and whether the command reads it, writes it, or both."""

READ: tuple[Access, ...] = ("read",)
WRITE: tuple[Access, ...] = ("write",)
BOTH: tuple[Access, ...] = ("write", "read")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandInformation:
    """One command, or subcommand, of one server."""

    writes: bool
    reads: bool
    moves: bool
    """Keys are not at fixed positions."""
    first: int
    last: int
    """Negative counts from the end."""
    step: int
    specifications: tuple[KeySpecification, ...] = ()
    """Empty before Redis 7, and for commands without keys."""
    subcommands: Mapping[bytes, CommandInformation] = field(default_factory=dict)
    """By the second word, in lower case."""

    def uses(self, arguments: Sequence[bytes]) -> tuple[KeyUse, ...] | None:
        """The keys of a call; None where the server has to be asked."""
        if self.specifications:
            found: list[KeyUse] = []
            for specification in self.specifications:
                keys = specification.keys(arguments)
                if keys is None:
                    return None
                access = self.access(specification.flags)
                found += [(key, access) for key in keys]
            return tuple(found)
        if self.moves:
            return None
        access = self.access(frozenset())
        return tuple((key, access) for key in self._by_position(arguments))

    def access(self, flags: frozenset[str]) -> tuple[Access, ...]:
        """By the flags of a key, if there are any.

        What is changed or removed is read as well: the answer tells what was there.
        """
        if self.reads and not self.writes:
            return READ
        if "ow" in flags and "access" not in flags:
            return WRITE
        if "ro" in flags or not (flags or self.writes or self.moves):
            return READ
        return BOTH

    def _by_position(self, arguments: Sequence[bytes]) -> Sequence[bytes]:
        if self.first <= 0:
            return ()
        last = self.last if self.last >= 0 else len(arguments) + self.last
        return arguments[self.first : last + 1 : max(self.step, 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySpecification:
    """How some of a command's keys are found."""

    flags: frozenset[str]
    """In lower case: ``ro``, ``rw``, ``ow``, ``rm``, ``access``, ``incomplete``, …"""
    begin: Mapping[str, object]
    """``index``; or ``keyword`` and ``startfrom``; empty: unknown."""
    find: Mapping[str, object]
    """``lastkey``, ``keystep`` and ``limit``; or ``keynumidx``, ``firstkey`` and ``keystep``;
    empty: unknown."""

    def keys(self, arguments: Sequence[bytes]) -> tuple[bytes, ...] | None:
        """None where this does not say it all, or the server will refuse the call."""
        if "not_key" in self.flags:
            return ()
        if "incomplete" in self.flags or not self.begin or not self.find:
            return None
        first = self._first(arguments)
        if first is None:
            return ()
        step = max(_number(self.find, "keystep"), 1)
        if "keynumidx" in self.find:
            counted = first + _number(self.find, "keynumidx")
            if counted >= len(arguments) or not arguments[counted].isdigit():
                return None
            first += _number(self.find, "firstkey")
            end = first + int(arguments[counted][:9]) * step
        else:
            end = self._end(first, len(arguments)) + 1
        if end > len(arguments) + step - 1 or first > len(arguments):
            return None
        return tuple(arguments[first:end:step])

    def _first(self, arguments: Sequence[bytes]) -> int | None:
        if "index" in self.begin:
            return _number(self.begin, "index")
        keyword = _text(self.begin.get("keyword", b"")).lower().encode()
        start = _number(self.begin, "startfrom")
        places = range(start, len(arguments))
        if start < 0:
            places = range(len(arguments) + start, 0, -1)
        return next((at + 1 for at in places if arguments[at].lower() == keyword), None)

    def _end(self, first: int, count: int) -> int:
        """The last key's place (``getKeysUsingKeySpecs`` in Redis's db.c)."""
        last = _number(self.find, "lastkey")
        limit = _number(self.find, "limit")
        if last >= 0:
            return first + last
        return first + (count - first) // limit + last if limit > 1 else count + last


def read_information(entry: object) -> CommandInformation | None:
    """One element of a reply to COMMAND INFO; None where the server knows no such command."""
    if not isinstance(entry, list) or len(entry) < 6:
        return None
    flags = {_text(flag) for flag in entry[2]}
    specifications = entry[8] if len(entry) > 8 else ()
    subcommands = {}
    for inner in entry[9] if len(entry) > 9 else ():
        information = read_information(inner)
        if information is not None:
            subcommands[_text(inner[0]).partition("|")[2].encode()] = information
    return CommandInformation(
        writes="write" in flags,
        reads="readonly" in flags,
        moves="movablekeys" in flags,
        first=int(entry[3]),
        last=int(entry[4]),
        step=int(entry[5]),
        specifications=tuple(_specification(each) for each in specifications),
        subcommands=subcommands,
    )


def read_flags(words: object) -> frozenset[str]:
    """The flags of a key, in lower case."""
    if not isinstance(words, list | tuple | set | frozenset):
        return frozenset()
    return frozenset(_text(word).lower() for word in words)


def _specification(entry: object) -> KeySpecification:
    fields = _fields(entry)
    return KeySpecification(
        flags=read_flags(fields.get("flags")),
        begin=_fields(_fields(fields.get("begin_search")).get("spec")),
        find=_fields(_fields(fields.get("find_keys")).get("spec")),
    )


def _fields(value: object) -> dict[str, object]:
    """A map as RESP3 gives it, or as RESP2 does: names and values in turn."""
    if isinstance(value, dict):
        return {_text(name): content for name, content in value.items()}
    if isinstance(value, list):
        return {
            _text(name): content for name, content in zip(value[::2], value[1::2], strict=False)
        }
    return {}


def _number(fields: Mapping[str, object], name: str) -> int:
    value = fields.get(name, 0)
    return value if isinstance(value, int) else 0


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
