"""Findings handed to the lab: what can be made to happen, and what happens the other way round.

For each finding orders are searched, first those that a serial run predicts for its table. A
finding is CONFIRMED only if its own lines take part in an order that fails whenever it is forced
and passes when it is turned round; everything else stays UNDECIDED, and says why. Nothing is ever
REFUTED here: the search is bounded, and the workload may not reach the lines.

What fails is what the contract says, and beside that, that rows and keys are as after no order of
the deliveries one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from redhanded import contract, store
from redhanded.case.errors import InputError, LabError
from redhanded.case.evidence import Location
from redhanded.case.run import Run
from redhanded.case.scan import Confirmation, Reported, Scan
from redhanded.case.schedule import FAULT_KINDS, Schedule
from redhanded.case.system import Invariant, System
from redhanded.hunt.reproduce import check
from redhanded.hunt.scan.lines import Ground, at_lines, concerns, failure_said, ground, ordered
from redhanded.lab import Lab, open_lab, save_schedule
from redhanded.lab.search import Budget, search
from redhanded.lab.services import reap_abandoned, temporary_folder
from redhanded.lab.shrink import flip, shrink

Say = Callable[[str], None]
SERIAL = Invariant(name="as one after the other", serial=True)
BUDGET = Budget(predictions=24, systematic=150, random=20, faults=12, seconds=30.0)
"""For each finding."""
REPLAYS = 10
FLIPS = 3
DELIVERIES = 2
FOLDER = "scan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """The findings with what the lab said of them, and what it did not control."""

    findings: tuple[Reported, ...]
    limits: tuple[str, ...] = ()


def confirm(scan: Scan, span: Callable[[Location], tuple[int, int]], say: Say) -> Confirmed:
    """Each finding that is new, tried in the lab; ``span`` as for `ground`.

    Where there is no contract, or the system cannot be run, all stay UNDECIDED with the reason.
    """
    root = Path(scan.root)
    if not (root / contract.FILE_NAME).is_file():
        why = f"there is no {contract.FILE_NAME} in {root}; `redhanded init` writes one"
        return Confirmed(findings=_all(scan.findings, why))
    try:
        with _opened(root, say) as lab:
            first = lab.serial(_deliveries(lab))
            check(first, lab.system.workload)
            findings = tuple(
                replace(one, confirmation=_tried(lab, one, ground(one.finding, span), first, say))
                if one.state == "new"
                else one
                for one in scan.findings
            )
            return Confirmed(findings=findings, limits=lab.limits)
    except (LabError, InputError) as error:
        first_line = str(error).partition("\n")[0]
        return Confirmed(findings=_all(scan.findings, f"the system could not be run: {first_line}"))


@contextmanager
def _opened(root: Path, say: Say) -> Iterator[Lab]:
    system = contract.read(root, allow_remote=False)
    state = store.state_folder(root) / FOLDER
    state.mkdir(exist_ok=True)
    reap_abandoned(state)
    with (
        temporary_folder(state, "confirm") as place,
        open_lab(_watched(system), folder=place, root=root, say=say) as lab,
    ):
        yield lab


def _watched(system: System) -> System:
    """The system, watched for what is as after no serial order, too."""
    if any(one.serial for one in system.invariants):
        return system
    return replace(system, invariants=(*system.invariants, SERIAL))


def _all(findings: Sequence[Reported], why: str) -> tuple[Reported, ...]:
    return tuple(
        replace(one, confirmation=_undecided(why)) if one.state == "new" else one
        for one in findings
    )


def _tried(lab: Lab, one: Reported, of: Ground, first: Run, say: Say) -> Confirmation:
    say(f"in the lab: {one.finding.rule} at {one.finding.location}")
    if not at_lines(first, of):
        return _undecided("the workload does not come to these lines")
    found = search(
        lab,
        deliveries=_deliveries(lab),
        tables={of.subject} if of.subject else (),
        faults=FAULT_KINDS if lab.system.faults is None else lab.system.faults,
        faults_last=lab.system.faults is None,
        budget=BUDGET,
        wanted=lambda run: concerns(run, of),
    )
    if found.run is None:
        orders = f"{found.trials} orders were tried in {found.seconds:.0f} s"
        return _undecided(f"{orders}, and none failed in what the finding is about")
    if found.schedule is None:
        return _undecided(
            f"it failed once, and not again in one order: {failure_said(found.run, of)}"
        )
    smallest, _ = shrink(
        found.schedule, lab.follow, lambda run: concerns(run, of), failed=found.again
    )
    return _measured(lab, one, of, smallest)


def _measured(lab: Lab, one: Reported, of: Ground, schedule: Schedule) -> Confirmation:
    runs = [lab.follow(schedule) for _ in range(REPLAYS)]
    failed = [run for run in runs if concerns(run, of)]
    if len(failed) < REPLAYS:
        return _undecided(f"an order failed, and then in {len(failed)} of {REPLAYS} runs only")
    how = failure_said(failed[0], of)
    if not ordered(failed[0], schedule, of):
        return _undecided(f"an order fails that is none of the finding's own operations: {how}")
    turned = _turned(lab, schedule, of)
    if turned is None:
        return _undecided(f"an order fails, and so does everything without it: {how}")
    return Confirmation(
        word="CONFIRMED",
        why=f"{REPLAYS} of {REPLAYS} runs in this order failed ({how}), {turned}",
        schedule=_kept(Path(lab.system.root), one, schedule),
    )


def _turned(lab: Lab, schedule: Schedule, of: Ground) -> str | None:
    """What happens without the order; None where that fails, too, or cannot be had."""
    for place, constraint in enumerate(schedule.constraints):
        other, _ = flip(schedule, place)
        if _passes(lab, other, of):
            return f"0 of {FLIPS} the other way round: {constraint.flipped()}"
    for event in schedule.events:
        calm = schedule.demanding([part for part in schedule.parts if part != event])
        if _passes(lab, calm, of):
            return f"0 of {FLIPS} without: {event}"
    return None


def _passes(lab: Lab, schedule: Schedule, of: Ground) -> bool:
    runs = [lab.follow(schedule) for _ in range(FLIPS)]
    met = all(run.followed.following == "followed" for run in runs)
    return met and not any(concerns(run, of) for run in runs)


def _undecided(why: str) -> Confirmation:
    return Confirmation(word="UNDECIDED", why=why)


def _kept(root: Path, one: Reported, schedule: Schedule) -> str:
    path = store.state_folder(root) / FOLDER / f"{one.fingerprint}.schedule.json"
    save_schedule(schedule, path)
    return path.relative_to(root).as_posix()


def _deliveries(lab: Lab) -> int:
    return max(DELIVERIES, *(entry.deliveries for entry in lab.system.workload))
