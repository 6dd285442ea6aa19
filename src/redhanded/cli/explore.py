"""``redhanded explore``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from redhanded.cli.options import Format, FormatOption, NoColor, Target

if TYPE_CHECKING:
    from redhanded.case.codemap import CodeMap

Entry = Annotated[
    str | None,
    typer.Argument(
        help='An entry or a part of its name, such as "POST /users": everything from there on.',
        show_default=False,
    ),
]
Table = Annotated[
    str | None, typer.Option("--table", help="Everything that reads or writes this table.")
]
Logs = Annotated[
    list[Path] | None,
    typer.Option("--logs", help="What was deployed or committed before their failure; repeatable."),
]
SymptomText = Annotated[
    str | None, typer.Option("--symptom", help="With --logs: a part of the error message.")
]
Report = Annotated[
    Path | None, typer.Option("--report", metavar="FILE", help="Write a page with all of it there.")
]
NoHistory = Annotated[
    bool, typer.Option("--no-history", help="Do not ask git who changed these lines.")
]
PATHS_SHOWN = 5


def command(
    target: Target = Path(),
    entry: Entry = None,
    table: Table = None,
    logs: Logs = None,
    symptom: SymptomText = None,
    no_history: NoHistory = False,
    report: Report = None,
    format: FormatOption = Format.HUMAN,
    no_color: NoColor = False,
) -> int:
    from redhanded.actions.exploring import PastAsked, journeys
    from redhanded.actions.reading import explore
    from redhanded.case import document
    from redhanded.case.inert import inert_json
    from redhanded.cli.explore_screen import show
    from redhanded.cli.terminal import console_for, reading

    _together(entry, table, logs, symptom, report, no_history=no_history)
    if entry is None and table is None:
        return _overview(explore(target.resolve(), table=None), format, no_color=no_color)
    asked = None if no_history else PastAsked(logs=tuple(logs or ()), symptom=symptom)
    with reading(no_color=no_color) as say:
        found = journeys(target, entry=entry, table=table, say=say, past=asked)
    if report is not None:
        from redhanded.report.explore_page import write

        sys.stderr.write(f"{write(found, report)}\n")
    if format is Format.JSON:
        sys.stdout.write(inert_json(document.encode(found)).decode() + "\n")
    else:
        show(console_for(format, no_color=no_color), found)
    return 0


def _together(
    entry: str | None,
    table: str | None,
    logs: list[Path] | None,
    symptom: str | None,
    report: Path | None,
    *,
    no_history: bool,
) -> None:
    """Raises ``UsageError`` for options that do not go together."""
    from redhanded.case.errors import UsageError

    if entry is None and table is None and (logs or symptom or report):
        given = "--logs" if logs else "--symptom" if symptom else "--report"
        raise UsageError(f"{given} needs an entry or --table: name what to show the history of")
    if no_history and (logs or symptom):
        raise UsageError(
            "--no-history does not go with --logs and --symptom; leave out one of them"
        )
    if symptom and not logs:
        raise UsageError("--symptom is looked for in logs; name them with --logs")


def _overview(code: CodeMap, format: Format, *, no_color: bool) -> int:
    """What a hunt takes from the code: how much there is, and the first paths to a table."""
    from redhanded.case import document
    from redhanded.case.inert import inert
    from redhanded.cli.terminal import console_for

    if format is Format.JSON:
        sys.stdout.write(document.encode(code).decode() + "\n")
        return 0
    console = console_for(format, no_color=no_color)
    console.print(
        f"{code.files} files: {len(code.routes)} routes, {len(code.enqueues)} places that queue, "
        f"{len(code.consumers)} consumers, {len(code.accesses)} data accesses, "
        f"{len(code.constraints)} unique constraints"
    )
    for path in code.paths[:PATHS_SHOWN]:
        console.print()
        for depth, hop in enumerate(path.hops):
            arrow = "   " if depth == 0 else " → "
            place = f"  {hop.location}" if hop.location else ""
            console.print(f"{arrow}{inert(hop.label)}{place}", markup=False)
    for limit in code.limits:
        console.print(f"limit: {inert(limit)}", markup=False, style="dim")
    return 0
