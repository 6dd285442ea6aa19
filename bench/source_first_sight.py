"""Scans new services of ``faults/`` for the first time and keeps what came of it."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import source_mutants
from first_sight import FirstSight, keep, kept

from source import findings, say


def main() -> int:
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("service", nargs="+")
    for base in made.parse_args().service:
        if kept(source_mutants.FAULTS / base) is not None:
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
    keep(source_mutants.FAULTS / base, seen)
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
