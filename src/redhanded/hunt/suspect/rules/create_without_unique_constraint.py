"""A program treats a column as the key of its rows; the database lets it repeat."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from redhanded.hunt.suspect.rules.absence import lookups
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.occasion import occasion
from redhanded.hunt.suspect.rules.origin import is_given
from redhanded.hunt.suspect.rules.repeated import identity, warning
from redhanded.hunt.suspect.rules.rows import inserts, table_of
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason, Step
from redhanded.hunt.suspect.rules.uniqueness import covering, named, plain, plain_columns
from redhanded.source.flow.effects import Effect
from redhanded.source.flow.events import Event, Path
from redhanded.source.flow.schema import Table
from redhanded.source.flow.values import Value

name = "create-without-unique-constraint"
title = "A row is added with a key that the database lets repeat"
wrong = (
    "A row that is later found by one column is taken to be the only one with it; where the same "
    "input can come twice and no constraint refuses the second row, there are two, and which is "
    "found is chance (Kleppmann, Designing Data-Intensive Applications, 2017, 7)."
)
safe: tuple[str, ...] = (
    "A unique index on the column, or on it and others that follow from the same input.",
    "The insert has ON CONFLICT, or the run is told before that it is the second.",
    "The value is drawn anew in each run, so that no two rows get the same.",
    "The column is a foreign key: many rows may have it.",
)
needs = "Two rows with one value of the column."
experiment = "The same input is given twice."
remedy = "unique-index"
threshold = 0.55

IDENTIFYING = re.compile(
    r"(?:^|_)(?:external|reference|ref|idempotency|dedup\w*|request|event|message|transaction|txn"
    r"|payment|charge|invoice|session|order|delivery|webhook|provider|remote|source|tracking)"
    r"(?:_?\w*)?_?(?:id|key|reference|ref|number|no|code|token)$"
    r"|^(?:external_?id|reference|idempotency_?key|request_?id|event_?id|message_?id|slug|sku|isbn"
    r"|serial(?:_?number)?|tracking(?:_?number)?|fingerprint|digest|checksum)$",
    re.IGNORECASE,
)
"""Columns that carry what somebody else calls the thing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """An insert, and the column by which one row of its table is looked for elsewhere."""

    path: Path
    act: Event
    created: Effect
    table: Table
    column: str
    by: Event
    """What looks for one row by it."""


def look(reading: Reading) -> Iterable[Finding]:
    """One finding for each insert."""
    singles = _single_looks(reading)
    return one_each(
        _finding(reading, keyed)
        for path in reading.paths
        if not path.entry.webhook
        for keyed in _keyed(reading, path, singles)
    )


def _single_looks(reading: Reading) -> dict[str, dict[str, Event]]:
    """By table, the columns by which one row is looked for, and where."""
    found: dict[str, dict[str, Event]] = {}
    for path in reading.paths:
        for event in path.events:
            effect = event.effect
            if effect is None or effect.store != "database" or effect.kind != "read":
                continue
            table = table_of(reading.schema, effect)
            columns = named(effect.where)
            if table is None or len(effect.where) != 1 or len(columns) != 1:
                continue
            if effect.many or effect.ordered or effect.aggregates or effect.ranges:
                continue
            found.setdefault(table.name, {}).setdefault(plain(columns[0]), event)
    return found


def _keyed(reading: Reading, path: Path, singles: dict[str, dict[str, Event]]) -> Iterator[Keyed]:
    looked = {one.act.number for one in lookups(reading.schema, path)}
    for act, created in inserts(path):
        table = table_of(reading.schema, created)
        if table is None or act.number in looked or act.in_loop:
            continue
        by = singles.get(table.name, {})
        for column, value in created.values.items():
            event = by.get(plain(column))
            if event is None or not _is_key(table, column, value):
                continue
            if identity(path, created, table) or covering(table, (column,), partial=True):
                continue
            if warning(reading.schema, path, act) == "":
                yield Keyed(
                    path=path, act=act, created=created, table=table, column=column, by=event
                )
            break


def _is_key(table: Table, column: str, value: Value) -> bool:
    """What comes from outside, and is no reference to another row of ours."""
    if not is_given(value) or covering(table, (column,)) is not None:
        return False
    plain_name = plain_columns(table, (column,))
    for one in table.columns:
        if plain_columns(table, (one.name,)) == plain_name and one.references:
            return False
    return True


def _finding(reading: Reading, keyed: Keyed) -> Finding:
    table, column, where = keyed.table.name, keyed.column, keyed.act.location
    return Finding(
        rule=name,
        location=where,
        message=(
            f"{where} adds a row to {table} without looking for one with the same {column}, by "
            f"which {keyed.by.location} finds one row; no constraint holds {column} once. The "
            "same input given twice makes two rows."
        ),
        steps=(
            Step(location=where, says=f"the first run adds a row to {table}"),
            Step(location=where, says=f"the second run adds another with the same {column}"),
            Step(location=keyed.by.location, says="which of the two is found is chance"),
        ),
        reasons=tuple(_reasons(keyed)),
        subject=table,
        entry=keyed.path.entry.name,
    )


def _reasons(keyed: Keyed) -> Iterator[Reason]:
    where, column = keyed.act.location, keyed.column
    says = f"one row of {keyed.table.name} is looked for by {column}"
    yield Reason(weight=0.2, says=says, location=keyed.by.location)
    snake = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", column).lower()
    if IDENTIFYING.search(snake):
        says = f"{column} is what somebody else calls it"
        yield Reason(weight=0.25, says=says, location=where)
    if keyed.table.is_complete:
        says = f"no constraint of {keyed.table.name} holds {column} once"
        yield Reason(weight=0.15, says=says, location=keyed.table.location)
    else:
        says = f"{keyed.table.name} could not be read in full"
        yield Reason(weight=-0.1, says=says, location=keyed.table.location)
    yield occasion(keyed.path, keyed.act)
