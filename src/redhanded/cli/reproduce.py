"""``redhanded reproduce``."""

from __future__ import annotations

from pathlib import Path

from redhanded.cli.hunt import (
    AllowEgress,
    Logs,
    MoreLogs,
    NaturalTrials,
    Quick,
    Seed,
    SymptomText,
    Yes,
)
from redhanded.cli.options import AllowExisting, AllowRemote, Format, FormatOption, NoColor, Target


def command(
    target: Target = Path(),
    more_logs: MoreLogs = None,
    logs: Logs = None,
    symptom: SymptomText = None,
    quick: Quick = False,
    yes: Yes = False,
    seed: Seed = 0,
    natural_trials: NaturalTrials = None,
    allow_remote: AllowRemote = False,
    allow_existing: AllowExisting = False,
    allow_egress: AllowEgress = None,
    format: FormatOption = Format.HUMAN,
    no_color: NoColor = False,
) -> int:
    from redhanded.actions.hunting import reproduce
    from redhanded.case.request import HuntRequest
    from redhanded.cli.hunting import decided_by, hunted

    request = HuntRequest(
        target=target.resolve(),
        logs=(*(logs or ()), *(more_logs or ())),
        symptom=symptom,
        quick=quick,
        yes=yes,
        until="reproduce",
        seed=seed,
        natural_trials=natural_trials,
        allow_remote=allow_remote,
        allow_existing=allow_existing,
        allow_egress=tuple(allow_egress or ()),
        decided_by=decided_by(yes=yes),
    )
    return hunted(reproduce, request, format=format, no_color=no_color)
