"""A value is read, changed in the program, and written back; what came in between is lost."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from redhanded.case.evidence import Location
from redhanded.hunt.suspect.rules.conditional import Condition, condition_of
from redhanded.hunt.suspect.rules.derivation import (
    COLLECTED,
    IDENTIFIER,
    Use,
    column_by_place,
    columns_of,
    reads_of,
    uses,
)
from redhanded.hunt.suspect.rules.exclusion import kept_out, shared_transaction
from redhanded.hunt.suspect.rules.identity import (
    Sameness,
    same_row,
    same_subject,
    stored_columns,
    written_columns,
)
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import occasion
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason, Step
from redhanded.hunt.suspect.rules.serialised import is_ruled_out
from redhanded.hunt.suspect.rules.telling import met, slow_between, step, subject_of
from redhanded.hunt.suspect.rules.uniqueness import plain
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.schema import Schema

name = "read-modify-write"
title = "A value is read, changed in the program, and written back"
wrong = (
    "Between the read and the write another run may do the same; the later write replaces the "
    "earlier one (lost update, P4 in Berenson et al. 1995). READ COMMITTED allows it, inside a "
    "transaction as well."
)
safe: tuple[str, ...] = (
    "The row is read FOR UPDATE in the transaction that writes it, or the same lock is held.",
    "The store computes the new value itself: SET x = x - 1, F(), increment, $inc, INCR, a script.",
    "The write demands what was read (a version column, WHERE x = the old value), and the number "
    "of changed rows is looked at.",
    "The isolation is SERIALIZABLE, or REPEATABLE READ where the store refuses the second update.",
    "The new value does not depend on what was read: a user's own fields are replaced by input.",
    "The row was made by this very run, so nobody else knows it.",
    "All that is kept of what was read is an identifier, which nobody changes.",
)
needs = "two runs for the same row whose reads both come before the first write"
experiment = "hold the second run's write until the first has read and written"
remedy = "atomic-update"
threshold = 0.5

_READS = frozenset({"read", "get", "find-or-create"})
_WRITES = frozenset({"update", "save", "upsert", "set"})
_COUNTS = re.compile(
    r"balance|stock|quantity|qty|credit|amount|points|available|remaining|seats|"
    r"capacity|inventory|quota|spent|paid|total|used|version|number|sequence"
)
_STATISTICS = re.compile(r"view|visit|hit|click|impression|seen|login|accessed|download|popularity")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """A write, the read that its value comes from, and how."""

    read: Event
    write: Event
    column: str
    use: Use
    is_same_column: bool
    sameness: Sameness


def is_statistic(column: str) -> bool:
    """Whether a column counts what nobody is owed: views, visits, clicks."""
    return bool(_STATISTICS.search(column))


def look(reading: Reading) -> Iterable[Finding]:
    """The lost updates that a program allows; one for each read, which is where a lock goes."""
    found = one_each(one for path in reading.paths for one in _on(path, reading))
    best: dict[tuple[Location, str], Finding] = {}
    for one in found:
        best.setdefault((one.steps[0].location, one.subject), one)
    return list(best.values())


def _on(path: Path, reading: Reading) -> Iterator[Finding]:
    for write in path.events:
        effect = write.effect
        if effect is None or effect.kind not in _WRITES or effect.store == "process":
            continue
        if effect.only_if_absent or _made_here(path, write):
            continue
        changes = list(_changes(path, write, reading.schema))
        found = _finding(path, max(changes, key=_weight), reading) if changes else None
        if found is None and effect.whole and effect.entity is not None:
            found = _whole(path, write, reading)
        if found is not None:
            yield found


def _changes(path: Path, write: Event, schema: Schema) -> Iterator[_Change]:
    effect = write.effect
    assert effect is not None
    for read in path.events:
        if read.number >= write.number or read.effect is None or read.effect.kind not in _READS:
            continue
        sameness = same_row(read, write, schema)
        if sameness == "other" or read.effect.aggregates:
            continue
        for column, value in written_columns(effect).items():
            for use in uses(value, read):
                change = _change(read, write, column, use, sameness)
                if change is not None:
                    yield change


def _change(read: Event, write: Event, column: str, use: Use, sameness: Sameness) -> _Change | None:
    in_keys = write.effect is not None and write.effect.store == "keys"
    if not use.operators or (use.is_copy and not in_keys) or IDENTIFIER in use.operators:
        return None
    by_place = column_by_place(use.result, read)
    own = in_keys or column in columns_of(use.result) or column == by_place
    if (own and use.is_cut) or (not own and set(use.operators) <= {COLLECTED}):
        return None
    return _Change(
        read=read, write=write, column=column, use=use, is_same_column=own, sameness=sameness
    )


def _weight(change: _Change) -> float:
    return sum(one.weight for one in _how(change))


def _how(change: _Change) -> Iterator[Reason]:
    where = change.write.location
    if change.is_same_column:
        says = f"{change.column} is written as a value made from what was read"
        yield Reason(weight=0.4, says=says, location=where)
    elif not columns_of(change.use.result):
        says = f"{change.column} is written as a value made from the row that was read"
        yield Reason(weight=0.3, says=says, location=where)
    else:
        other = columns_of(change.use.result)[-1]
        says = f"{change.column} is written as a value made from {other} of the same row"
        yield Reason(weight=0.2, says=says, location=where)
    if change.use.is_arithmetic and change.is_same_column:
        yield Reason(weight=0.15, says="it is added to or taken from: every loss stays")
    if change.is_same_column and change.use.operators == ("not",):
        yield Reason(weight=-0.2, says="it is turned over: both runs want what the first one wrote")
    if change.sameness == "perhaps":
        yield Reason(weight=-0.25, says="whether both are the same row is not seen")


def _finding(path: Path, change: _Change, reading: Reading) -> Finding | None:
    read, write = change.read, change.write
    if _is_versioned(write, reading.schema):
        return None
    condition = condition_of(path, write, read, reading.schema)
    against = kept_out(path, read, write, reading.schema)
    if condition is Condition.CHECKED or is_ruled_out(against):
        return None
    reasons = [*_how(change), *against, *_around(path, change, reading)]
    read, write = met(read, write)
    if condition is Condition.UNCHECKED:
        says = "the write demands what was read, but nobody looks whether it changed a row"
        reasons.append(Reason(weight=-0.3, says=says, location=write.location))
    subject = subject_of(write)
    in_table = write.effect is not None and write.effect.store == "database"
    thing = f"{subject}.{change.column}" if in_table else subject
    return Finding(
        rule=name,
        location=write.location,
        message=(
            f"Two runs of {path.entry.name} that read {thing} at {read.location} at the same time "
            f"both write what they made of it at {write.location}: the first change is lost."
        ),
        steps=_steps(read, write),
        reasons=tuple(reasons),
        subject=subject,
        entry=path.entry.name,
    )


def _around(path: Path, change: _Change, reading: Reading) -> Iterator[Reason]:
    read, write = change.read, change.write
    slow = slow_between(path, read, write, reading)
    if slow is not None:
        says = "what lies between takes as long as others want"
        yield Reason(weight=0.1, says=says, location=slow.location)
    if shared_transaction(read, write) is not None:
        yield Reason(weight=0.0, says="the transaction around both does not lock what it reads")
    if path.entry.kind == "job" and not change.use.is_arithmetic:
        yield from _of_a_job(path, change, reading)
    if is_statistic(change.column):
        # A count that is surely too low is a fault, whatever it counts.
        is_certain = change.is_same_column and change.sameness == "same"
        weight = -0.05 if is_certain and change.use.is_arithmetic else -0.25
        yield Reason(weight=weight, says=f"{change.column} looks like a statistic")
    elif _COUNTS.search(change.column):
        yield Reason(weight=0.1, says=f"{change.column} looks like something that must add up")
    if write.effect is not None and _is_json(write.effect, change.column, reading.schema):
        yield Reason(weight=0.05, says="the whole JSON value is replaced, whatever part changed")
    yield occasion(path, write)


def _of_a_job(job: Path, change: _Change, reading: Reading) -> Iterator[Reason]:
    """The row of a job is its own, as long as no other path writes the column."""
    write = change.write
    assert write.effect is not None
    for path in reading.paths:
        for one in path.events:
            if one.effect is None or path.entry == job.entry:
                continue
            columns = {*written_columns(one.effect), *stored_columns(one.effect)}
            if change.column in columns and same_subject(one.effect, write.effect, reading.schema):
                says = f"{path.entry.name} writes {change.column}, too"
                yield Reason(weight=0.05, says=says, location=one.location)
                return
    says = "nothing but this job writes it, which seldom runs twice for one row"
    yield Reason(weight=-0.15, says=says, location=write.location)


def _whole(path: Path, write: Event, reading: Reading) -> Finding | None:
    """An instance is saved with all its columns, changed or not."""
    for read in reversed(path.events[: write.number]):
        if read.effect is None or read.effect.kind not in _READS:
            continue
        if same_row(read, write, reading.schema) == "same":
            break
    else:
        return None
    against = kept_out(path, read, write, reading.schema)
    if _is_versioned(write, reading.schema) or is_ruled_out(against):
        return None
    subject = subject_of(write)
    slow = slow_between(path, read, write, reading)
    read, write = met(read, write)
    says = f"all columns of {subject} are written back as they were read"
    reasons = [Reason(weight=0.1, says=says, location=write.location), *against]
    if slow is not None:
        says = "what lies between takes as long as others want"
        reasons.append(Reason(weight=0.3, says=says, location=slow.location))
    other = _other_writer(write, reading)
    if other is not None:
        says = "another path writes other columns of the row"
        reasons.append(Reason(weight=0.2, says=says, location=other.location))
    reasons.append(occasion(path, write))
    return Finding(
        rule=name,
        location=write.location,
        message=(
            f"{path.entry.name} writes all columns of {subject} back at {write.location} as it "
            f"read them at {read.location}: what others changed in between is undone."
        ),
        steps=(
            step("this run", read),
            step("another run", other or write),
            step("this run", write, f"writes all columns of {subject}, changed or not"),
        ),
        reasons=tuple(reasons),
        subject=subject,
        entry=path.entry.name,
    )


def _other_writer(write: Event, reading: Reading) -> Event | None:
    assert write.effect is not None
    own = set(written_columns(write.effect))
    for path in reading.paths:
        for one in path.events:
            if one.effect is None or one.effect.kind not in ("update", "save", "upsert"):
                continue
            if one.location == write.location:
                continue
            columns = {*written_columns(one.effect), *stored_columns(one.effect)}
            if columns - own and same_subject(one.effect, write.effect, reading.schema):
                return one
    return None


def _made_here(path: Path, write: Event) -> bool:
    """Whether the instance was made by this run."""
    effect = write.effect
    if effect is None or effect.entity is None:
        return False
    makers = {one.number for one in path.events if one.effect and one.effect.kind == "insert"}
    numbers = reads_of(effect.entity)
    return bool(numbers) and numbers <= makers


def _is_versioned(write: Event, schema: Schema) -> bool:
    """Whether the ORM compares a version when it writes the instance back."""
    effect = write.effect
    if effect is None or effect.store != "database" or effect.entity is None:
        return False
    table = schema.table(effect.subject) or schema.table(effect.model or None)
    return table is not None and any(one.is_version for one in table.columns)


def _is_json(effect: Effect, column: str, schema: Schema) -> bool:
    table = schema.table(effect.subject)
    return table is not None and any(
        one.type.startswith("json") and column in (plain(one.name), plain(one.attribute))
        for one in table.columns
    )


def _steps(read: Event, write: Event) -> tuple[Step, ...]:
    return (
        step("the first run", read),
        step("the second run", read, "reads the same"),
        step("the first run", write),
        step("the second run", write, "writes what it made of the old value; the first is lost"),
    )
