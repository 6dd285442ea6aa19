"""Whether a Redis script takes a lock: its keys only if they are free, with a lifetime or without.

A client that keeps a lock in a script (redlock, Redisson and what is written after their example)
does in it what ``SET key token NX PX n`` does. That is read from the script's text: a SETNX or a
SET with NX; or a SET that comes after the script has looked whether the key is there. The value has
to come from the caller, as the token of an owner does, so that a counter's first step is no lock. A
script that gives its functions other names is not understood, and taken for none.
"""

from __future__ import annotations

import re

LOCK = "[SET NX]"
"""Stands in the fingerprint of an operation whose script takes a lock."""
LEASE = "[SET NX PX]"
"""The same for one with a lifetime."""


def lock_of(script: str) -> str:
    """``LEASE``, ``LOCK``, or nothing."""
    calls = [
        (match[1].lower(), [word.strip() for word in match[2].split(",")][1:], match.start())
        for match in _CALL.finditer(_COMMENT.sub("", script))
    ]
    looked = False
    for place, (command, words, _) in enumerate(calls):
        options = {word.strip("'\"").upper() for word in words[2:]}
        only_if_free = command == "setnx" or (command == "set" and "NX" in options)
        takes = only_if_free or (looked and command in _SETTING)
        if takes and any(_FROM_CALLER.search(word) for word in words[1:]):
            rest = {later for later, _, _ in calls[place + 1 :]}
            lives = options & _LIFETIME or command in _WITH_LIFETIME or rest & _EXPIRING
            return LEASE if lives else LOCK
        looked = looked or command == "exists" or (command == "get" and _no_value(script))
    return ""


def _no_value(script: str) -> bool:
    """Whether it asks if a GET gave nothing, not if it gave the caller's own token."""
    return bool(_NOTHING.search(_COMMENT.sub("", script)))


_COMMENT = re.compile(r"--\[\[.*?\]\]|--[^\n]*", re.DOTALL)
_CALL = re.compile(
    r"\bredis\s*\.\s*p?call\s*\(\s*['\"](\w+)['\"]\s*((?:[^()]|\([^()]*\))*)\)", re.IGNORECASE
)
_NOTHING = re.compile(
    r"\bnot\s+redis\s*\.\s*p?call\s*\(\s*['\"]get['\"]"
    r"|['\"]get['\"]\s*,[^()]*\)\s*==\s*(?:false|nil)\b",
    re.IGNORECASE,
)
_FROM_CALLER = re.compile(r"\bARGV\s*\[")
_SETTING = frozenset({"set", "setex", "psetex", "hset", "hincrby"})
_WITH_LIFETIME = frozenset({"setex", "psetex"})
_LIFETIME = frozenset({"EX", "PX", "EXAT", "PXAT"})
_EXPIRING = frozenset({"expire", "pexpire", "expireat", "pexpireat"})
