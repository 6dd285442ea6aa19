"""The sender repeats an event while the first delivery's work is still under way."""

from __future__ import annotations

from redhanded.case.codemap import CodeMap
from redhanded.case.evidence import Evidence
from redhanded.case.hypothesis import Experiment, Hypothesis
from redhanded.case.symptom import Symptom
from redhanded.hunt.suspect import verdict
from redhanded.hunt.suspect.measure import NOT_TWICE, Caught, take_apart, times_delivered
from redhanded.hunt.suspect.mechanism import (
    Measured,
    Weighed,
    at,
    hypothesis,
    measured_evidence,
)
from redhanded.hunt.suspect.missing_job_deduplication import holds
from redhanded.hunt.suspect.scene import finds_first, log_evidence, paired, survey

name = "webhook-redelivery"
title = "An event is delivered again before its first delivery is done"
wrong = (
    "Webhook senders promise at least one delivery, not one (Stripe, Webhooks: handle duplicate "
    "events; GitHub, Redelivering webhooks). A handler that only looks whether the result is there "
    "lets the second delivery through until the first one's work is committed."
)
safe = "The event is recorded under a unique key before, or with, the work that it starts."


def suspect(symptom: Symptom, code: CodeMap) -> Hypothesis | None:
    """Raised where a request from outside leads to the write that failed."""
    scene = survey(symptom, code)
    if scene.route is None or (scene.write is None and scene.enqueue is None):
        return None
    route = scene.route
    found = []
    says = "takes events from a sender that repeats them" if route.webhook else "can be sent again"
    found.append(
        Weighed(weight=0.15 if route.webhook else 0.0, evidence=at(code, route.location, says))
    )
    if scene.look_up is not None:
        says = "sees only what is committed when it looks"
        found.append(Weighed(weight=0.1, evidence=at(code, scene.look_up.location, says)))
    if scene.enqueue is not None and holds(scene.enqueue):
        says = "a repeated event finds its job there and adds none"
        evidence = at(code, scene.enqueue.location, says, supports=False)
        found.append(Weighed(weight=0.25, evidence=evidence))
    if finds_first(scene) and scene.write is not None:
        says = "a second run finds the row of the first"
        evidence = at(code, scene.write.location, says, supports=False)
        found.append(Weighed(weight=0.25, evidence=evidence))
    share = paired(symptom) / len(symptom.occurrences) if symptom.occurrences else 0.0
    logged = log_evidence(symptom)
    found += [Weighed(weight=0.2 * share / len(logged), evidence=each) for each in logged]
    return hypothesis(
        mechanism=name,
        title=title,
        claim=(
            f"{route.method} {route.path} is delivered twice for one event, and the second "
            f"delivery looks before the first one's {scene.table or 'row'} is committed."
        ),
        base=0.2,
        weighed=found,
        experiment=Experiment(
            question="Does it need the same event twice?",
            prediction="One delivery alone passes under every order; two fail when they meet.",
            refuted_if="it fails with a single delivery, or two deliveries pass under every order",
        ),
        remedies=("job-id", "find-or-create"),
    )


def judge(hypothesis: Hypothesis, measured: Measured) -> Hypothesis:
    """CONFIRMED when two deliveries are needed and the second looked before the COMMIT."""
    undecided = verdict.without_failure(hypothesis, measured.reproduction)
    if undecided is not None:
        return undecided
    caught = take_apart(measured.reproduction, measured.code)
    if caught is None:
        return verdict.undecided(hypothesis, "the failing run was not kept")
    if len(caught.deliveries) < 2:
        return verdict.refuted(hypothesis, "it fails with a single delivery")
    times = times_delivered(caught.deliveries)
    if times < 2:
        return verdict.refuted(hypothesis, NOT_TWICE)
    if not verdict.counterfactuals_pass(measured.reproduction):
        return verdict.undecided(hypothesis, "the failure also shows with the order flipped")
    late = _late_look(caught)
    why = f"it takes {times} deliveries of the same event"
    seen: tuple[Evidence, ...] = ()
    if late is not None:
        index, text = late
        why += f", and the last look at the table came before the first COMMIT (operation {index})"
        seen = (measured_evidence(index, text, "looks before the first delivery's COMMIT"),)
    why += "; the sender is entitled to that, so this is the occasion and not the defect"
    return verdict.confirmed(hypothesis, why, seen)


def _late_look(caught: Caught) -> tuple[int, str] | None:
    if caught.first_commit is None or not caught.look_ups:
        return None
    last = caught.look_ups[-1]
    return (last.index, last.text) if last.index < caught.first_commit.index else None
