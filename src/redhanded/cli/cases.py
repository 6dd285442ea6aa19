"""``redhanded cases``."""

from __future__ import annotations

import sys
from pathlib import Path

from redhanded.cli.options import Format, FormatOption, NoColor, Target


def command(
    target: Target = Path(), format: FormatOption = Format.HUMAN, no_color: NoColor = False
) -> int:
    from redhanded.actions.reading import cases
    from redhanded.case import document
    from redhanded.case.case import STAGES
    from redhanded.cli.terminal import console_for
    from redhanded.report import sentences

    found = cases(target.resolve())
    if format is Format.JSON:
        sys.stdout.write(document.encode(found).decode() + "\n")
        return 0
    console = console_for(format, no_color=no_color)
    if not found:
        console.print(f"no case in {target.resolve()}", markup=False)
    for case in found:
        state = f"{len(case.finished)} of {len(STAGES)} stages"
        console.print(
            f"{case.identifier}  {case.outcome}  {state}  {sentences.headline(case)}", markup=False
        )
    return 0
