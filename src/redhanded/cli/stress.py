"""``redhanded stress``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from redhanded.cli.options import AllowExisting, AllowRemote, Format, FormatOption, NoColor, Target

Trials = Annotated[int, typer.Option("--trials", min=1, max=1_000_000, help="How many.")]
Gap = Annotated[
    float, typer.Option("--gap-ms", min=0.0, help="Between the deliveries of one request.")
]
PerSecond = Annotated[
    float | None,
    typer.Option("--per-second", min=0.01, help="Trials begun each second; else one by one."),
]
SymptomText = Annotated[str | None, typer.Option("--symptom", help="Part of the error message.")]
Seed = Annotated[int, typer.Option("--seed", help="Of the values that are new in each trial.")]


def command(
    target: Target = Path(),
    trials: Trials = 300,
    gap_ms: Gap = 0.0,
    per_second: PerSecond = None,
    symptom: SymptomText = None,
    seed: Seed = 0,
    allow_remote: AllowRemote = False,
    allow_existing: AllowExisting = False,
    format: FormatOption = Format.HUMAN,
    no_color: NoColor = False,
) -> int:
    from redhanded.actions.stressing import stress
    from redhanded.case import document
    from redhanded.cli.terminal import console_for, watching

    console = console_for(format, no_color=no_color)
    with watching(console, yes=True) as listener:
        found = stress(
            target.resolve(),
            listener,
            trials=trials,
            gaps_ms=(gap_ms,),
            per_second=per_second,
            symptom=symptom,
            seed=seed,
            allow_remote=allow_remote,
            allow_existing=allow_existing,
        )
    interval = found.rate.interval
    console.print(
        f"{found.run.failures} of {found.run.trials} trials failed in {found.run.seconds:.1f} s "
        f"({interval.low:.2%} to {interval.high:.2%} with 95 % confidence): {found.run.how}.",
        markup=False,
    )
    if format is Format.JSON:
        sys.stdout.write(document.encode(found).decode() + "\n")
    return 1 if found.run.failures else 0
