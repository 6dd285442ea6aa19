"""Counts do not depend on the shards, nor on workers that die."""

from __future__ import annotations

import os
import random
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from index_logs import lines, write

from redhanded.actions.analysing import logs_on
from redhanded.case.errors import InputError, UsageError
from redhanded.hunt.observe import counted
from redhanded.logs.cluster.counting import Counts, added, count_file, count_files
from redhanded.logs.cluster.fan_out import connected, count_on, shards_of
from redhanded.logs.cluster.grouping import by_duckdb, by_numpy
from redhanded.logs.files import LogFile, log_files


def same(one: Counts, other: Counts) -> bool:
    arrays = ("window", "template", "entries", "first_ms")
    plain = dict.fromkeys(arrays, ())
    return replace(one, **plain) == replace(other, **plain) and all(  # type: ignore[arg-type]
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name == "first_ms")
        for name in arrays
    )


@pytest.fixture
def files(tmp_path: Path) -> list[LogFile]:
    for number in range(8):
        write(tmp_path / f"{number}.log", 200, first=200 * number)
    return list(log_files([tmp_path])[0])


def test_any_sharding_gives_the_same_counts(files: list[LogFile]) -> None:
    whole = count_files(files)
    assert (whole.total, whole.files) == (1600, 8)
    assert whole.entries.sum() == sum(whole.templates.counts) == 1600
    single = [count_file(file) for file in files]
    chance = random.Random(5)
    for _ in range(5):
        chance.shuffle(single)
        cut = chance.randint(1, 7)
        assert same(added([added(single[:cut]), added(single[cut:])]), whole)
    for most in (1, 30_000, 10**9):
        assert same(added(count_files(shard) for shard in shards_of(files, most)), whole)


def test_one_file_or_eight_have_the_same_templates(tmp_path: Path, files: list[LogFile]) -> None:
    one = tmp_path / "whole" / "one.log"
    one.parent.mkdir()
    one.write_text("".join(f"{line}\n" for line in lines(1600)))
    whole, parts = count_files(log_files([one])[0]), count_files(files)
    assert whole.templates == parts.templates
    assert np.array_equal(whole.window, parts.window)
    assert np.array_equal(whole.entries, parts.entries)


def test_shards_hold_every_file_once(files: list[LogFile]) -> None:
    for most in (1, 30_000, 60_000, 10**9):
        shards = shards_of(files, most)
        assert [file for shard in shards for file in shard] == files
        assert all(len(shard) == 1 or sum(f.size for f in shard) <= most for shard in shards)


def test_a_file_that_cannot_be_read_is_said(files: list[LogFile]) -> None:
    files[3].path.write_bytes(b"\0" * files[3].size)
    found = count_files(files)
    assert found.total == 1400
    assert len(found.limits) == 1
    assert "3.log" in found.limits[0]


def test_duckdb_counts_as_numpy_does() -> None:
    pytest.importorskip("duckdb")
    chance = np.random.default_rng(11)
    for size in (0, 1, 5_000):
        window, template = chance.integers(10**6, 10**6 + 40, size), chance.integers(0, 7, size)
        for one, other in zip(by_numpy(window, template), by_duckdb(window, template), strict=True):
            assert np.array_equal(one, other)
    few = np.array([3, 3, 2]), np.array([1, 1, 0])
    assert [column.tolist() for column in by_duckdb(*few)] == [[2, 3], [0, 1], [1, 2]]


def test_a_worker_that_is_killed_in_the_middle_changes_nothing(files: list[LogFile]) -> None:
    distributed = pytest.importorskip("distributed")
    expected = count_files(files)
    options: dict[str, Any] = {"n_workers": 2, "threads_per_worker": 1, "processes": True}
    with (
        distributed.LocalCluster(**options, dashboard_address=None, silence_logs=50) as cluster,
        connected(cluster.scheduler_address) as client,
    ):
        killed: list[int] = []

        def kill_one(sentence: str) -> None:
            if not killed:
                killed.append(next(iter(client.run(os.getpid).values())))
                os.kill(killed[0], signal.SIGKILL)

        shards = [[file] for file in files] * 6
        found = count_on(client, shards, kill_one)
        left = client.run(os.getpid).values()
        answer = logs_on(
            cluster.scheduler_address, [file.path for file in files], "gate stuck", redact=True
        )
    assert killed
    assert killed[0] not in left
    assert found.total == 6 * expected.total
    assert found.templates.masks == expected.templates.masks
    assert (found.entries == 6 * expected.entries).all()
    assert np.array_equal(found.window, expected.window)
    assert answer.symptom == counted(expected, "gate stuck", redact=True).symptom


def test_the_verdict_does_not_depend_on_the_shards(files: list[LogFile]) -> None:
    answers = [
        counted(added(count_files(shard) for shard in shards), None, redact=True)
        for shards in (shards_of(files, 1), shards_of(files, 60_000), [files])
    ]
    assert answers[0] == answers[1] == answers[2]
    symptom = answers[0].symptom
    assert symptom is not None
    assert symptom.text.endswith("gate stuck")
    assert symptom.lines == 40
    assert symptom.rate is not None
    assert symptom.rate.trials <= 512


def test_what_comes_with_the_symptom_is_told_from_counts(tmp_path: Path) -> None:
    told = []
    for number in range(3000):
        second = f"2025-10-09T08:{number // 60:02d}:{number % 60:02d}Z"
        told.append(f"{second} INFO tide gauge read")
        if number % 300 < 3:
            told += [f"{second} INFO pump changed over", f"{second} ERROR sluice jammed"]
    paths = []
    for part in range(3):
        paths.append(tmp_path / f"{part}.log")
        paths[-1].write_text("".join(f"{line}\n" for line in told[part::3]))
    found = counted(count_files(log_files(paths)[0]), "jammed", redact=True).symptom
    assert found is not None
    assert found.differences
    assert "pump changed over" in found.differences[0].property
    assert found.differences[0].failing_with == found.differences[0].failing
    assert found.differences[0].examples[0].text.endswith("pump changed over")
    with pytest.raises(InputError, match="sluice jammed"):
        counted(count_files(log_files(paths)[0]), "no such words", redact=True)


def test_without_a_scheduler_the_sentence_says_how_to_start_one() -> None:
    pytest.importorskip("distributed")
    with pytest.raises(UsageError, match="dask scheduler"):
        connected("tcp://127.0.0.1:1")
