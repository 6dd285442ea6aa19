"""What the Redis codec must know of single commands: which block, which are house-keeping.

Replies at the end of a time-out as Redis 6.2, 7.0, 8.2 and Valkey 9.1 give them (measured): the
null array for every blocking command, lists and BRPOPLPUSH/BLMOVE alike, and the null of RESP3.
"""

from __future__ import annotations

from redhanded.lab.wire.unit import Blocking

Command = tuple[bytes, ...]

HANDSHAKES = frozenset(
    [
        *("HELLO", "AUTH", "CLIENT", "SELECT", "INFO", "PING", "COMMAND", "READONLY"),
        *("READWRITE", "QUIT", "RESET", "ECHO", "CLUSTER", "ROLE", "SENTINEL"),
    ]
)
"""Sent by drivers on their own account; change no data. SCRIPT LOAD and EXISTS too."""
SUBSCRIBING = frozenset(
    ["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"]
)
"""Answered once per channel."""
PUBLISHED = frozenset((b"message", b"pmessage", b"smessage"))
"""First words of messages that RESP2 sends unasked as arrays."""

_SAFE_SCRIPT_COMMANDS = frozenset((b"LOAD", b"EXISTS"))
_KEYS_THEN_TIMEOUT = frozenset(["BLPOP", "BRPOP", "BZPOPMIN", "BZPOPMAX"])
_MOVES = frozenset(["BRPOPLPUSH", "BLMOVE"])
_TIMEOUT_THEN_COUNTED_KEYS = frozenset(["BLMPOP", "BZMPOP"])
_NULL = {2: b"*-1\r\n", 3: b"_\r\n"}


def is_handshake(kind: str, command: Command) -> bool:
    if kind == "SCRIPT":
        return len(command) > 1 and command[1].upper() in _SAFE_SCRIPT_COMMANDS
    return kind in HANDSHAKES


def blocking_of(kind: str, command: Command, version: int) -> Blocking | None:
    """None for a command that does not block, also because the server will refuse it."""
    if kind in _KEYS_THEN_TIMEOUT:
        keys, timeout = command[1:-1], command[-1]
    elif kind in _MOVES and len(command) == (4 if kind == "BRPOPLPUSH" else 6):
        keys, timeout = command[1:2], command[-1]
    elif kind in _TIMEOUT_THEN_COUNTED_KEYS and len(command) > 3 and command[2].isdigit():
        keys, timeout = command[3 : 3 + int(command[2][:9])], command[1]
    else:
        return None
    timeout_s = _seconds(timeout)
    if timeout_s is None or not keys:
        return None
    return Blocking(keys=keys, timeout_s=timeout_s, empty_reply=_NULL[version])


def waits(kind: str, command: Command) -> bool:
    """Whether the reply may be withheld, other than for keys that ``blocking_of`` names."""
    if kind in ("XREAD", "XREADGROUP"):
        words = [word.upper() for word in command[1:12]]
        end = words.index(b"STREAMS") if b"STREAMS" in words else len(words)
        return b"BLOCK" in words[:end]
    return kind in ("WAIT", "WAITAOF")


def client_reply_mode(kind: str, command: Command) -> bytes | None:
    """``ON``, ``OFF`` or ``SKIP`` of a CLIENT REPLY."""
    if kind == "CLIENT" and len(command) == 3 and command[1].upper() == b"REPLY":
        mode = command[2].upper()
        return mode if mode in (b"ON", b"OFF", b"SKIP") else None
    return None


def hello_version(kind: str, command: Command) -> int | None:
    """The RESP version that a HELLO or RESET changes to."""
    if kind == "RESET":
        return 2
    if kind == "HELLO" and len(command) > 1 and command[1] in (b"2", b"3"):
        return int(command[1])
    return None


def _seconds(text: bytes) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
