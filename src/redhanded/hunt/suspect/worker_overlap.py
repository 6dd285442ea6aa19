"""Two consumers work on the same thing at the same time."""

from __future__ import annotations

from redhanded.case.codemap import CodeMap
from redhanded.case.hypothesis import Experiment, Hypothesis
from redhanded.case.symptom import Symptom
from redhanded.hunt.suspect import verdict
from redhanded.hunt.suspect.measure import forced_apart, overlap, take_apart
from redhanded.hunt.suspect.mechanism import (
    Measured,
    Weighed,
    at,
    hypothesis,
    measured_evidence,
)
from redhanded.hunt.suspect.scene import finds_first, survey

name = "worker-overlap"
title = "Two workers run at the same time"
wrong = (
    "Consumers of one queue share no lock: two jobs that read, decide and write the same rows race "
    "whenever they overlap, and a job whose lock ran out is given to a second worker (Bull, "
    "Important Notes: at least once; stalled jobs)."
)
safe = "A lock or a unique constraint on the entity, or one consumer for all jobs of an entity."


def suspect(symptom: Symptom, code: CodeMap) -> Hypothesis | None:
    """Raised where a queue's consumer makes the write."""
    scene = survey(symptom, code)
    consumer = scene.consumer
    if consumer is None or scene.write is None:
        return None
    found = [
        Weighed(weight=0.05, evidence=at(code, consumer.location, "one consumer in each process"))
    ]
    if consumer.concurrency not in (None, "1"):
        says = f"takes {consumer.concurrency} jobs at a time"
        found.append(Weighed(weight=0.1, evidence=at(code, consumer.location, says)))
    if scene.write.locked:
        says = "writes under a lock"
        evidence = at(code, scene.write.location, says, supports=False)
        found.append(Weighed(weight=0.15, evidence=evidence))
    if finds_first(scene):
        says = "the second of two workers finds the row of the first"
        evidence = at(code, scene.write.location, says, supports=False)
        found.append(Weighed(weight=0.2, evidence=evidence))
    return hypothesis(
        mechanism=name,
        title=title,
        claim=(
            f"Two jobs that write {scene.table or 'the same row'} run in two workers at once and "
            "get in each other's way."
        ),
        base=0.25,
        weighed=found,
        experiment=Experiment(
            question="Must two jobs run at the same time?",
            prediction="With the jobs forced one after the other nothing fails.",
            refuted_if="it fails although the second job starts after the first has committed",
        ),
        remedies=("find-or-create",),
    )


def judge(hypothesis: Hypothesis, measured: Measured) -> Hypothesis:
    """REFUTED when it fails with the jobs one after the other."""
    undecided = verdict.without_failure(hypothesis, measured.reproduction)
    if undecided is not None or measured.reproduction is None:
        return undecided or hypothesis
    apart = forced_apart(measured.reproduction)
    if apart is not None and not apart.necessary and apart.failures:
        return verdict.refuted(
            hypothesis,
            f"with the jobs forced one after the other it still failed {apart.failures} of "
            f"{apart.runs} times",
        )
    caught = take_apart(measured.reproduction, measured.code)
    if apart is not None and apart.necessary:
        return verdict.confirmed(hypothesis, apart.answer, ())
    if caught is not None and overlap(caught) is False and caught.refused and caught.first:
        index = caught.refused.index
        seen = measured_evidence(
            index,
            caught.refused.text,
            "the second job's work, which began after the first job's had ended",
            supports=False,
        )
        return verdict.refuted(
            hypothesis, "in the failing run the second job began after the first had ended", (seen,)
        )
    return verdict.undecided(hypothesis, "no run with the jobs one after the other was made")
