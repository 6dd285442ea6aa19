"""The same event is put on the queue twice, because nothing names the job."""

from __future__ import annotations

from redhanded.case.codemap import CodeMap, Enqueue
from redhanded.case.hypothesis import Experiment, Hypothesis
from redhanded.case.symptom import Symptom
from redhanded.hunt.suspect import verdict
from redhanded.hunt.suspect.measure import NOT_TWICE, by_two_jobs, take_apart, times_delivered
from redhanded.hunt.suspect.mechanism import (
    Measured,
    Weighed,
    at,
    hypothesis,
    measured_evidence,
)
from redhanded.hunt.suspect.scene import Scene, log_evidence, paired, survey

name = "missing-job-deduplication"
title = "The same event is queued more than once"
wrong = (
    "A producer that is called twice for one event puts two jobs on the queue, and the broker "
    "hands out both: job queues deliver at least once and drop nothing unless the job has an "
    "identifier of its own (Bull reference, Queue#add, jobId; BullMQ guide, Job Ids)."
)
NAMING = ("jobId", "deduplication", "debounce")
"""Options that name a job."""
safe = "A job identifier taken from the event, kept for as long as the event can come again."


def suspect(symptom: Symptom, code: CodeMap) -> Hypothesis | None:
    """Raised where a job without a holding identifier leads to the write that failed."""
    scene = survey(symptom, code)
    enqueue = scene.enqueue
    if enqueue is None or holds(enqueue):
        return None
    job = enqueue.job or enqueue.queue or "the job"
    looks = (
        f"looks for the row ({scene.look_up.location}) before the first job has committed it, and "
        if scene.look_up
        else ""
    )
    return hypothesis(
        mechanism=name,
        title=title,
        claim=(
            f"A second delivery of the same event {looks}puts {job} on the queue again "
            f"({enqueue.location}); both jobs run, and the second write of "
            f"{scene.table or 'the row'} is refused."
        ),
        base=0.3,
        weighed=_evidence(symptom, code, scene, enqueue),
        experiment=_experiment(scene),
        remedies=("job-id", "find-or-create"),
    )


def judge(hypothesis: Hypothesis, measured: Measured) -> Hypothesis:
    """CONFIRMED when two deliveries' jobs made the two writes, whichever ran where."""
    undecided = verdict.without_failure(hypothesis, measured.reproduction)
    if undecided is not None:
        return undecided
    caught = take_apart(measured.reproduction, measured.code)
    if caught is None or caught.refused is None or caught.first is None:
        return verdict.undecided(hypothesis, "the failing run does not show which write failed")
    if times_delivered(caught.deliveries) < 2:
        return verdict.refuted(hypothesis, NOT_TWICE)
    tasks = {each.name.task for each in caught.enqueues}
    if len(tasks) < 2 or not by_two_jobs(caught):
        return verdict.refuted(
            hypothesis, "in the failing run only one delivery put a job on the queue"
        )
    if not verdict.counterfactuals_pass(measured.reproduction):
        return verdict.undecided(
            hypothesis, "the failure also shows with a step of the order flipped"
        )
    seen = tuple(
        measured_evidence(each.index, each.text, f"{each.name.task} puts a job on the queue")
        for each in caught.enqueues
    )
    refused = measured_evidence(
        caught.refused.index, caught.refused.text, "the second job's write is refused"
    )
    return verdict.confirmed(
        hypothesis,
        f"{len(tasks)} deliveries of one event put {len(caught.enqueues)} jobs on the queue; the "
        f"second job's {caught.refused.name.kind} failed{verdict.replayed(measured.reproduction)}",
        (*seen, refused),
    )


def holds(enqueue: Enqueue) -> bool:
    """Whether the job's identifier outlives the job: a removed job no longer blocks its id."""
    named = any(option in enqueue.options for option in NAMING)
    removed = enqueue.options.get("removeOnComplete", "").strip()
    return named and removed not in {"true", "1", "0"}


def _evidence(
    symptom: Symptom, code: CodeMap, scene: Scene, enqueue: Enqueue
) -> tuple[Weighed, ...]:
    given = ", ".join(sorted(enqueue.options)) or "none"
    named = any(option in enqueue.options for option in NAMING)
    says = (
        "the job's identifier is forgotten as soon as the job is done"
        if named
        else f"puts a job on the queue without an identifier (options in force: {given})"
    )
    found = [Weighed(weight=0.1 if named else 0.25, evidence=at(code, enqueue.location, says))]
    if scene.look_up is not None:
        says = (
            f"looks for the row of {scene.look_up.table} before the job is queued, not in the job"
        )
        found.append(Weighed(weight=0.15, evidence=at(code, scene.look_up.location, says)))
    if scene.route is not None and scene.route.webhook:
        says = "a signed webhook: its sender repeats an event until it is answered"
        found.append(Weighed(weight=0.05, evidence=at(code, scene.route.location, says)))
    share = paired(symptom) / len(symptom.occurrences) if symptom.occurrences else 0.0
    logged = log_evidence(symptom)
    found += [Weighed(weight=0.2 * share / len(logged), evidence=each) for each in logged]
    return tuple(found)


def _experiment(scene: Scene) -> Experiment:
    table = scene.table or "the table"
    return Experiment(
        question="Does it fail when the second delivery is taken before the first job commits?",
        prediction=(
            f"With the second delivery's look at {table} before the first job's COMMIT, two jobs "
            "are queued and the second write fails, every time, also with the jobs one after the "
            "other."
        ),
        refuted_if=(
            "only one job is queued for both deliveries, or the same order passes, or it fails "
            "with the second delivery after the COMMIT as well"
        ),
    )
