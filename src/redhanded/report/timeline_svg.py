"""The log as a picture: when it failed, and how far apart the two requests were each time."""

from __future__ import annotations

from datetime import UTC, datetime

from markupsafe import Markup

from redhanded.case.symptom import Occurrence, Symptom

WIDTH = 860
LEFT = 12
RIGHT = 12
GAP_ROW = 22
ROWS_MAX = 24


def draw(symptom: Symptom) -> Markup:
    """Both pictures below each other; empty without a single time."""
    timed = [occurrence for occurrence in symptom.occurrences if occurrence.at_ms is not None]
    gapped = [occurrence for occurrence in symptom.occurrences if occurrence.gap_ms is not None]
    if not timed:
        return Markup("")
    return Markup("").join([_failures(symptom, timed), _gaps(gapped) if gapped else Markup("")])


def clock(at_ms: float, *, date: bool = False) -> str:
    """UTC time of day, with the date where asked."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime(
        "%Y-%m-%d %H:%M:%S" if date else "%H:%M:%S"
    )


def _failures(symptom: Symptom, timed: list[Occurrence]) -> Markup:
    times = [occurrence.at_ms or 0.0 for occurrence in timed]
    first = min([*times, *([symptom.first_ms] if symptom.first_ms is not None else [])])
    last = max([*times, *([symptom.last_ms] if symptom.last_ms is not None else [])])
    span = max(last - first, 1.0)
    usable = WIDTH - LEFT - RIGHT - 16
    dots = Markup("").join(
        Markup(
            '<circle class="failure" cx="{}" cy="34" r="5"><title>{} {}</title></circle>'
        ).format(round(LEFT + 8 + usable * (at - first) / span, 1), clock(at), occurrence.identity)
        for at, occurrence in zip(times, timed, strict=True)
    )
    return Markup(
        '<svg class="timeline" xmlns="http://www.w3.org/2000/svg" role="img" width="{0}" '
        'height="66" viewBox="0 0 {0} 66" aria-label="failures over time"><text class="axis" '
        'x="{1}" y="14">{5} failing in {6}</text>'
        '<line class="axis" x1="{1}" y1="34" x2="{2}" y2="34"/>{3}'
        '<text class="axis" x="{1}" y="58">{4}</text>'
        '<text class="axis" x="{2}" y="58" text-anchor="end">{7}</text></svg>'
    ).format(
        WIDTH,
        LEFT,
        WIDTH - RIGHT,
        dots,
        clock(first, date=True),
        len(timed),
        _span(span),
        clock(last, date=True) + " UTC",
    )


def _gaps(gapped: list[Occurrence]) -> Markup:
    shown = gapped[:ROWS_MAX]
    longest = max(abs(occurrence.gap_ms or 0.0) for occurrence in shown) or 1.0
    start, usable = LEFT + 250, WIDTH - RIGHT - LEFT - 250 - 70
    rows = Markup("").join(
        _gap(occurrence, 30 + position * GAP_ROW, start, usable, longest)
        for position, occurrence in enumerate(shown)
    )
    height = 36 + GAP_ROW * len(shown)
    more = f" (the first {ROWS_MAX} of {len(gapped)})" if len(gapped) > ROWS_MAX else ""
    return Markup(
        '<svg class="timeline" xmlns="http://www.w3.org/2000/svg" role="img" width="{0}" '
        'height="{1}" viewBox="0 0 {0} {1}" aria-label="gap between the two requests">'
        '<text class="axis" x="{2}" y="14">between the two requests of each{3}</text>{4}</svg>'
    ).format(WIDTH, height, LEFT, more, rows)


def _gap(occurrence: Occurrence, y: int, start: int, usable: int, longest: float) -> Markup:
    gap = abs(occurrence.gap_ms or 0.0)
    end = round(start + usable * gap / longest, 1)
    name = occurrence.entity or occurrence.identity
    return Markup(
        '<text class="row" x="{left}" y="{text}">{name}</text>'
        '<line class="gap" x1="{start}" y1="{y}" x2="{end}" y2="{y}"/>'
        '<circle class="request" cx="{start}" cy="{y}" r="4"/>'
        '<circle class="request" cx="{end}" cy="{y}" r="4"/>'
        '<text class="row" x="{after}" y="{text}">{gap} ms</text>'
    ).format(
        left=LEFT,
        text=y + 4,
        name=name if len(name) <= 34 else name[:33] + "…",
        start=start,
        end=end,
        y=y,
        after=end + 10,
        gap=f"{gap:,.0f}" if gap >= 10 else f"{gap:.1f}",
    )


def _span(milliseconds: float) -> str:
    seconds = milliseconds / 1000
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
