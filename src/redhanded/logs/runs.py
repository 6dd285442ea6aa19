"""Two runs of one system against each other, by the messages that their logs hold."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf

from redhanded.case.evidence import Evidence
from redhanded.case.log_analysis import Comparison
from redhanded.case.symptom import Difference
from redhanded.logs.fetch import shown
from redhanded.logs.files import LogFile
from redhanded.logs.progress import told
from redhanded.logs.read import Tally, read
from redhanded.logs.search import headline
from redhanded.logs.templates import template
from redhanded.stats.association import fisher

WINDOWS = 30
"""Into how many windows of time, or of entries where there are no times, the shorter run is cut."""
Q_MAX = 0.05
_TEMPLATES_MAX = 20_000


@dataclass(slots=True)
class Run:
    """Messages of one run."""

    entries: int = 0
    tally: Tally = field(default_factory=dict)
    times: list[tuple[float, int]] = field(default_factory=list)
    """Of each entry its time (the number of the entry where it has none) and its message."""
    names: dict[str, int] = field(default_factory=dict)
    examples: dict[int, Evidence] = field(default_factory=dict)


def messages(files: Sequence[LogFile], say: Callable[[str], None], *, redacted: bool) -> Run:
    """Reads one run."""
    run = Run()
    for record in told(read(files, run.tally), say, "reading"):
        masked = template(headline(record))
        if masked not in run.names and len(run.names) >= _TEMPLATES_MAX:
            masked = "(messages beyond the first 20,000)"
        number = run.names.setdefault(masked, len(run.names))
        if number not in run.examples:
            text = shown(record.text.partition("\n")[0], redacted=redacted)
            run.examples[number] = Evidence(path=record.path, line=record.line, text=text)
        at_ms = record.entry.at_ms
        run.times.append((float(run.entries) if at_ms is None else at_ms, number))
        run.entries += 1
    return run


def compared(good: Run, bad: Run, names: tuple[Sequence[LogFile], Sequence[LogFile]]) -> Comparison:
    """Messages that stand in a larger share of the windows of one run than of the other."""
    length = min(_length(good), _length(bad)) / WINDOWS
    windows = [_windows(run, length) for run in (good, bad)]
    totals = [len({window for held in each.values() for window in held}) for each in windows]
    counts = [Counter({name: len(held) for name, held in each.items()}) for each in windows]
    known = sorted(set(good.names) | set(bad.names))
    found = []
    for name in known:
        good_with, bad_with = counts[0][name], counts[1][name]
        p_value = fisher(bad_with, totals[1], good_with, totals[0])
        q_value = min(1.0, p_value * len(known))
        if q_value > Q_MAX:
            continue
        more = bad_with * totals[0] > good_with * totals[1]
        run = bad if more else good
        found.append(
            Difference(
                property=shown(name),
                failing_with=bad_with,
                failing=totals[1],
                others_with=good_with,
                others=totals[0],
                p_value=p_value,
                q_value=q_value,
                kind=_kind(good_with, bad_with, more=more),
                examples=(run.examples[run.names[name]],) if name in run.names else (),
            )
        )
    return Comparison(
        good=tuple(file.name for file in names[0]),
        bad=tuple(file.name for file in names[1]),
        good_entries=good.entries,
        bad_entries=bad.entries,
        unit="windows of time",
        differences=tuple(sorted(found, key=lambda one: (one.p_value, one.property))),
    )


def _length(run: Run) -> float:
    times = [at_ms for at_ms, _ in run.times]
    return max(max(times, default=0.0) - min(times, default=0.0), 1.0)


def _windows(run: Run, length: float) -> dict[str, set[int]]:
    begin = min((at_ms for at_ms, _ in run.times), default=inf)
    names = {number: name for name, number in run.names.items()}
    held: dict[str, set[int]] = defaultdict(set)
    for at_ms, number in run.times:
        held[names[number]].add(int((at_ms - begin) / length))
    return held


def _kind(good_with: int, bad_with: int, *, more: bool) -> str:
    if more:
        return "present only in" if not good_with else "count shifted"
    return "missing from" if not bad_with else "count shifted"
