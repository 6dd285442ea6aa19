"""An event sets the state of a row, and nothing compares whether a newer one has set it before."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from redhanded.hunt.suspect.rules.guarded import checks
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import is_one_off, is_test
from redhanded.hunt.suspect.rules.rows import name_of, table_of
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason, Step
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.schema import Schema
from redhanded.source.flow.values import Computed, Input, Record, Result, Value, sources

name = "out-of-order-event-applied"
title = "An older event overwrites what a newer one has set"
wrong = (
    "Events of one thing do not arrive in the order in which they happened: senders retry, workers "
    "run side by side. What sets a state from an event must compare when it happened, or its "
    "version, in the same statement (Helland, Life beyond Distributed Transactions, 2007)."
)
safe: tuple[str, ...] = (
    "The update applies only where the row's time or version is older than the event's.",
    "The row is locked, and its time or version compared, before it is written.",
    "The event is only an occasion: the state is fetched from its owner.",
    "The update says from which state it may go on (WHERE status = 'pending').",
    "Events are only added, never applied.",
)
needs = "Two events of one thing in the log, the later-arriving one being the older."
experiment = "The newer event is applied before the older one."
remedy = "compare-version"
threshold = 0.55

STATE = re.compile(
    r"(?:^|_)(?:status|state|stage|phase|step|plan|tier|level|active|enabled|availability)(?:$|_)",
    re.IGNORECASE,
)
"""Columns that say how far something has come."""
_FROM_OUTSIDE = frozenset({"route", "subscription"})
COUNTED = re.compile(
    r"(?:^|_)(?:version|revision|sequence|seq|counter|edition|generation)(?:$|_(?:number|no|nr)$)"
    r"|(?:^|_)(?:event|message|meter|reading|report|state|change)_(?:number|no|nr|index)$",
    re.IGNORECASE,
)
"""Columns that keep which of several events was applied: the sender counts them."""
ORDER = re.compile(
    r"version|revision|sequence|seq$|_seq|seq_|_at$|At$|time|date|timestamp|occurred|created"
    r"|updated|modified|etag|lsn|offset",
    re.IGNORECASE,
)
"""Columns and parts of an event by which events are ordered."""


def look(reading: Reading) -> Iterable[Finding]:
    """One finding for each write."""
    return one_each(_findings(reading))


def _findings(reading: Reading) -> Iterator[Finding]:
    for path in reading.paths:
        if not path.entry.webhook and path.entry.kind not in ("job", "subscription"):
            continue
        for event in path.events:
            effect = event.effect
            if effect is None or effect.store != "database":
                continue
            column = _state_set(effect)
            if column is None or _is_ordered(reading.schema, path, event, effect, column):
                continue
            yield _finding(reading, path, event, effect, column)


def _state_set(effect: Effect) -> str | None:
    """The column of state that the event's own word is written into."""
    if effect.kind == "update" or (effect.kind == "save" and effect.entity is not None):
        written = effect.values
    elif effect.kind in ("upsert", "insert") and effect.conflict == "update":
        changed = effect.options.get("set")
        written = changed.parts if isinstance(changed, Record) else effect.values
    else:
        return None
    said = [
        column
        for column, value in written.items()
        if column not in effect.where and _is_word(value)
    ]
    for wanted in (STATE, COUNTED):
        for column in said:
            # A count that stands alone is no more than it says; beside others it orders them.
            if wanted.search(_snake(column)) and (wanted is STATE or len(said) > 1):
                return column
    return None


def _is_word(value: Value) -> bool:
    """Whether a value is what the event says, not what the program has computed or fetched."""
    found = sources(value)
    if not found or any(isinstance(one, Result) for one in found):
        return False
    if isinstance(value, Computed) and value.operator in ("+", "-", "*", "/"):
        return False
    return any(isinstance(one, Input) and one.source in ("request", "job") for one in found)


def _is_ordered(schema: Schema, path: Path, event: Event, effect: Effect, column: str) -> bool:
    """Whether something says in which order events may be applied."""
    if effect.ranges or column in effect.where or any(map(_is_order, effect.where)):
        return True
    if "set_where" in effect.options:
        return True
    table = table_of(schema, effect)
    if table is not None and any(one.is_version for one in table.columns):
        return effect.kind == "save"
    return any(_compares(path, check.look.number, event) for check in checks(path, event))


def _compares(path: Path, look: int, event: Event) -> bool:
    """A condition that holds a part of the row against the event: its time, or its state."""
    for guard in event.guards:
        test = guard.test
        found = sources(test)
        rows = [one for one in found if isinstance(one, Result) and one.event == look]
        if not rows:
            continue
        parts = [part for one in rows for part in one.parts]
        if any(_is_order(one) or STATE.search(_snake(one)) for one in parts):
            return True
    return False


def _is_order(column: str) -> bool:
    return bool(ORDER.search(column))


def _snake(column: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", column).lower()


def _finding(reading: Reading, path: Path, event: Event, effect: Effect, column: str) -> Finding:
    table, where = name_of(effect), event.location
    entry = path.entry.name
    return Finding(
        rule=name,
        location=where,
        message=(
            f"{entry} writes {table}.{column} as the event says ({where}), whatever is there. Of "
            "two events of one row, the older one that arrives or is worked on last stays."
        ),
        steps=(
            Step(location=path.entry.location, says=f"{entry} takes an older and a newer event"),
            Step(location=where, says=f"the run of the newer one sets {table}.{column}"),
            Step(location=where, says=f"the run of the older one sets {table}.{column} back"),
        ),
        reasons=tuple(_reasons(reading, path, event, effect, column)),
        subject=table,
        entry=entry,
    )


def _reasons(
    reading: Reading, path: Path, event: Event, effect: Effect, column: str
) -> Iterator[Reason]:
    where, entry = event.location, path.entry
    says = f"{column} is set to what the event says, with no comparison of time or version"
    yield Reason(weight=0.35, says=says, location=where)
    if entry.webhook:
        says = f"the sender of {entry.name} repeats events and does not keep their order"
        yield Reason(weight=0.2, says=says, location=entry.location)
    else:
        says = f"workers take {entry.name} side by side and try again what failed"
        yield Reason(weight=0.15, says=says, location=entry.location)
    own = _said_by_program(reading, path)
    if own is not None:
        says = "the program itself says it when it queues the job, and nothing from outside"
        yield Reason(weight=-0.15, says=says, location=own.location)
    if _key_from_event(effect):
        says = "the row is named by the event: several events are about one row"
        yield Reason(weight=0.1, says=says, location=where)
    if _has_order(path):
        says = "the event says when it happened, and that is not compared"
        yield Reason(weight=0.1, says=says, location=where)
    if is_test(where) or is_test(entry.location):
        yield Reason(weight=-1.0, says="only a test runs it", location=where)
    elif is_one_off(where):
        yield Reason(weight=-0.4, says="it is run by hand or once", location=where)


def _said_by_program(reading: Reading, path: Path) -> Event | None:
    """Where the job is queued, if no event from outside stands behind any of its jobs."""
    first: Event | None = None
    for other in reading.paths:
        for one in other.jobs:
            if reading.paths[one.entry] is not path:
                continue
            event = other.events[one.event]
            values = event.effect.values.values() if event.effect is not None else ()
            is_passed_on = any(isinstance(each, Input) for one in values for each in sources(one))
            if is_passed_on or other.entry.webhook or other.entry.kind in _FROM_OUTSIDE:
                return None
            first = first or event
    return first


def _key_from_event(effect: Effect) -> bool:
    named = effect.where.values() if effect.kind == "update" else effect.values.values()
    return any(isinstance(one, Input) for value in named for one in sources(value))


def _has_order(path: Path) -> bool:
    """Whether the program reads a time or version from the event."""
    for event in path.events:
        values = (*event.arguments, *(event.effect.values.values() if event.effect else ()))
        for value in values:
            for one in sources(value):
                if isinstance(one, Input) and one.parts and ORDER.search(one.parts[-1]):
                    return True
    return False
