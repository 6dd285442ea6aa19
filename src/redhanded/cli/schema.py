"""``redhanded schema``."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from redhanded.cli.options import Format, FormatOption, NoColor


def command(
    value: Annotated[
        str,
        typer.Argument(
            help="case, explore, logs, scan (what --format json prints) or schedule (an order)."
        ),
    ] = "case",
    format: FormatOption = Format.JSON,
    no_color: NoColor = False,
) -> int:
    from redhanded.actions.reading import schema

    sys.stdout.write(json.dumps(schema(value), indent=2, ensure_ascii=False) + "\n")
    return 0
