"""Two runs lock the same rows in opposite order, and wait for each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from redhanded.hunt.suspect.rules.derivation import comparisons, origins, reads_of
from redhanded.hunt.suspect.rules.guarded import excludes
from redhanded.hunt.suspect.rules.identity import same_row, same_subject
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import occasion
from redhanded.hunt.suspect.rules.origin import is_constant, made_by
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason, Step
from redhanded.hunt.suspect.rules.serialised import lock_key
from redhanded.hunt.suspect.rules.telling import met, step, subject_of
from redhanded.hunt.suspect.rules.uniqueness import plain
from redhanded.source.flow.effects import Effect, EffectKind
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.schema import Schema
from redhanded.source.flow.values import (
    Computed,
    Either,
    Input,
    Known,
    Record,
    Result,
    Value,
    sources,
)

name = "opposite-lock-order"
title = "Rows are locked in opposite orders"
wrong = (
    "A run that holds the first row and wants the second, and another that holds the second and "
    "wants the first, wait for each other until the database ends one of them with a deadlock "
    "(PostgreSQL manual, 13.3.4; Coffman et al. 1971)."
)
safe: tuple[str, ...] = (
    "All runs lock in one order: the identifiers are sorted, or compared first.",
    "One statement locks all rows in an order (… ORDER BY id FOR UPDATE).",
    "A lock that all runs take first lets one in at a time.",
    "Each row is locked in a transaction of its own.",
)
needs = "two transactions that overlap, and a deadlock that the database has found"
experiment = "each of two runs in opposite directions locks its first row; then both go on"
remedy = "lock-in-order"
threshold = 0.5

_LOCKING: frozenset[EffectKind] = frozenset({"update", "save", "delete"})
_SORTING = re.compile(r"\bsort(?:ed|By|_by)?\(|\btoSorted\(|\bMath\.(?:min|max)\(")
_LINES_BEFORE = 25
_SORTED = ("sort", "sorted", "min", "max", "order", "orderBy", "sortBy", "toSorted")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """Two row locks of one transaction, in the order of the source."""

    path: Path
    first: Event
    second: Event


def look(reading: Reading) -> Iterable[Finding]:
    """The deadlocks that a program allows."""
    return one_each(_all(reading))


def _all(reading: Reading) -> Iterator[Finding]:
    pairs: list[_Pair] = []
    for path in reading.paths:
        locking = [one for one in path.events if locks_rows(path, one)]
        yield from _in_loops(path, locking, reading)
        for pair in _pairs(path, locking):
            assert pair.first.effect is not None
            assert pair.second.effect is not None
            if same_subject(pair.first.effect, pair.second.effect, reading.schema):
                for found in _of_one_table(pair, reading.schema):
                    if not _is_sorted_before(pair.second, reading):
                        yield found
            elif _is_first(pair, locking):
                pairs.append(pair)
    yield from _crossed(pairs)


def _is_first(pair: _Pair, locking: list[Event]) -> bool:
    """Whether the transaction holds nothing of the second table before: else its order is not
    that of the two, and which rows meet is not known."""
    assert pair.first.transaction is not None
    number, table = pair.first.transaction.number, subject_of(pair.second)
    for one in locking:
        if one.number >= pair.first.number:
            return True
        held = one.transaction is not None and one.transaction.number == number
        if held and subject_of(one) == table and not excludes(one, pair.second):
            return False
    return True


def locks_rows(path: Path, event: Event) -> bool:
    """Whether an event locks rows until the transaction ends."""
    effect = event.effect
    if effect is None or effect.store != "database" or event.transaction is None:
        return False
    if effect.kind == "save" and not _was_there(path, effect):
        return False
    return effect.kind in _LOCKING or (effect.kind == "read" and effect.lock == "update")


def _was_there(path: Path, effect: Effect) -> bool:
    """Whether what is saved was read before; else it is a new row, which nobody waits for."""
    return effect.entity is None or bool(
        made_by(path, effect.entity, ("read", "find-or-create", "upsert"))
    )


def _pairs(path: Path, locking: list[Event]) -> Iterator[_Pair]:
    for place, second in enumerate(locking):
        for first in locking[:place]:
            assert first.transaction is not None
            assert second.transaction is not None
            if first.transaction.number == second.transaction.number and not excludes(
                first, second
            ):
                yield _Pair(path=path, first=first, second=second)


def _of_one_table(pair: _Pair, schema: Schema) -> Iterator[Finding]:
    first, second = pair.first, pair.second
    ours, theirs = lock_key(first), lock_key(second)
    if same_row(first, second, schema) != "other" or is_constant(ours) or is_constant(theirs):
        return
    if any(first.number in reads_of(one) for one in theirs) or _is_entity(pair):
        return
    if not (_is_one_row(first) and _is_one_row(second) and _can_be_exchanged(ours, theirs)):
        return
    if any(is_ordered(pair.path, one) for one in (*ours, *theirs)) or _is_compared(pair):
        return
    reasons = [
        Reason(
            weight=0.5,
            says="two rows of one table are locked in the order in which they were named",
            location=second.location,
        ),
        *_held_before(pair.path, first, second),
        occasion(pair.path, second),
    ]
    table = subject_of(first)
    first, second = met(first, second)
    yield _finding(
        pair.path,
        second,
        f"{pair.path.entry.name} locks a row of {table} at {first.location} and another at "
        f"{second.location}; a run with the two exchanged locks them the other way round, and "
        f"each waits for the other.",
        (
            step("the first run", first, f"locks a row of {table}"),
            step("the second run", first, "locks the row that the first one names second"),
            step("the first run", second, "waits for the second"),
            step("the second run", second, "waits for the first: a deadlock"),
        ),
        reasons,
    )


def _is_one_row(event: Event) -> bool:
    """Whether a statement names one row, not all that fit a condition: ``IS NULL`` names none."""
    effect = event.effect
    if effect is None or Known(None) in effect.where.values():
        return False
    return not effect.many or any(plain(one) in ("id", "pk") for one in effect.where)


def _can_be_exchanged(ours: tuple[Value, ...], theirs: tuple[Value, ...]) -> bool:
    """Whether the two identifiers are two parts of one thing (a request, a row): another run may
    have them the other way round."""
    first = frozenset(each for one in ours for each in origins(one))
    second = frozenset(each for one in theirs for each in origins(one))
    return any(
        _of_what(one) == _of_what(other) for one, _ in first - second for other, _ in second - first
    )


def _of_what(source: Result | Input) -> object:
    return source.event if isinstance(source, Result) else source.source


def _is_entity(pair: _Pair) -> bool:
    """Writing back rows that were locked before adds no order of its own."""
    return any(
        one.effect is not None and one.effect.entity is not None
        for one in (pair.first, pair.second)
    ) and bool(set(pair.first.locks) | set(pair.second.locks))


def _is_sorted_before(event: Event, reading: Reading) -> bool:
    """Whether something is sorted in the lines above, in this function or one that calls it.

    A list that is sorted in place is the same value as before, so only its line says so.
    """
    for place in (event.location, *event.stack):
        around = (place, *(one for one in reversed(event.stack) if one.path == place.path))
        begins = _beginning(next((one.function for one in around if one.function), None))
        for line in range(place.line, max(0, place.line - _LINES_BEFORE), -1):
            text = reading.text(replace(place, line=line))
            if _SORTING.search(text):
                return True
            if begins is not None and begins.search(text):
                break
    return False


@lru_cache(maxsize=1000)
def _beginning(function: str | None) -> re.Pattern[str] | None:
    """What the line looks like in which a function begins."""
    if not function:
        return None
    name = re.escape(function)
    return re.compile(rf"(?:^|[\s.])(?:def\s+)?{name}\s*(?:<[^>]*>)?(?:\(|[=:]\s).*(?:[{{(:,]|=>)$")


def is_ordered(path: Path, value: Value, depth: int = 8) -> bool:
    """Whether a value comes out of something sorted."""
    if depth == 0:
        return False
    if isinstance(value, Computed):
        last = value.operator.removeprefix("call:").rsplit(".", 1)[-1]
        if last in _SORTED:
            return True
        return any(is_ordered(path, one, depth - 1) for one in value.operands)
    if isinstance(value, Either):
        return any(is_ordered(path, one, depth - 1) for one in value.values)
    if isinstance(value, Record):
        return any(is_ordered(path, one, depth - 1) for one in value.parts.values())
    if isinstance(value, Input):
        return not {"sort", "toSorted", "sorted"}.isdisjoint(value.parts)
    if isinstance(value, Result) and 0 <= value.event < len(path.events):
        effect = path.events[value.event].effect
        return effect is not None and effect.ordered
    return False


def _is_compared(pair: _Pair) -> bool:
    """Whether a condition compares the two identifiers, and so decides which is locked first."""
    first = frozenset(each for one in lock_key(pair.first) for each in origins(one))
    second = frozenset(each for one in lock_key(pair.second) for each in origins(one))
    ours, theirs = first - second, second - first
    for guard in (*pair.first.guards, *pair.second.guards):
        for test in comparisons(guard.test):
            if test.operator not in ("<", ">", "<=", ">=") or len(test.operands) != 2:
                continue
            left, right = (origins(one) for one in test.operands)
            if (left & ours and right & theirs) or (left & theirs and right & ours):
                return True
    return False


def _held_before(path: Path, first: Event, second: Event) -> Iterator[Reason]:
    for number in sorted(set(first.locks) & set(second.locks)):
        lock = path.events[number]
        if number < first.number and _locks_in_order(lock, first):
            says = "all rows are locked before, in an order"
            yield Reason(weight=-1.0, says=says, location=lock.location)
        elif number < first.number and lock.effect is not None and lock.effect.kind != "read":
            weight = -1.0 if is_constant(lock_key(lock)) else -0.3
            yield Reason(weight=weight, says="a lock is taken before both", location=lock.location)
        elif number < first.number:
            yield Reason(
                weight=-0.15, says="another row is locked before both", location=lock.location
            )


def _locks_in_order(lock: Event, first: Event) -> bool:
    """``… WHERE id IN (…) ORDER BY id FOR UPDATE`` of the same table."""
    effect = lock.effect
    if effect is None or effect.kind != "read" or not effect.ordered:
        return False
    return subject_of(lock) == subject_of(first)


def _in_loops(path: Path, locking: list[Event], reading: Reading) -> Iterator[Finding]:
    for event in locking:
        transaction = event.transaction
        if not event.in_loop or transaction is None:
            continue
        if path.events[transaction.number].in_loop:
            continue
        keys = lock_key(event)
        if event.effect is not None and event.effect.entity is not None:
            keys = (*keys, event.effect.entity)
        if not keys or is_constant(keys) or any(is_ordered(path, one) for one in keys):
            continue
        asked = [one for key in keys for one in sources(key)]
        given = all(isinstance(one, Input) and one.source == "request" for one in asked)
        if not _is_sorted_before(event, reading):
            yield _loop(path, event, given)


def _loop(path: Path, event: Event, given: bool) -> Finding:
    table = subject_of(event)
    weight, says = 0.15, f"rows of {table} are locked one by one, in no order that is seen"
    if given:
        weight, says = 0.4, f"rows of {table} are locked one by one, in the order of the input"
    reasons = [Reason(weight=weight, says=says, location=event.location), occasion(path, event)]
    return _finding(
        path,
        event,
        f"{path.entry.name} locks rows of {table} one by one at {event.location} in one "
        f"transaction; two runs that name the same rows in another order wait for each other.",
        (
            step("the first run", event, f"locks one row of {table}"),
            step("the second run", event, "locks another, which the first names later"),
            step("the first run", event, "waits for the second"),
            step("the second run", event, "waits for the first: a deadlock"),
        ),
        reasons,
    )


def _crossed(pairs: list[_Pair]) -> Iterator[Finding]:
    """Two tables that are locked in one order here and in the other there."""
    known: dict[tuple[str, str], list[_Pair]] = {}
    for one in pairs:
        known.setdefault((subject_of(one.first), subject_of(one.second)), []).append(one)
    for (first, second), ours in known.items():
        theirs = known.get((second, first), [])
        if first > second or not theirs:
            continue
        yield from _opposite(ours, theirs)


def _opposite(ours: list[_Pair], theirs: list[_Pair]) -> Iterator[Finding]:
    for one in ours:
        other = next((each for each in theirs if each.path is not one.path), None)
        if other is None:
            continue
        first, second = subject_of(one.first), subject_of(one.second)
        says = f"{first} and {second} are locked in opposite orders"
        reasons = [
            Reason(weight=0.25, says=says, location=other.second.location),
            occasion(one.path, one.second),
        ]
        for pair in (one, other):
            if all(
                _is_one_row(each) and _locks_by_name(each) for each in (pair.first, pair.second)
            ):
                says = "both rows are named by an identifier"
                reasons.append(Reason(weight=0.1, says=says, location=pair.second.location))
            elif not (_is_one_row(pair.first) and _is_one_row(pair.second)):
                says = "which rows are locked is a condition, and may be others for each run"
                reasons.append(Reason(weight=-0.15, says=says, location=pair.second.location))
        yield _finding(
            one.path,
            one.second,
            f"{one.path.entry.name} locks {first} and then {second} ({one.second.location}), "
            f"{other.path.entry.name} {second} and then {first} ({other.second.location}): for the "
            f"same rows each waits for the other.",
            (
                step("the first run", one.first, f"locks a row of {first}"),
                step("the second run", other.first, f"locks a row of {second}"),
                step("the first run", one.second, "waits for the second"),
                step("the second run", other.second, "waits for the first: a deadlock"),
            ),
            reasons,
        )


def _locks_by_name(event: Event) -> bool:
    key = lock_key(event)
    return bool(key) and any(
        isinstance(one, Input | Result) for each in key for one in sources(each)
    )


def _finding(
    path: Path, event: Event, message: str, steps: tuple[Step, ...], reasons: list[Reason]
) -> Finding:
    return Finding(
        rule=name,
        location=event.location,
        message=message,
        steps=steps,
        reasons=tuple(reasons),
        subject=subject_of(event),
        entry=path.entry.name,
    )
