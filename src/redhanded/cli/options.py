"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How results are printed."""

    HUMAN = "human"
    JSON = "json"


FormatOption = Annotated[
    Format, typer.Option("--format", help="json: one document alone on stdout.")
]
NoColor = Annotated[bool, typer.Option("--no-color", help="Plain text, also on a terminal.")]
Target = Annotated[Path, typer.Argument(help="The project to look at.", show_default=True)]
TargetOption = Annotated[Path, typer.Option("--target", help="The project the case belongs to.")]
CaseArgument = Annotated[
    str | None, typer.Argument(help="Identifier or number of a case; the latest without one.")
]
AllowRemote = Annotated[
    bool, typer.Option("--allow-remote", help="Accept service URLs on other machines.")
]
AllowExisting = Annotated[
    bool, typer.Option("--allow-existing", help="Accept a database that is not empty.")
]
