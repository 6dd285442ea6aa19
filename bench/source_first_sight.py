"""Scans new services of ``faults/`` for the first time and keeps what came of it.

The figures of first sight are those that an unseen service gives: they are taken once, before
anything is mended because of them, and stand beside the figures of later on the page. What was
kept is never measured anew.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import source_mutants

from redhanded.case.document import encode
from source import findings, say

FILE = "first-sight.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSight:
    """One service, as the scanner of that day saw it."""

    revision: str
    """Of the scanner."""
    safe: tuple[str, ...]
    """Findings on the service as it stands: all of them are wrong."""
    found: dict[str, bool]
    """Title of each mutant, and whether it was found."""


def kept(base: str) -> FirstSight | None:
    """None: nothing was kept of this service."""
    path = source_mutants.FAULTS / base / FILE
    if not path.is_file():
        return None
    told = json.loads(path.read_text(encoding="utf-8"))
    return FirstSight(revision=told["revision"], safe=tuple(told["safe"]), found=told["found"])


def main() -> int:
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("service", nargs="+")
    for base in made.parse_args().service:
        if kept(base) is not None:
            say(f"{base} was seen before; what was kept then stays as it is")
            return 2
        _keep(base)
    return 0


def _keep(base: str) -> None:
    say(f"faults put into {base}")
    safe: tuple[str, ...] = ()
    found: dict[str, bool] = {}
    with tempfile.TemporaryDirectory(prefix="bench-source-") as folder:
        for each in source_mutants.tried(base, findings, Path(folder)):
            if isinstance(each, source_mutants.Base):
                safe = each.findings
            else:
                found[each.mutant.title] = each.hit
    seen = FirstSight(revision=_revision(), safe=safe, found=found)
    (source_mutants.FAULTS / base / FILE).write_bytes(encode(seen) + b"\n")
    say(f"{base}: {sum(found.values())} of {len(found)} found, {len(safe)} on the safe service")


def _revision() -> str:
    told = subprocess.run(
        ("git", "rev-parse", "--short=12", "HEAD"),
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
