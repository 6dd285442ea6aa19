"""Envelopes around lines and bytes: pieces, nestings, packings, archives, pipes, tables."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from redhanded.case.errors import InputError
from redhanded.logs.fetch import fetch
from redhanded.logs.files import log_files
from redhanded.logs.limits import limits_of
from redhanded.logs.lines import physical_lines
from redhanded.logs.read import Tally, read
from redhanded.logs.record import Record

LINES = (
    b'{"level":30,"time":1735812000123,"msg":"a"}\n{"level":50,"time":1735812000124,"msg":"b"}\n'
)


def _zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "zst": _zstd,
    "xz": lzma.compress,
    "bz2": bz2.compress,
    "gz of zst": lambda data: gzip.compress(_zstd(data)),
    "two gz": lambda data: gzip.compress(data[:30]) + gzip.compress(data[30:]),
    "two zst": lambda data: _zstd(data[:30]) + _zstd(data[30:]),
    "gz padded": lambda data: gzip.compress(data) + bytes(512),
}


def _read(*paths: Path, tally: Tally | None = None) -> list[Record]:
    return list(read(log_files(paths)[0], tally))


def _records(folder: Path, text: str, tally: Tally | None = None) -> list[Record]:
    path = folder / "app.log"
    path.write_text(text, encoding="utf-8")
    return _read(path, tally=tally)


@pytest.mark.parametrize("packing", PACKINGS)
def test_packed_bytes_read_like_plain_ones(packing: str, tmp_path: Path) -> None:
    (tmp_path / "plain.log").write_bytes(LINES * 5000)
    (tmp_path / "packed.log.gz").write_bytes(PACKINGS[packing](LINES * 5000))
    packed, plain = log_files([tmp_path])[0]
    assert list(physical_lines(packed)) == list(physical_lines(plain))


@pytest.mark.parametrize("packing", ["gz", "zst", "xz", "bz2"])
def test_packed_bytes_that_end_early_give_what_is_there(packing: str, tmp_path: Path) -> None:
    text = b"".join(
        f"2025-01-02 10:00:00 INFO {os.urandom(20).hex()}\n".encode() for _ in range(20000)
    )
    whole = PACKINGS[packing](text)
    path = tmp_path / "cut.log"
    path.write_bytes(whole[: len(whole) * 3 // 4])
    tally: Tally = {}
    records = _read(path, tally=tally)
    assert 5_000 < len(records) < 20_000
    assert any("could be unpacked in part only" in limit for limit in limits_of(tally))


def _tar(files: dict[str, bytes], mode: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "w:bz2", "zst"])
def test_an_archive_stands_for_its_logs(mode: str, tmp_path: Path) -> None:
    files = {"app/web.log": LINES, "app/jobs.log.gz": gzip.compress(LINES), "app/README": b"no log"}
    data = _zstd(_tar(files, "w")) if mode == "zst" else _tar(files, mode)
    path = tmp_path / "logs.tar"
    path.write_bytes(data)
    found, limits = log_files([path])
    assert [file.name for file in found] == [f"{path}:app/web.log", f"{path}:app/jobs.log.gz"]
    assert limits == (f"{path} holds 1 more files that are not named like logs: not read",)
    records = list(read(found))
    assert [(record.path, record.line) for record in records] == [
        (file.name, number) for file in found for number in (1, 2)
    ]
    place = (found[1].name, 2)
    assert fetch(found, [place])[place] == LINES.decode().split("\n")[1]


def test_an_archive_that_ends_early(tmp_path: Path) -> None:
    path = tmp_path / "logs.tar.gz"
    whole = _tar(
        {f"{number}.log": os.urandom(40_000).hex().encode() for number in range(5)}, "w:gz"
    )
    path.write_bytes(whole[: len(whole) // 2])
    tally: Tally = {}
    assert _read(path, tally=tally)


def test_a_pattern_stands_for_what_it_matches(tmp_path: Path) -> None:
    for name in ("a.log", "b.log", "c.txt"):
        (tmp_path / name).write_bytes(LINES)
    files, _ = log_files([tmp_path / "*.log"])
    assert [file.path.name for file in files] == ["a.log", "b.log"]
    with pytest.raises(InputError, match="no log that matches"):
        log_files([tmp_path / "*.nothing"])


def test_a_pipe_is_read_once_and_served_again(tmp_path: Path) -> None:
    path = tmp_path / "pipe.log"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(LINES,))
    writer.start()
    first, _ = log_files([path])
    writer.join()
    second, _ = log_files([path])
    assert first == second
    assert [record.entry.message for record in read(first)] == ["a", "b"]
    assert [record.path for record in read(second)] == [str(path)] * 2


def test_standard_input(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path; from redhanded.logs.files import log_files;"
        "from redhanded.logs.read import read;"
        "[print(r.path, r.entry.message) for _ in (1, 2) for r in read(log_files([Path('-')])[0])]"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=gzip.compress(LINES), capture_output=True, check=True
    )
    assert done.stdout.decode() == "standard input a\nstandard input b\n" * 2


def test_a_file_that_grows_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "live.log"
    path.write_text("2025-01-02 10:00:00 INFO one\n" * 20_000)
    files, _ = log_files([path])
    count = 0
    with path.open("a") as live:
        for _ in read(files):
            count += 1
            live.write("2025-01-02 10:00:01 INFO more\n")
    assert count == 20_000


def test_a_file_that_is_rotated_away_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "live.log"
    path.write_text("2025-01-02 10:00:00 INFO one\n" * 50_000)
    records = read(log_files([path])[0])
    next(records)
    path.write_text("")
    assert 0 < sum(1 for _ in records) < 50_000


def test_docker_splits_at_16_kib(tmp_path: Path) -> None:
    inner = json.dumps({"level": 50, "time": 1735812000123, "msg": "x" * 40_000, "job": 17}) + "\n"
    other = json.dumps({"level": 30, "msg": "between"}) + "\n"
    pieces = [inner[start : start + 16384] for start in range(0, len(inner), 16384)]
    rows = [
        {"log": piece, "stream": "stdout", "time": f"2025-01-02T10:00:0{number}Z"}
        for number, piece in enumerate(pieces)
    ]
    rows.insert(1, {"log": other, "stream": "stderr", "time": "2025-01-02T10:00:00Z"})
    records = _records(tmp_path, "".join(json.dumps(row) + "\n" for row in rows))
    told = {record.entry.message[:7]: record for record in records}
    assert set(told) == {"xxxxxxx", "between"}
    assert told["xxxxxxx"].entry.fields["job"] == 17
    assert (told["xxxxxxx"].line, told["between"].line) == (1, 2)


def test_lines_that_a_forwarder_took_the_ends_off(tmp_path: Path) -> None:
    pod = {"pod_name": "web-7d9f5", "container_name": "app"}
    rows = [{"log": text, "stream": "stderr", "kubernetes": pod} for text in ("one", "two")]
    rows.append({"log": "three", "source": "stdout", "container_name": "app"})
    records = _records(tmp_path, "".join(json.dumps(row) + "\n" for row in rows))
    assert [(record.text, record.source) for record in records] == [
        ("one", "web-7d9f5/app"),
        ("two", "web-7d9f5/app"),
        ("three", "app"),
    ]


def test_cri_pieces_of_several_streams(tmp_path: Path) -> None:
    at = "2025-01-02T10:00:00.5Z"
    records = _records(
        tmp_path,
        f'{at} stdout P {{"level":50,\n{at} stderr P war\n{at} stdout P "msg":\n'
        f'{at} stderr F ning: slow\n{at} stdout F "a"}}\n{at} stdout P never ends\n',
    )
    assert sorted((record.entry.message, record.entry.level) for record in records) == [
        ("a", "error"), ("never ends", None), ("slow", "warn"),
    ]  # fmt: skip
    assert {record.entry.at_ms for record in records} == {1735812000500}


def test_gitlab_continues_a_line(tmp_path: Path) -> None:
    at = "2025-01-02T10:00:00.123456Z"
    records = _records(tmp_path, f"{at} 00O one \n{at} 00O+two\n{at} 00O three\n")
    assert [record.text for record in records] == ["one two", "three"]


def test_journald_bytes_and_lines_in_one_message(tmp_path: Path) -> None:
    def entry(message: object, **more: str) -> str:
        return json.dumps({"MESSAGE": message, "__REALTIME_TIMESTAMP": "1735812000123456",
                           "_PID": "17", "_SYSTEMD_UNIT": "a.service", **more}) + "\n"  # fmt: skip

    text = (
        entry(list(b"caf\xc3\xa9 \xff"), PRIORITY="3", _TRANSPORT="syslog")
        + entry("Error: no\n    at f (/a.js:1:2)")
        + entry(None)
    )
    one, two = _records(tmp_path, text)
    assert (one.entry.message, one.entry.level) == ("café \ufffd", "error")
    assert two.text == "Error: no\n    at f (/a.js:1:2)"
    assert two.lines == (2, 2)
    assert (two.source, two.entry.fields["pid"]) == ("a.service", "17")
    assert two.entry.at_ms == pytest.approx(1735812000123.456)


def test_cloudwatch_in_every_shape(tmp_path: Path) -> None:
    message = json.dumps({"level": "ERROR", "message": "failed", "job": 17})
    event = {"timestamp": 1735812000123, "message": message + "\n"}
    shapes = [
        json.dumps({**event, "ingestionTime": 1735812000200}),
        json.dumps({"messageType": "DATA_MESSAGE", "logGroup": "g", "logStream": "s",
                    "logEvents": [{"id": "1", **event}, {"id": "2", **event}]}),
        json.dumps({"events": [{**event, "logStreamName": "s", "eventId": "1"}]}, indent=4),
        json.dumps({"events": [{**event, "logStreamName": "s"}], "nextToken": "x"}, indent=4),
        json.dumps({"results": [[{"field": "@timestamp", "value": "2025-01-02 10:00:00.123"},
                                 {"field": "@message", "value": message},
                                 {"field": "@ptr", "value": "x"}]], "status": "Complete"}),
        json.dumps([{**event, "ingestionTime": 1}], indent=2),
        f"2025-01-02T10:00:00.123Z {message}",
    ]  # fmt: skip
    for number, shape in enumerate(shapes):
        records = _records(tmp_path, shape + "\n")
        assert len(records) == (2 if number == 1 else 1), shape
        for record in records:
            assert record.entry.level == "error"
            assert record.entry.fields["job"] == 17
            assert record.entry.at_ms == 1735812000123


def test_tables_with_a_first_line(tmp_path: Path) -> None:
    text = (
        "@timestamp,@message,@logStream\n"
        '2025-01-02 10:00:00.123,"{""level"":50,""msg"":""a""}",web\n'
        '2025-01-02 10:00:00.124,"Error: no\n    at f (/a.js:1:2)",jobs\n'
        "2025-01-02 10:00:00.125,done,web\n"
    )
    records = _records(tmp_path, text)
    assert [(record.text.split("\n")[-1], record.source, record.line) for record in records] == [
        ('{"level":50,"msg":"a"}', "web", 2),
        ("    at f (/a.js:1:2)", "jobs", 3),
        ("done", "web", 5),
    ]  # fmt: skip


def test_pretty_printed_exports(tmp_path: Path) -> None:
    at = "2025-01-02T10:00:00.123Z"
    rows = [
        {"timestamp": at, "severity": "ERROR", "jsonPayload": {"message": "failed", "job": number}}
        for number in range(3)
    ]
    text = json.dumps(rows, indent=2) + "\n"
    records = _records(tmp_path, text)
    assert [record.entry.fields["job"] for record in records] == [0, 1, 2]
    for record in records:
        assert text.encode()[record.offset :].lstrip().startswith(b"{")
        assert text.split("\n")[record.line - 1].strip() == "{"


OTLP_LOG = {
    "resourceLogs": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
        "scopeLogs": [{"scope": {"name": "jobs"}, "logRecords": [{
            "timeUnixNano": "1735812000123456789", "severityNumber": 17, "severityText": "Error",
            "body": {"stringValue": "failed"}, "traceId": "0AF7651916CD43DD8448EB211C80319C",
            "spanId": "b7ad6b7169203331", "attributes": [
                {"key": "exception.type", "value": {"stringValue": "E"}},
                {"key": "exception.message", "value": {"stringValue": "no"}},
                {"key": "db.statement", "value": {"stringValue": "SELECT 1"}},
                {"key": "http.response.status_code", "value": {"intValue": "500"}},
            ],
        }]}],
    }],
}  # fmt: skip
OTLP_SPAN = {
    "resourceSpans": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
        "scopeSpans": [{"spans": [{
            "traceId": "CvdlGRbNQ92ESOshHIAxnA==", "spanId": "t61rcWkgMzE=", "name": "POST /carts",
            "startTimeUnixNano": "1735812000000000000", "endTimeUnixNano": "1735812000500000000",
            "attributes": [{"key": "http.method", "value": {"stringValue": "POST"}},
                           {"key": "db.system.name", "value": {"stringValue": "postgresql"}}],
            "status": {"code": 2, "message": "no"},
            "events": [{"name": "exception", "timeUnixNano": "1735812000400000000", "attributes": [
                {"key": "exception.type", "value": {"stringValue": "E"}},
                {"key": "exception.message", "value": {"stringValue": "no"}}]}],
        }]}],
    }],
}  # fmt: skip


@pytest.mark.parametrize("indent", [None, 2])
def test_opentelemetry(indent: int | None, tmp_path: Path) -> None:
    tally: Tally = {}
    text = "".join(json.dumps(one, indent=indent) + "\n" for one in (OTLP_LOG, OTLP_SPAN))
    log, span = _records(tmp_path, text, tally)
    assert (log.entry.level, log.entry.message) == ("error", "failed")
    assert log.entry.at_ms == pytest.approx(1735812000123.4568)
    assert log.entry.fields["db.query.text"] == log.entry.fields["db.statement"] == "SELECT 1"
    assert log.entry.fields["http.response.status_code"] == 500
    assert (span.entry.level, span.entry.fields["duration_ms"]) == ("error", 500)
    assert span.entry.fields["http.request.method"] == "POST"
    for name in ("trace_id", "span_id", "service.name"):
        assert span.entry.fields[name] == log.entry.fields[name]
    assert log.entry.fields["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    (counts,) = tally.values()
    assert counts.duplicates == 1, "the exception is a log record and an event of the span"
    assert any("counted once" in limit for limit in limits_of(tally))


def test_an_exception_only_in_a_span_is_told(tmp_path: Path) -> None:
    span, thrown = _records(tmp_path, json.dumps(OTLP_SPAN) + "\n")
    assert (thrown.entry.message, thrown.entry.level) == ("no", "error")
    assert thrown.entry.at_ms == 1735812000400
    assert thrown.entry.fields["trace_id"] == span.entry.fields["trace_id"]


def test_a_bar_after_a_level_is_no_container(tmp_path: Path) -> None:
    (record,) = _records(tmp_path, "ERROR | failed\n")
    assert record.source.endswith("app.log")
