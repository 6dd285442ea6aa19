"""``redhanded explore``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from redhanded.cli.options import Format, FormatOption, NoColor, Target

Table = Annotated[str | None, typer.Option("--table", help="Paths to this table first.")]
PATHS_SHOWN = 5


def command(
    target: Target = Path(),
    table: Table = None,
    format: FormatOption = Format.HUMAN,
    no_color: NoColor = False,
) -> int:
    from redhanded.actions.reading import explore
    from redhanded.case import document
    from redhanded.cli.terminal import console_for

    code = explore(target.resolve(), table=table)
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
            console.print(f"{arrow}{hop.label}{place}", markup=False)
    for limit in code.limits:
        console.print(f"limit: {limit}", markup=False, style="dim")
    return 0
