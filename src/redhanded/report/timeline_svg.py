"""The log over time: all works, failing ones, pairs that ran together, deploys.

One picture per lane, all with the same time from left to right. They stretch to the width of the
page, so nothing but bars and lines is drawn in them; words stand beside them as text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from redhanded.case.symptom import Marker, Occurrence, Onset, Series, Symptom
from redhanded.case.times import clock, span

HEIGHT = 56
TICK_HEIGHT = 18
ROWS_MAX = 24
MARKERS_MAX = 40
_UNITS = 1000.0
"""The length of the time axis in units of the picture, which stretch to the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Axis:
    """Epoch milliseconds to units of the picture."""

    first_ms: float
    last_ms: float

    def at(self, at_ms: float) -> float:
        share = (at_ms - self.first_ms) / max(self.last_ms - self.first_ms, 1.0)
        return round(_UNITS * min(max(share, 0.0), 1.0), 2)


def draw(symptom: Symptom) -> Markup:
    """The lanes, and below them how far apart the requests of each pair were; empty without a
    single time."""
    axis = _axis(symptom)
    if axis is None:
        return Markup("")
    return Markup('<div class="timeline">{}{}{}</div>{}').format(
        Markup("").join(_lanes(symptom, axis)),
        _ticks(axis),
        _legend(symptom),
        _gaps([one for one in symptom.occurrences if one.gap_ms is not None]),
    )


def _axis(symptom: Symptom) -> _Axis | None:
    if symptom.series is not None:
        first = symptom.series.start_ms
        return _Axis(
            first_ms=first, last_ms=first + symptom.series.step_ms * len(symptom.series.all)
        )
    times = [one.at_ms for one in symptom.occurrences if one.at_ms is not None]
    times += [at_ms for at_ms in (symptom.first_ms, symptom.last_ms) if at_ms is not None]
    return _Axis(first_ms=min(times), last_ms=max(times)) if times else None


def _lanes(symptom: Symptom, axis: _Axis) -> Iterator[Markup]:
    behind = _behind(symptom, axis)
    if symptom.series is not None:
        each = span(symptom.series.step_ms)
        yield _lane(
            f"all {symptom.series.unit}",
            f"at most {max(symptom.series.all):,} in {each}",
            _bars(symptom.series, symptom.series.all, axis, "all"),
            behind,
        )
        yield _lane(
            "failing",
            f"at most {max(symptom.series.failing):,} in {each}",
            _bars(symptom.series, symptom.series.failing, axis, "failing"),
            behind,
        )
    else:
        timed = [one for one in symptom.occurrences if one.at_ms is not None]
        yield _lane(
            "failing", f"{len(timed):,}", _strokes(timed, axis, "failing"), behind, TICK_HEIGHT
        )
    paired = [one for one in symptom.occurrences if one.partner and one.at_ms is not None]
    if paired:
        yield _lane(
            "with company on the same thing", f"{len(paired):,}",
            _strokes(paired, axis, "pair"), behind, TICK_HEIGHT,
        )  # fmt: skip
    if symptom.markers:
        yield _lane(
            "deploys, starts, commits", f"{len(symptom.markers):,}",
            _marked(symptom.markers, axis), Markup(""), TICK_HEIGHT,
        )  # fmt: skip


def _lane(name: str, note: str, inside: Markup, behind: Markup, height: int = HEIGHT) -> Markup:
    return Markup(
        '<div class="lane-title"><b>{name}</b> <span>{note}</span></div>'
        '<svg class="lane" xmlns="http://www.w3.org/2000/svg" role="img" height="{height}" '
        'viewBox="0 0 {units:.0f} {height}" preserveAspectRatio="none" '
        'aria-label="{name} over time">'
        "{behind}{inside}</svg>"
    ).format(
        name=name, note=note, height=height, units=_UNITS, behind=behind, inside=inside
    )  # fmt: skip


def _bars(series: Series, counts: Sequence[int], axis: _Axis, kind: str) -> Markup:
    most = max(counts, default=0) or 1
    parts = []
    for position, count in enumerate(counts):
        if not count:
            continue
        begin = series.start_ms + position * series.step_ms
        left, right = axis.at(begin), axis.at(begin + series.step_ms)
        tall = max(2.0, round(HEIGHT * count / most, 1))
        words = (
            f"{clock(begin)} to {clock(begin + series.step_ms)} UTC: {series.failing[position]:,} "
            f"failing, {series.all[position]:,} {series.unit}"
        )
        parts.append(
            Markup(
                '<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>'
            ).format(
                kind, left, round(HEIGHT - tall, 1), max(round(right - left - 1, 2), 1), tall, words
            )
        )
    return Markup("").join(parts)


def _strokes(occurrences: Sequence[Occurrence], axis: _Axis, kind: str) -> Markup:
    return Markup("").join(
        Markup('<line class="{}" x1="{}" y1="2" x2="{}" y2="{}"><title>{}</title></line>').format(
            kind, x, x, TICK_HEIGHT - 2, f"{clock(one.at_ms or 0.0)} {_named(one)}"
        )
        for one in occurrences
        for x in (axis.at(one.at_ms or 0.0),)
    )


def _named(one: Occurrence) -> str:
    if one.gap_ms is None or not one.entity:
        return one.identity
    return f"{one.identity}, {abs(one.gap_ms):,.0f} ms from the other one for {one.entity}"


def _marked(markers: Sequence[Marker], axis: _Axis) -> Markup:
    return Markup("").join(
        Markup(
            '<line class="marker {}" x1="{}" y1="0" x2="{}" y2="{}"><title>{}</title></line>'
        ).format(one.kind, x, x, TICK_HEIGHT, f"{clock(one.at_ms)} {one.kind}: {one.says}")
        for one in markers[:MARKERS_MAX]
        if axis.first_ms <= one.at_ms <= axis.last_ms
        for x in (axis.at(one.at_ms),)
    )


def _behind(symptom: Symptom, axis: _Axis) -> Markup:
    """Deploys and the onset as lines through every lane."""
    parts = [
        Markup('<line class="marker {}" x1="{}" y1="0" x2="{}" y2="{}"/>').format(
            one.kind, axis.at(one.at_ms), axis.at(one.at_ms), HEIGHT
        )
        for one in symptom.markers
        if one.kind != "start" and axis.first_ms <= one.at_ms <= axis.last_ms
    ]
    if symptom.onset is not None:
        parts.append(_onset(symptom.onset, axis))
    return Markup("").join(parts)


def _onset(onset: Onset, axis: _Axis) -> Markup:
    return Markup(
        '<line class="onset" x1="{0}" y1="0" x2="{0}" y2="{1}"><title>{2}</title></line>'
    ).format(axis.at(onset.at_ms), HEIGHT, f"more frequent since {clock(onset.at_ms)} UTC")


def _ticks(axis: _Axis) -> Markup:
    """The time at both ends and the quarters; narrow pages show the ends and the middle."""
    times = [axis.first_ms + (axis.last_ms - axis.first_ms) * part / 4 for part in range(5)]
    words = Markup("").join(Markup("<span>{}</span>").format(clock(at_ms)) for at_ms in times)
    first, last = clock(axis.first_ms, date=True)[:10], clock(axis.last_ms, date=True)[:10]
    days = first if first == last else f"{first} to {last}"
    lasted = span(axis.last_ms - axis.first_ms)
    return Markup('<div class="ticks">{}</div><div class="days">{}, UTC, {}</div>').format(
        words, days, lasted
    )


def _legend(symptom: Symptom) -> Markup:
    if not symptom.markers:
        return Markup("")
    rows = Markup("").join(
        Markup('<li><b class="{0}">{0}</b> {1} {2}{3}</li>').format(
            one.kind,
            clock(one.at_ms, date=True),
            one.says,
            Markup(" <code>{}:{}</code>").format(one.place.path, one.place.line)
            if one.place is not None
            else "",
        )
        for one in symptom.markers[:MARKERS_MAX]
    )
    left = len(symptom.markers) - MARKERS_MAX
    more = Markup("<li>and {} more</li>").format(left) if left > 0 else ""
    return Markup('<ul class="markers">{}{}</ul>').format(rows, more)


def _gaps(gapped: Sequence[Occurrence]) -> Markup:
    if not gapped:
        return Markup("")
    shown = gapped[:ROWS_MAX]
    longest = max(abs(one.gap_ms or 0.0) for one in shown) or 1.0
    more = f" (the first {ROWS_MAX} of {len(gapped):,})" if len(gapped) > ROWS_MAX else ""
    return Markup(
        '<div class="gaps"><div class="lane-title"><b>between the two of each pair</b>{}</div>'
        "{}</div>"
    ).format(more, Markup("").join(_gap(one, longest) for one in shown))


def _gap(one: Occurrence, longest: float) -> Markup:
    gap = abs(one.gap_ms or 0.0)
    return Markup(
        '<div class="pair-row"><span class="name">{name}</span>'
        '<svg class="lane" xmlns="http://www.w3.org/2000/svg" role="img" height="14" '
        'viewBox="0 0 1000 14" preserveAspectRatio="none" aria-label="{ms} ms">'
        '<line class="gap" x1="2" y1="7" x2="{end}" y2="7"/>'
        '<line class="pair" x1="2" y1="1" x2="2" y2="13"/>'
        '<line class="pair" x1="{end}" y1="1" x2="{end}" y2="13"/></svg>'
        '<span class="ms">{ms} ms</span></div>'
    ).format(
        name=one.entity or one.identity,
        end=round(2 + 994 * gap / longest, 1),
        ms=f"{gap:,.0f}" if gap >= 10 else f"{gap:.1f}",
    )
