"""The example service, laid out as at a user's place, and what its log says of the failure."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

from redhanded.case.errors import LabError
from redhanded.case.symptom import Symptom
from redhanded.case.system import System
from redhanded.contract import read
from redhanded.hunt.observe import gather

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "orders"


def lay_out(folder: Path) -> System:
    """Lays the example out in ``folder``; its contract."""
    command = [sys.executable, str(EXAMPLE / "scripts" / "lay-out.py"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LabError(f"{shlex.join(command)} failed: {done.stderr.strip()}")
    return read(folder)


def symptom_of(system: System) -> Symptom:
    """What the recorded production log says: gaps, pace, table."""
    logs = sorted((EXAMPLE / "logs").glob("*.log"))
    return gather(logs, system.symptom.log or "", root=Path(system.root))
