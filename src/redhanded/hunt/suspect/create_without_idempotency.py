"""The write adds a row without looking whether an earlier attempt has added it."""

from __future__ import annotations

from redhanded.case.codemap import CodeMap
from redhanded.case.hypothesis import Experiment, Hypothesis
from redhanded.case.symptom import Symptom
from redhanded.hunt.suspect import verdict
from redhanded.hunt.suspect.measure import take_apart
from redhanded.hunt.suspect.mechanism import (
    Measured,
    Weighed,
    at,
    hypothesis,
    line_text,
    measured_evidence,
)
from redhanded.hunt.suspect.scene import Scene, same_line, survey

name = "create-without-idempotency"
title = "The consumer creates the row whether or not it exists"
wrong = (
    "Whatever is delivered at least once (a job, a retried request) must have the effect of one "
    "delivery; a plain create has it twice, or fails the second time (Helland, Idempotence Is Not "
    "a Medical Condition, 2012)."
)
safe = "One statement that creates or finds, on the columns of the unique constraint."


def suspect(symptom: Symptom, code: CodeMap) -> Hypothesis | None:
    """Raised where a plain create writes the table; not for findOrCreate or upsert."""
    scene = survey(symptom, code)
    create = scene.create
    if create is None:
        return None
    columns = ", ".join(scene.constraint.columns) if scene.constraint else "its key"
    return hypothesis(
        mechanism=name,
        title=title,
        claim=(
            f"{create.model}.{create.method} ({create.location}) adds a row to {create.table} "
            f"without looking for one with the same {columns}; any second run of the same work "
            "fails there."
        ),
        base=0.25,
        weighed=_evidence(symptom, code, scene),
        experiment=Experiment(
            question="Does the write fail whenever the same work is done twice?",
            prediction=f"The second INSERT into {create.table} with the same {columns} is refused.",
            refuted_if="the write that fails is another one, or its transaction looked for the row",
        ),
        remedies=("find-or-create",),
    )


def judge(hypothesis: Hypothesis, measured: Measured) -> Hypothesis:
    """CONFIRMED when the refused write's own chain had not looked for the row."""
    undecided = verdict.without_failure(hypothesis, measured.reproduction)
    if undecided is not None:
        return undecided
    caught = take_apart(measured.reproduction, measured.code)
    if caught is None or caught.refused is None:
        return verdict.undecided(hypothesis, "the failing run does not show which write failed")
    refused = caught.refused
    looked = [
        each
        for each in caught.run.operations
        if each.name.kind == "SELECT"
        and each.name.target == refused.name.target
        and each.process == refused.process
        and each.name.task == refused.name.task
        and each.index < refused.index
    ]
    if looked:
        return verdict.refuted(
            hypothesis,
            f"the process looked at {refused.name.target} before it wrote (operation "
            f"{looked[-1].index}); the look came too early, it is not missing",
        )
    return verdict.confirmed(
        hypothesis,
        f"{refused.process} wrote {refused.name.target} without looking; it is where the failure "
        "shows, and what let it begin is ranked beside it",
        (measured_evidence(refused.index, refused.text, "refused, with no look before it"),),
    )


def _evidence(symptom: Symptom, code: CodeMap, scene: Scene) -> tuple[Weighed, ...]:
    create = scene.create
    if create is None:
        return ()
    says = f"adds a row to {create.table} without looking for it"
    found = [Weighed(weight=0.15, evidence=at(code, create.location, says))]
    if any(same_line(frame, create.location, reach=1) for frame in symptom.stack):
        for each in symptom.occurrences[:1]:
            if each.evidence:
                found.append(Weighed(weight=0.1, evidence=each.evidence[0]))
    if scene.constraint is not None and scene.constraint.location is not None:
        columns = ", ".join(scene.constraint.columns)
        says = f"the database holds each {columns} once"
        found.append(Weighed(weight=0.05, evidence=at(code, scene.constraint.location, says)))
    if scene.consumer is not None:
        says = "runs again whatever is queued again, retried or stalled"
        found.append(Weighed(weight=0.1, evidence=at(code, scene.consumer.location, says)))
    looked = [
        each
        for each in code.accesses
        if each.access == "read"
        and each.table == create.table
        and each.location.path == create.location.path
        and each.location.function == create.location.function
        and each.location.function is not None
        and each.location.line < create.location.line
    ]
    if looked and line_text(code, looked[-1].location.path, looked[-1].location.line):
        says = "the same function looks for the row before it writes"
        evidence = at(code, looked[-1].location, says, supports=False)
        found.append(Weighed(weight=0.15, evidence=evidence))
    return tuple(found)
