"""Failing against passing: is the cause of a generated incident named first? See ``--help``.

A part of ``make bench-logs``; alone it writes ``results/logs-incidents.md`` and ``.json``.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from incident_maker import KINDS, SERVICES, WINDOW_MS, Incident, make
from incident_rivals import Named, novelty, ochiai, ochiai_of_questions
from machine import describe_host, host_facts
from numpy.typing import NDArray
from part import Part, table, write

from redhanded.case.document import encode
from redhanded.lab.clock import monotonic_ms
from redhanded.logs.correlation.events import events
from redhanded.logs.correlation.join import join
from redhanded.logs.correlation.units import by_window
from redhanded.logs.difference.compare import LEVEL, compare
from redhanded.logs.difference.questions import Kind
from redhanded.logs.difference.result import Differences, Finding
from redhanded.logs.difference.stories import Stories, stories
from redhanded.logs.files import log_files
from redhanded.logs.read import read

RESULTS = Path(__file__).with_name("results")
FIRST_BAR, THREE_BAR, CONTROL_BAR = 0.90, 0.98, 0.05
TELLS = {
    "novel": Kind.PRESENT,
    "count": Kind.COUNT,
    "order": Kind.ORDER,
    "latency": Kind.LATENCY,
    "missing": Kind.MISSING,
    "id": Kind.JOIN,
}
RIVALS = ("novelty only", "Ochiai, lines", "Ochiai, our questions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One incident."""

    kind: str
    seed: int
    windows: int
    failing: int
    events: int
    questions: int
    testable: int
    place: int | None
    """Of the cause, from 0: its group's place plus its place in the group; None if not named."""
    rivals: dict[str, int | None]
    control: bool
    """Whether shuffled labels reported anything."""
    novelty_control: bool
    compare_ms: float


def measure(incidents: int, seed: int, say: Callable[[str], None], *, files: int = 12) -> Part:
    """``incidents`` incidents, the kinds in turns, each with one shuffled control; the first
    ``files`` of them also as log files."""
    outcomes = []
    for number in range(incidents):
        outcomes.append(_one(make(seed + number, KINDS[number % len(KINDS)])))
        if number % 20 == 19:
            named = sum(each.place == 0 for each in outcomes)
            say(f"{number + 1} incidents, the cause first in {named}")
    through: list[int | None] = []
    for number in range(min(files, incidents)):
        with tempfile.TemporaryDirectory(prefix="bench-incident-") as name:
            incident = make(seed + number, KINDS[number % len(KINDS)])
            through.append(through_files(incident, Path(name)))
        say(f"{number + 1} incidents through files, the cause first in {through.count(0)}")
    return _part(outcomes, through, seed)


def told(incident: Incident, failing: NDArray[np.bool_]) -> Stories:
    """The incident's events as stories, with the labels given."""
    rows = np.flatnonzero(incident.job > 0)
    return stories(
        story=incident.window,
        template=incident.template,
        at_ms=incident.at_ms,
        failing=failing,
        templates=incident.templates,
        chain=incident.request,
        identifiers=(rows, np.zeros(len(rows), int), incident.job[rows]),
        keys=("job",),
        noun="window",
    )


def through_files(incident: Incident, folder: Path) -> int | None:
    """The place of the cause when the incident is written as JSON lines, one file for each
    service, read, joined by the identifiers found in it, and cut into windows."""
    names = [SERVICES[at] for at in incident.services]
    order = np.argsort(incident.at_ms, kind="stable").tolist()
    lines: dict[str, list[bytes]] = {}
    for at in order:
        template = int(incident.template[at])
        line: dict[str, object] = {
            "time": int(incident.at_ms[at]),
            "level": 50 if template == incident.symptom else 30,
            "msg": incident.templates[template].replace("<*>", str(at)),
        }
        if incident.request[at] >= 0:
            line["reqId"] = f"r-{incident.request[at]}q"
        if incident.job[at]:
            line["jobId"] = f"j-{incident.job[at]}x"
        lines.setdefault(names[template], []).append(encode(line))
    for name, own in lines.items():
        (folder / f"{name}.log").write_bytes(b"\n".join(own) + b"\n")
    log = events(read(log_files([folder])[0]))
    joined = join(log, log.keys.index("req"))
    symptom = [log.templates.index(incident.templates[incident.symptom])]
    shows = np.isin(log.template, symptom)
    windows = by_window(log, joined, shows, length_ms=WINDOW_MS)
    return _place(incident, compare(windows, symptom=symptom))


def _one(incident: Incident) -> Outcome:
    began = monotonic_ms()
    own = told(incident, incident.failing)
    found = compare(own, symptom=[incident.symptom])
    took = monotonic_ms() - began
    shuffled = np.random.default_rng([incident.seed, 99]).permutation(incident.failing)
    control = compare(told(incident, shuffled), symptom=[incident.symptom])
    rankings = (
        novelty(incident, incident.failing),
        ochiai(incident, incident.failing),
        ochiai_of_questions(own, incident.symptom),
    )
    return Outcome(
        kind=incident.kind,
        seed=incident.seed,
        windows=len(incident.failing),
        failing=int(incident.failing.sum()),
        events=len(incident.template),
        questions=sum(found.asked.values()),
        testable=found.testable,
        place=_place(incident, found),
        rivals={
            name: _rival_place(incident, ranking)
            for name, ranking in zip(RIVALS, rankings, strict=True)
        },
        control=not control.nothing,
        novelty_control=bool(novelty(incident, shuffled)),
        compare_ms=round(took, 1),
    )


def _place(incident: Incident, found: Differences) -> int | None:
    places = [
        at + within
        for at, group in enumerate(found.groups)
        for within, finding in enumerate(group.findings)
        if _is_cause(incident, finding)
    ]
    return min(places, default=None)


def _is_cause(incident: Incident, finding: Finding) -> bool:
    """The right kind, and the right lines; for an id, any of the lines between which it changes."""
    cause = incident.cause
    if finding.kind is not TELLS[cause.kind]:
        return False
    names = incident.templates
    lines = {names[cause.template], names[cause.other]}
    if cause.kind == "order":
        return {finding.template, finding.other} == lines
    if cause.kind == "latency":
        same = (finding.other, finding.template) == (names[cause.other], names[cause.template])
        return same and finding.more
    if cause.kind == "id":
        return finding.template in lines
    return finding.template == names[cause.template] and finding.more is (
        cause.kind != "missing" or finding.other is not None
    )


def _rival_place(incident: Incident, ranking: Sequence[Named]) -> int | None:
    """Rivals need to name one of the lines only, of whatever kind."""
    lines = {incident.cause.template, incident.cause.other} - {-1}
    if incident.cause.kind in ("novel", "count", "missing"):
        lines = {incident.cause.template}
    return next((at for at, pair in enumerate(ranking) if lines & set(pair)), None)


def _part(outcomes: Sequence[Outcome], through: Sequence[int | None], seed: int) -> Part:
    rows = []
    for kind in (*KINDS, "all"):
        own = [each for each in outcomes if kind in (each.kind, "all")]
        if not own:
            continue
        places = [[each.place for each in own]]
        places += [[each.rivals[name] for each in own] for name in RIVALS]
        rows.append(
            (
                kind,
                str(len(own)),
                *(f"{_within(each, 1)} / {_within(each, 3)}" for each in places),
                str(sum(each.control for each in own)),
                str(sum(each.novelty_control for each in own)),
            )
        )
    header = (
        "kind", "incidents", "redhanded: first / first three",
        *(f"{name}: first / first three" for name in RIVALS),
        "controls that report: redhanded", "novelty",
    )  # fmt: skip
    total = len(outcomes)
    first = _within([each.place for each in outcomes], 1) / total
    three = _within([each.place for each in outcomes], 3) / total
    control = sum(each.control for each in outcomes) / total
    met = first >= FIRST_BAR and three >= THREE_BAR and control <= CONTROL_BAR
    verdict = (
        f"The cause is first in {first:.1%} (bar {FIRST_BAR:.0%}) and among the first three in "
        f"{three:.1%} (bar {THREE_BAR:.0%}); {control:.1%} of the shuffled controls report "
        f"anything (bar at most {CONTROL_BAR:.0%}): {'met' if met else 'missed'}."
    )
    whole = (
        f"The whole way, the first {len(through)} incidents written as JSON lines, one file for "
        "each service, read again, joined by the ids found in them and cut into minutes: the cause "
        f"is first in {_within(through, 1)} and among the first three in {_within(through, 3)}."
    )
    body = "\n\n".join((_how(outcomes, seed), table(header, rows), verdict, whole))
    raw = {"incidents": outcomes, "through_files": through}
    return Part(title="Failing against passing: generated incidents", body=body, raw=raw)


def _within(places: Sequence[int | None], most: int) -> int:
    return sum(place is not None and place < most for place in places)


def _how(outcomes: Sequence[Outcome], seed: int) -> str:
    failing = sorted(each.failing for each in outcomes)
    windows = sorted(each.windows for each in outcomes)
    events = sorted(each.events for each in outcomes)
    took = sorted(each.compare_ms for each in outcomes)
    middle = len(outcomes) // 2
    return (
        f"Incidents {seed} to {seed + len(outcomes) - 1} of `incident_maker.py`, the kinds in "
        f"turns: {windows[0]} to {windows[-1]} windows of a minute, of which {failing[0]} to "
        f"{failing[-1]} fail; {events[0]:,} to {events[-1]:,} events of several services, with "
        "optional, repeated, swapped and lost lines, drifting load and latencies, bursts in the "
        "background, lines that occur once, and in most incidents one to three consequences of "
        "the cause before or after the symptom, requests that abort, and now and then the same "
        "line in a passing window. Events are given with their template, window and request; "
        "reading and joining are in the last sentence. The line by which windows were called "
        "failing is given as the symptom and asked about by nobody. A line whose rate triples and "
        "a step that gets slower come eight times or more in a usual window.\n\n"
        "A place counts groups and, within a group, its members before the cause: second in the "
        "first group is as good as first in the second. We have to name the kind and the very "
        "lines (for a changed id one of the two lines); the rivals need to name one of the lines "
        "only. Novelty: lines that only failing windows have. Ochiai: of each line's being there, "
        "and of all our questions (there or above the usual). Each incident has one control with "
        f"its labels shuffled. False discovery rate {LEVEL:g}. Comparing took {took[middle]:.0f} "
        f"ms (median; at most {took[-1]:.0f} ms)."
    )


def part(arguments: argparse.Namespace, _folder: Path) -> Part:
    """As a part of ``make bench-logs``."""
    return measure(200, arguments.seed, say)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """Measures alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--incidents", type=int, default=200)
    parser.add_argument("--files", type=int, default=12, help="incidents also through log files")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    load = os.getloadavg()
    page = measure(
        arguments.incidents,
        arguments.seed,
        say,
        files=arguments.files,
    )
    rows = host_facts(describe_host(load), arguments.seed)
    print(write(page, rows, arguments.out, "logs-incidents"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
