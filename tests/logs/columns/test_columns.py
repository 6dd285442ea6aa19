"""Columns equal what the record reader gives, whatever the lines and wherever blocks end."""

from __future__ import annotations

import gzip
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redhanded.case.errors import InputError
from redhanded.logs import lines as lines_module
from redhanded.logs.columns import LEVELS, Columns, read_columns, value_hash
from redhanded.logs.columns import blocks as blocks_module
from redhanded.logs.columns import reading as reading_module
from redhanded.logs.columns.slow import Asked, Row
from redhanded.logs.envelopes import compression
from redhanded.logs.files import LogFile
from redhanded.logs.identifiers import identifiers
from redhanded.logs.lines import Line
from redhanded.logs.read import read
from redhanded.logs.templates import Miner

TEXT = (
    "2026-03-14T06:00:0#.123Z INFO  [checkout] request req_a# done in # ms",
    "2026-03-14 06:0#:00,018 DEBUG billing.worker - job 1# started attempt=#",
    "2026-03-14 06:00:00.5 WARN heap at #%",
    "2026-03-14 06:00:00 plain words without a level",
    "2026-03-14T06:00:00+02:00 ERROR job # failed: host=h#",
    "2026-03-14T06:00:00.25-0530 info far away #",
    "2026-03-14 06:00:00 +0100 INFO a zone apart #",
    "2026-03-14 06:00:00.123 UTC INFO a named zone #",
    "[2026-03-14T06:00:00.123Z] INFO in brackets #",
    "INFO 2026-03-14T06:00:00.123Z level first #",
    "2026-13-14T06:00:00Z INFO no such month #",
    "2026-02-30T06:00:00Z INFO no such day #",
    "2024-02-29T23:59:59.999Z INFO leap day #",
    "2026-03-14T06:00:60Z INFO leap second #",
    "1970-01-01T00:00:01Z INFO long ago #",
    "2106-02-07T06:28:16Z INFO far ahead #",
    "2026-03-14T06:00:00.123456789Z INFO nanoseconds #",
    "2026-03-14T06:00:00.123Z INFO ends with a return #\r",
    "2026-03-14T06:00:00.123Z",
    "web-#  | 2026-03-14T06:00:00.123Z INFO behind a prefix",
    "    at load (/srv/app/a.js:#:1#)",
    "Caused by: Error: x#",
    "",
    "   ",
    "no time at all #",
    "2026-03-14T06:00:00.123Z INFO caf\xe9 user=b# user=anna",
    "2026-03-14T06:00:00.123Z INFO pair ratio=#.5 id=4# peer=10.0.0.#:99",
)
JSON = (
    '{"level":30,"time":177346800000#,"pid":1#,"hostname":"h#","reqId":"req_#","msg":"job # up"}',
    '{"level":50,"time":177346800000#,"jobId":#,"msg":"failed","err":{"stack":"E\\n at x:#"}}',
    '{"level":#0,"time":1773468000000,"msg":"level varies"}',
    '{"level":"warn","time":"2026-03-14T06:00:0#.5Z","msg":"written out #"}',
    '{"severity":"ERROR","timestamp":177346800#,"message":"seconds #"}',
    '{"time":177346800000#.25,"level":"info","msg":"fraction #"}',
    '{"level":30,"time":177346800000#,"msg":"escaped \\"q#\\" \\u00e9 \\\\ #"}',
    '{"level":30,"time":177346800000#,"msg":"cut her',
    '{"a":#}',
    '{"log":"2026-03-14T06:00:00Z INFO in #\\n","stream":"stdout","time":"2026-03-14T06:00:01Z"}',
)
DIGITS = st.lists(st.integers(0, 9), min_size=6, max_size=6)


@st.composite
def lines(draw: st.DrawFn) -> list[bytes]:
    found = []
    for pattern in draw(st.lists(st.sampled_from(TEXT + JSON), min_size=1, max_size=30)):
        for digit in draw(DIGITS):
            pattern = pattern.replace("#", str(digit), 1)
        found.append(pattern.replace("#", "7").encode())
    if draw(st.booleans()):
        found.insert(draw(st.integers(0, len(found))), b"2026-03-14T06:00:00Z INFO \xff\xfe bytes")
    return found


def file_of(folder: Path, data: bytes, name: str = "some.log") -> LogFile:
    path = folder / name
    path.write_bytes(data)
    return LogFile(path=path, name=str(path), size=len(data))


def compare(file: LogFile) -> Columns:
    """Fails where the columns of ``file`` are not what the record reader gives."""
    records = list(read([file]))
    columns = read_columns([file])
    assert columns.offset.tolist() == [record.offset for record in records]
    assert columns.line.tolist() == [record.line for record in records]
    assert columns.lines.tolist() == [record.text.count("\n") + 1 for record in records]
    for found, record in zip(columns.at_ms.tolist(), records, strict=True):
        expected = record.entry.at_ms
        assert math.isnan(found) if expected is None else found == pytest.approx(expected, abs=0.01)
    assert [LEVELS[level] if level >= 0 else None for level in columns.level.tolist()] == [
        record.entry.level for record in records
    ]
    assert [columns.sources[place] for place in columns.source.tolist()] == [
        record.source for record in records
    ]
    assert set(columns.file.tolist()) <= {0} and columns.files == (file.name,)
    compare_templates(columns, [record.entry.message or first(record.text) for record in records])
    for row, record in enumerate(records):
        compare_identifiers(columns, row, identifiers(record))
    return columns


def first(text: str) -> str:
    return text.partition("\n")[0]


def compare_templates(columns: Columns, messages: Sequence[str]) -> None:
    miner = Miner()
    ids = [miner.id_of(message.encode(errors="replace")) for message in messages]
    expected = miner.finish()
    assert [columns.templates[place] for place in columns.template.tolist()] == [
        expected.texts[expected.of_id[given]] for given in ids
    ]


def compare_identifiers(columns: Columns, row: int, expected: dict[str, object]) -> None:
    """All that the record reader finds are there; whole numbers and words, so that no rule on the
    form of a value decides."""
    mine = np.flatnonzero(columns.id_row == row)
    found = {
        (columns.keys[key], value)
        for key, value in zip(
            columns.id_key[mine].tolist(), columns.id_value[mine].tolist(), strict=True
        )
    }
    for key, one in expected.items():
        value = value_hash(one.value.encode())  # type: ignore[attr-defined]
        assert value is None or (key, value) in found


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lines(), st.sampled_from([b"\n", b""]), st.sampled_from([64, 300, 1 << 18]))
def test_columns_equal_records(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    written: list[bytes],
    end: bytes,
    block_bytes: int,
) -> None:
    if not any(line.strip() for line in written):
        return
    monkeypatch.setattr(blocks_module, "BLOCK_BYTES", block_bytes)
    monkeypatch.setattr(reading_module, "PLANNED_MIN", 0.0)
    compare(file_of(tmp_path, b"\n".join(written) + end))


def test_a_file_of_unknown_lines_is_left_to_the_record_reader(tmp_path: Path) -> None:
    text = b"".join(b"Mar 14 06:00:%02d host app[7]: line %d\n" % (n % 60, n) for n in range(50))
    assert len(compare(file_of(tmp_path, text))) > 0


def test_packed_files_are_read_alike(tmp_path: Path) -> None:
    text = b"".join(b"2026-03-14T06:00:%02dZ INFO job %d done\n" % (n % 60, n) for n in range(5000))
    packed = file_of(tmp_path, gzip.compress(text), "some.log.gz")
    assert len(compare(packed)) == 5000


def test_most_lines_have_a_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise all of this would only test the record reader against itself."""
    asked: list[Line] = []
    feed = Asked.feed

    def noted(self: Asked, lines: Iterable[Line]) -> list[Row]:
        given = list(lines)
        asked.extend(given)
        return feed(self, given)

    monkeypatch.setattr(Asked, "feed", noted)
    good = TEXT[:2] + TEXT[3:4] + TEXT[5:6] + TEXT[8:9] + TEXT[12:13] + JSON[:1] + JSON[3:4]
    text = "\n".join(line.replace("#", str(n)) for n in range(1, 9) for line in good)
    columns = read_columns([file_of(tmp_path, text.encode() + b"\n")])
    assert len(columns) == 8 * len(good)
    assert [line.number for line in asked] == [len(columns)]


def test_identifiers_join_text_and_json(tmp_path: Path) -> None:
    text = (
        '{"level":30,"time":1773468000001,"reqId":"req_9","jobId":41,"msg":"queued"}\n'
        "2026-03-14T06:00:01.000Z INFO job 41 started reqId=req_9\n"
        "2026-03-14T06:00:02.000Z INFO job 42 took 1.5s\n"
    )
    columns = read_columns([file_of(tmp_path, text.encode())])
    triplets = zip(columns.id_row.tolist(), columns.id_key.tolist(), columns.id_value, strict=True)
    found = {(row, columns.keys[key], int(value)) for row, key, value in triplets}
    job, other, request = (value_hash(value) for value in (b"41", b"42", b"req_9"))
    assert {(0, "job", job), (0, "req", request), (1, "job", job), (1, "req", request)} <= found
    assert {value for row, key, value in found if row == 2} == {other}


def test_a_row_for_each_of_many_files(tmp_path: Path) -> None:
    one = file_of(tmp_path, b"2026-03-14T06:00:01Z INFO a\n", "one.log")
    two = file_of(tmp_path, b"2026-03-14T06:00:00Z INFO b\n x\n", "two.log")
    columns = read_columns([one, two])
    assert columns.files == (one.name, two.name)
    assert columns.file.tolist() == [0, 1] and columns.lines.tolist() == [1, 2]


@pytest.mark.parametrize("packed", [False, True])
def test_a_line_that_is_too_long_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    for module in (blocks_module, reading_module, lines_module):
        monkeypatch.setattr(module, "LINE_BYTES_MAX", 20_000)
        monkeypatch.setattr(module, "LINE_BYTES_KEPT", 1000)
    monkeypatch.setattr(blocks_module, "BLOCK_BYTES", 4096)
    monkeypatch.setattr(lines_module, "_CHUNK_BYTES", 4096)
    monkeypatch.setattr(compression, "PIECE_BYTES", 4096)
    short = b"2026-03-14T06:00:00Z INFO job 7 done\n"
    long = b"2026-03-14T06:00:00Z INFO " + b"long " * 20_000
    for text in (short * 3 + long + b"\n" + short * 200, short + long, long + b"\n" + short):
        data = gzip.compress(text) if packed else text
        columns = compare(file_of(tmp_path, data, f"{len(text)}.log"))
        assert columns.offset[-1] < len(text)


def test_blank_files_and_missing_ones_are_refused(tmp_path: Path) -> None:
    blank = file_of(tmp_path, b"\n  \n", "blank.log")
    good = file_of(tmp_path, b"2026-03-14T06:00:00Z INFO up\n", "good.log")
    gone = LogFile(path=tmp_path / "gone.log", name="gone.log", size=9)
    for one in (blank, gone):
        with pytest.raises(InputError):
            read_columns([one])
    columns = read_columns([blank, good, gone])
    assert len(columns) == 1 and "blank" in columns.limits[0] and "gone" in columns.limits[1]


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_columns([file_of(tmp_path, bytes(range(256)) * 40)])
