"""The messages of indexed files that may be failures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from redhanded.logs.complaints import Complaint, Complaints, literal
from redhanded.logs.index.building import Index
from redhanded.logs.index.ranges import records_at
from redhanded.logs.index.rows import IndexedFile
from redhanded.logs.index.tables import activity_of, count_times, tally_of
from redhanded.logs.search import headline
from redhanded.logs.templates import template
from redhanded.logs.templates.masks import shown


def complaints_of(known: Index) -> Complaints:
    """Warnings, errors, and entries without a level that speak of failing."""
    seen = Complaints(tally=tally_of(known), activity=activity_of(known))
    for number, part in enumerate(known.parts):
        _add(seen, number, part)
    return seen


def told(known: Index, chosen: Sequence[Complaint]) -> list[Complaint]:
    """``chosen`` with the words and the line of each one's first entry."""
    for one in chosen:
        file, part = known.files[one.file], known.parts[one.file]
        records = records_at(file, part, [one.row])
        if not records:
            one.text = max(one.template.split("<*>"), key=len).strip()
            continue
        record = records[0]
        one.path, one.line = record.path, record.line
        one.text = literal(template(headline(record)), record.text)
        one.example = record.text.partition("\n")[0]
    return [one for one in chosen if one.text]


def _add(seen: Complaints, number: int, part: IndexedFile) -> None:
    columns = part.columns
    rows = np.flatnonzero(columns.severity > 0)
    template_of = columns.template[rows]
    for found in np.unique(template_of).tolist():
        mine = rows[template_of == found]
        mask = shown(part.facts.templates.masks[found])
        times = columns.at_ms[mine]
        known = times[~np.isnan(times)]
        one = seen.found.get(mask)
        if one is None:
            one = seen.found[mask] = Complaint(
                template=mask, severity=0, file=number, row=int(mine[0])
            )
        one.entries += len(mine)
        one.severity = max(one.severity, int(columns.severity[mine].max()))
        count_times(one.activity, times)
        if len(known):
            first = float(known.min())
            one.first_ms = first if one.first_ms is None else min(one.first_ms, first)
