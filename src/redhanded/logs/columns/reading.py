"""Log files to rows: whole blocks at once where lines have a plan, by the record reader elsewhere.

A line whose shape has a plan starts an entry and closes the one before it. Runs of other lines go
to the record reader together with the entry before them, which they may continue.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.columns.blocks import Block, blocks
from redhanded.logs.columns.columns import Rows, concatenated
from redhanded.logs.columns.planned import Plans, Read, Tables
from redhanded.logs.columns.sharing import PLANNED_MIN, Part
from redhanded.logs.columns.slow import Row, read_lines, rows_of
from redhanded.logs.read import read
from redhanded.logs.templates.shapes import Places, Tokens, tokens

HELD_BYTES_MAX = 16 * 1024 * 1024
"""Of an entry's further lines, which are held until the next entry starts."""
ROWS_TOGETHER = 10_000


def rows_of_file(part: Part, plans: Plans) -> Iterator[Rows]:
    """The rows of a part of a file. Raises ``InputError`` as the record reader does."""
    held: Block | None = None
    begun = part.start > 0
    for block in blocks(part.file, part.start, part.end, part.line):
        whole = block if held is None else _joined(held, block)
        found = tokens(whole.data)
        seen = plans.read(found)
        if not begun and seen.known.mean() < PLANNED_MIN:
            yield from _by_record_reader(part, plans.tables)
            return
        begun = True
        cut = int(np.flatnonzero(seen.known)[-1]) if seen.known.any() else 0
        if cut == 0 and len(whole.data) > HELD_BYTES_MAX:
            cut = len(found.lines)
        if cut:
            yield _rows(part, plans, whole, found, seen, cut)
        held = _from_line(whole, found, cut)
    if held is not None:
        found = tokens(held.data)
        seen = plans.read(found)
        yield _rows(part, plans, held, found, seen, len(found.lines))


def _joined(held: Block, block: Block) -> Block:
    return Block(held.data + b"\n" + block.data, held.offset, held.line)


def _from_line(block: Block, found: Tokens, line: int) -> Block | None:
    if line == len(found.lines):
        return None
    start = int(found.lines[line]) - 1
    return Block(block.data[start:], block.offset + start, block.line + line)


def _rows(
    part: Part,
    plans: Plans,
    block: Block,
    found: Tokens,
    seen: Read,
    cut: int,
) -> Rows:
    """The rows of the block's lines before ``cut``."""
    known = seen.known[:cut]
    alone = known & np.append(known[1:], True)
    fast = _planned_rows(part, plans, block, found, seen, np.flatnonzero(alone))
    asked = np.flatnonzero(~alone)
    if not len(asked):
        return fast
    ends = np.append(found.lines[1:] - 1, len(found.data))
    data = bytes(found.data)
    rows = read_lines(part.file, [data[found.lines[line] : ends[line]] for line in asked])
    starts = asked[[row.line - 1 for row in rows]]
    slow = _rows_from(rows, part.place, plans.tables)
    slow = _at(slow, block, found, starts)
    return _in_order(concatenated((fast, slow)))


def _planned_rows(
    part: Part,
    plans: Plans,
    block: Block,
    found: Tokens,
    seen: Read,
    lines: Places,
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
        (row, tables.key(key), value)
        for row, entry in enumerate(rows)
        for key, value in entry.named
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


def _at(rows: Rows, block: Block, found: Tokens, starts: Places) -> Rows:
    """The rows at the lines of the block where they really start."""
    offset = block.offset + found.lines[starts] - 1
    return replace(rows, offset=offset, line=block.line + starts)


def _in_order(rows: Rows) -> Rows:
    order = np.argsort(rows.offset, kind="stable")
    place_of = np.empty(len(order), np.int32)
    place_of[order] = np.arange(len(order), dtype=np.int32)
    id_row: NDArray[np.int32] = place_of[rows.id_row]
    ids = np.argsort(id_row, kind="stable")
    return Rows(
        file=rows.file[order],
        offset=rows.offset[order],
        line=rows.line[order],
        lines=rows.lines[order],
        at_ms=rows.at_ms[order],
        level=rows.level[order],
        template=rows.template[order],
        source=rows.source[order],
        id_row=id_row[ids],
        id_key=rows.id_key[ids],
        id_value=rows.id_value[ids],
    )


def _by_record_reader(part: Part, tables: Tables) -> Iterator[Rows]:
    records = rows_of(read([part.file]))
    while together := list(islice(records, ROWS_TOGETHER)):
        yield _rows_from(together, part.place, tables)
