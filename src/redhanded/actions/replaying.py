"""One case's failure again: the smallest schedule, on the code as it stands now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from redhanded import store
from redhanded.case import wording
from redhanded.case.case import Case
from redhanded.case.errors import UsageError
from redhanded.case.request import Listener
from redhanded.case.run import Run
from redhanded.case.schedule import Schedule
from redhanded.contract import read
from redhanded.hunt.wanted import pattern
from redhanded.lab import open_lab
from redhanded.lab.services import reap_abandoned, temporary_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What came of it."""

    case: Case
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
    runs: list[Run] = []
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
        for done in range(times):
            listener.progress(done, times, "following the order")
            runs.append(lab.follow(schedule))
    return Replay(case=case, schedule=schedule, runs=tuple(runs))
