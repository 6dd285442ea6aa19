"""What a second run for the same event does again, and what tells it that it is the second."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from redhanded.hunt.suspect.rules.guarded import CLAIMS, Check, checks, excludes
from redhanded.hunt.suspect.rules.handled import ends_run, said, violation
from redhanded.hunt.suspect.rules.origin import is_fresh, made_by, results
from redhanded.hunt.suspect.rules.rows import inserts, is_same_table, name_of, table_of
from redhanded.hunt.suspect.rules.serialised import is_ruled_out, kept_apart
from redhanded.hunt.suspect.rules.uniqueness import UNREAD, covering, named, plain
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.schema import Schema, Table, Unique
from redhanded.source.flow.values import Known, Record, Result, Stored, Value, sources

Kind = Literal["row", "refused", "count", "send"]
Told = Literal["claimed", "looked", ""]
"""``claimed``: of two runs one is told that it came second, whenever they come; ``looked``: only
one that comes after the other has finished is told; empty: none is."""

ASKS = re.compile(
    r"^(?:get|head|options|list|fetch|retrieve|search|find|query|download|describe|read|verify"
    r"|check|lookup|exists)(?:$|[^a-z])",
    re.IGNORECASE,
)
"""Verbs of requests that change nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """An event whose effect a second run has again."""

    event: Event
    effect: Effect
    kind: Kind
    says: str
    """What happens when it is done twice."""
    is_sure: bool
    """Whether what would refuse the second one was looked at and is not there."""
    warned: Told
    unique: Unique | None = None
    column: str = ""
    """That is changed by an amount."""


def repeats(schema: Schema, path: Path) -> Iterator[Repeat]:
    """The events of a path that are not idempotent, in their order."""
    first = _unique_inserts(schema, path)
    adding = {event.number for event, _ in inserts(path)}
    for event in path.events:
        effect = event.effect
        if effect is None:
            continue
        if event.number in adding:
            found = _row(schema, path, event, effect, first)
        elif effect.kind == "send":
            found = _send(schema, path, event, effect, first)
        elif effect.kind in ("update", "upsert") and effect.store == "database":
            found = _count(schema, path, event, effect, first)
        else:
            found = None
        if found is not None:
            yield found


def _row(
    schema: Schema, path: Path, event: Event, effect: Effect, first: Sequence[Event]
) -> Repeat | None:
    if any(_depends(path, effect, column) for column in effect.values):
        return None
    if _is_replaced(schema, path, event, effect):
        return None
    table = table_of(schema, effect)
    unique = identity(path, effect, table)
    if unique is not None:
        if violation(event) == "handled":
            return None
        says = f"the second row of {name_of(effect)} is refused: {', '.join(unique.columns)}"
        kind: Kind = "refused"
    else:
        kind, says = "row", f"{name_of(effect)} gets a second row"
    return Repeat(
        event=event,
        effect=effect,
        kind=kind,
        says=says,
        is_sure=table is not None and table.is_complete and bool(effect.values),
        warned=warning(schema, path, event, first),
        unique=unique,
    )


def _is_replaced(schema: Schema, path: Path, event: Event, effect: Effect) -> bool:
    """Whether the run has deleted before what an earlier run has added: rows of the table by values
    that the new one is given, too."""
    for one in path.events[: event.number]:
        gone = one.effect
        if gone is None or gone.kind != "delete" or not is_same_table(schema, gone, effect):
            continue
        if excludes(one, event) or not set(one.guards) <= set(event.guards):
            continue
        by = [gone.where]
        if gone.entity is not None:
            by = [each.effect.where for each in results(path, gone.entity) if each.effect]
        given = {plain(column): value for column, value in effect.values.items()}
        for where in by:
            known = {plain(column): value for column, value in where.items() if column != UNREAD}
            if known and all(given.get(column) == value for column, value in known.items()):
                return True
    return False


def _depends(path: Path, effect: Effect, column: str) -> bool:
    """A row that hangs on one that the same run made is that one's fault, not its own. One that an
    upsert gave is the same for a second run."""
    made = made_by(path, effect.values[column], ("insert", "save"))
    return made is not None and bool(re.search(r"id$|key$|ref$|uuid$|pk$", column, re.I))


def identity(path: Path, effect: Effect, table: Table | None) -> Unique | None:
    """The constraint that a second run with the same input violates: every column of it is
    written, and none is drawn anew.

    One whose columns all come from the input is preferred: of a value that could not be read it is
    not known whether it is drawn anew.
    """
    if table is None:
        return None
    steady = {
        column: value
        for column, value in effect.values.items()
        if not isinstance(value, Stored) and not _varies(path, effect, column)
    }
    read = [column for column, value in steady.items() if _is_read(value)]
    return covering(table, read) or covering(table, steady)


def _is_read(value: Value) -> bool:
    """Whether it is known what a value is made from."""
    return isinstance(value, Known) or bool(sources(value))


def _varies(path: Path, effect: Effect, column: str) -> bool:
    value = effect.values[column]
    if is_fresh(path, value):
        return True
    kinds = {one.effect.kind for one in results(path, value) if one.effect is not None}
    return bool(kinds & {"identifier", "clock", "insert", "save"})


def _count(
    schema: Schema, path: Path, event: Event, effect: Effect, first: Sequence[Event]
) -> Repeat | None:
    """A change relative to what is there, unless it says what must be there."""
    written = effect.values
    if effect.kind == "upsert":
        changed = effect.options.get("set")
        written = changed.parts if isinstance(changed, Record) else {}
    counted = [column for column, value in written.items() if _is_relative(column, value)]
    set_too = {column for column, value in written.items() if isinstance(value, Known)}
    if not counted or set_too & set(effect.where):
        return None
    return Repeat(
        event=event,
        effect=effect,
        kind="count",
        says=f"{name_of(effect)}.{counted[0]} is changed twice",
        is_sure=True,
        warned=warning(schema, path, event, first),
        column=counted[0],
    )


def _is_relative(column: str, value: Value) -> bool:
    """``credits + 5``: made from the column itself."""
    if not isinstance(value, Stored):
        return False
    return not value.columns or plain(column) in map(plain, value.columns)


def _send(
    schema: Schema, path: Path, event: Event, effect: Effect, first: Sequence[Event]
) -> Repeat | None:
    if only_asks(effect) or has_idempotency_key(event, effect):
        return None
    return Repeat(
        event=event,
        effect=effect,
        kind="send",
        says=f"{effect.subject or event.callee} is asked twice",
        is_sure=bool(effect.subject) or effect.verb.upper() in ("POST", "PUT", "PATCH"),
        warned=warning(schema, path, event, first),
    )


def only_asks(effect: Effect) -> bool:
    """Whether a request changes nothing where it is sent to, by its verb."""
    return effect.kind == "send" and bool(ASKS.match(effect.verb))


def has_idempotency_key(event: Event, effect: Effect) -> bool:
    """Whether the one who is asked is given what tells a repetition: ``Idempotency-Key``."""
    given = (*event.arguments, *event.keywords.values(), *effect.options.values())
    names = (*event.keywords, *effect.options, *said(given))
    return any(re.search(r"idempot|dedup|client_?token|request_?token", one, re.I) for one in names)


def warning(schema: Schema, path: Path, event: Event, first: Sequence[Event] | None = None) -> Told:
    """What tells a second run that it is one, before it comes to ``event``.

    ``first``: the inserts of the path that the database refuses the second time, if known.
    """
    if _claimed_before(_unique_inserts(schema, path) if first is None else first, event):
        return "claimed"
    if _is_used_up(path, event):
        return "claimed"
    told: Told = ""
    for check in checks(path, event):
        one = _told(schema, path, event, check)
        if one == "claimed":
            return one
        told = told or one
    return told


def _told(schema: Schema, path: Path, event: Event, check: Check) -> Told:
    look, effect = check.look, check.look.effect
    if effect is None:
        return ""
    if effect.kind in CLAIMS:
        return "claimed" if _is_claim(schema, path, effect, check) else ""
    if check.sense in ("present", "amount") or not _changed(schema, path, look, effect):
        return ""
    if is_ruled_out(tuple(kept_apart(path, look, event, check.sense))):
        return "claimed"
    return "looked"


def _is_used_up(path: Path, event: Event) -> bool:
    """Whether every run that comes to the effect deletes, in the same transaction, a row that it
    has read: one that comes after it has none to delete, and one that failed has left all as it
    was."""
    return any(
        one.effect is not None
        and one.effect.kind == "delete"
        and one.effect.entity is not None
        and made_by(path, one.effect.entity, ("read",)) is not None
        and set(one.guards) <= set(event.guards)
        and not (one.in_loop and not event.in_loop)
        and _together(one, event)
        for one in path.events
    )


def _is_claim(schema: Schema, path: Path, effect: Effect, check: Check) -> bool:
    """A change whose result differs for the second: added or not, changed or not."""
    if effect.kind == "find-or-create":
        table = table_of(schema, effect)
        is_held_once = table is not None and covering(table, named(effect.where)) is not None
        return is_held_once and _asks_if_made(check)
    if effect.kind == "set":
        return effect.only_if_absent
    if effect.kind in ("insert", "upsert"):
        return (
            effect.conflict == "ignore"
            or identity(path, effect, table_of(schema, effect)) is not None
        )
    if effect.kind == "update":
        return bool(set(effect.where) & set(effect.values)) or bool(effect.ranges)
    return True


def _asks_if_made(check: Check) -> bool:
    """``row, created = …``: the second part says whose call added the row."""
    return any(
        isinstance(one, Result)
        and one.event == check.look.number
        and one.parts[-1:] in (("1",), ("created",))
        for one in sources(check.guard.test)
    )


def _changed(schema: Schema, path: Path, look: Event, looked: Effect) -> bool:
    """Whether the path writes what was looked at: otherwise the look is of something else."""
    for other in path.events:
        effect = other.effect
        if effect is None or effect.store != looked.store or other.number == look.number:
            continue
        if effect.kind in ("read", "get") or excludes(other, look):
            continue
        if effect.store == "database" and is_same_table(schema, effect, looked):
            return True
        if effect.store == "keys" and effect.subject == looked.subject:
            return True
    return False


def _unique_inserts(schema: Schema, path: Path) -> tuple[Event, ...]:
    """The inserts that the database refuses the second time, which then ends the run."""
    return tuple(
        event
        for event, effect in inserts(path)
        if identity(path, effect, table_of(schema, effect)) is not None and ends_run(event)
    )


def _claimed_before(first: Sequence[Event], event: Event) -> bool:
    """A row that the database holds once is inserted first, or in the transaction that is undone
    when it is refused."""
    for other in first:
        if other.number == event.number or excludes(other, event):
            continue
        if other.number < event.number and set(other.guards) <= set(event.guards):
            return True
        if _together(other, event):
            return True
    return False


def _together(one: Event, other: Event) -> bool:
    """Whether both are in one transaction of the database."""
    if one.transaction is None or other.transaction is None:
        return False
    ours = {each.number for each in one.around}
    return bool(ours & {each.number for each in other.around})
