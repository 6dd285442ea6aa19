"""What the rules find in a program, as hypotheses of what failed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from redhanded.case.codemap import CodeMap, CodePath
from redhanded.case.evidence import Evidence, Location
from redhanded.case.finding import Finding
from redhanded.case.hypothesis import Experiment, Hypothesis, RootLocation
from redhanded.case.symptom import Symptom
from redhanded.hunt import program
from redhanded.hunt.suspect.mechanism import Weighed, at, hypothesis, line_text
from redhanded.hunt.suspect.rules import RULES
from redhanded.hunt.suspect.rules.asking import look
from redhanded.hunt.suspect.rules.rule import Reading, Rule
from redhanded.hunt.suspect.scene import Scene, log_evidence, paired, survey
from redhanded.source.flow.charting import Chart
from redhanded.source.flow.values import finished
from redhanded.source.flow.versions import versions_of

MOST = 12
"""Hypotheses from rules: a person reads them all."""
SUBJECT, STACK, FUNCTION, WAY, KIND = 0.15, 0.15, 0.1, 0.05, 0.1
"""What it adds that a finding is about the table that failed, that a line of the failing stack is
one of its own, or a function of that stack, that it lies on the way to what failed, and that such a
fault fails in this way."""
WEAK = 0.15
"""What it takes away that the rule would not report it by itself."""
OTHERWISE = 0.35
"""What it takes away that such a fault fails in another way."""
PAIRED = 0.1
"""What it adds that failing requests have a partner that touched the same thing."""
FAILS_WITH: dict[str, frozenset[str]] = {
    "40P01": frozenset({"opposite-lock-order"}),
    "40001": frozenset({"wrong-isolation-level", "opposite-lock-order"}),
    "23505": frozenset(
        {
            "missing-job-deduplication",
            "webhook-without-idempotency",
            "check-then-create",
            "find-or-create-without-unique-index",
            "retry-of-non-idempotent-job",
            "id-collision",
            "read-modify-write",
            "lease-shorter-than-work",
            "lock-released-without-owner-check",
            "lock-looked-at-then-set",
        }
    ),
}
"""SQLSTATE to the mechanisms that end in it."""
TWICE = frozenset(
    {
        "missing-job-deduplication",
        "webhook-without-idempotency",
        "check-then-create",
        "find-or-create-without-unique-index",
        "create-without-unique-constraint",
    }
)
"""Mechanisms that need the same thing asked for twice."""
REMEDIES: dict[str, tuple[str, ...]] = {
    "missing-job-deduplication": ("job-id", "find-or-create"),
    "check-then-create": ("find-or-create", "unique-index"),
    "read-modify-write": ("atomic-update", "row-lock"),
}
"""Where more than the rule's own remedy takes the cause away."""


def findings(chart: Chart, root: Path, source: Sequence[str] = (".",)) -> tuple[Finding, ...]:
    """Everything that the rules find, of which a line is under ``source``."""
    reading = Reading(
        paths=chart.paths,
        schema=chart.schema,
        text=program.lines_of(root),
        versions=versions_of(root),
    )
    with finished():
        found = [one for rule in RULES for one in look(rule, reading)]
    return tuple(
        one for one in found if any(program.is_under(place.path, source) for place in _places(one))
    )


def raised(
    symptom: Symptom,
    code: CodeMap,
    found: Iterable[Finding],
    tables: Collection[str] = (),
) -> list[Hypothesis]:
    """The findings that touch the way of the symptom, each with its weights.

    ``tables``: those that a broken invariant speaks of. Where neither log nor invariant names a
    table or a line, every finding above the threshold of its rule may be it.
    """
    by_name = {rule.name: rule for rule in RULES}
    about = _About.of(symptom, code, tables)
    raised = []
    for one in found:
        rule = by_name[one.rule]
        touch = list(about.touching(one))
        at_it = one.score > 0 and any(weight >= FUNCTION for weight, _, _ in touch)
        nearby = one.score >= rule.threshold and (touch or not about.knows)
        if nearby or at_it:
            raised.append(_hypothesis(rule, one, touch, about))
    raised.sort(key=lambda each: -each.score)
    return raised[:MOST]


@dataclass(frozen=True, slots=True, kw_only=True)
class _About:
    """What is known of the failure, to be compared with findings."""

    symptom: Symptom
    code: CodeMap
    scene: Scene
    tables: frozenset[str]
    entries: frozenset[str]
    """Names of the entries of the ways to what failed."""
    functions: frozenset[tuple[str, str | None]]
    """File and name of the functions on them."""

    @classmethod
    def of(cls, symptom: Symptom, code: CodeMap, tables: Collection[str]) -> _About:
        scene = survey(symptom, code)
        known = frozenset((scene.table,) if scene.table else tables)
        failing = {frame.place for frame in symptom.stack if frame.function}
        ways = [path for path in code.paths if _leads(path, known, failing)]
        return cls(
            symptom=symptom,
            code=code,
            scene=scene,
            tables=known,
            entries=frozenset(path.hops[0].label for path in ways),
            functions=frozenset(
                hop.location.place
                for path in ways
                for hop in path.hops
                if hop.location is not None and hop.kind not in ("table", "constraint")
            ),
        )

    @property
    def knows(self) -> bool:
        """Whether anything says where it failed."""
        return bool(self.tables or self.symptom.stack)

    def touching(self, one: Finding) -> Iterator[tuple[float, str, Location]]:
        """How a finding touches the way of the failure."""
        lines = {(place.path, place.line) for place in _places(one)}
        tables = {
            each.table
            for each in self.code.accesses
            if (each.location.path, each.location.line) in lines
        }
        if named := self.tables & {one.subject, *tables}:
            yield SUBJECT, f"the failure is about {', '.join(sorted(named))}", one.location
        functions = {place.place for place in _places(one) if place.function}
        for frame in self.symptom.stack:
            if (frame.path, frame.line) in lines:
                yield STACK, "a line of the failing stack", frame
                break
            if frame.place in functions:
                yield FUNCTION, f"{frame.function} is a function of the failing stack", frame
                break
        if self.entries & {one.entry, *one.also_from} or self.functions & functions:
            yield WAY, "it lies on the way to what failed", one.location


def _hypothesis(
    rule: Rule, one: Finding, touch: Sequence[tuple[float, str, Location]], about: _About
) -> Hypothesis:
    code, symptom = about.code, about.symptom
    weighed = [
        Weighed(
            weight=abs(reason.weight),
            evidence=at(
                code, reason.location or one.location, reason.says, supports=reason.weight >= 0
            ),
        )
        for reason in one.reasons
    ]
    weighed += [
        Weighed(weight=weight, evidence=at(code, place, says)) for weight, says, place in touch
    ]
    if one.score < rule.threshold:
        says = f"the rule asks for {rule.threshold:g} before it says anything by itself"
        weighed.append(Weighed(weight=WEAK, evidence=at(code, one.location, says, supports=False)))
    weighed += _in_the_log(rule, about)
    return hypothesis(
        mechanism=rule.name,
        title=rule.title,
        claim=one.message,
        base=0.0,
        weighed=weighed,
        experiment=Experiment(
            question=rule.experiment,
            prediction=_prediction(one, symptom),
            refuted_if="the order that fails is decided by other lines, or none fails within the "
            "bound of an exhausted search",
        ),
        remedies=REMEDIES.get(rule.name, (rule.remedy,)),
        locations=tuple(locations(one, code)),
    )


def _in_the_log(rule: Rule, about: _About) -> Iterator[Weighed]:
    """What the log says for it or against."""
    symptom = about.symptom
    shown = next((each.evidence[0] for each in symptom.occurrences if each.evidence), None)
    fits = FAILS_WITH.get(symptom.sqlstate or "")
    if fits is not None and shown is not None:
        ends = "ends" if rule.name in fits else "does not end"
        says = f"such a fault {ends} in {symptom.sqlstate}"
        evidence = Evidence(
            path=shown.path,
            line=shown.line,
            text=shown.text,
            says=says,
            supports=rule.name in fits,
        )
        yield Weighed(weight=KIND if rule.name in fits else OTHERWISE, evidence=evidence)
    if rule.name in TWICE and symptom.occurrences:
        share = paired(symptom) / len(symptom.occurrences)
        logged = log_evidence(symptom)
        for each in logged:
            yield Weighed(weight=PAIRED * share / len(logged), evidence=each)


def _prediction(one: Finding, symptom: Symptom) -> str:
    """The order that the finding tells of, and what is seen then."""
    steps = "; ".join(dict.fromkeys(step.says for step in one.steps))
    seen = f"{symptom.sqlstate or 'the failure of the log'} is seen" if symptom.text else "it fails"
    return f"In this order {seen}, every time: {steps}."


def locations(one: Finding, code: CodeMap) -> Iterator[RootLocation]:
    """The lines of a finding with the roles that they play, each once, the line to change first."""
    seen = set()
    for place in (one.location, *(step.location for step in one.steps)):
        if (place.path, place.line) in seen:
            continue
        seen.add((place.path, place.line))
        yield RootLocation(
            path=place.path,
            line=place.line,
            role=_role(place, code),
            text=line_text(code, place.path, place.line),
            function=place.function,
        )


def _role(place: Location, code: CodeMap) -> str:
    """What happens at a line, in the words of `RootLocation`."""
    here = (place.path, place.line)
    for enqueue in code.enqueues:
        if (enqueue.location.path, enqueue.location.line) == here:
            return "enqueue"
    for access in code.accesses:
        if (access.location.path, access.location.line) == here:
            words = {"read": "look-up", "insert": "create", "find-or-create": "create"}
            return words.get(access.does, "write")
    for consumer in code.consumers:
        if (consumer.location.path, consumer.location.line) == here:
            return "consume"
    return "step"


def _leads(
    path: CodePath, tables: Collection[str], failing: Collection[tuple[str, str | None]]
) -> bool:
    """Whether a path leads to one of these tables, or through one of these functions."""
    return any(
        (hop.kind == "table" and hop.label in tables)
        or (hop.location is not None and hop.location.place in failing)
        for hop in path.hops
    )


def _places(one: Finding) -> tuple[Location, ...]:
    return (one.location, *(step.location for step in one.steps))
