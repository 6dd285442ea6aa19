"""A scan on one page: read the program, ask every rule, say what is new.

It needs no incident and no running system. What it could not read or follow is said, and a
finding is never shown without the lines that it rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from time import monotonic
from typing import TYPE_CHECKING

from redhanded.case.errors import UsageError
from redhanded.case.evidence import Location
from redhanded.case.finding import Finding
from redhanded.case.scan import Known, Scan, ScanRequest, ScanRule
from redhanded.hunt.program import usual_folder
from redhanded.hunt.scan import baseline, packages
from redhanded.hunt.scan.callers import met_by, shape_of, with_callers
from redhanded.hunt.scan.fingerprints import fingerprints
from redhanded.hunt.scan.reading import Source, nothing, read
from redhanded.hunt.scan.shapes import shape
from redhanded.hunt.scan.suppression import suppressions
from redhanded.hunt.scan.weighing import Weighed, counts, reported, states
from redhanded.hunt.suspect.rules import RULES
from redhanded.hunt.suspect.rules.asking import look
from redhanded.hunt.suspect.rules.rule import Rule
from redhanded.source.flow import installed
from redhanded.source.flow.values import finished
from redhanded.source.garbage import collected_rarely
from redhanded.source.project import Project, project_of

if TYPE_CHECKING:
    from redhanded.source.changes import Changes

Say = Callable[[str], None]
NO_PACKAGES = packages.Found()


def scan(request: ScanRequest, say: Say, rules: Sequence[Rule] = RULES) -> Scan:
    """What the rules find in the program.

    Raises ``UsageError`` for options that do not go together and ``InputError`` for input that
    cannot be used. A file that cannot be read is a limit of the scan, not an error.
    """
    with collected_rarely():
        return _scan(request, say, rules)


def _scan(request: ScanRequest, say: Say, rules: Sequence[Rule]) -> Scan:
    began = monotonic()
    asked = _asked(request, rules)
    project = project_of(request.paths)
    old = baseline.read(request.baseline).findings if request.baseline else ()
    changed = _changes(project, request.changed_since) if request.changed_since else None
    cache = usual_folder() if request.keeps else None
    folders = installed.places(project.root, request.packages_in)
    if request.packages:
        source = nothing(project)
        more = packages.alone(request.packages, folders, asked, look, cache=cache, say=say)
    else:
        source = read(project, say, keeps=request.keeps)
        number = len(source.reading.paths)
        say(f"asking {len(asked)} rules about {number:,} {'path' if number == 1 else 'paths'}")
        more = packages.Found()
        if request.follows_packages:
            more = packages.of_program(
                source, project.root, folders, asked, look, cache=cache, say=say
            )
    found = weigh(
        project, source, request, asked=asked, known=rules, old=old, changed=changed, more=more
    )
    if request.confirms:
        from redhanded.hunt.scan.confirm import SECONDS, confirm  # the lab comes with it

        tried = confirm(found, source.span, say, request.confirms_for_s or SECONDS)
        found = replace(found, findings=tried.findings, limits=(*found.limits, *tried.limits))
        if request.only_confirmed:
            found = only_confirmed(found)
    return replace(found, seconds=round(monotonic() - began, 3))


def only_confirmed(scan: Scan) -> Scan:
    """Without what the lab did not make happen; ranks are counted anew."""
    kept = [
        one
        for one in scan.findings
        if one.state != "new" or (one.confirmation and one.confirmation.word == "CONFIRMED")
    ]
    left_out = len(scan.findings) - len(kept)
    return replace(
        scan,
        findings=tuple(replace(one, rank=rank) for rank, one in enumerate(kept, 1)),
        counts=replace(scan.counts, new=scan.counts.new - left_out, not_confirmed=left_out),
    )


def weigh(
    project: Project,
    source: Source,
    request: ScanRequest,
    *,
    asked: Sequence[Rule],
    known: Sequence[Rule],
    old: Sequence[Known] = (),
    changed: Changes | None = None,
    more: packages.Found = NO_PACKAGES,
) -> Scan:
    """The findings of ``asked`` in a program that was read, and ``more`` in its packages; ``known``
    are all rules there are."""
    by_name = {rule.name: rule for rule in asked}
    with finished():
        every = [one for rule in asked for one in look(rule, source.reading)]
    met = met_by(every, source.reading.paths)
    every = [with_callers(one, met) for one in every]
    # Of all, since equal ones are numbered: what is asked for may not change a number.
    marks = fingerprints(every, lambda one: shape_of(one, met, source.reading.text))
    asked_for = [pair for pair in zip(every, marks, strict=True) if _asked_for(project, pair[0])]
    text = _text(source, more)
    others = [one for one in more.findings if request.packages or _asked_for(project, one)]
    found = [*(one for one, _ in asked_for), *others]
    prints = [
        *(mark for _, mark in asked_for),
        *fingerprints(others, lambda one: shape(text(one.location))),
    ]
    comments = suppressions(source.notes, [rule.name for rule in known], source.reading.text)
    compared = baseline.compare(old, prints)
    weighed = states(
        [(by_name[one.rule], one, mark) for one, mark in zip(found, prints, strict=True)],
        request,
        suppressed=comments,
        compared=compared,
        touched=lambda finding: changed is None or _touched(finding, source, changed),
    )
    written = ""
    if request.write_baseline is not None:
        baseline.write(request.write_baseline, _kept(weighed))
        written = str(request.write_baseline)
    return Scan(
        root=str(project.root),
        repository=str(project.repository or ""),
        paths=project.asked,
        files=source.files + more.files,
        entries=len(source.reading.paths) + more.paths,
        findings=reported(weighed, request),
        counts=counts(weighed),
        rules=tuple(_said(rule) for rule in asked),
        remarks=tuple(
            one
            for one in (*comments.remarks, *comments.unused(found, by_name))
            if project.holds(one.location.path)
        ),
        gone=tuple(one for one in compared.gone if one.rule in by_name and project.holds(one.path)),
        written=written,
        limits=(*source.limits, *more.limits),
    )


def _text(source: Source, more: packages.Found) -> Callable[[Location], str]:
    """Source lines, of packages as well."""
    others = more.texts or {}

    def text(at: Location) -> str:
        folder = at.path.partition("/")[0]
        return others.get(folder, source.reading.text)(at)

    return text


def _asked(request: ScanRequest, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules by name. Raises ``UsageError`` for one that is not there, and for a baseline that
    would hold only a part."""
    names = [rule.name for rule in rules]
    for name in request.rules:
        if name not in names:
            near = get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
            raise UsageError(f"there is no rule {name}; {hint}")
    if request.write_baseline is not None and (request.rules or request.changed_since):
        part = "--rule" if request.rules else "--changed-since"
        raise UsageError(
            f"a baseline holds all findings, so --write-baseline does not go with {part}"
        )
    if request.only_confirmed and not request.confirms:
        raise UsageError("--only-confirmed leaves out what --confirm does not confirm; give both")
    return tuple(rule for rule in rules if not request.rules or rule.name in request.rules)


def _asked_for(project: Project, finding: Finding) -> bool:
    """Whether it is in what was asked for: the line to change, one of the steps, or a call that
    leads there."""
    return any(project.holds(one.path) for one in _lines(finding))


def _lines(finding: Finding) -> Iterator[Location]:
    yield finding.location
    for step in finding.steps:
        yield step.location
        yield from step.via


def _changes(project: Project, since: str) -> Changes:
    from redhanded.source.changes import changes  # git comes with it

    return changes(project.root, since)


def _touched(finding: Finding, source: Source, changed: Changes) -> bool:
    """Whether a line of it, or of a function that a step stands in or is called from, has changed.

    The function counts, because what makes it wrong may be a line that was taken away.
    """
    steps = _lines(finding)
    reasons = (one.location for one in finding.reasons if one.location is not None)
    places = [(one.path, *source.span(one)) for one in steps]
    places += [(one.path, one.line, one.line) for one in reasons]
    return any(changed.touch(*one) for one in places)


def _kept(weighed: Iterable[Weighed]) -> list[Known]:
    """What a new baseline holds: all that is not accepted by a comment and not weak."""
    states = ("new", "known")
    return [baseline.known(one.finding, one.fingerprint) for one in weighed if one.state in states]


def _said(rule: Rule) -> ScanRule:
    return ScanRule(
        name=rule.name,
        title=rule.title,
        wrong=rule.wrong,
        safe=tuple(rule.safe),
        needs=rule.needs,
        experiment=rule.experiment,
        remedy=rule.remedy,
        threshold=rule.threshold,
    )


__all__ = ["scan"]
