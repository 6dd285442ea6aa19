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
PATHS_SHOWN = 5


def command(
    target: Target = Path(),
    entry: Entry = None,
    table: Table = None,
    format: FormatOption = Format.HUMAN,
    no_color: NoColor = False,
) -> int:
    from redhanded.actions.exploring import journeys
    from redhanded.actions.reading import explore
    from redhanded.case import document
    from redhanded.case.inert import inert_json
    from redhanded.cli.explore_screen import show
    from redhanded.cli.terminal import console_for, reading

    if entry is None and table is None:
        return _overview(explore(target.resolve(), table=None), format, no_color=no_color)
    with reading(no_color=no_color) as say:
        found = journeys(target, entry=entry, table=table, say=say)
    if format is Format.JSON:
        sys.stdout.write(inert_json(document.encode(found)).decode() + "\n")
    else:
        show(console_for(format, no_color=no_color), found)
    return 0


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
