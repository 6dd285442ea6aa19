"""``redhanded logs``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from redhanded.cli.options import Format, FormatOption, NoColor

Files = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Logs, plain or compressed; a folder, a pattern, or - for standard input.",
        show_default=False,
    ),
]
Wanted = Annotated[
    str | None,
    typer.Option("--symptom", help="A part of the error message; found by itself without it."),
]
Tree = Annotated[Path | None, typer.Option("--target", help="Resolve stack frames in this tree.")]
Good = Annotated[
    list[Path] | None, typer.Option("--good", help="Logs of a run that was good; repeatable.")
]
Bad = Annotated[
    list[Path] | None, typer.Option("--bad", help="Logs of a run that was bad; repeatable.")
]
Report = Annotated[
    Path | None, typer.Option("--report", help="Write a page with the timeline to this file.")
]

Cluster = Annotated[
    str | None,
    typer.Option("--cluster", metavar="ADDRESS", help="Count on this Dask scheduler's workers."),
]
NoIndex = Annotated[
    bool, typer.Option("--no-index", help="Keep nothing of what was read for the next question.")
]


def command(
    files: Files = None,
    symptom: Wanted = None,
    good: Good = None,
    bad: Bad = None,
    target: Tree = None,
    report: Report = None,
    no_redact: Annotated[bool, typer.Option("--no-redact", help="Keep personal values.")] = False,
    no_index: NoIndex = False,
    cluster: Cluster = None,
    format: FormatOption = Format.HUMAN,
    no_color: NoColor = False,
) -> int:
    from redhanded.actions import analysing
    from redhanded.case import document
    from redhanded.case.inert import inert_json
    from redhanded.cli.logs_screen import show
    from redhanded.cli.terminal import console_for, reading

    with reading(no_color=no_color) as say:
        if good or bad:
            found = analysing.runs(
                good or (),
                bad or (),
                also=files or (),
                redact=not no_redact,
                keep=not no_index,
                on_progress=say,
            )
        elif cluster is not None:
            found = analysing.logs_on(
                cluster, files or (), symptom, redact=not no_redact, on_progress=say
            )
        else:
            found = analysing.logs(
                files or (),
                symptom,
                target=target,
                redact=not no_redact,
                keep=not no_index,
                on_progress=say,
            )
    page = _written(found, report)
    if format is Format.JSON:
        sys.stdout.write(inert_json(document.encode(found)).decode() + "\n")
        if page is not None:
            sys.stderr.write(f"{page}\n")
    else:
        show(console_for(format, no_color=no_color), found, page)
    return 0


def _written(found: object, report: Path | None) -> Path | None:
    from redhanded.case.log_analysis import LogAnalysis
    from redhanded.report.log_page import write

    if report is None or not isinstance(found, LogAnalysis):
        return None
    return write(found, report)
