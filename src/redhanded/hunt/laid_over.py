"""The paths that were read, laid over the run that failed: what each saw and the other did not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from redhanded.case.overlay import Laid, Overlay
from redhanded.case.reproduction import Reproduction
from redhanded.case.run import Run
from redhanded.source.flow.charting import Chart
from redhanded.source.flow.events import Path
from redhanded.source.flow.journeys import matching
from redhanded.source.flow.lost_frames import put_back
from redhanded.source.flow.overlay import overlay
from redhanded.source.flow.telling import said


def laid_over(chart: Chart, run: Run | None) -> Overlay | None:
    """None where nothing ran, or no entry of the source is what the deliveries were sent to."""
    if run is None:
        return None
    sent = [
        f"{each.name.kind} {each.name.target.partition('?')[0]}"
        for each in run.operations
        if each.name.protocol == "delivery"
    ]
    places = _with_jobs(chart.paths, _entries(chart.paths, sent))
    if not places:
        return None
    paths = [chart.paths[place] for place in places]
    found = overlay(paths, run.operations, chart.files.paths)
    by_index = {each.index: each for each in run.operations}
    unseen = [by_index[index] for index in found.ran_unseen]
    idle = [paths[place].events[number] for place, number in found.seen_idle]
    return Overlay(
        entries=tuple(dict.fromkeys(one.entry.name for one in paths)),
        met=len({(paths[one.path].events[one.event].location) for one in found.met}),
        ran_unseen=_once(
            Laid(location=each.location, says=f"{each.name.kind} {each.name.target}".strip())
            for each in unseen
            if each.location is not None
        ),
        seen_idle=_once(
            Laid(location=event.location, says=said(event.effect))
            for event in idle
            if event.effect is not None
        ),
        without_line=len(found.without_line),
    )


def with_lost_frames(chart: Chart, found: Reproduction) -> Reproduction:
    """The same with the lines that stacks have lost (see ``lost_frames``)."""

    def completed(run: Run | None) -> Run | None:
        if run is None:
            return None
        return replace(run, operations=put_back(run.operations, chart.paths))

    return replace(found, run=completed(found.run), passing=completed(found.passing))


def _entries(paths: Sequence[Path], sent: Iterable[str]) -> list[int]:
    routes = [place for place, one in enumerate(paths) if one.entry.kind == "route"]
    names = [paths[place] for place in routes]
    found: dict[int, None] = {}
    for one in dict.fromkeys(sent):
        for place in matching(one, names):
            found[routes[place]] = None
    return list(found)


def _with_jobs(paths: Sequence[Path], places: Sequence[int]) -> list[int]:
    """The entries and all that takes what they queue."""
    found = dict.fromkeys(places)
    waiting = list(places)
    while waiting:
        for job in paths[waiting.pop()].jobs:
            if job.entry not in found:
                found[job.entry] = None
                waiting.append(job.entry)
    return list(found)


def _once(found: Iterable[Laid]) -> tuple[Laid, ...]:
    return tuple(dict.fromkeys(found))
