"""Schedules that were found on one state of a program and are followed on another."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Literal

from small_systems import SYSTEMS

from redhanded.case.run import Run
from redhanded.case.schedule import Constraint, Schedule
from redhanded.case.system import System
from redhanded.lab import Lab, load_schedule, open_lab, save_schedule
from redhanded.lab.isolation import Isolation
from redhanded.lab.repertoire import Repertoire
from redhanded.lab.trial import WARM_UP_TRIALS

Outcome = Literal["followed and failed", "followed and passed", "infeasible"]
REPLAYS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What somebody did to a program, and what its schedules come to then."""

    name: str
    change: Callable[[Path], None]
    failing: tuple[str, ...] = ()
    """Schedules that are followed and fail."""
    passing: tuple[str, ...] = ()
    """Schedules that are followed and do not fail any more."""
    infeasible: tuple[str, ...] = ()
    said: Mapping[str, str] = field(default_factory=dict)
    """Part of what is said of a schedule: why it is infeasible, or what was guessed."""
    restated: Callable[[System], System] | None = None
    """What it changes in the contract; it gets a lab of its own then."""
    answers: tuple[int, ...] = ()
    """Of a serial run."""

    @property
    def outcomes(self) -> dict[str, Outcome]:
        failing: dict[str, Outcome] = dict.fromkeys(self.failing, "followed and failed")
        passing: dict[str, Outcome] = dict.fromkeys(self.passing, "followed and passed")
        infeasible: dict[str, Outcome] = dict.fromkeys(self.infeasible, "infeasible")
        return failing | passing | infeasible

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Original:
    """A program, and the files that its failing orders were saved to."""

    lab: Lab
    root: Path
    folder: Path

    def schedule(self, name: str) -> Schedule:
        return load_schedule(self.folder / f"{name}.json")


def find_and_save(lab: Lab, folder: Path, schedules: Mapping[str, Schedule]) -> None:
    """Saves them, each one seen to fail every time on the code that it was found on."""
    for name, schedule in schedules.items():
        runs = [lab.follow(schedule) for _ in range(REPLAYS)]
        assert [outcome(run) for run in runs] == ["followed and failed"] * REPLAYS
        assert not any(run.followed.unclear for run in runs)
        save_schedule(schedule, folder / f"{name}.json")


def follow_on(original: Original, edit: Edit, folder: Path) -> None:
    """Follows the saved schedules on the edited code, and checks how that ends."""
    with edited(original, edit, folder) as lab:
        serial = lab.serial()
        assert not serial.failed and serial.answers == edit.answers
        for name, expected in edit.outcomes.items():
            replays = REPLAYS if expected == "followed and failed" else 2
            runs = [lab.follow(original.schedule(name)) for _ in range(replays)]
            shown = (runs[0].followed, runs[0].names())
            assert [outcome(run) for run in runs] == [expected] * replays, shown
            said = " ".join((runs[0].followed.why, *runs[0].followed.unclear))
            assert edit.said.get(name, "") in said
            assert bool(said) == (name in edit.said), said
            assert set(runs[0].followed.unclear) <= set(lab.limits)


@contextmanager
def edited(original: Original, edit: Edit, folder: Path) -> Iterator[Lab]:
    """A lab of the edited program: a new one, or the warm one with new processes."""
    root = folder / "edited"
    shutil.copytree(original.root, root, symlinks=True)
    edit.change(root)
    if edit.restated is not None:
        system = replace(edit.restated(original.lab.system), root=str(root))
        with open_lab(system, folder=folder / "lab") as lab:
            yield lab
        return
    lab = original.lab
    shutil.copytree(root, lab.running.root, ignore=lambda *_: ["node_modules"], dirs_exist_ok=True)
    lab.repertoire, lab.isolation = Repertoire(), Isolation()
    lab.restart()
    for _ in range(WARM_UP_TRIALS):
        lab.serial()
    yield lab


def outcome(run: Run) -> Outcome:
    if run.followed.following == "infeasible":
        return "infeasible"
    return "followed and failed" if run.failed else "followed and passed"


def in_order(*names: tuple[Run, str, str, str]) -> tuple[Constraint, ...]:
    """The operations (task, kind and target, in a run that has them) one before the other."""
    found = [run.find(kind, target, task=task).name for run, task, kind, target in names]
    return tuple(Constraint(before=one, after=other) for one, other in pairwise(found))


def rewrite(root: Path, path: str, *changes: tuple[str, str]) -> None:
    """Puts other text into a file; each text that goes has to be there."""
    file = root / path
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, f"{path} does not say {old!r}"
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")


def renaming(words: Mapping[str, str], *files: str) -> Callable[[Path], None]:
    """Names in ``files`` become others, where nothing says that they are keys of an object."""

    def change(root: Path) -> None:
        word = re.compile(rf"\b({'|'.join(words)})\b(?!: )")
        for path in files:
            text = (root / path).read_text(encoding="utf-8")
            new = word.sub(lambda found: words[found[1]], text)
            (root / path).write_text(new, encoding="utf-8")

    return change


def laid_over(name: str) -> Callable[[Path], None]:
    """Files of another state of the system."""
    return lambda root: shutil.copytree(SYSTEMS / name, root, dirs_exist_ok=True) and None
