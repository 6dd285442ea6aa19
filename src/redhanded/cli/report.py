"""``redhanded report``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from redhanded.cli.options import CaseArgument, Format, FormatOption, NoColor, TargetOption

Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="A folder; the case's own without it.")
]


def command(
    case: CaseArgument = None,
    target: TargetOption = Path(),
    output: Output = None,
    format: FormatOption = Format.HUMAN,
    no_color: NoColor = False,
) -> int:
    from redhanded.actions.reading import find
    from redhanded.case import document
    from redhanded.report import write

    found, folder = find(target.resolve(), case)
    page = write(found, output or folder)
    if format is Format.JSON:
        sys.stdout.write(document.encode(found).decode() + "\n")
        sys.stderr.write(f"{page}\n")
    else:
        sys.stdout.write(f"{page}\n{page.with_suffix('.md')}\n")
    return 0
