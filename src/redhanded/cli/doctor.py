"""``redhanded doctor``."""

from __future__ import annotations

import sys
from pathlib import Path

from redhanded.cli.options import Format, FormatOption, NoColor, Target


def command(
    target: Target = Path(), format: FormatOption = Format.HUMAN, no_color: NoColor = False
) -> int:
    from redhanded.actions.examining import examine
    from redhanded.case import document
    from redhanded.cli.terminal import console_for, indented

    checks = examine(target.resolve())
    if format is Format.JSON:
        sys.stdout.write(document.encode(checks).decode() + "\n")
        return 0
    from rich.text import Text

    console = console_for(format, no_color=no_color)
    for check in checks:
        word, style = ("here", "green") if check.here else ("missing", "yellow")
        console.print(Text.assemble((f"{word:<8}", style), (check.name, "bold")))
        indented(console, check.found, indent=8)
        if check.costs:
            indented(console, f"without it: {check.costs}", indent=8, style=style)
    return 0
