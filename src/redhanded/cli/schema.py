"""``redhanded schema``."""

from __future__ import annotations

import json
import sys

from redhanded.cli.options import Format, FormatOption, NoColor


def command(format: FormatOption = Format.JSON, no_color: NoColor = False) -> int:
    from redhanded.actions.reading import schema

    sys.stdout.write(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n")
    return 0
