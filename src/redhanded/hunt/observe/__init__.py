"""Stage 1: from logs and a symptom to what failed, how often, and what ran together with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from redhanded.case.errors import InputError
from redhanded.case.evidence import Location
from redhanded.case.inert import inert
from redhanded.case.log_analysis import Candidate, LogAnalysis
from redhanded.case.symptom import Difference, Marker, Symptom
from redhanded.hunt.observe.choosing import candidates
from redhanded.hunt.observe.comparing import Comparing, comparing_index, runs_compared
from redhanded.hunt.observe.counted import analysis_of
from redhanded.hunt.observe.large import LARGE_BYTES, analysis_of_large
from redhanded.hunt.observe.telling import Teller, by_line
from redhanded.hunt.observe.telling import counted as number_of
from redhanded.logs.cluster.counting import Counts
from redhanded.logs.fetch import shown
from redhanded.logs.files import LogFile
from redhanded.logs.index.building import Index, index
from redhanded.logs.index.searching import search_in
from redhanded.logs.index.tables import tally_of, timeline_of
from redhanded.logs.inputs import Inputs, inputs
from redhanded.logs.joining import identity_field, join
from redhanded.logs.limits import limits_of, partly
from redhanded.logs.one_error import one_error
from redhanded.logs.search import Search
from redhanded.logs.stacks import deepest, exists_below
from redhanded.logs.tally import Tally
from redhanded.source.commits import commits_between
from redhanded.source.source_maps import written_at

Progress = Callable[[str], None]
Rows = NDArray[np.int64]
DAY_MS = 86_400_000.0

_NEAREST = 5
"""Messages named when the symptom does not occur."""


def gather(
    logs: Sequence[Path],
    symptom: str | None,
    *,
    root: Path | None,
    redact: bool = True,
    folder: Path | None = None,
    on_progress: Progress | None = None,
) -> Symptom:
    """What ``logs`` say about the failure whose lines contain ``symptom``.

    Failures are jobs or requests, however often each logged the symptom. Without ``symptom`` the
    likeliest one is taken, and ``chosen`` says why. Stack frames are given relative to ``root``
    where they resolve there. With ``redact`` nothing that is returned holds a secret, a card number
    or the local part of an e-mail address.

    What was read is kept in ``folder`` for the next question. Raises ``InputError`` for logs that
    cannot be read, for a symptom that does not occur (the
    message then names what does occur), and without ``symptom`` for logs that show no failure.
    """
    say = on_progress or (lambda sentence: None)
    given = inputs(logs)
    found = examine(given, symptom, root=root, redact=redact, say=say, folder=folder).symptom
    if found is None:
        raise InputError(
            f"nothing in {number_of(len(given.files), 'log file')} looks like a failure: no "
            "warning, no error; give a part of the message with --symptom"
        )
    return found


def examine(
    given: Inputs,
    symptom: str | None,
    *,
    root: Path | None,
    redact: bool,
    say: Progress,
    folder: Path | None = None,
    compared: bool = False,
) -> LogAnalysis:
    """As ``gather``, with the messages that may be the symptom too; without ``symptom`` and without
    any such message it says nothing of a symptom. What was read is kept in ``folder``, so that the
    next question about the same files need not read them. With ``compared`` all that may differ
    between what fails and what does not is asked; a hunt asks its own questions later."""
    say(f"reading {_amount(given)}")
    if compared and given.size_bytes >= LARGE_BYTES:
        return analysis_of_large(given, symptom, redact=redact, say=say, folder=folder)
    known = index(given.files, folder, say)
    comparing = comparing_index(known, redacted=redact)
    others: tuple[Candidate, ...] = ()
    chosen = ""
    if symptom is None:
        may_be = candidates(comparing)
        if not may_be:
            return _analysis(given, known, tally_of(known), None)
        symptom, chosen, others = may_be[0].text, may_be[0].why, may_be[1:]
    found, tally, rows = _about(known, comparing, given, symptom, root=root, redact=redact, say=say)
    analysis = _analysis(given, known, tally, None)
    markers = (*found.markers, *_commits(root, analysis.first_ms, analysis.last_ms))
    found = replace(
        found,
        chosen=chosen,
        onset=comparing.onset(rows),
        markers=tuple(sorted(markers, key=lambda one: one.at_ms)),
    )
    analysis = replace(_analysis(given, known, tally, found), candidates=others)
    if not compared:
        return analysis
    say("comparing what fails with what does not")
    differing = comparing.failing(comparing.investigated(rows))
    return replace(
        analysis,
        orders=differing.orders,
        differences=_with_company(differing.differences, found),
        unit=differing.unit,
        limits=(*analysis.limits, *differing.limits),
    )


def compared(
    good: Inputs, bad: Inputs, *, redact: bool, say: Progress, folder: Path | None = None
) -> LogAnalysis:
    """What a run that was bad has and one that was good has not, and the other way round.

    Raises ``InputError`` for logs that cannot be read, and for runs with neither requests nor
    times.
    """
    both = Inputs(files=(*good.files, *bad.files), limits=(*good.limits, *bad.limits))
    say(f"reading {_amount(both)}")
    known = index(both.files, folder, say)
    say("comparing the two runs")
    comparison, limits = runs_compared(known, len(good.files), redacted=redact)
    analysis = _analysis(both, known, tally_of(known), None)
    return replace(analysis, comparison=comparison, limits=(*analysis.limits, *limits))


def _commits(
    root: Path | None, first_ms: float | None, last_ms: float | None
) -> tuple[Marker, ...]:
    """Commits of the project in the time of the logs, and in the day before."""
    if root is None or first_ms is None or last_ms is None:
        return ()
    return tuple(
        Marker(
            at_ms=at_ms,
            kind="commit",
            says=shown(f"{commit.sha[:10]} {commit.author}: {commit.subject}"),
        )
        for at_ms, commit in commits_between(root, first_ms - DAY_MS, last_ms)
    )


def _with_company(found: Sequence[Difference], symptom: Symptom) -> tuple[Difference, ...]:
    """With what the failing ones have in common with each other's neighbours, by chance."""
    every = (*found, *symptom.differences)
    return tuple(sorted(every, key=lambda one: (one.after, one.p_value)))


def counted(counts: Counts, symptom: str | None, *, redact: bool) -> LogAnalysis:
    """As ``examine``, from the counts of many shards."""
    return analysis_of(counts, symptom, redact=redact)


def _analysis(given: Inputs, known: Index, tally: Tally, found: Symptom | None) -> LogAnalysis:
    begins = [counts.first_ms for counts in tally.values() if counts.first_ms is not None]
    ends = [counts.last_ms for counts in tally.values() if counts.last_ms is not None]
    return LogAnalysis(
        symptom=found,
        files=tuple(file.name for file in given.files),
        entries=sum(counts.records for counts in tally.values()),
        size_bytes=given.size_bytes,
        files_from_index=known.kept,
        templates=len({mask for part in known.parts for mask in part.facts.templates.masks}),
        first_ms=min(begins, default=None),
        last_ms=max(ends, default=None),
        limits=found.limits if found else (*given.limits, *limits_of(tally)),
    )


def _about(
    known: Index,
    comparing: Comparing,
    given: Inputs,
    symptom: str,
    *,
    root: Path | None,
    redact: bool,
    say: Progress,
) -> tuple[Symptom, Tally, Rows]:
    if not symptom.strip():
        raise InputError("The symptom is empty; give a part of the error message with --symptom.")
    files = given.files
    found = search_in(known, symptom, say)
    if not found.matches:
        raise InputError(_not_found(found, symptom, files, redacted=redact))
    failure = one_error(found.matches)
    identity = identity_field(failure.matches, found.profile)
    say(f"{number_of(len(failure.matches), 'line')} show it; joining what ran together with them")
    if identity is None:
        story = by_line(failure, files, found.activity, redacted=redact)
    else:
        joined = join(partial(timeline_of, known), failure.matches, found.profile, identity)
        story = Teller(files, failure, found.profile, identity, joined, redact).tell()
    times = [match.at_ms for match in failure.matches if match.at_ms is not None]
    told = Symptom(
        text=symptom,
        template=shown(failure.template, redacted=redact),
        sqlstate=failure.error.sqlstate,
        constraint=failure.error.constraint,
        table=failure.error.table,
        stack=_written(deepest(failure.texts(), exists_below(root)), root),
        rate=story.rate,
        lines=len(failure.matches),
        occurrences=story.occurrences,
        differences=story.differences,
        statements=story.statements,
        first_ms=min(times, default=None),
        last_ms=max(times, default=None),
        gap_ms=tuple(one.gap_ms for one in story.occurrences if one.gap_ms is not None),
        repeat_gap_ms=story.repeat_gap_ms,
        requests_per_s=story.requests_per_s,
        series=story.series,
        markers=found.marked,
        files=tuple(file.name for file in files),
        records=sum(counts.records for counts in found.tally.values()),
        limits=(
            *given.limits,
            *limits_of(found.tally),
            *known.limits,
            *_beyond(found),
            *failure.limits,
            *story.limits,
        ),
    )
    rows = comparing.rows([(match.path, match.line) for match in failure.matches])
    return told, found.tally, rows


def _written(stack: Sequence[Location], root: Path | None) -> tuple[Location, ...]:
    """Frames in the source: a program that was compiled logs lines of what was made of it."""
    return tuple(each if root is None else written_at(root, each) for each in stack)


def _beyond(found: Search) -> tuple[str, ...]:
    if not found.left_out:
        return ()
    return (
        f"{found.left_out:,} further entries show it; only the first {len(found.matches):,} are "
        "told apart and joined: the rate is a lower bound",
    )


def _amount(given: Inputs) -> str:
    return f"{number_of(len(given.files), 'log file')} ({given.size_bytes / 1e6:,.1f} MB)"


def _not_found(found: Search, symptom: str, files: Sequence[LogFile], *, redacted: bool) -> str:
    records = sum(counts.records for counts in found.tally.values())
    count = number_of(len(files), "log file")
    known = f"{records:,} entries of {count}{partly(found.tally)}"
    head = f"{inert(symptom)!r} does not occur in the {known}"
    nearest = found.complaints_like(symptom)[:_NEAREST]
    if not nearest:
        return f"{head}, which hold no warning or error at all; name other logs or another text."
    listed = "; ".join(
        f"{count:,} × {shown(text, redacted=redacted)[:160]}" for text, count in nearest
    )
    return f"{head}. Warnings and errors that do occur, nearest first: {listed}."
