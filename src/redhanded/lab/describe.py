"""What a unit says: kind, target, touches, as they stand in names and reports."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field

from redhanded.case.operation import Access, Touch
from redhanded.lab.footprint import Catalogue, KeySpecifications, footprints, pattern
from redhanded.lab.lock_scripts import lock_of
from redhanded.lab.wire.unit import Unit

TEXT_MAX = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """One unit in words and touches."""

    kind: str
    target: str
    access: Access
    text: str
    fingerprint: str
    touches: tuple[Touch, ...]
    uncommitted: bool = False
    transaction: int | None = None


@dataclass(slots=True)
class TransactionState:
    """What the open transaction of one PostgreSQL connection has written so far."""

    number: int = 0
    open: bool = False
    writes: list[Touch] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    """Those that wrote it, without their values."""


@dataclass(slots=True)
class Scripts:
    """Redis scripts that were seen, by their digest."""

    titles: dict[str, str] = field(default_factory=dict)
    locks: dict[str, str] = field(default_factory=dict)
    """What each takes only if it is free; see ``lock_scripts``."""

    def learn(self, words: tuple[bytes, ...]) -> None:
        """Remembers the script of an EVAL or SCRIPT LOAD."""
        if len(words) > 1 and words[0].upper() in (b"EVAL", b"EVAL_RO"):
            self._keep(words[1])
        elif len(words) > 2 and [word.upper() for word in words[:2]] == [b"SCRIPT", b"LOAD"]:
            self._keep(words[2])

    def digest(self, words: tuple[bytes, ...]) -> str:
        if words[0].upper() in (b"EVAL", b"EVAL_RO"):
            return _digest(words[1])
        return words[1].decode("ascii", "replace").lower()

    def title(self, digest: str) -> str:
        """Whether it takes a lock, and the first sentence of its first comment."""
        return f"{self.locks.get(digest, '')} {self.titles.get(digest, '')}".strip()

    def _keep(self, script: bytes) -> None:
        digest = _digest(script)
        if digest not in self.titles:
            text = script.decode("utf-8", "replace")
            self.titles[digest], self.locks[digest] = _first_comment(text), lock_of(text)


def describe_sql(
    unit: Unit,
    service: str,
    state: TransactionState,
    catalogue: Catalogue,
    variable: Collection[str] = (),
) -> Description:
    """A PostgreSQL unit, with the transaction it stands in; updates ``state``.

    ``variable`` holds values that differ from trial to trial: a table may be called by one.
    """
    print_ = footprints(
        [(bound.sql, bound.values) for bound in unit.statements], catalogue=catalogue
    )
    touches = print_.touches(service)
    target = print_.target
    access: Access = print_.access
    fingerprint = print_.fingerprint
    number: int | None = state.number if state.open else None
    uncommitted = False
    if print_.transaction == "begin":
        state.number += 1
        state.open, state.writes, state.statements = True, [], []
        number = state.number
    elif print_.transaction == "commit":
        touches = tuple(dict.fromkeys(state.writes))
        target = "+".join(dict.fromkeys(touch.resource for touch in touches))
        access = "write" if touches else "read"
        fingerprint = "; ".join((*state.statements, fingerprint))
        state.open, state.writes, state.statements = False, [], []
    elif print_.transaction == "rollback":
        touches, state.open, state.writes = (), False, []
    elif state.open:
        written = [touch for touch in touches if touch.access == "write"]
        state.writes += written
        uncommitted = bool(written)
        state.statements += [fingerprint] if uncommitted else []
    return Description(
        kind=print_.kind or unit.kind,
        target=_without(target, variable),
        access=access,
        text=_sql_text(unit),
        fingerprint=fingerprint,
        touches=touches,
        uncommitted=uncommitted,
        transaction=number,
    )


def _without(target: str, variable: Collection[str]) -> str:
    for value in variable:
        target = target.replace(value.lower(), "*") if value else target
    return target


def describe_redis(
    unit: Unit, service: str, keys: KeySpecifications, scripts: Scripts, variable: Collection[str]
) -> Description:
    """A Redis command or a whole MULTI block."""
    commands = unit.commands or (unit.arguments,)
    target, access, touches = keys.unit(service, commands, variable, unit.database, unit.watched)
    for words in commands:
        scripts.learn(words)
    kind, fingerprint = unit.kind, unit.kind
    if unit.kind.removesuffix("_RO") in ("EVAL", "EVALSHA") and len(unit.arguments) > 1:
        digest = scripts.digest(unit.arguments)
        kind = f"EVALSHA {digest[:8]}"
        fingerprint = f"{kind} {scripts.title(digest)}".strip()
    return Description(
        kind=kind,
        target=target,
        access=access,
        text=_redis_text(commands, fingerprint),
        fingerprint=fingerprint,
        touches=touches,
    )


def describe_http(unit: Unit, variable: Collection[str]) -> Description:
    """An HTTP request; the stubs answer from records, so it touches nothing."""
    target, body = "", b""
    if unit.request is not None:
        target = pattern(unit.request.target.partition("?")[0].encode(), variable)
        body = unit.request.body
    text = f"{unit.kind} {target} {body.decode('utf-8', 'replace')}".strip()
    return Description(
        kind=unit.kind,
        target=target,
        access="read" if unit.kind in ("GET", "HEAD", "OPTIONS") else "write",
        text=text[:TEXT_MAX],
        fingerprint=f"{unit.kind} {target}",
        touches=(),
    )


def _sql_text(unit: Unit) -> str:
    parts = []
    for bound in unit.statements:
        values = ", ".join("NULL" if value is None else repr(value) for value in bound.values)
        parts.append(f"{bound.sql}  [{values}]" if values else bound.sql)
    return "; ".join(parts)[:TEXT_MAX] or unit.kind


def _redis_text(commands: tuple[tuple[bytes, ...], ...], fingerprint: str) -> str:
    shown = []
    for words in commands:
        if words and words[0].upper().removesuffix(b"_RO") in (b"EVAL", b"EVALSHA"):
            words = (fingerprint.encode(), *words[2:])
        shown.append(" ".join(word[:300].decode("utf-8", "replace") for word in words))
    return "; ".join(shown)[:TEXT_MAX]


def _digest(script: bytes) -> str:
    return hashlib.sha1(script, usedforsecurity=False).hexdigest()


def _first_comment(script: str) -> str:
    for line in script.splitlines():
        text = line.strip().removeprefix("--[[").removeprefix("--").strip(" -]")
        if text and line.strip().startswith("--"):
            return text[:80]
        if text:
            return text[:80] if script.lstrip().startswith("--[[") else ""
    return ""
