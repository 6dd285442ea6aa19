"""Whether the thousandth trial of a system is like the first, and whether anything is left behind.

Each system of the repository runs a serial trial on a fresh lab, then many trials under orders of
all kinds, then a serial trial again. Both serial trials have to have sent the same operations in
the same order and to have been answered alike. Afterwards no process, listening port or file of the
lab may be left.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from example import lay_out
from part import Part, body

from redhanded.case.system import System
from redhanded.contract import read
from redhanded.lab import open_lab
from redhanded.lab.choices import Choices
from redhanded.lab.clock import monotonic_ms, timestamp
from redhanded.lab.explorers import Step
from redhanded.lab.isolation import Behaviour
from redhanded.lab.services import descendants

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "specimens"))
import catalogue

TESTS = Path(__file__).resolve().parent.parent / "tests" / "lab"
Progress = Callable[[str], None]
HEADER = (
    *("system", "trials", "of them failing", "last like first", "how", "left behind", "s"),
    "measured",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One system, many trials later."""

    system: str
    trials: int
    failed: int
    """Trials in which the orders that were drawn made the system fail."""
    difference: str
    """Between the first serial trial and the last one; empty: none."""
    restarts: bool
    """The lab had to start new processes before every trial."""
    left: tuple[str, ...]
    """Processes, listening ports and files that were still there after the lab."""
    seconds: float
    at: str = ""
    """When it was measured."""


class Anything:
    """Takes any candidate."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices

    def choose(self, step: Step) -> int:
        return self._choices.index(len(step.candidates))

    give_up = choose


def measure(
    packages: Path, *, trials: int, seed: int, only: Sequence[str], known: Path, say: Progress
) -> Part:
    """``trials`` trials of each system, or of ``only`` those, the others as they stand in
    ``known``. Raises ``LabError`` where one cannot be run."""
    before = _known(known) if only else {}
    with tempfile.TemporaryDirectory(prefix="bench-isolation-") as name:
        found = [
            before[system.name]
            if only and system.name not in only and system.name in before
            else _one(system, Path(name) / f"lab-{system.name}", trials, seed, say)
            for system in _systems(Path(name), packages)
        ]
    alike = sum(not kept.difference and not kept.left for kept in found)
    return Part(
        title="Isolation between trials",
        body=body(
            f"Each system: a serial trial on a fresh lab, {trials} trials under orders drawn at "
            f"random (seed {seed}), a serial trial again. The same operations in the same order "
            "and the same answers are demanded; afterwards every process, listening port and file "
            "of the lab has to be gone.",
            HEADER,
            [
                (
                    kept.system,
                    str(kept.trials),
                    str(kept.failed),
                    kept.difference or "yes",
                    "new processes" if kept.restarts else "rows and keys put back",
                    ", ".join(kept.left) or "nothing",
                    f"{kept.seconds:.0f}",
                    kept.at[:16],
                )
                for kept in found
            ],
            f"**{alike} of {len(found)}** systems are as they were at first (bar: all).",
        ),
        raw=found,
    )


def _one(system: System, folder: Path, trials: int, seed: int, say: Progress) -> Kept:
    before = _everything()
    started = monotonic_ms()
    failed = 0
    with open_lab(system, folder=folder, seed=seed) as lab:
        choices = Choices(seed)
        first = lab.serial()
        for number in range(trials):
            if number % 100 == 0:
                say(f"{system.name}: {number} of {trials}")
            failed += lab.play(Anything(choices)).run.failed
        difference = Behaviour.of(first).difference(Behaviour.of(lab.serial()))
        restarts = lab.isolation.restarts
    left = sorted(_everything() - before)
    return Kept(
        system=system.name,
        trials=trials,
        failed=failed,
        difference=difference,
        restarts=restarts,
        left=(*left, *(("tree",) if (folder / "tree").exists() else ())),
        seconds=(monotonic_ms() - started) / 1000.0,
        at=timestamp(),
    )


def _known(page: Path) -> dict[str, Kept]:
    """What was measured before, by system."""
    if not page.exists():
        return {}
    document = json.loads(page.read_text(encoding="utf-8"))
    found = [Kept(**{**each, "left": tuple(each["left"])}) for each in document["raw"]]
    return {each.system: each for each in found}


def _everything() -> set[str]:
    """Processes below this one, and listening ports but for those of somebody else's processes."""
    found = {f"process {pid}" for pid in descendants(os.getpid())}
    owners = _owners()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and not _is_another_ones(owners.get(fields[9])):
                found.add(f"port {int(fields[1].rpartition(':')[2], 16)}")
    return found


def _owners() -> dict[str, int]:
    """Of each socket, by its inode, a process that holds it."""
    found: dict[str, int] = {}
    for folder in Path("/proc").glob("[0-9]*/fd"):
        with suppress(OSError):
            for descriptor in folder.iterdir():
                with suppress(OSError):
                    target = str(descriptor.readlink())
                    if target.startswith("socket:["):
                        found[target[8:-1]] = int(folder.parent.name)
    return found


def _is_another_ones(pid: int | None) -> bool:
    """Whether somebody else's process holds it: one whose parent lives and is not ours. What we
    leave behind has lost its parent."""
    ours = {os.getpid(), *descendants(os.getpid())}
    if pid is None or pid in ours:
        return False
    with suppress(OSError):
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        return parent > 1 and parent not in ours
    return False


def _systems(folder: Path, packages: Path) -> Iterator[System]:
    """The example, the specimens, and the small systems that the lab is tested on."""
    yield lay_out(folder / "orders")
    for specimen in catalogue.specimens():
        system = read(catalogue.lay_out(specimen, folder / specimen.name))
        yield replace(system, name=specimen.name)
    with _importable(TESTS):
        import small_systems as small

        made: dict[str, Callable[[Path], Any]] = {
            "tickets": lambda root: small.tickets(root, "bull"),
            "pauses": small.pauses,
        }
        for name, make in made.items():
            yield make(small.lay_out(name, folder, packages))
        yield small.desk(small.lay_out("desk", folder))


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
