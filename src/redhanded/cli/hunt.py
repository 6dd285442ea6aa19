"""``redhanded hunt``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from redhanded.cli.options import AllowExisting, AllowRemote, Format, FormatOption, NoColor, Target

MoreLogs = Annotated[
    list[Path] | None,
    typer.Argument(help="Further logs, so that --logs logs/*.log works.", show_default=False),
]
Logs = Annotated[
    list[Path] | None, typer.Option("--logs", help="A log or a folder of logs; repeatable.")
]
SymptomText = Annotated[
    str | None,
    typer.Option("--symptom", help="A part of the error message, or the name of an invariant."),
]
Quick = Annotated[bool, typer.Option("--quick", help="Fewer trials; the limits say which.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Pass every gate without asking.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on after the last finished stage.")]
CaseName = Annotated[
    str | None, typer.Option("--case", help="With --resume: which case; the latest without.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Of every choice a trial makes.")]
NaturalTrials = Annotated[
    int | None,
    typer.Option("--natural-trials", min=1, help="Uncontrolled trials for the baseline."),
]
AllowEgress = Annotated[
    list[str] | None,
    typer.Option("--allow-egress", metavar="HOST", help="Not supported yet; use a stub."),
]
NoRedact = Annotated[
    bool, typer.Option("--no-redact", help="Keep personal values of log lines as they are.")
]


def command(
    target: Target = Path(),
    more_logs: MoreLogs = None,
    logs: Logs = None,
    symptom: SymptomText = None,
    quick: Quick = False,
    yes: Yes = False,
    resume: Resume = False,
    case: CaseName = None,
    seed: Seed = 0,
    natural_trials: NaturalTrials = None,
    allow_remote: AllowRemote = False,
    allow_existing: AllowExisting = False,
    allow_egress: AllowEgress = None,
    no_redact: NoRedact = False,
    format: FormatOption = Format.HUMAN,
    no_color: NoColor = False,
) -> int:
    from redhanded.actions.hunting import hunt
    from redhanded.case.request import HuntRequest
    from redhanded.cli.hunting import decided_by, hunted

    request = HuntRequest(
        target=target.resolve(),
        logs=(*(logs or ()), *(more_logs or ())),
        symptom=symptom,
        quick=quick,
        yes=yes,
        resume=resume or case is not None,
        case=case,
        seed=seed,
        natural_trials=natural_trials,
        allow_remote=allow_remote,
        allow_existing=allow_existing,
        allow_egress=tuple(allow_egress or ()),
        redact=not no_redact,
        decided_by=decided_by(yes=yes),
    )
    return hunted(hunt, request, format=format, no_color=no_color)
