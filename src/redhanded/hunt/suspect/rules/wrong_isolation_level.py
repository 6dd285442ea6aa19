"""An invariant of several rows is checked under an isolation level that does not keep it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from redhanded.hunt.suspect.rules.exclusion import (
    ONE_CONNECTION,
    SNAPSHOTS,
    kept_out,
    level,
    shared_transaction,
)
from redhanded.hunt.suspect.rules.guarded import Check, checks
from redhanded.hunt.suspect.rules.handled import said
from redhanded.hunt.suspect.rules.identity import (
    same_row,
    same_subject,
    stored_columns,
    written_columns,
)
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import occasion
from redhanded.hunt.suspect.rules.retries import retried
from redhanded.hunt.suspect.rules.rows import table_of
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason
from redhanded.hunt.suspect.rules.serialised import EXCLUSIVE, is_ruled_out
from redhanded.hunt.suspect.rules.telling import met, step, subject_of
from redhanded.hunt.suspect.rules.uniqueness import covering, excluded, named, plain
from redhanded.source.flow.effects import EffectKind
from redhanded.source.flow.events import Event, Path, Transaction

name = "wrong-isolation-level"
title = "The isolation level does not keep the invariant"
wrong = (
    "Under REPEATABLE READ each transaction sees its own snapshot, so two that look at the same "
    "rows and write different ones both commit (write skew, A5B in Berenson et al. 1995; "
    "PostgreSQL manual, 13.2). SERIALIZABLE refuses one of the two, which has to be tried again."
)
safe: tuple[str, ...] = (
    "The isolation is SERIALIZABLE, and what is refused (40001) is tried again.",
    "The rows that are looked at are locked (FOR UPDATE), or a row or lock that both must take.",
    "A unique, CHECK or EXCLUDE constraint states the invariant.",
    "What is looked at and what is written is one and the same row.",
)
needs = "two transactions that overlap and both commit, and an invariant broken afterwards"
experiment = "both transactions look; then both write; then both commit"
remedy = "serializable-with-retry"
threshold = 0.5

_WRITES: frozenset[EffectKind] = frozenset({"insert", "upsert", "update", "save", "delete"})
_REFUSED = ("40001", "40P01", "P2034", "serializ", "could not serialize", "TransactionRollback")


def look(reading: Reading) -> Iterable[Finding]:
    """Write skew that the isolation level allows, and refusals that nobody answers."""
    return one_each(one for path in reading.paths for one in _on(path, reading))


def _on(path: Path, reading: Reading) -> Iterator[Finding]:
    for event in path.events:
        if event.effect is None or event.transaction is None:
            continue
        if event.effect.store == "database" and event.effect.kind in _WRITES:
            yield from _skews(path, event, reading)
    yield from _unanswered(path, reading)


def _skews(path: Path, act: Event, reading: Reading) -> Iterator[Finding]:
    assert act.effect is not None
    for check in checks(path, act):
        shared = shared_transaction(check.look, act)
        if shared is None or not _is_of_many(check, act, shared, reading):
            continue
        against = kept_out(path, check.look, act, reading.schema, one_row=False)
        if is_ruled_out(against) or _is_stated(check, act, reading):
            continue
        yield _skew(path, check.look, act, shared, against)


def _is_of_many(check: Check, act: Event, shared: Transaction, reading: Reading) -> bool:
    """Rows of the table are looked at, and another one of it is written.

    At READ COMMITTED only a change of other rows is told here; an added row that is looked for is
    another mechanism's (`check_then_create`, `quota_check`), whatever the transaction. The change
    has to be one of what was counted: a row that leaves, or that is no longer counted.
    """
    first, second = check.look.effect, act.effect
    if first is None or second is None or first.kind != "read":
        return False
    if not same_subject(first, second, reading.schema):
        return False
    if level(shared) in SNAPSHOTS:
        return second.kind in ("insert", "upsert") or _changes_others(check.look, act, reading)
    if not first.aggregates or check.sense != "amount":
        return False
    if not _changes_others(check.look, act, reading):
        return False
    counted = {plain(one) for one in (*first.where, *first.ranges)}
    leaves = counted & {*written_columns(second), *stored_columns(second)}
    return second.kind == "delete" or (second.kind in ("update", "save") and bool(leaves))


def _changes_others(look: Event, act: Event, reading: Reading) -> bool:
    first = look.effect
    several = first is not None and (bool(first.aggregates) or first.many)
    return several and same_row(look, act, reading.schema) != "same"


def _is_stated(check: Check, act: Event, reading: Reading) -> bool:
    """Whether a constraint states the invariant."""
    assert act.effect is not None
    assert check.look.effect is not None
    table = table_of(reading.schema, act.effect)
    if table is None or act.effect.kind not in ("insert", "upsert"):
        return False
    columns = named(check.look.effect.where)
    return excluded(table) is not None or bool(columns and covering(table, columns))


def _skew(
    path: Path, look: Event, act: Event, shared: Transaction, against: tuple[Reason, ...]
) -> Finding:
    reason = occasion(path, act)
    look, act = met(look, act)
    table, isolation = subject_of(act), level(shared).upper() or "READ COMMITTED"
    explicit = level(shared) in SNAPSHOTS
    reasons = [
        Reason(
            weight=0.55 if explicit else 0.4,
            says=f"rows of {table} are looked at and others written, under {isolation}",
            location=path.events[shared.number].location,
        ),
        *against,
        reason,
    ]
    return Finding(
        rule=name,
        location=act.location,
        message=(
            f"Whether {table} may be written at {act.location} is decided by rows read at "
            f"{look.location}; under {isolation} two runs of {path.entry.name} do not see each "
            f"other's rows, both commit, and what was checked no longer holds."
        ),
        steps=(
            step("the first transaction", look, f"looks at rows of {table} in its snapshot"),
            step("the second transaction", look, "looks at the same rows in its own"),
            step("the first transaction", act),
            step("the second transaction", act, "writes as well, and both commit"),
        ),
        reasons=tuple(reasons),
        subject=table,
        entry=path.entry.name,
    )


def _unanswered(path: Path, reading: Reading) -> Iterator[Finding]:
    """A SERIALIZABLE transaction that reads and writes, and that nobody begins again."""
    for begin in path.events:
        if begin.effect is None or begin.effect.kind != "begin":
            continue
        if begin.effect.library in ONE_CONNECTION:
            continue
        inside = [one for one in path.events if _is_in(one, begin.number)]
        isolation = next((one.transaction.isolation for one in inside if one.transaction), "")
        if isolation.lower() not in EXCLUSIVE - {"exclusive", "immediate"}:
            continue
        kinds = {one.effect.kind for one in inside if one.effect is not None}
        writes = kinds & _WRITES
        if writes and "read" in kinds and not _is_answered(path, [begin, *inside], reading):
            yield _refused(path, begin, inside)


def _is_in(event: Event, begin: int) -> bool:
    return event.transaction is not None and event.transaction.number == begin


def _is_answered(path: Path, events: list[Event], reading: Reading) -> bool:
    if path.entry.kind in ("job", "subscription") and retried(reading, path).weight > 0:
        return True
    for one in events:
        if one.retried:
            return True
        for catcher in one.catchers:
            words = " ".join((*catcher.types, *said(catcher.tests)))
            if catcher.outcome == "tries again" or any(word in words for word in _REFUSED):
                return True
    return False


def _refused(path: Path, begin: Event, inside: list[Event]) -> Finding:
    last = next(one for one in reversed(inside) if one.effect and one.effect.kind in _WRITES)
    first = next(one for one in inside if one.effect and one.effect.kind == "read")
    reasons = (
        Reason(
            weight=0.4,
            says="the transaction is SERIALIZABLE, and nothing begins it again when it is refused",
            location=begin.location,
        ),
        occasion(path, begin),
    )
    return Finding(
        rule=name,
        location=begin.location,
        message=(
            f"Of two runs of {path.entry.name} that overlap, the database refuses one at "
            f"{begin.location} (could not serialize access), and nothing tries again."
        ),
        steps=(
            step("the first transaction", first),
            step("the second transaction", first, "reads the same"),
            step("the first transaction", last, "writes and commits"),
            step("the second transaction", last, "is refused, and the request fails"),
        ),
        reasons=reasons,
        subject=subject_of(last),
        entry=path.entry.name,
    )
