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
from time import monotonic

from redhanded import contract, store
from redhanded.case.errors import InputError, LabError
from redhanded.case.evidence import Location
from redhanded.case.run import Run
from redhanded.case.scan import Confirmation, Reported, Scan
from redhanded.case.schedule import FAULT_KINDS, Constraint, Event, Schedule
from redhanded.case.system import Invariant, System
from redhanded.case.wording import happening, ordering
from redhanded.hunt.reproduce import check
from redhanded.hunt.scan.lines import (
    SERIAL,
    Bearing,
    Ground,
    about,
    at_lines,
    concerns,
    failure_said,
    ground,
    ordered,
)
from redhanded.lab import Lab, open_lab, save_schedule
from redhanded.lab.error_lines import is_error
from redhanded.lab.search import Budget, Search, search
from redhanded.lab.services import reap_abandoned, temporary_folder
from redhanded.lab.shrink import flip, shrink

Say = Callable[[str], None]
BUDGET = Budget(predictions=24, systematic=150, random=20, faults=12, seconds=30.0)
"""For each finding."""
SHRINKING_S = 30.0
"""For making the order that fails small; also for each finding."""
SECONDS = 600.0
"""For all of them; what has begun is finished."""
REPLAYS = 10
FLIPS = 3
DELIVERIES = 2
FOLDER = "scan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """The findings with what the lab said of them, and what it did not control."""

    findings: tuple[Reported, ...]
    limits: tuple[str, ...] = ()


def confirm(
    scan: Scan, span: Callable[[Location], tuple[int, int]], say: Say, seconds: float = SECONDS
) -> Confirmed:
    """Each finding that is new, tried in the lab for ``seconds`` in all; ``span`` as for `ground`.

    Where there is no contract, or the system cannot be run, findings stay UNDECIDED with the
    reason; what was made to happen before it broke down stays confirmed.
    """
    wanted = [one for one in scan.findings if one.state == "new"]
    told: dict[str, Confirmation] = {}
    root = Path(scan.root)
    limits: tuple[str, ...] = ()
    rest = ""
    if not (root / contract.FILE_NAME).is_file():
        rest = f"there is no {contract.FILE_NAME} in {root}; `redhanded init` writes one"
    elif wanted:
        try:
            with opened(root, say) as lab:
                for fingerprint, confirmation in _each(lab, wanted, span, say, seconds):
                    told[fingerprint] = confirmation
                limits = lab.limits
        except (LabError, InputError) as error:
            rest = f"the system could not be run: {one_line(error)}"
    return Confirmed(
        findings=tuple(
            replace(one, confirmation=told.get(one.fingerprint, _undecided(rest)))
            if one.state == "new"
            else one
            for one in scan.findings
        ),
        limits=limits,
    )


def _each(
    lab: Lab,
    findings: Sequence[Reported],
    span: Callable[[Location], tuple[int, int]],
    say: Say,
    seconds: float,
) -> Iterator[tuple[str, Confirmation]]:
    """Fingerprint and what the lab says of each finding, the most certain first."""
    until = monotonic() + seconds
    first = lab.serial(_deliveries(lab))
    check(first, lab.system.workload)
    asked = {one.name: _question(one) for one in lab.system.invariants if not one.serial}
    for number, one in enumerate(findings, 1):
        if monotonic() > until:
            why = f"not tried: the {seconds:.0f} s for all findings were over (--confirm-for)"
            yield one.fingerprint, _undecided(why)
            continue
        place = f"{one.finding.rule} at {one.finding.location}"
        say(f"in the lab, finding {number} of {len(findings)}: {place}")
        left_s = until - monotonic()
        yield one.fingerprint, _tried(lab, one, ground(one.finding, span, asked), first, left_s)


def _question(invariant: Invariant) -> str:
    """What an invariant asks, where that names tables or keys."""
    return invariant.sql or " ".join(invariant.redis)


def one_line(error: Exception) -> str:
    """A message of several lines in one: of a process's last words the one that names an error."""
    first, _, rest = str(error).partition("\n")
    if not first.endswith(":"):
        return first
    words = [line.strip() for line in rest.splitlines() if line.strip()]
    if not words:
        return f"{first.removesuffix(':')} are empty."
    named = [line for line in words if is_error(line)]
    return f"{first} {(named or words)[-1]}"


@contextmanager
def opened(
    root: Path, say: Say, *, allow_remote: bool = False, existing: bool = False
) -> Iterator[Lab]:
    """The system of a project in a lab, watched for what the contract says and for what is as
    after no order of the deliveries one after the other."""
    system = contract.read(root, allow_remote=allow_remote)
    state = store.state_folder(root) / FOLDER
    state.mkdir(exist_ok=True)
    reap_abandoned(state)
    with (
        temporary_folder(state, "confirm") as place,
        open_lab(
            _watched(system), folder=place, root=root, allow_existing=existing, say=say
        ) as lab,
    ):
        yield lab


def _watched(system: System) -> System:
    """The system, watched for what is as after no serial order, too."""
    if any(one.serial for one in system.invariants):
        return system
    return replace(system, invariants=(*system.invariants, SERIAL))


def _tried(lab: Lab, one: Reported, of: Ground, first: Run, left_s: float) -> Confirmation:
    if not at_lines(first, of):
        return _undecided("the workload of the contract does not come to these lines")
    found = search(
        lab,
        deliveries=_deliveries(lab),
        tables=_tables(first, of),
        faults=FAULT_KINDS if lab.system.faults is None else lab.system.faults,
        faults_last=lab.system.faults is None,
        budget=replace(BUDGET, seconds=min(BUDGET.seconds, left_s)),
        wanted=lambda run: concerns(run, of),
    )
    if found.run is None:
        return _undecided(f"{bound(found)}; none failed in what the finding is about")
    if found.schedule is None:
        return _undecided(
            f"it failed once, and not again in one order: {failure_said(found.run, of)}"
        )
    return _measured(lab, one, of, _small(lab, found.schedule, found.again, of, left_s))


def _small(lab: Lab, schedule: Schedule, again: int, of: Ground, left_s: float) -> Schedule:
    """The order with what it needs alone; as it was found, where that takes too long. ``again``:
    how often it has failed since it was found."""
    follow = _until(lab, monotonic() + min(SHRINKING_S, left_s))
    try:
        smallest, _ = shrink(schedule, follow, lambda run: concerns(run, of), failed=again)
    except _OutOfTime:
        return schedule
    return smallest


class _OutOfTime(Exception):
    """No further run is begun."""


def _until(lab: Lab, end: float) -> Callable[[Schedule], Run]:
    """Follows schedules as long as there is time."""

    def follow(schedule: Schedule) -> Run:
        if monotonic() > end:
            raise _OutOfTime
        return lab.follow(schedule)

    return follow


def _tables(first: Run, of: Ground) -> tuple[str, ...]:
    """The table that it is about, if it is one: what is predicted is about that then."""
    seen = {touch.resource for one in first.operations for touch in one.touches}
    return (of.subject,) if of.subject in seen else ()


def bound(found: Search) -> str:
    """How far a search went that found nothing."""
    seen = found.coverage
    systematic = sum(one.explored for one in seen.systematic)
    parts = [
        f"{seen.forced} of {seen.predicted} predicted" if seen.predicted else "none predicted",
        f"{seen.faults} with a fault" if seen.faults else "",
        f"{systematic} in order" if systematic else "",
        f"{seen.random} at random" if seen.random else "",
    ]
    whole = "not all orders of any bound"
    if seen.exhausted is not None:
        times = "preemption" if seen.exhausted == 1 else "preemptions"
        whole = f"all orders with at most {seen.exhausted} {times}"
    said = ", ".join(part for part in parts if part)
    return f"{found.trials} trials in {found.seconds:.0f} s ({said}; {whole})"


def _measured(lab: Lab, one: Reported, of: Ground, schedule: Schedule) -> Confirmation:
    runs = [lab.follow(schedule) for _ in range(REPLAYS)]
    failed = [(run, found[1]) for run in runs if (found := about(run, of)) is not None]
    if len(failed) < REPLAYS:
        return _undecided(f"an order failed, and then in {len(failed)} of {REPLAYS} runs only")
    run = failed[0][0]
    bearing: Bearing = "near" if any(seen == "near" for _, seen in failed) else "at"
    how = failure_said(run, of)
    if not schedule.parts:
        return _without_an_order(lab, one, of, schedule, bearing, how)
    own = [part for part in schedule.parts if ordered(run, part, of, bearing)]
    if not own:
        return _undecided(f"an order fails that is none of the finding's own operations: {how}")
    turned = next((said for part in own if (said := _turned(lab, schedule, part, of, run))), "")
    if not turned:
        return _undecided(f"an order fails, and so does everything without it: {how}")
    return Confirmation(
        word="CONFIRMED",
        why=f"{REPLAYS} of {REPLAYS} runs in this order failed ({how}), {turned}",
        schedule=_kept(Path(lab.system.root), one, schedule),
    )


def _without_an_order(
    lab: Lab, one: Reported, of: Ground, schedule: Schedule, bearing: Bearing, how: str
) -> Confirmation:
    """What fails with one delivery after the other: the second one is what it takes."""
    if bearing != "at":
        return _undecided(f"one delivery after the other fails, not at the finding's lines: {how}")
    if any(concerns(lab.serial(1), of) for _ in range(FLIPS)):
        return _undecided(f"a single delivery fails as well: {how}")
    return Confirmation(
        word="CONFIRMED",
        why=f"{REPLAYS} of {REPLAYS} runs with one delivery after the other failed ({how}), 0 of "
        f"{FLIPS} with a single one",
        schedule=_kept(Path(lab.system.root), one, schedule),
    )


def _turned(lab: Lab, schedule: Schedule, part: Constraint | Event, of: Ground, failed: Run) -> str:
    """What happens the other way round, or without the event; empty where that fails, too, or
    cannot be had."""
    if isinstance(part, Constraint):
        other, _ = flip(schedule, schedule.constraints.index(part))
        told = f"the other way round: {ordering(part.flipped(), (failed,))}"
    else:
        other = schedule.demanding([one for one in schedule.parts if one != part])
        told = f"without: {happening(part, (failed,))}"
    return f"0 of {FLIPS} {told}" if _passes(lab, other, of) else ""


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
