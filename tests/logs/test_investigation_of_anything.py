"""Whatever the columns hold, an investigation ends, with values that make sense or a sentence."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from redhanded.case.errors import InputError
from redhanded.logs.correlation.events import Events
from redhanded.logs.investigation import compare_runs, investigate


@st.composite
def logs(draw: st.DrawFn) -> Events:
    """Up to sixty lines of few templates, sources and ids, times missing, equal or far apart."""
    count = draw(st.integers(0, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    templates, sources, keys = (draw(st.integers(1, most)) for most in (6, 3, 3))
    spread = draw(st.sampled_from([0.0, 1.0, 1e3, 1e12]))
    at_ms = np.round(rng.random(count) * spread)
    at_ms[rng.random(count) < draw(st.sampled_from([0.0, 0.3, 1.0]))] = np.nan
    named = np.flatnonzero(rng.random(count) < draw(st.sampled_from([0.0, 0.7, 1.0])))
    rows = np.repeat(named, rng.integers(1, keys + 1, len(named)))
    return Events(
        file=rng.integers(0, 2, count),
        line=np.arange(1, count + 1),
        at_ms=at_ms,
        level=rng.choice([-1, 2, 4], count),
        template=rng.integers(0, templates, count),
        source=rng.integers(0, sources, count),
        id_row=rows,
        id_key=rng.integers(0, keys, len(rows)),
        id_value=rng.integers(0, draw(st.integers(1, 30)), len(rows)).astype(np.uint64),
        files=("one.log", "other.log"),
        sources=tuple("abc"[:sources]),
        templates=tuple(f"line {at}" for at in range(templates)),
        keys=("req", "job", "thing")[:keys],
        numeric=tuple(bool(each) for each in rng.integers(0, 2, keys)),
    )


@settings(max_examples=150, deadline=None)
@given(logs())
def test_an_investigation_ends(log: Events) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = investigate(log)
        except InputError as error:
            assert "time" in str(error)
            return
    if found.differences is not None:
        for group in found.differences.groups:
            for each in group.findings:
                assert 0 < each.failing_with <= each.failing
                assert 0 <= each.passing_with <= each.passing
                assert each.log_p <= each.log_q <= 0
                assert all(0 <= event < len(log.template) for event in each.events)
    for error in found.errors:
        assert error.lines > 0 and error.onset_log_p <= 0 and error.novelty_log_p <= 0
        assert error.rate is None or error.rate.failures <= error.rate.trials
    if found.company is not None:
        assert all(each.under_way >= 0 for each in found.company.stories)


@settings(max_examples=80, deadline=None)
@given(logs())
def test_a_comparison_of_runs_ends(log: Events) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found, limit = compare_runs(log, [1])
        except InputError as error:
            assert "Name logs with times" in str(error)
            return
    assert limit and found.failing + found.passing > 0


@settings(max_examples=100, deadline=None)
@given(logs())
def test_how_narrow_the_numbers_are_changes_nothing(log: Events) -> None:
    """The templates' numbers are so high that products of two do not fit into 32 bits."""
    many = tuple(f"line {at}" for at in range(60_000))
    wide = replace(log, template=log.template * 11_999, templates=many)
    narrow = replace(
        wide,
        file=wide.file.astype(np.int32),
        level=wide.level.astype(np.int8),
        template=wide.template.astype(np.int32),
        source=wide.source.astype(np.int32),
        id_row=wide.id_row.astype(np.int32),
        id_key=wide.id_key.astype(np.int16),
    )
    told = []
    for events in (wide, narrow):
        try:
            found = investigate(events)
        except InputError as error:
            told.append(str(error))
            continue
        joined = None if found.joined is None else found.joined.story.tolist()
        told.append(repr((found.errors, found.differences, found.company, found.one_order, joined)))
    assert told[0] == told[1]
