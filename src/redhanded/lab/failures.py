"""How a trial failed that did not show its symptom in a log line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from redhanded.case.run import Failure
from redhanded.case.system import SymptomPattern
from redhanded.lab.running import RunningSystem
from redhanded.lab.workload import Planned

NO_ANSWER = "no answer within"


def other_failures(
    running: RunningSystem,
    wanted: SymptomPattern,
    planned: Sequence[Planned],
    unanswered: Sequence[str],
    broken: Callable[[], list[Failure]],
    *,
    disturbed: bool,
) -> list[Failure]:
    """The first kind of failure that there is: a process that ended, a delivery that was not
    answered as it has to be, the symptom on the wire or as a status, an invariant.

    Where the environment ``disturbed`` the trial, the first two are no failures.
    """
    if not disturbed and (text := _unmet(running, planned, unanswered)):
        return [Failure(kind="status", text=text)]
    if wanted.sqlstate is not None:
        for process, failure in running.traffic.wire_failures:
            if failure.code == wanted.sqlstate:
                return [
                    Failure(
                        kind="symptom",
                        text=failure.message,
                        process=process,
                        code=failure.code,
                        constraint=failure.constraint,
                        table=failure.table,
                    )
                ]
    if wanted.status is not None and wanted.status in answers(planned):
        return [Failure(kind="symptom", text=f"HTTP status {wanted.status}")]
    return broken()


def answers(planned: Sequence[Planned]) -> tuple[int, ...]:
    """Status or exit code of each delivery; 0 where there was none."""
    return tuple(
        (each.exchange.status or 0) if each.exchange is not None else 0 for each in planned
    )


def _unmet(running: RunningSystem, planned: Sequence[Planned], unanswered: Sequence[str]) -> str:
    """What a delivery could not do, or how a program ended otherwise than it has to."""
    died = running.died()
    if died is not None:
        return died
    if unanswered:
        return f"{' and '.join(unanswered)}: {NO_ANSWER} 5 s"
    for each in planned:
        wanted = each.entry.expect if each.entry.run is not None else None
        code = each.exchange.status if each.exchange is not None else wanted
        if wanted is not None and code != wanted:
            return f"{each.task}: {each.entry.name} ended with {code}"
        if each.values.missing:
            return next(iter(each.values.missing))
    return ""
