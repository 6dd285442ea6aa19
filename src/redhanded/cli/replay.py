"""``redhanded replay``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from redhanded.cli.options import (
    AllowExisting,
    AllowRemote,
    CaseArgument,
    Format,
    FormatOption,
    NoColor,
    TargetOption,
)

Times = Annotated[int, typer.Option("--times", min=1, max=10_000, help="How often.")]
ScheduleFile = Annotated[
    Path | None,
    typer.Option("--schedule", metavar="FILE", help="An order kept in a file, instead of a case."),
]


def command(
    case: CaseArgument = None,
    target: TargetOption = Path(),
    schedule: ScheduleFile = None,
    times: Times = 1,
    allow_remote: AllowRemote = False,
    allow_existing: AllowExisting = False,
    format: FormatOption = Format.HUMAN,
    no_color: NoColor = False,
) -> int:
    from redhanded.actions.replaying import replay, replay_file
    from redhanded.case import document
    from redhanded.case.errors import UsageError
    from redhanded.cli.terminal import console_for, watching
    from redhanded.report import order

    if schedule is not None and case is not None:
        raise UsageError("a case has an order of its own: leave out the case or --schedule")
    console = console_for(format, no_color=no_color)
    root = target.resolve()
    with watching(console, yes=True) as listener:
        allowed = {"allow_remote": allow_remote, "allow_existing": allow_existing}
        if schedule is None:
            result = replay(root, case, listener, times=times, **allowed)
        else:
            result = replay_file(root, schedule, listener, times=times, **allowed)
    last = result.runs[-1]
    for line in order.in_columns(last, result.schedule, width=min(console.width, 100)):
        console.print(line, markup=False, no_wrap=True, overflow="ellipsis")
    for failure in last.failures:
        console.print(f"{failure.process or 'system'}: {failure.text}", markup=False, style="red")
    console.print(
        f"{result.failed} of {times} replays of {result.of} failed, "
        f"{result.infeasible} were infeasible."
    )
    for missed in (*last.followed.missed, *last.followed.events_missed):
        console.print(f"could not be met: {missed}", markup=False)
    for guess in last.followed.unclear:
        console.print(f"not certain: {guess}", markup=False)
    if format is Format.JSON:
        sys.stdout.write(document.encode(last).decode() + "\n")
    if result.failed:
        return 1
    return 4 if result.infeasible else 0
