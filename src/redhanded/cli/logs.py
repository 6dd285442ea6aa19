"""``redhanded logs``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from redhanded.cli.options import Format, FormatOption, NoColor

Files = Annotated[list[Path], typer.Argument(help="Logs, plain or gzip.")]
Wanted = Annotated[str, typer.Option("--symptom", help="A part of the error message.")]
Tree = Annotated[Path | None, typer.Option("--target", help="Resolve stack frames in this tree.")]


def command(
    files: Files,
    symptom: Wanted,
    target: Tree = None,
    no_redact: Annotated[bool, typer.Option("--no-redact", help="Keep personal values.")] = False,
    format: FormatOption = Format.HUMAN,
    no_color: NoColor = False,
) -> int:
    from redhanded.actions.reading import logs
    from redhanded.case import document
    from redhanded.cli.terminal import console_for, indented
    from redhanded.report import sentences

    found = logs(files, symptom, target=target, redact=not no_redact)
    if format is Format.JSON:
        sys.stdout.write(document.encode(found).decode() + "\n")
        return 0
    console = console_for(format, no_color=no_color)
    console.print(found.template, markup=False, style="bold")
    for sentence in (*sentences.symptom(found), *map(sentences.evidence, found.statements)):
        indented(console, sentence)
    for limit in found.limits:
        indented(console, f"limit: {limit}", style="dim")
    return 0
