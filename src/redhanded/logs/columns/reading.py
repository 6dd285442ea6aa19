"""Log files to rows: whole blocks at once where lines have a plan, by the record reader elsewhere.

A line whose shape has a plan starts an entry and closes the one before it, unless that tells of an
error. The record reader is given the other lines, the entries before them, and what tells of errors
not far before them: those are the entries that such lines may belong to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from redhanded.case.errors import InputError
from redhanded.logs.columns.blocks import Block, blocks
from redhanded.logs.columns.columns import Rows, concatenated, in_order, split
from redhanded.logs.columns.planned import Plans, Read, Tables
from redhanded.logs.columns.sharing import PLANNED_MIN, Part
from redhanded.logs.columns.slow import REACH_LINES, Asked, Row, rows_of
from redhanded.logs.columns.values import ERROR, Flags
from redhanded.logs.lines import LINE_BYTES_KEPT, LINE_BYTES_MAX, Line
from redhanded.logs.read import read
from redhanded.logs.templates.shapes import Places, Tokens, tokens

ROWS_TOGETHER = 10_000


def rows_of_part(part: Part, plans: Plans) -> Iterator[Rows]:
    """The rows of a file or a part of it; where it cannot be read, the tables say so."""
    count = 0
    try:
        for rows in _read_part(part, plans):
            count += len(rows)
            yield rows
    except InputError as error:
        plans.tables.refused.append(str(error))
        return
    if count == 0 and part.start == 0 and part.end is None:
        name = part.file.name
        plans.tables.refused.append(f"The log {name} holds nothing but blank lines; name another.")


def _read_part(part: Part, plans: Plans) -> Iterator[Rows]:
    asked = Asked(part.file)
    waiting: list[Rows] = []
    begun = part.start > 0
    for block in blocks(part.file, part.start, part.end, part.line):
        found = tokens(block.data)
        seen = plans.read(found)
        if not begun and seen.known.mean() < PLANNED_MIN:
            yield from _by_record_reader(part, plans.tables)
            return
        begun = True
        for_reader = _for_record_reader(seen)
        fast = np.flatnonzero(seen.known & ~for_reader)
        waiting.append(_planned_rows(part, plans, block, found, seen, fast))
        slow = asked.feed(_lines(block, found, np.flatnonzero(for_reader)))
        waiting.append(_rows_from(slow, part.place, plans.tables))
        ready, rest = _until(waiting, asked.open_line)
        waiting = [rest]
        yield ready
    waiting.append(_rows_from(asked.end(), part.place, plans.tables))
    yield in_order(concatenated(waiting))


def _for_record_reader(seen: Read) -> Flags:
    """Lines without a plan, and those with one that they may belong to.

    The last entry of the block is among them: what comes behind the block may go on with it, and
    entries before it that are still open are given out.
    """
    unknown = ~seen.known
    wanted = unknown.copy()
    wanted[:-1] |= unknown[1:]
    wanted[np.flatnonzero(seen.known)[-1:]] = True
    errors = np.flatnonzero(seen.known & (seen.level >= ERROR))
    if len(errors):
        later = np.append(np.flatnonzero(unknown), len(unknown))
        next_unknown = later[np.searchsorted(later, errors)]
        wanted[errors[next_unknown - errors <= REACH_LINES]] = True
    return wanted


def _lines(block: Block, found: Tokens, lines: Places) -> Iterator[Line]:
    ends = np.append(found.lines[1:] - 1, len(found.data))
    for line in lines.tolist():
        start = int(found.lines[line]) - 1
        data = block.data[start : int(ends[line]) - 1]
        overlong = len(data) > LINE_BYTES_MAX
        kept = data[:LINE_BYTES_KEPT] if overlong else data
        yield Line(block.line + line, block.offset + start, kept, True, overlong)


def _until(waiting: Sequence[Rows], line: int | None) -> tuple[Rows, Rows]:
    """Rows before ``line`` in their order, and the rest."""
    rows = in_order(concatenated(waiting))
    count = len(rows) if line is None else int(np.searchsorted(rows.line, line))
    return split(rows, count)


def _planned_rows(
    part: Part, plans: Plans, block: Block, found: Tokens, seen: Read, lines: Places
) -> Rows:
    count = len(lines)
    plan = seen.plan[lines]
    named = plans.named(found, plan, lines)
    return Rows(
        file=np.full(count, part.place, np.int32),
        offset=block.offset + found.lines[lines] - 1,
        line=block.line + lines,
        lines=np.ones(count, np.int32),
        at_ms=seen.at_ms[lines],
        level=seen.level[lines],
        template=plans.templates(plan),
        source=np.full(count, plans.tables.source(part.file.name), np.int32),
        id_row=named.row,
        id_key=named.key,
        id_value=named.value,
    )


def _rows_from(rows: Sequence[Row], place: int, tables: Tables) -> Rows:
    named = [
        (row, key, value)
        for row, entry in enumerate(rows)
        for name, value in entry.named
        if (key := tables.key(name)) >= 0
    ]
    template = np.array([tables.miner.id_of(row.message) for row in rows], np.int32)
    tables.miner.count(template)
    return Rows(
        file=np.full(len(rows), place, np.int32),
        offset=np.array([row.offset for row in rows], np.int64),
        line=np.array([row.line for row in rows], np.int64),
        lines=np.array([row.lines for row in rows], np.int32),
        at_ms=np.array([row.at_ms for row in rows], np.float64),
        level=np.array([row.level for row in rows], np.int8),
        template=template,
        source=np.array([tables.source(row.source) for row in rows], np.int32),
        id_row=np.array([row for row, _, _ in named], np.int32),
        id_key=np.array([key for _, key, _ in named], np.int16),
        id_value=np.array([value for _, _, value in named], np.uint64),
    )


def _by_record_reader(part: Part, tables: Tables) -> Iterator[Rows]:
    records = rows_of(read([part.file]))
    while together := list(islice(records, ROWS_TOGETHER)):
        yield _rows_from(together, part.place, tables)
