"""A limit is looked at and then used up, in two steps; two runs both find room for one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from redhanded.hunt.suspect.rules.conditional import Condition, condition_of
from redhanded.hunt.suspect.rules.derivation import (
    column_by_place,
    columns_of,
    comparisons,
    reads_of,
    uses,
)
from redhanded.hunt.suspect.rules.exclusion import SNAPSHOTS, kept_out, level, shared_transaction
from redhanded.hunt.suspect.rules.guarded import Check, checks, excludes
from redhanded.hunt.suspect.rules.identity import (
    same_row,
    same_subject,
    stored_columns,
    written_columns,
)
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import occasion
from redhanded.hunt.suspect.rules.repeated import has_idempotency_key
from redhanded.hunt.suspect.rules.rows import table_of
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason, Step
from redhanded.hunt.suspect.rules.serialised import is_ruled_out
from redhanded.hunt.suspect.rules.telling import met, step, subject_of
from redhanded.hunt.suspect.rules.uniqueness import covering, excluded, named, plain
from redhanded.source.flow.effects import EffectKind
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.values import (
    Computed,
    Input,
    Known,
    Record,
    Result,
    Unknown,
    Value,
    sources,
)

name = "quota-check"
title = "A limit is looked at, and then used up, in two steps"
wrong = (
    "Two runs that both look before either has used anything up both find room and both go on: "
    "the limit is passed (CWE-367; write skew, A5B in Berenson et al. 1995). A transaction at "
    "READ COMMITTED or REPEATABLE READ does not prevent it."
)
safe: tuple[str, ...] = (
    "The row that is compared is read FOR UPDATE in the transaction that changes it, or one lock "
    "is held from the look to the act.",
    "The act demands room itself (WHERE stock >= ?), and the number of changed rows is looked at.",
    "The act is counted first, and its own result is compared (INCR, UPDATE … RETURNING).",
    "A CHECK, EXCLUDE or unique constraint refuses what passes the limit.",
    "The isolation is SERIALIZABLE.",
    "It is counted again afterwards, and undone.",
)
needs = "two runs for one limit that both look before either acts; more uses than the limit allows"
experiment = "both runs look before either acts; then both act"
remedy = "conditional-update"
threshold = 0.5

_ACTS: frozenset[EffectKind] = frozenset(
    {"insert", "upsert", "update", "save", "increment", "push", "set", "delete"}
)
_CONSEQUENCES: dict[EffectKind, float] = {
    "insert": 0.25,
    "increment": 0.25,
    "send": 0.15,
    "enqueue": 0.15,
}
"""What happens under the same condition and cannot be done twice without harm."""

_FORMS = frozenset(
    f"call:{one}" for one in ("startsWith", "endsWith", "startswith", "endswith", "match", "test")
)
_Kind = Literal["rows", "amount", "state"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """An act under a look: rows that are counted and added, a number of a row that is compared and
    changed by the store, a state that is tested and set."""

    kind: _Kind
    check: Check
    act: Event
    column: str = ""


def look(reading: Reading) -> Iterable[Finding]:
    """The limits that two runs can pass together."""
    return one_each(one for path in reading.paths for one in _on(path, reading))


def _on(path: Path, reading: Reading) -> Iterator[Finding]:
    for act in path.events:
        effect = act.effect
        if effect is None or effect.kind not in _ACTS or effect.store not in ("database", "keys"):
            continue
        for check in checks(path, act):
            use = _use(check, act, reading)
            found = _finding(path, use, reading) if use is not None else None
            if found is not None:
                yield found


def _use(check: Check, act: Event, reading: Reading) -> _Use | None:
    look, effect = check.look, act.effect
    if look.effect is None or effect is None or look.effect.kind not in ("read", "get"):
        return None
    if effect.kind == "insert" and _counts_included(check, act, reading):
        return _Use(kind="rows", check=check, act=act)
    if not same_subject(look.effect, effect, reading.schema):
        return None
    adds = effect.kind in ("insert", "upsert", "save")
    if effect.store == "keys":
        counts = effect.kind in ("increment", "push") and _is_measured(check)
        found = _Use(kind="amount", check=check, act=act) if counts else None
    elif adds and check.sense == "amount" and _counts_rows(check):
        found = _Use(kind="rows", check=check, act=act)
    else:
        found = _of_the_row(check, act, reading)
    if found and any(uses(value, look) for value in written_columns(effect).values()):
        return None
    return found


def _of_the_row(check: Check, act: Event, reading: Reading) -> _Use | None:
    if act.effect is None or act.effect.kind not in ("update", "save"):
        return None
    if same_row(check.look, act, reading.schema) != "same":
        return None
    tested = _columns_tested(check)
    for column in stored_columns(act.effect):
        if column in tested and _is_measured(check):
            return _Use(kind="amount", check=check, act=act, column=column)
    for column in written_columns(act.effect):
        if column in tested:
            return _Use(kind="state", check=check, act=act, column=column)
    return None


def _counts_included(check: Check, act: Event, reading: Reading) -> bool:
    """Whether the rows of the act's table that came with the row that was read are counted:
    ``voucher.redemptions.length >= voucher.left``."""
    assert act.effect is not None
    assert check.look.effect is not None
    table = table_of(reading.schema, act.effect)
    came = _parts_of(check.look.effect.options.get("include"))
    ours = {name for name, one in came.items() if table is not None and one == Known(table.name)}
    return any(
        isinstance(part, Result)
        and part.event == check.look.number
        and part.parts[:1]
        and part.parts[0] in ours
        and part.parts[-1] in ("length", "size")
        for one in comparisons(check.guard.test)
        if one.operator in ("<", "<=", ">", ">=")
        for part in sources(one)
    )


def _parts_of(value: Value | None) -> Mapping[str, Value]:
    return value.parts if isinstance(value, Record) else {}


def _columns_tested(check: Check) -> set[str]:
    parts = [one for one in sources(_of_states(check.guard.test)) if isinstance(one, Result)]
    ours = [one for one in parts if one.event == check.look.number]
    by_place = {column_by_place(one, check.look) for one in ours} - {None}
    named = {column for one in ours for column in columns_of(one)}
    return named | {str(one) for one in by_place} | _chosen_by(check)


def _of_states(test: Value, depth: int = 6) -> Value:
    """A condition without what it asks of the form of a text: how one begins is no state."""
    if not isinstance(test, Computed) or depth == 0:
        return test
    if test.operator in _FORMS:
        return Unknown(test.operator)
    return Computed(test.operator, tuple(_of_states(one, depth - 1) for one in test.operands))


def _chosen_by(check: Check) -> set[str]:
    """States that a row has to have to be found at all: ``WHERE taken_by IS NULL``."""
    if check.sense != "present" or check.look.effect is None:
        return set()
    wanted = check.look.effect.where.items()
    return {plain(column) for column, value in wanted if isinstance(value, Known)}


def _is_measured(check: Check) -> bool:
    """Whether the condition compares a number that was read with another."""
    return any(
        one.operator in ("<", "<=", ">", ">=") and check.look.number in reads_of(one)
        for one in comparisons(check.guard.test)
    )


def _counts_rows(check: Check) -> bool:
    effect = check.look.effect
    return effect is not None and (bool(effect.aggregates) or effect.many or _is_measured(check))


def _finding(path: Path, use: _Use, reading: Reading) -> Finding | None:
    look, act = use.check.look, use.act
    assert act.effect is not None
    shared = shared_transaction(look, act)
    if use.kind == "rows" and shared is not None and level(shared) in SNAPSHOTS:
        return None  # wrong-isolation-level
    against = kept_out(path, look, act, reading.schema, one_row=use.kind != "rows")
    condition = condition_of(path, act, None, reading.schema)
    if is_ruled_out(against) or condition is Condition.CHECKED or _is_refused(use, reading):
        return None
    reasons = [*_for(path, use), *against, occasion(path, act)]
    if condition is Condition.UNCHECKED:
        says = "the act demands room itself, but nobody looks whether it changed a row"
        reasons.append(Reason(weight=-0.35, says=says, location=act.location))
    again = _counted_again(path, use, reading)
    if again is not None:
        says = "it is looked at again afterwards"
        reasons.append(Reason(weight=-0.3, says=says, location=again.location))
    if shared is not None and not against and use.kind != "state":
        says = "the transaction around both does not lock what it looks at"
        reasons.append(Reason(weight=0.05, says=says, location=look.location))
    subject = subject_of(act)
    look, act = met(look, act)
    thing = f"{subject}.{use.column}" if use.column else subject
    return Finding(
        rule=name,
        location=act.location,
        message=(
            f"{thing} is looked at ({look.location}) and changed at {act.location} if there is "
            f"room. Two runs of {path.entry.name} that both look before either has changed it both "
            f"go on, and the limit is passed."
        ),
        steps=_steps(look, act),
        reasons=tuple(reasons),
        subject=subject,
        entry=path.entry.name,
    )


def _for(path: Path, use: _Use) -> Iterator[Reason]:
    act, guard = use.act, use.check.guard
    where = guard.location
    if use.kind == "rows":
        says = f"rows of {subject_of(act)} are counted, and one is added if there is room"
        yield Reason(weight=0.45, says=says, location=where)
    elif use.kind == "amount":
        says = f"{use.column or subject_of(act)} is compared, and then changed without a condition"
        yield Reason(weight=0.45, says=says, location=where)
    else:
        says = f"{use.column} is tested, and then set without a condition"
        yield Reason(weight=0.25, says=says, location=where)
        if _is_claimed(use):
            says = "each run writes a value of its own: the first one's is lost"
            yield Reason(weight=0.15, says=says, location=act.location)
        twice = max(_twice(path, use), key=lambda one: one.weight, default=None)
        if twice is not None:
            yield twice


def _is_claimed(use: _Use) -> bool:
    """Whether a row that belongs to nobody is given to whoever asks."""
    look, act = use.check.look.effect, use.act.effect
    if look is None or act is None or look.where.get(use.column) != Known(None):
        return False
    return any(isinstance(one, Input) for one in sources(written_columns(act).get(use.column)))


def _twice(path: Path, use: _Use) -> Iterator[Reason]:
    """What else happens where the state is set, and twice if two runs pass."""
    for one in path.events:
        if one.effect is None or one is use.act or one.number <= use.check.look.number:
            continue
        if one.effect.kind == "send" and has_idempotency_key(one, one.effect):
            continue
        weight = _CONSEQUENCES.get(one.effect.kind, 0.0)
        if one.effect.kind == "update" and stored_columns(one.effect):
            weight = 0.25
        marked = _conditions(use.act) <= _conditions(one)
        if one.effect.kind == "send" and has_idempotency_key(one, one.effect):
            continue
        if weight and marked and not excludes(one, use.act):
            says = f"{subject_of(one)} is reached by both runs"
            yield Reason(weight=weight, says=says, location=one.location)


def _conditions(event: Event) -> set[tuple[object, bool]]:
    return {(one.location, one.holds) for one in event.guards}


def _is_refused(use: _Use, reading: Reading) -> bool:
    """Whether the database refuses what passes the limit."""
    look, act = use.check.look, use.act
    assert look.effect is not None
    assert act.effect is not None
    table = table_of(reading.schema, act.effect)
    if table is None:
        return False
    if use.kind == "rows":
        is_own = same_subject(look.effect, act.effect, reading.schema)
        columns = named(look.effect.where) if is_own else ()
        return excluded(table) is not None or bool(columns and covering(table, columns))
    words = {plain(word) for text in table.checks for word in re.findall(r"\w+", text)}
    return use.kind == "amount" and use.column in words


def _counted_again(path: Path, use: _Use, reading: Reading) -> Event | None:
    """A look like the first one after the act, by which something happens."""
    first = use.check.look.effect
    assert first is not None
    for one in path.events:
        if one.number <= use.act.number or one.effect is None or one.effect.kind != first.kind:
            continue
        if not same_subject(first, one.effect, reading.schema):
            continue
        later = (each for each in path.events if each.number > one.number)
        if any(one.number in reads_of(guard.test) for each in later for guard in each.guards):
            return one
    return None


def _steps(look: Event, act: Event) -> tuple[Step, ...]:
    return (
        step("the first run", look, f"looks at {subject_of(look)}: there is room"),
        step("the second run", look, "looks as well: there is still room"),
        step("the first run", act),
        step("the second run", act, "does the same; the limit is passed"),
    )
