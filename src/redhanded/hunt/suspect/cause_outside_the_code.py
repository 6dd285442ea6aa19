"""Something that is not in this tree wrote the row, or changed what the code relies on."""

from __future__ import annotations

from redhanded.case.codemap import CodeMap
from redhanded.case.evidence import Evidence
from redhanded.case.hypothesis import Experiment, Hypothesis
from redhanded.case.symptom import Symptom
from redhanded.hunt.suspect import verdict
from redhanded.hunt.suspect.measure import take_apart
from redhanded.hunt.suspect.mechanism import Measured, Weighed, at, hypothesis
from redhanded.hunt.suspect.scene import paired, same_line, survey

name = "cause-outside-the-code"
title = "The cause is outside this code"
wrong = (
    "Another program, a person or a restore wrote the row; a replica, a pooler or a fail-over "
    "answered with old data. No change of this code removes it."
)
safe = "Every writer of the table is in the tree, and the failure is made by them alone."


def suspect(symptom: Symptom, code: CodeMap) -> Hypothesis | None:
    """Always raised: it is what remains when the others fall."""
    scene = survey(symptom, code)
    found = []
    if scene.write is not None:
        says = f"this code writes {scene.table or scene.write.table} itself"
        found.append(
            Weighed(weight=0.05, evidence=at(code, scene.write.location, says, supports=False))
        )
    elif code.files:
        where = symptom.stack[0] if symptom.stack else None
        if where is not None:
            says = "no write of the table was found in the source folders"
            found.append(Weighed(weight=0.3, evidence=at(code, where, says)))
    found += _from_stack(symptom, code)
    share = paired(symptom) / len(symptom.occurrences) if symptom.occurrences else None
    if share is not None and symptom.occurrences[0].evidence:
        line = symptom.occurrences[0].evidence[0]
        says = f"{share:.0%} of the failures have a second request of this system beside them"
        evidence = Evidence(
            path=line.path, line=line.line, text=line.text, says=says, supports=share < 0.5
        )
        found.append(Weighed(weight=0.1, evidence=evidence))
    return hypothesis(
        mechanism=name,
        title=title,
        claim=f"{scene.table or 'The data'} was changed by something that is not in this tree.",
        base=0.2,
        weighed=found,
        experiment=Experiment(
            question="Does it fail with nothing but this code and its own services?",
            prediction="In the lab, where nothing else can write, no order makes it fail.",
            refuted_if="it fails in the lab",
        ),
    )


def judge(hypothesis: Hypothesis, measured: Measured) -> Hypothesis:
    """REFUTED by any failure in the lab: nothing else was there."""
    caught = take_apart(measured.reproduction, measured.code)
    if measured.reproduction is None:
        return verdict.undecided(hypothesis, "the system was not run in the lab")
    if caught is None:
        bound = measured.reproduction.bound or "the orders that were tried"
        return verdict.undecided(
            hypothesis, f"nothing failed within {bound}; a cause outside cannot be excluded here"
        )
    if not measured.reproduction.same_error:
        return verdict.undecided(hypothesis, "the lab failed, but not with the error of the log")
    return verdict.refuted(
        hypothesis, "the same error was made with nothing but this code and its own services"
    )


def _from_stack(symptom: Symptom, code: CodeMap) -> list[Weighed]:
    for frame in symptom.stack:
        for access in code.accesses:
            if access.access != "read" and same_line(frame, access.location, reach=1):
                says = "the failing line of the log is a write of this code"
                evidence = at(code, access.location, says, supports=False)
                return [Weighed(weight=0.05, evidence=evidence)]
    return []
