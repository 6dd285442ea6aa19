"""Several processes give what one gives."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from redhanded.case.errors import InputError
from redhanded.logs.columns import Columns, planned, read_columns, sharing
from redhanded.logs.columns.columns import DTYPES
from redhanded.logs.columns.worker import start
from redhanded.logs.files import LogFile

NAMES = ("anna", "bruno", "chen", "dora", "emil", "fatou", "goran")


def file_of(folder: Path, data: bytes, name: str = "some.log") -> LogFile:
    path = folder / name
    path.write_bytes(data)
    return LogFile(path=path, name=str(path), size=len(data))


def text(count: int) -> bytes:
    lines = []
    for number in range(count):
        at = f"2026-03-14T06:{number // 60 % 60:02d}:{number % 60:02d}.{number % 1000:03d}Z"
        lines.append(f"{at} INFO job {number} of {NAMES[number % 7]} took {number % 9} ms")
        if number % 500 == 0:
            lines += [f"{at} ERROR job {number} failed", "    at run (a.js:1:2)", "", "Error: x"]
        if number % 70 == 0:
            lines.append(f'{{"level":50,"time":1773468000123,"jobId":{number},"msg":"no"}}')
    return "\n".join(lines).encode()


def same(one: Columns, other: Columns) -> None:
    """Rows and what their numbers stand for; numbers of names may differ."""
    for name in DTYPES:
        if name not in ("source", "id_key"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)
    for table, numbers in (("sources", "source"), ("keys", "id_key")):
        named = [
            [getattr(each, table)[number] for number in getattr(each, numbers)]
            for each in (one, other)
        ]
        assert named[0] == named[1]
    assert (one.files, one.templates, one.limits) == (other.files, other.templates, other.limits)


def test_several_processes_read_what_one_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [
        file_of(tmp_path, text(4000), "large.log"),
        file_of(tmp_path, b"Mar 14 06:00:01 host app[7]: unknown\n" * 2000, "unknown.log"),
        file_of(tmp_path, gzip.compress(text(500)), "packed.log.gz"),
        file_of(tmp_path, text(300), "small.log"),
    ]
    one = read_columns(files)
    monkeypatch.setattr(sharing, "SHARE_BYTES_MIN", 1000)
    monkeypatch.setattr(sharing, "_CUT_BYTES", 1 << 15)
    assert len([part for share in sharing.shares(files, 3) for part in share]) > len(files)
    same(one, read_columns(files, processes=3))


def test_shares_are_of_one_size_and_leave_nothing_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "SHARE_BYTES_MIN", 1000)
    monkeypatch.setattr(sharing, "_CUT_BYTES", 1 << 15)
    file = file_of(tmp_path, text(4000))
    (first,), (second,) = sharing.shares([file], 2)
    assert (first.start, first.end, second.end) == (0, second.start, None)
    assert abs(2 * second.start - file.size) < 1 << 16
    before = file.path.read_bytes()[: second.start]
    assert second.line == before.count(b"\n") + 1 and before.endswith(b"\n")


def test_no_cut_where_traces_may_reach_across(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "SHARE_BYTES_MIN", 1000)
    noisy = text(1).partition(b"\n")[2] + b"\n" + text(20) + b"\n"
    assert len(sharing.shares([file_of(tmp_path, noisy * 200)], 2)) == 1


def test_little_is_read_by_one(tmp_path: Path) -> None:
    assert len(sharing.shares([file_of(tmp_path, text(100))], 2)) == 1


def test_what_a_worker_cannot_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "SHARE_BYTES_MIN", 1000)
    good = file_of(tmp_path, text(200), "good.log")
    binary = file_of(tmp_path, bytes(range(256)) * 100, "binary.log")
    assert len(sharing.shares([good, binary], 2)) == 2
    one, two = (read_columns([good, binary], processes=count) for count in (1, 2))
    same(one, two)
    assert len(one) and "binary" in one.limits[0] and set(one.file.tolist()) == {0}


def test_too_many_names_of_identifiers_are_bounded_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planned, "KEYS_MAX", 20)
    words = [f"{a}{b}{c}x" for a in "abcde" for b in "fghij" for c in "klmno"]
    lines = "".join(f"2026-03-14T06:00:00Z INFO {word} {n} up\n" for n, word in enumerate(words))
    columns = read_columns([file_of(tmp_path, lines.encode())])
    assert len(columns.keys) == 20 and "over 20 names" in columns.limits[0]
    assert 0 < len(columns.id_row) < len(columns) == len(words)


def test_a_worker_that_is_ended_is_said(tmp_path: Path) -> None:
    share = [sharing.Part(file=file_of(tmp_path, text(20)), place=0)]
    with start(share) as worker:
        worker._process.kill()
        with pytest.raises(InputError, match="ended early"):
            worker.tables()
