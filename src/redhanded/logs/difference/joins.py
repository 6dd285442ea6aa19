"""Identifiers that should stand on several lines of a chain, and do not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from redhanded.logs.difference.chains import Chains
from redhanded.logs.difference.questions import Kind, Questions, counted_excess, numbered
from redhanded.logs.difference.stories import Stories
from redhanded.logs.distinct import distinct

Ints = NDArray[np.int64]


def alone(told: Stories, chains: Chains) -> Questions:
    """Values that stand on a line of this template and on no other line of its chain (of its story,
    for lines without a chain), under whatever name."""
    scope = _scope(told)
    value = np.unique(told.identifier_value, return_inverse=True)[1].astype(np.int64)
    values = np.int64(value.max(initial=0) + 1)
    lines, line = np.unique(
        (scope[told.identifier_row] * values + value) * np.int64(1), return_inverse=True
    )
    per_row = distinct(line * np.int64(len(told.story) + 1) + told.identifier_row)
    rows_with = np.bincount(per_row // (len(told.story) + 1), minlength=len(lines))
    shows = rows_with[line] == 1 if len(line) else np.zeros(0, bool)
    template = told.template[told.identifier_row]
    keys = np.int64(max(1, len(told.keys)))
    slots, column = numbered(template * keys + told.identifier_key)
    row = told.identifier_row
    found = counted_excess(told, column, told.story[row], row, shows)
    none = np.full(len(slots), -1, np.int64)
    return _questions(slots // keys, none, slots % keys, found)


def disagreements(told: Stories, chains: Chains) -> Questions:
    """Two lines of a chain that follow each other among those with an id of one name, and hold
    different values of it."""
    row, key = told.identifier_row, told.identifier_key
    chained = np.flatnonzero(told.chain[row] >= 0)
    row, key, value = row[chained], key[chained], told.identifier_value[chained]
    order = np.lexsort((row, told.chain[row], key))
    row, key, value = row[order], key[order], value[order]
    chain = told.chain[row]
    pair = np.flatnonzero((chain[1:] == chain[:-1]) & (key[1:] == key[:-1]) & (row[1:] > row[:-1]))
    earlier, later = row[pair], row[pair + 1]
    shows = value[pair] != value[pair + 1]
    templates, keys = np.int64(max(1, len(told.templates))), np.int64(max(1, len(told.keys)))
    code = (told.template[earlier] * templates + told.template[later]) * keys + key[pair]
    steps, column = numbered(code)
    found = counted_excess(told, column, told.story[later], later, shows)
    between = steps // keys
    return _questions(between % templates, between // templates, steps % keys, found)


def _scope(told: Stories) -> Ints:
    return np.where(told.chain >= 0, told.chain, told.chains + told.story)


def _questions(
    template: Ints,
    other: Ints,
    key: Ints,
    found: tuple[Ints, Ints, NDArray[np.float64], Ints],
) -> Questions:
    return Questions(
        kind=Kind.JOIN,
        template=template,
        other=other,
        key=key,
        value=np.full(len(template), -1, np.int64),
        column=found[0],
        story=found[1],
        number=found[2],
        row=found[3],
        absent_is_zero=False,
    )
