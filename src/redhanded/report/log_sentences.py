"""What log files say, in sentences; the terminal and the page share them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from redhanded.case.evidence import Evidence
from redhanded.case.log_analysis import AlwaysInOrder, LogAnalysis
from redhanded.case.symptom import Difference, Marker, Occurrence, Onset, Symptom
from redhanded.case.times import clock, span
from redhanded.report.sentences import rate

DIFFERENCES_SHOWN = 3
PAIRS_SHOWN = 3
MARKERS_SHOWN = 2
NOTHING_SIGNIFICANT = (
    "Nothing that was compared tells the failing ones from the others beyond what chance would do."
)
NOTHING_FOUND = (
    "No warning, no error, and no line that speaks of failing: nothing looks like a failure."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A sentence with the lines that show it."""

    words: str
    lines: tuple[Evidence, ...] = ()


def read(value: LogAnalysis) -> str:
    """What was read, and over what time."""
    files = f"{len(value.files):,} {'file' if len(value.files) == 1 else 'files'}"
    said = f"{value.entries:,} entries of {files}, {value.size_bytes / 1e6:,.1f} MB"
    if value.files_from_index:
        said += f" ({value.files_from_index:,} from the index)"
    if value.first_ms is None or value.last_ms is None:
        return f"{said}, without times"
    lasted = span(value.last_ms - value.first_ms)
    return f"{said}, {lasted} from {clock(value.first_ms, date=True)} UTC on"


def refused(value: Symptom) -> str:
    """What the database refused, where the entry names it; its headline may say less."""
    if not value.constraint:
        return ""
    where = f" on {value.table}" if value.table else ""
    code = f" ({value.sqlstate})" if value.sqlstate else ""
    return f"by {value.constraint}{where}{code}"


def how_often(value: Symptom) -> str:
    """The rate with its interval and denominator, or the lines where there is none."""
    lines = f"{value.lines:,} {'line' if value.lines == 1 else 'lines'}"
    if value.rate is not None:
        return f"{rate(value.rate)}; {lines} {'shows' if value.lines == 1 else 'show'} it"
    return f"{lines} of {value.records:,} entries; no rate (see limits)"


def since_when(value: Symptom) -> tuple[str, ...]:
    """The onset, or when it was first and last seen; then what happened to the system near it."""
    said: list[str] = []
    if value.onset is not None:
        said.append(onset(value.onset))
    if value.first_ms is not None and value.last_ms is not None:
        seen = f"first seen {clock(value.first_ms, date=True)} UTC"
        if value.last_ms > value.first_ms:
            seen += f", last {clock(value.last_ms, date=_other_day(value))}"
        said.append(seen if value.onset is not None else f"{seen}; {_no_onset(value)}")
    begun = value.onset.at_ms if value.onset is not None else value.first_ms
    said.extend(marker(one, begun) for one in near(value.markers, begun))
    return tuple(said) or ("the lines that show it carry no time",)


def onset(value: Onset) -> str:
    """When the failures became more frequent, and from what to what."""
    if value.before is None:
        return f"new since {clock(value.at_ms, date=True)} UTC (p {_chance(value.p_value)})"
    since = f"more frequent since {clock(value.at_ms, date=True)} UTC"
    if value.after is not None:
        before, after = (
            f"{each.failures:,} of {each.trials:,} {each.unit}"
            for each in (value.before, value.after)
        )
        since += f": {before} before, {after} after"
    return f"{since} (p {_chance(value.p_value)})"


def near(markers: Sequence[Marker], at_ms: float | None) -> tuple[Marker, ...]:
    """The nearest ones before ``at_ms``, deploys first, each text once; in the order of time."""
    before = {
        (one.kind, one.says): one for one in markers if at_ms is not None and one.at_ms <= at_ms
    }
    ranked = sorted(before.values(), key=lambda one: (one.kind == "start", -one.at_ms))
    return tuple(sorted(ranked[:MARKERS_SHOWN], key=lambda one: one.at_ms))


def marker(value: Marker, at_ms: float | None) -> str:
    """A deploy, start or commit, and how long before the failures it was."""
    place = f" [{value.place.path}:{value.place.line}]" if value.place is not None else ""
    apart = f", {span(at_ms - value.at_ms)} before" if at_ms is not None else ""
    return f"{value.kind} {clock(value.at_ms)}{apart}: {value.says}{place}"


def together(value: Symptom) -> Iterator[Said]:
    """What ran at the same time as the failing ones, on the same thing."""
    paired = [one for one in value.occurrences if one.partner]
    if not paired:
        return
    gaps = sorted(abs(one.gap_ms) for one in paired if one.gap_ms is not None)
    apart = (
        f", {gaps[0]:,.0f} to {gaps[-1]:,.0f} ms apart, median {median(gaps):,.0f}" if gaps else ""
    )
    things = sorted({(one.entity or "").partition("=")[0] for one in paired} - {""})
    yield Said(
        words=f"{len(paired):,} of {len(value.occurrences):,} failures had company on the same "
        f"{' or '.join(things) or 'thing'}{apart}"
    )
    for one in sorted(paired, key=_gap)[:PAIRS_SHOWN]:
        yield Said(words=_pair(one), lines=(*one.partner[:1], *one.evidence[:1]))


def difference(value: Difference) -> str:
    """One difference with its counts on both sides."""
    chance = f"p {_chance(value.p_value)}"
    if value.q_value is not None:
        chance += f", q {_chance(value.q_value)}"
    if value.after:
        chance += "; later than the failure"
    return (
        f"{value.property}: {value.failing_with:,} of {value.failing:,} failing, "
        f"{value.others_with:,} of {value.others:,} others ({chance})"
    )


def order(value: AlwaysInOrder) -> str:
    """Two messages that were always seen in one order."""
    return (
        f"“{value.first}” always before “{value.then}” on the same {value.key} ({value.seen:,} "
        f"times, once only {value.closest_ms:,.0f} ms apart)"
    )


def strongest(value: LogAnalysis) -> tuple[Difference, ...]:
    """The three that chance explains least."""
    return differences(value)[:DIFFERENCES_SHOWN]


def differences(value: LogAnalysis) -> tuple[Difference, ...]:
    """All of them, of the symptom or of the two runs."""
    if value.comparison is not None:
        return value.comparison.differences
    if value.differences or value.symptom is None:
        return value.differences
    return value.symptom.differences


def _chance(value: float) -> str:
    return f"= {value:.1g}" if value > 0 else "< 1e-300"


def _pair(one: Occurrence) -> str:
    gap = f"{abs(one.gap_ms):,.0f} ms apart" if one.gap_ms is not None else "gap unknown"
    return f"{one.entity or 'the same thing'}: {gap}, then {one.identity} failed"


def _gap(one: Occurrence) -> float:
    return float("inf") if one.gap_ms is None else abs(one.gap_ms)


def _no_onset(value: Symptom) -> str:
    failures = value.rate.failures if value.rate is not None else value.lines
    return f"no change of the rate can be told from {failures:,} failures"


def _other_day(value: Symptom) -> bool:
    return (value.last_ms or 0.0) // 86_400_000 != (value.first_ms or 0.0) // 86_400_000
