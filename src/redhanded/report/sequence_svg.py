"""An interleaving as a sequence diagram: SVG without scripts or fonts of its own.

Time runs downwards. On the left each step's number in the order of release, its source line, and
the ordering constraints as brackets from the step that came first to the one that came then.
"""

from __future__ import annotations

from markupsafe import Markup

from redhanded.case.wording import said
from redhanded.report.sequence import Interleaving, Lane, Step, answered, place, receiver

ROW = 34
FOLDED_ROW = 24
HEAD = 50
LANE = 124
BRACKET = 20
NUMBER = 34
SOURCE = 196
CHARACTER = 7.4

_KINDS = {
    "outside": "the world",
    "process": "process",
    "postgres": "PostgreSQL",
    "redis": "Redis",
    "http": "outside service",
}


def draw(interleaving: Interleaving, *, title: str, caption: str) -> Markup:
    """The diagram; ``title`` and ``caption`` are its accessible name and description."""
    left = 8 + BRACKET * len(interleaving.constraints) + NUMBER + SOURCE
    columns = {
        lane.name: left + LANE // 2 + position * LANE
        for position, lane in enumerate(interleaving.lanes)
    }
    rows, bottom = _rows(interleaving)
    width = left + LANE * len(interleaving.lanes) + 24
    height = bottom + 14
    parts = [
        Markup(
            '<svg class="sequence" xmlns="http://www.w3.org/2000/svg" role="img" '
            'width="{0}" height="{1}" viewBox="0 0 {0} {1}" aria-label="{2}"><title>{2}</title>'
            "<desc>{3}</desc>"
        ).format(width, height, title, caption),
        *(_lane(lane, columns[lane.name], bottom) for lane in interleaving.lanes),
    ]
    names = list(columns)
    for step, y in zip(interleaving.steps, rows, strict=True):
        parts.append(_step(step, y, columns, names, left, width))
    parts += _brackets(interleaving, rows)
    parts.append(Markup("</svg>"))
    return Markup("").join(parts)


def task_class(step: Step) -> str:
    """``task-1`` to ``task-4``; later deliveries share colours."""
    digits = "".join(filter(str.isdigit, step.operation.name.task)) or "1"
    return f"task-{(int(digits) - 1) % 4 + 1}"


def _rows(interleaving: Interleaving) -> tuple[list[int], int]:
    """The height at which each step's arrow lies, and the end of the last."""
    rows, y = [], HEAD
    for step in interleaving.steps:
        height = FOLDED_ROW if step.folded else ROW
        rows.append(y + height - 9)
        y += height + (20 if step.failed else 0)
    return rows, y + 6


def _lane(lane: Lane, x: int, bottom: int) -> Markup:
    return Markup(
        '<line class="lane {4}" x1="{0}" y1="{1}" x2="{0}" y2="{2}"/>'
        '<text class="lane-name" x="{0}" y="18" text-anchor="middle">{3}</text>'
        '<text class="lane-kind" x="{0}" y="34" text-anchor="middle">{5}</text>'
    ).format(x, HEAD - 8, bottom, lane.name, lane.kind, _KINDS[lane.kind])


def _step(
    step: Step, y: int, columns: dict[str, int], names: list[str], left: int, width: int
) -> Markup:
    operation = step.operation
    start = columns.get(operation.process, columns["outside"])
    if step.folded:
        return _folded(step, y, left)
    end = columns[receiver(operation, names)]
    classes = " ".join(
        [
            task_class(step),
            *(["failed"] if step.failed else []),
            *(["marked"] if step.marks else []),
        ]
    )
    back = Markup("") if not (step.marks or step.failed) else _band(y, width, failed=step.failed)
    return back + Markup(
        '<g class="step {classes}"><title>{full}</title>{number}{arrow}'
        '<text class="label" x="{x}" y="{ly}" text-anchor="{anchor}">{label}</text>{reply}</g>'
    ).format(
        classes=classes,
        full=f"{operation.process} → {operation.service}: {operation.text}",
        number=_margin(step, y, left),
        arrow=_arrow(start, end, y),
        x=start + (9 if end >= start else -9),
        ly=y - 6,
        anchor="start" if end >= start else "end",
        label=_cut(_label(step), _room(start, end, left, width)),
        reply=_reply(step, start, end, y),
    )


def _label(step: Step) -> str:
    answer = "" if step.failed else answered(step.operation)
    return f"{step.words}  → {answer}" if answer else step.words


def _room(start: int, end: int, left: int, width: int) -> int:
    """How many characters fit beside an arrow's beginning, to the edge that it points to."""
    pixels = width - start if end >= start else start - left
    return max(int((pixels - 16) / CHARACTER), 12)


def _band(y: int, width: int, *, failed: bool) -> Markup:
    height = ROW + 16 if failed else ROW - 2
    return Markup('<rect class="band{}" x="0" y="{}" width="{}" height="{}"/>').format(
        " failed" if failed else "", y - ROW + 10, width, height
    )


def _margin(step: Step, y: int, left: int) -> Markup:
    operation = step.operation
    source = place(operation, 28) or "line unknown"
    told = operation.name.protocol in ("delivery", "fault")
    if told:
        source = operation.name.task
    return Markup(
        '<text class="number" x="{0}" y="{3}" text-anchor="end">{1}</text>'
        '<text class="source{4}" x="{2}" y="{3}">{5}</text>'
    ).format(
        left - SOURCE - 8,
        operation.index + 1,
        left - SOURCE,
        y + 1,
        "" if operation.location or told else " unknown",
        _cut(source, 28),
    )


def _arrow(start: int, end: int, y: int) -> Markup:
    direction = 1 if end >= start else -1
    tip = end - direction
    return Markup(
        '<circle class="from" cx="{0}" cy="{2}" r="3.2"/>'
        '<line class="arrow" x1="{0}" y1="{2}" x2="{1}" y2="{2}"/>'
        '<path class="head" d="M{3} {4} L{1} {2} L{3} {5} Z"/>'
    ).format(start, tip, y, tip - direction * 8, y - 4.5, y + 4.5)


def _reply(step: Step, start: int, end: int, y: int) -> Markup:
    if not step.failed:
        return Markup("")
    answer = answered(step.operation) or "failed"
    below, direction = y + 16, 1 if end >= start else -1
    return Markup(
        '<line class="arrow back" x1="{1}" y1="{2}" x2="{0}" y2="{2}"/>'
        '<path class="head" d="M{3} {4} L{0} {2} L{3} {5} Z"/>'
        '<text class="label" x="{6}" y="{7}" text-anchor="{8}">{9}</text>'
    ).format(
        start + direction * 2,
        end,
        below,
        start + direction * 10,
        below - 4.5,
        below + 4.5,
        start - direction * 9,
        below + 4,
        "end" if direction > 0 else "start",
        _cut(answer, 60),
    )


def _folded(step: Step, y: int, left: int) -> Markup:
    processes = sorted({operation.process for operation in step.operations})
    words = f"{len(step.operations)} more, of {', '.join(processes)}"
    everything = "\n".join(
        f"{o.index + 1}. {o.process} → {o.service}: {said(o)}" for o in step.operations
    )
    return Markup(
        '<g class="step folded"><title>{}</title><text class="number" x="{}" y="{}" '
        'text-anchor="end">⋮</text><text class="source" x="{}" y="{}">{}</text></g>'
    ).format(everything, left - SOURCE - 8, y + 1, left - SOURCE, y + 1, _cut(words, 60))


def _brackets(interleaving: Interleaving, rows: list[int]) -> list[Markup]:
    drawn = []
    for number in range(1, len(interleaving.constraints) + 1):
        ends = [
            (mark.first, y - 3)
            for step, y in zip(interleaving.steps, rows, strict=True)
            for mark in step.marks
            if mark.number == number
        ]
        if len(ends) != 2:
            continue
        (_, top), (_, bottom) = ends
        x = 14 + BRACKET * (number - 1)
        drawn.append(
            Markup(
                '<g class="bracket"><path class="line" d="M{right} {top} H{x} V{bottom} H{stop}"/>'
                '<path class="head" d="M{stop} {up} L{right} {bottom} L{stop} {down} Z"/>'
                '<circle cx="{x}" cy="{middle}" r="8"/><text x="{x}" y="{text}" '
                'text-anchor="middle">{number}</text></g>'
            ).format(
                x=x,
                right=14 + BRACKET * len(interleaving.constraints),
                stop=8 + BRACKET * len(interleaving.constraints),
                top=top,
                bottom=bottom,
                up=bottom - 4,
                down=bottom + 4,
                middle=(top + bottom) // 2,
                text=(top + bottom) // 2 + 4,
                number=number,
            )
        )
    return drawn


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
