"""``redhanded init``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from redhanded.cli.options import Format, FormatOption, NoColor, Target

Force = Annotated[bool, typer.Option("--force", help="Overwrite the one that is there.")]


def command(
    target: Target = Path(),
    force: Force = False,
    format: FormatOption = Format.HUMAN,
    no_color: NoColor = False,
) -> int:
    from redhanded.actions.initialising import initialise
    from redhanded.cli.terminal import console_for, indented

    done = initialise(target, force=force)
    if format is Format.JSON:
        written = {"written": [str(path) for path in done.written], "notes": done.notes}
        sys.stdout.write(json.dumps(written, indent=2) + "\n")
        return 0
    console = console_for(format, no_color=no_color)
    for path in done.written:
        console.print(f"wrote {path}", markup=False, soft_wrap=True)
    for note in done.notes:
        indented(console, note)
    console.print("Check every line marked `# guessed`, then: redhanded doctor", markup=False)
    return 0
