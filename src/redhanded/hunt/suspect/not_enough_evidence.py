"""What is known does not say where to look."""

from __future__ import annotations

from redhanded.case.codemap import CodeMap
from redhanded.case.evidence import Evidence, Location
from redhanded.case.hypothesis import Experiment, Hypothesis
from redhanded.case.symptom import Symptom
from redhanded.hunt.suspect import verdict
from redhanded.hunt.suspect.mechanism import Measured, Weighed, at, hypothesis
from redhanded.hunt.suspect.scene import survey

name = "not-enough-evidence"
title = "What is known does not say where to look"
wrong = (
    "A story that fits a few lines of a log fits many programs: what is not tied to a table, a "
    "line or a request of this one is a guess."
)
safe = "The log names what failed, and the source has a way to it."

FEW = 3
"""Failures; fewer say nothing of what they have in common."""


def suspect(symptom: Symptom, code: CodeMap) -> Hypothesis | None:
    """Always raised: it is the better answer where the others rest on nothing."""
    scene = survey(symptom, code)
    found = [*_of_the_log(symptom), *_of_the_source(symptom, code)]
    if scene.path is not None and scene.table is not None:
        place = next(hop.location for hop in scene.path.hops if hop.location is not None)
        says = f"the source has a way to {scene.table}, which failed"
        found.append(Weighed(weight=0.15, evidence=at(code, place, says, supports=False)))
    return hypothesis(
        mechanism=name,
        title=title,
        claim="Logs and source do not say which of several causes it is, or name none.",
        base=0.25,
        weighed=found,
        experiment=Experiment(
            question="Does a search without a hint find an order that fails?",
            prediction="Nothing fails within the bound, or what fails is not what the log shows.",
            refuted_if="an order is found that fails as the log shows, each time it is replayed",
        ),
    )


def judge(hypothesis: Hypothesis, measured: Measured) -> Hypothesis:
    """REFUTED by a failure that comes back: it says where to look."""
    found = measured.reproduction
    if found is None or found.run is None or not found.run.failed or not found.same_error:
        return verdict.undecided(hypothesis, "the lab has not shown the failure of the log")
    if found.replays and found.replays == found.replays_failed:
        return verdict.refuted(hypothesis, "the failure comes back in every replay of one order")
    return verdict.undecided(hypothesis, "the failure does not come back in every replay")


def _of_the_log(symptom: Symptom) -> list[Weighed]:
    shown = next((each.evidence[0] for each in symptom.occurrences if each.evidence), None)
    if shown is None:
        return []
    found = []
    if len(symptom.occurrences) < FEW:
        says = f"{len(symptom.occurrences)} failures only: what they share may be chance"
        found.append(Weighed(weight=0.15, evidence=_line(shown, says)))
    if symptom.table is None and symptom.constraint is None and not symptom.stack:
        says = "the failing lines name no table, constraint or line of this program"
        found.append(Weighed(weight=0.2, evidence=_line(shown, says)))
    return found


def _of_the_source(symptom: Symptom, code: CodeMap) -> list[Weighed]:
    if code.paths or not code.files:
        return []
    where = next(iter((*symptom.stack, *(one.location for one in code.accesses))), None)
    place = where or Location(path=".", line=0)
    says = "no way from an entry to a write was found in the source"
    return [Weighed(weight=0.2, evidence=at(code, place, says))]


def _line(shown: Evidence, says: str) -> Evidence:
    return Evidence(path=shown.path, line=shown.line, text=shown.text, says=says)
