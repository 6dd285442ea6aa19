"""Effects in words, and what surrounds an event, for people who read a path."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.events import Event
from redhanded.source.flow.values import Either, Known, Record, Stored, Value

COLUMNS_MAX = 4
READS: frozenset[EffectKind] = frozenset(["read"])
WRITES: frozenset[EffectKind] = frozenset(
    ["insert", "update", "delete", "upsert", "find-or-create", "save", "statement"]
)
KEYS = {
    "get": "GET",
    "set": "SET",
    "increment": "INCR",
    "remove": "DEL",
    "expire": "EXPIRE",
    "script": "script on",
    "push": "push to",
    "pop": "pop from",
    "watch": "WATCH",
}
ROWS = {
    "read": "SELECT FROM",
    "insert": "INSERT INTO",
    "update": "UPDATE",
    "delete": "DELETE FROM",
    "upsert": "INSERT INTO",
    "find-or-create": "find or create in",
    "save": "save to",
}


def said(effect: Effect) -> str:
    """What a call does, with the names of the program."""
    subject = effect.subject or effect.model or "?"
    if effect.kind in ROWS and effect.store == "database":
        return f"{ROWS[effect.kind]} {subject}{_columns(effect)}{_conflict(effect)}"
    if effect.kind == "statement":
        return f"SQL that could not be read: {effect.verb}"
    if effect.kind in ("begin", "commit", "rollback"):
        return effect.kind.upper() + (f" {effect.isolation}" if effect.isolation else "")
    if effect.kind in KEYS:
        more = " NX" if effect.only_if_absent else ""
        return f"{KEYS[effect.kind]} {subject}{more}{_expiry(effect)}"
    if effect.kind in ("acquire", "release", "extend"):
        return f"{effect.kind} the lock {subject}{_expiry(effect)}"
    if effect.kind == "enqueue":
        job = f" '{effect.job}'" if effect.job else ""
        return f"queue a job{job} on {subject}"
    if effect.kind == "publish":
        return f"publish to {subject}"
    if effect.kind == "send":
        return f"send to {subject} ({effect.library} {effect.verb})"
    return f"{effect.kind} {subject}" if effect.subject else f"{effect.kind} ({effect.verb})"


def marks(event: Event, path: Sequence[Event]) -> tuple[str, ...]:
    """What is around an event: transaction, locks, loops, handlers, whether it is waited for."""
    effect = event.effect
    found: list[str] = []
    if event.transaction is not None:
        isolation = event.transaction.isolation
        found.append("in a transaction" + (f" ({isolation})" if isolation else ""))
    elif event.around:
        rows = effect is not None and effect.store == "database"
        found.append("beside an open transaction" if rows else "while a transaction is open")
    if effect is not None and effect.lock:
        found.append(_lock(effect))
    found += _held(event, path)
    if effect is not None and (sure := atomic(effect)):
        found.append(sure)
    if event.in_loop:
        found.append("tried again in a loop" if event.retried else "in a loop")
    if not event.awaited:
        found.append("not awaited")
    elif event.dropped_at is not None:
        found.append(f"nobody waits for it (started at {event.dropped_at})")
    if event.together_with is not None:
        found.append("beside others at the same time")
    # What follows an early return is no branch of its own, and a handler that raises again none.
    if holding := [one for one in event.guards if one.holds]:
        at = holding[-1].location
        place = f"line {at.line}" if at.path == event.location.path else f"{at.path}:{at.line}"
        found.append(f"under the condition at {place}")
    for catcher in [one for one in event.catchers if one.outcome != "raises"][:1]:
        types = ", ".join(catcher.types) or "*"
        found.append(f"{types} caught: {catcher.outcome}")
    return tuple(found)


def atomic(effect: Effect) -> str:
    """Why a write needs no lock of its own; empty where it may."""
    if effect.kind in ("increment", "script") and effect.store == "keys":
        return "atomic"
    if effect.kind == "upsert":
        return "atomic"
    if effect.kind == "update" and any(_is_stored(one) for one in effect.values.values()):
        return "computed by the database"
    if effect.kind == "update" and effect.ranges:
        return "only if the row is still as expected"
    return ""


def _is_stored(value: Value) -> bool:
    if isinstance(value, Either):
        return all(_is_stored(one) for one in value.values)
    return isinstance(value, Stored)


def _held(event: Event, path: Sequence[Event]) -> Iterable[str]:
    by_number = {one.number: one for one in path}
    for number in event.locks:
        holder = by_number.get(number)
        if holder is None or holder.effect is None or holder is event:
            continue
        subject = holder.effect.subject or holder.effect.model or "?"
        row = holder.effect.kind == "read"
        yield f"under the row lock of {holder.location}" if row else f"under the lock {subject}"


def _lock(effect: Effect) -> str:
    words = {"update": "FOR UPDATE", "share": "FOR SHARE", "advisory": "advisory lock"}
    return words.get(effect.lock, f"{effect.lock} lock")


def _columns(effect: Effect) -> str:
    where = [*effect.where, *effect.ranges]
    written = list(effect.values)
    if effect.kind in ("insert", "upsert"):
        return f" ({_listed(written)})" if written else ""
    parts = f" SET {_listed(written)}" if written and effect.kind in ("update", "save") else ""
    return parts + (f" WHERE {_listed(where)}" if where else "")


def _conflict(effect: Effect) -> str:
    if effect.kind != "upsert" and not effect.conflict:
        return ""
    columns = f" ({', '.join(effect.conflict_columns)})" if effect.conflict_columns else ""
    does = {"ignore": " DO NOTHING", "update": " DO UPDATE"}.get(effect.conflict, "")
    return f" ON CONFLICT{columns}{does}" if effect.conflict != "error" else ""


def _listed(names: Sequence[str]) -> str:
    shown = ["…" if name == "?" else name for name in names]
    return ", ".join([*shown[:COLUMNS_MAX], *(["…"] if len(shown) > COLUMNS_MAX else [])])


def _expiry(effect: Effect) -> str:
    return f" for {effect.expiry_s:g} s" if effect.expiry_s is not None else ""


def told(value: Value) -> str:
    """A value as a person would write it, as far as it is known."""
    if isinstance(value, Known):
        return repr(value.value)
    if isinstance(value, Record):
        return "{" + ", ".join(value.parts) + "}"
    return "…"
