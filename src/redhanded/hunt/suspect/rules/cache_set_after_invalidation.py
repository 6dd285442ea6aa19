"""A cache is filled with a value that was read before somebody changed it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from redhanded.hunt.suspect.rules.derivation import reads_of
from redhanded.hunt.suspect.rules.exclusion import kept_out
from redhanded.hunt.suspect.rules.guarded import excludes
from redhanded.hunt.suspect.rules.identity import same_subject
from redhanded.hunt.suspect.rules.leases import seconds
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import is_one_off, is_test, occasion
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason, Step
from redhanded.hunt.suspect.rules.serialised import is_ruled_out
from redhanded.hunt.suspect.rules.telling import met, step, subject_of
from redhanded.source.flow.effects import EffectKind
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.schema import Schema

name = "cache-set-after-invalidation"
title = "A cache keeps a value from before a change"
wrong = (
    "A reader that misses the cache reads the table; a writer changes it and removes the key; then "
    "the reader stores what it read before, and nothing removes that again (stale set: Nishtala et "
    "al., Scaling Memcache at Facebook, 2013, 3.2.1). A writer that removes the key before its "
    "change is committed leaves the same window wide open."
)
safe: tuple[str, ...] = (
    "What is stored carries a version or lease, which a script compares as it stores it.",
    "The writer removes the key after its commit, and once more later.",
    "Reader and writer hold one lock, from the read to the set and from the change to the removal.",
    "It ends by itself within seconds.",
    "The row is never changed.",
)
needs = "a value in the cache that is older than the row, after a change"
experiment = "hold the reader's set until the writer has changed the row and removed the key"
remedy = "versioned-cache"
threshold = 0.5

_CHANGES: frozenset[EffectKind] = frozenset({"insert", "update", "upsert", "save", "delete"})
_SHORT_S, _LONG_S = 15.0, 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fill:
    """A key that is missed, a row that is read instead, and the key set to it."""

    path: Path
    miss: Event
    read: Event
    fill: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class _Removal:
    """A row that is changed, and a key that is removed for it."""

    path: Path
    change: Event
    remove: Event

    @property
    def is_too_early(self) -> bool:
        """Whether the key is removed before the change can be seen."""
        if self.remove.number < self.change.number:
            return True
        begun = self.change.transaction
        return begun is not None and begun.number in {one.number for one in self.remove.around}


def look(reading: Reading) -> Iterable[Finding]:
    """The stale values that a cache can keep."""
    return one_each(_all(reading))


def _all(reading: Reading) -> Iterator[Finding]:
    fills = [one for path in reading.paths for one in _fills(path)]
    if not fills:
        return
    keys = {one.fill.effect.subject for one in fills if one.fill.effect is not None}
    removals = [one for path in reading.paths for one in _removals(path, keys)]
    for fill in fills:
        ours = [one for one in removals if _concerns(one, fill, reading.schema)]
        if ours:
            removal = max(ours, key=lambda one: one.is_too_early)
            found = _finding(fill, removal, reading.schema)
            if found is not None:
                yield found


def _fills(path: Path) -> Iterator[_Fill]:
    for fill in path.events:
        effect = fill.effect
        if effect is None or effect.kind != "set" or effect.store not in ("keys", "process"):
            continue
        if is_test(fill.location) or is_one_off(fill.location):
            continue
        miss = _missed(path, fill)
        for read in _reads_for(path, fill):
            if miss is not None and miss.number < read.number:
                yield _Fill(path=path, miss=miss, read=read, fill=fill)


def _missed(path: Path, fill: Event) -> Event | None:
    """The look at the same key by which it is filled."""
    assert fill.effect is not None
    for guard in fill.guards:
        for number in reads_of(guard.test):
            if not 0 <= number < fill.number:
                continue
            effect = path.events[number].effect
            if effect is None or effect.kind != "get":
                continue
            if effect.subject == fill.effect.subject or effect.subject is None:
                return path.events[number]
    return None


def _reads_for(path: Path, fill: Event) -> Iterator[Event]:
    """The reads that the value comes from."""
    assert fill.effect is not None
    values = [*fill.effect.values.values(), *fill.arguments[1:]]
    for number in sorted({number for value in values for number in reads_of(value)}):
        if not 0 <= number < fill.number:
            continue
        effect = path.events[number].effect
        if effect is not None and effect.store == "database" and effect.kind == "read":
            yield path.events[number]


def _removals(path: Path, keys: set[str | None]) -> Iterator[_Removal]:
    for remove in path.events:
        if remove.effect is None or remove.effect.kind not in ("remove", "expire"):
            continue
        if remove.effect.store not in ("keys", "process") or remove.effect.subject not in keys:
            continue
        for change in path.events:
            effect = change.effect
            if effect is None or effect.store != "database" or effect.kind not in _CHANGES:
                continue
            if not excludes(change, remove):
                yield _Removal(path=path, change=change, remove=remove)


def _concerns(removal: _Removal, fill: _Fill, schema: Schema) -> bool:
    first, second = removal.remove.effect, fill.fill.effect
    change, read = removal.change.effect, fill.read.effect
    if first is None or second is None or change is None or read is None:
        return False
    if (
        first.subject is None
        or first.store != second.store
        or not _meet(first.subject, second.subject)
    ):
        return False
    return same_subject(change, read, schema)


def _meet(one: str, other: str | None) -> bool:
    """Whether two key patterns may mean one key."""
    if other is None or "*" in (one, other):
        return False
    return one == other


def _finding(fill: _Fill, removal: _Removal, schema: Schema) -> Finding | None:
    against = kept_out(fill.path, fill.read, fill.fill, schema)
    if is_ruled_out(against):
        return None
    reason = occasion(fill.path, fill.fill)
    fill, removal = _met(fill), _outside(removal)
    key, table = subject_of(fill.fill), subject_of(fill.read)
    change, remove = removal.change.location, removal.remove.location
    reasons = [
        Reason(
            weight=0.45,
            says=f"{key} is set to what was read from {table} before, whatever happened since",
            location=fill.fill.location,
        ),
        *_kept_for(fill.fill),
        *against,
        reason,
    ]
    if removal.is_too_early:
        says = "the key is removed before the change can be seen"
        reasons.append(Reason(weight=0.2, says=says, location=remove))
    return Finding(
        rule=name,
        location=fill.fill.location,
        message=(
            f"{fill.path.entry.name} reads {table} at {fill.read.location} and sets {key} at "
            f"{fill.fill.location}; if {removal.path.entry.name} changes {table} ({change}) and "
            f"removes the key ({remove}) in between, the old value stays in the cache."
        ),
        steps=(
            step("the reader", fill.miss, f"looks for {key}: nothing"),
            *_window(fill, removal),
            step("the reader", fill.fill, f"sets {key} to the old value, which stays"),
        ),
        reasons=tuple(reasons),
        subject=key,
        entry=fill.path.entry.name,
    )


def _met(fill: _Fill) -> _Fill:
    """By the lines of the function that reads and fills."""
    (miss, _), (read, put) = met(fill.miss, fill.fill), met(fill.read, fill.fill)
    return replace(fill, miss=miss, read=read, fill=put)


def _outside(removal: _Removal) -> _Removal:
    change, remove = met(removal.change, removal.remove)
    return replace(removal, change=change, remove=remove)


def _window(fill: _Fill, removal: _Removal) -> tuple[Step, ...]:
    read = step("the reader", fill.read)
    remove = step("the writer", removal.remove)
    change = step("the writer", removal.change)
    if removal.remove.number < removal.change.number:
        return remove, read, change
    if removal.is_too_early:
        commits = step("the writer", removal.change, "commits what it changed")
        return change, remove, read, commits
    return read, change, remove


def _kept_for(fill: Event) -> Iterator[Reason]:
    effect = fill.effect
    assert effect is not None
    ends = effect.expiry_s if effect.expiry_s is not None else seconds(effect.options.get("expiry"))
    where = fill.location
    if ends is not None and ends <= _SHORT_S:
        yield Reason(weight=-0.25, says=f"it ends by itself within {ends:g} s", location=where)
    elif ends is not None and ends >= _LONG_S:
        yield Reason(weight=0.05, says=f"the old value stays for {ends:g} s", location=where)
    elif ends is None and "expiry" not in effect.options:
        yield Reason(weight=0.1, says="nothing ends it", location=where)
