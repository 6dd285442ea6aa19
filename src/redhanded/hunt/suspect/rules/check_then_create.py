"""A row is looked for and added where there is none; nothing keeps a second run out between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from redhanded.hunt.suspect.rules.absence import ANY_ROW, Lookup, evidence, lookups
from redhanded.hunt.suspect.rules.merging import one_each
from redhanded.hunt.suspect.rules.rows import listed, name_of
from redhanded.hunt.suspect.rules.rule import Finding, Reading, Reason, Step
from redhanded.source.flow.events import Path

name = "check-then-create"
title = "A row is looked for, then added, in two steps"
wrong = (
    "Between the look and the insert another run looks as well, finds nothing, and inserts too: "
    "under READ COMMITTED and REPEATABLE READ neither sees what the other has not committed "
    "(PostgreSQL manual, 13.2; CWE-367). With a unique constraint the second one fails, without "
    "one there are two rows."
)
safe: tuple[str, ...] = (
    "A unique index covers the columns that are looked at, and a refused insert is answered: read "
    "again, returned, or tried again.",
    "The insert has ON CONFLICT, or is the library's upsert in one statement.",
    "Both steps happen under a lock that both runs must take: a parent row FOR UPDATE, an advisory "
    "or table lock, a distributed lock with the right key.",
    "Both steps are in one SERIALIZABLE transaction.",
    "The key is new in each run: a random identifier, or that of a row made by the same run.",
    "A unique constraint on other columns is violated as well, because they follow from the same "
    "input.",
    "It runs once, or by hand: migrations, seeds, scripts, tests.",
)
needs = "Two requests or jobs with one key that overlap; two rows, or a violated unique constraint."
experiment = "Both runs look before either inserts; then both insert."
remedy = "find-or-create"
threshold = 0.55


def look(reading: Reading) -> Iterable[Finding]:
    """One finding for each insert that stands under a look at its own table."""
    return one_each(_findings(reading))


def _findings(reading: Reading) -> Iterator[Finding]:
    for path in reading.paths:
        for found in lookups(reading.schema, path):
            yield _finding(path, found, evidence(reading.schema, path, found))


def _finding(path: Path, found: Lookup, reasons: tuple[Reason, ...]) -> Finding:
    table, columns = name_of(found.created), listed(found.columns)
    act, check = found.act.location, found.check.look.location
    if any(one.says == ANY_ROW for one in reasons):
        columns = "any row"
        ends = f"{table} has two rows where one is meant"
        last = f"the second run adds another row to {table}"
    elif found.unique is None:
        ends = f"{table} has two rows with the same {columns}"
        last = f"the second run adds another row to {table} with the same {columns}"
    else:
        ends = f"the second insert is refused ({listed(found.unique.columns)} is unique)"
        last = "the second run's insert is refused, and nothing takes the error"
    return Finding(
        rule=name,
        location=act,
        message=(
            f"{table} is looked at for {columns} ({check}) and the row is added at {act} if there "
            f"is none. Two runs of {path.entry.name} that both look before either has added it "
            f"both go on: {ends}."
        ),
        steps=(
            Step(location=check, says=f"the first run looks for {columns} in {table}: none"),
            Step(location=check, says="the second run looks as well: still none"),
            Step(location=act, says=f"the first run adds the row to {table}"),
            Step(location=act, says=last),
        ),
        reasons=reasons,
        subject=table,
        entry=path.entry.name,
    )
