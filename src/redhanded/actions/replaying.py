"""A failure again, on the code as it stands now: the order of a case, or one kept in a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from redhanded import store
from redhanded.case import wording
from redhanded.case.errors import UsageError
from redhanded.case.request import Listener
from redhanded.case.run import Run
from redhanded.case.schedule import Schedule
from redhanded.contract import read
from redhanded.hunt.scan.confirm import opened
from redhanded.hunt.wanted import pattern
from redhanded.lab import Lab, load_schedule, open_lab
from redhanded.lab.services import reap_abandoned, temporary_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What came of it."""

    of: str
    """Whose order it was: a case, or a file."""
    schedule: Schedule
    runs: tuple[Run, ...]

    @property
    def failed(self) -> int:
        return sum(run.failed for run in self.runs)

    @property
    def infeasible(self) -> int:
        return sum(run.followed.following == "infeasible" for run in self.runs)


def replay(
    target: Path,
    identifier: str | None,
    listener: Listener,
    *,
    times: int = 1,
    allow_remote: bool = False,
    allow_existing: bool = False,
) -> Replay:
    """Follows the schedule of a case ``times`` times and says how often it failed.

    Raises ``UsageError`` for a case without a schedule, ``LabError`` if the system does not run.
    """
    own = store.find(target, identifier)
    case = store.read(own)
    schedule = case.reproduction.schedule if case.reproduction else None
    if schedule is None:
        raise UsageError(
            f"case {case.identifier} holds no failing order, so there is nothing to replay; "
            f"its outcome is {case.outcome}"
        )
    root = Path(case.target)
    system = read(root, allow_remote=allow_remote)
    listener.stage("replay", f"the order of the case: {wording.size(schedule)}")
    for folder in store.all_cases(target):
        reap_abandoned(folder / "labs")
    with (
        temporary_folder(own / "labs", "replay") as place,
        open_lab(
            system,
            folder=place,
            root=root,
            symptom=pattern(system, case.symptom),
            seed=case.seed,
            allow_existing=allow_existing,
            say=listener.step,
        ) as lab,
    ):
        runs = _followed(lab, schedule, times, listener)
    return Replay(of=f"case {case.identifier}", schedule=schedule, runs=runs)


def replay_file(
    target: Path,
    file: Path,
    listener: Listener,
    *,
    times: int = 1,
    allow_remote: bool = False,
    allow_existing: bool = False,
) -> Replay:
    """Follows a schedule that was kept in a file, such as those of ``redhanded scan --confirm``.

    What fails is what the contract says, and rows and keys that are as after no order of the
    deliveries one after the other. Raises ``InputError`` for what is no schedule, ``LabError`` if
    the system does not run.
    """
    schedule = load_schedule(file)
    listener.stage("replay", f"the order in {file}: {wording.size(schedule)}")
    with opened(target, listener.step, allow_remote=allow_remote, existing=allow_existing) as lab:
        runs = _followed(lab, schedule, times, listener)
    return Replay(of=str(file), schedule=schedule, runs=runs)


def _followed(lab: Lab, schedule: Schedule, times: int, listener: Listener) -> tuple[Run, ...]:
    runs = []
    for done in range(times):
        listener.progress(done, times, "following the order")
        runs.append(lab.follow(schedule))
    return tuple(runs)
