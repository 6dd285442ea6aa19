"""What `redhanded scan` and `explore` print for the example, cut into docs/scan.md.

python docs/scans.py
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence

from section import ROOT, replaced

PAGE = ROOT / "docs" / "scan.md"
EXAMPLE = "examples/orders"
COMMANDS: dict[str, Sequence[str]] = {
    "scan": ("scan", EXAMPLE),
    "explore": ("explore", EXAMPLE, "POST /webhooks/stripe", "--no-history"),
    "table": ("explore", EXAMPLE, "--table", "orders", "--no-history"),
}
COLUMNS = 100
SECONDS = re.compile(r"^\d+\.\d s, ", re.MULTILINE)


def main() -> int:
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


def filled(page: str) -> str:
    """The page with what the commands print today."""
    for name, command in COMMANDS.items():
        page = replaced(page, name, shown(command))
    return page


def shown(command: Sequence[str]) -> str:
    """A command and what it prints; how long it took is left out."""
    done = subprocess.run(
        [sys.executable, "-c", "from redhanded.cli.main import run; run()", *command],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": str(COLUMNS), "NO_COLOR": "1", "TERM": "dumb"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode not in (0, 1):
        raise ValueError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")
    words = [f'"{word}"' if " " in word else word for word in command]
    text = SECONDS.sub("", done.stdout)
    lines = [line.rstrip() for line in text.splitlines()]
    return "\n".join(("```console", f"$ redhanded {' '.join(words)}", *lines, "```"))


if __name__ == "__main__":
    sys.exit(main())
