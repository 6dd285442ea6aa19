"""A line, and what has to be read from it; every format with its usual variants."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from test_traces import TRACES

from redhanded.logs.detection import detect
from redhanded.logs.files import log_files
from redhanded.logs.read import Tally, read
from redhanded.logs.record import Record

AT_MS = 1735812000123
"""2025-01-02T10:00:00.123Z."""
UUID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"

Case = tuple[str, str, str | None, str, float | None, dict[str, object]]
"""A line; its format, level, message and time; and fields it has."""


def _json(**value: object) -> str:
    return json.dumps(value)


JSON: list[Case] = [
    (_json(level=50, time=AT_MS, pid=1, hostname="h", err={"type": "E", "message": "no", "stack":
        "E: no\n    at f (/a.js:1:2)"}, msg="failed"),
     "pino", "error", "failed", AT_MS, {"err.stack": "E: no\n    at f (/a.js:1:2)", "pid": 1}),
    (_json(level=35, time=123, pid=1, msg="a clock that starts in 1970"),
     "pino", "info", "a clock that starts in 1970", 123, {}),
    (_json(name="shop", hostname="h", pid=1, level=40, msg="slow", time="2025-01-02T10:00:00.123Z",
        v=0), "bunyan", "warn", "slow", AT_MS, {"name": "shop"}),
    (_json(level="warn", message="slow", service="shop", timestamp="2025-01-02T10:00:00.123Z"),
     "winston", "warn", "slow", AT_MS, {"service": "shop"}),
    (_json(event="job done", level="info", timestamp="2025-01-02T10:00:00.123Z", job=17),
     "structlog", "info", "job done", AT_MS, {"job": 17}),
    (_json(asctime="2025-01-02 10:00:00,123", levelname="ERROR", name="shop", message="failed"),
     "python-json-logger", "error", "failed", AT_MS, {"name": "shop"}),
    (_json(level="error", ts=1735812000.123, caller="a/b.go:1", msg="failed", stacktrace="x"),
     "zap", "error", "failed", AT_MS, {"caller": "a/b.go:1"}),
    (_json(level="error", error="boom", time="2025-01-02T10:00:00.123Z", message="failed"),
     "zerolog", "error", "failed", AT_MS, {"error": "boom"}),
    (_json(time="2025-01-02T10:00:00.123456789Z", level="ERROR+2", msg="failed", job=17),
     "slog", "error", "failed", 1735812000123.456, {"job": 17}),
    ('{"@timestamp":"2025-01-02T11:00:00.123+01:00","@version":"1","message":"failed",'
     '"logger_name":"shop.Jobs","thread_name":"main","level":"ERROR","level_value":40000}',
     "logstash", "error", "failed", AT_MS, {"logger_name": "shop.Jobs"}),
    ('{"@timestamp":"2025-01-02T10:00:00.123Z","log.level":"ERROR","message":"failed",'
     '"ecs.version":"1.2.0","error.stack_trace":"E\\n\\tat f"}',
     "ECS", "error", "failed", AT_MS, {"error.stack_trace": "E\n\tat f"}),
    ('{"@timestamp":"2025-01-02T10:00:00.123Z","log":{"level":"warn"},"message":"slow",'
     '"ecs":{"version":"8.10"}}', "ECS", "warn", "slow", AT_MS, {}),
    (_json(insertId="x", timestamp="2025-01-02T10:00:00.123Z", severity="ERROR",
        jsonPayload={"message": "failed", "job": 17}, logName="projects/p/logs/stdout",
        trace="projects/p/traces/0af7651916cd43dd8448eb211c80319c", spanId="b7ad6b7169203331"),
     "Google Cloud", "error", "failed", AT_MS,
     {"job": 17, "trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": "b7ad6b7169203331"}),
    (_json(textPayload="failed", severity="NOTICE", receiveTimestamp="2025-01-02T10:00:00.123Z"),
     "Google Cloud", "info", "failed", AT_MS, {}),
    (_json(id="A", content={"timestamp": "2025-01-02T10:00:00.123Z", "service": "shop",
        "message": "failed", "attributes": {"status": "error", "job": 17, "dd":
            {"trace_id": "5208512171318403364"}}}),
     "Datadog", "error", "failed", AT_MS, {"job": 17, "trace_id": "48485a3953bb6124"}),
    (_json(id="A", type="log", attributes={"timestamp": "2025-01-02T10:00:00.123Z", "status":
        "warn", "message": "slow", "attributes": {"job": 17}}),
     "Datadog", "warn", "slow", AT_MS, {"job": 17}),
    (_json(_id="A", date="2025-01-02T10:00:00.123Z", status="info", message="fine", service="s",
        attributes={"job": 17}), "Datadog", "info", "fine", AT_MS, {"job": 17}),
    ('{"timestamp":"2025-01-02 10:00:00.123 UTC","user":"app","dbname":"shop","pid":17,'
     '"error_severity":"ERROR","state_code":"23505","message":"duplicate key","detail":"Key"}',
     "PostgreSQL jsonlog", "error", "duplicate key", AT_MS, {"state_code": "23505"}),
    ('{"t":{"$date":"2025-01-02T10:00:00.123+00:00"},"s":"E","c":"NETWORK","msg":"failed"}',
     "JSON lines", "error", "failed", AT_MS, {}),
]  # fmt: skip
TEXT: list[Case] = [
    ("2025-01-02 10:00:00,123 - shop.jobs - ERROR - Job 17 failed",
     "Python logging", "error", "Job 17 failed", AT_MS, {"logger": "shop.jobs", "Job": 17}),
    ("2025-01-02 10:00:00,123 INFO shop.jobs: Job 17 done",
     "Python logging", "info", "Job 17 done", AT_MS, {"logger": "shop.jobs"}),
    ("2025-01-02 10:00:00.123 | WARNING  | shop.jobs:run:17 - slow",
     "Python logging", "warn", "slow", AT_MS, {"logger": "shop.jobs:run:17"}),
    (f"[2025-01-02 10:00:00,123: ERROR/ForkPoolWorker-1] Task a.b[{UUID}] raised",
     "Python logging", "error", f"Task a.b[{UUID}] raised", AT_MS, {"Task": UUID}),
    ("WARNING:shop.jobs:slow", "Python logging", "warn", "slow", None, {"logger": "shop.jobs"}),
    ('INFO:     127.0.0.1:5 - "GET / HTTP/1.1" 200 OK',
     "Python logging", "info", '127.0.0.1:5 - "GET / HTTP/1.1" 200 OK', None, {}),
    ("2025-01-02 10:00:00,123 [main] ERROR shop.Jobs - Job 17 failed",
     "log4j", "error", "Job 17 failed", AT_MS, {"logger": "shop.Jobs", "thread": "main"}),
    ("2025-01-02T11:00:00.123+01:00  WARN 17 --- [shop] [main] c.e.shop.Jobs : slow",
     "log4j", "warn", "slow", AT_MS, {"logger": "c.e.shop.Jobs", "thread": "main"}),
    ("2025-01-02 10:00:00,123 INFO [main] org.a.Jobs: started",
     "log4j", "info", "started", AT_MS, {"logger": "org.a.Jobs", "thread": "main"}),
    ("2025-01-02 10:00:00,123 INFO  [shop.Jobs] (pool-1) started",
     "log4j", "info", "started", AT_MS, {"logger": "shop.Jobs", "thread": "pool-1"}),
    ("2025-01-02 10:00:00,123 DEBUG org.a.B: x=1",
     "Python logging", "debug", "x=1", AT_MS, {"x": 1}),
    ('10.0.0.1 - jo [02/Jan/2025:11:00:00 +0100] "POST /carts/17 HTTP/1.1" 502 12 "-" "curl/8" '
     "rt=0.512", "access log", "error", "POST /carts/17 HTTP/1.1 502", 1735812000000,
     {"method": "POST", "path": "/carts/17", "status": 502, "request_time": 0.512, "user": "jo"}),
    ('::1 - - [02/Jan/2025:10:00:00 +0000] "GET / HTTP/1.1" 200 -',
     "access log", "info", "GET / HTTP/1.1 200", 1735812000000, {"remote_address": "::1"}),
    ('2025/01/02 10:00:00 [error] 12#13: *34 connect() failed, client: 10.0.0.1, server: x, '
     'request: "GET /a HTTP/1.1", upstream: "http://b/a"', "nginx error log", "error",
     "connect() failed", 1735812000000, {"pid": 12, "path": "/a", "upstream": "http://b/a"}),
    ("2025-01-02 10:00:00.123 UTC [17] app@shop ERROR:  duplicate key",
     "PostgreSQL", "error", "duplicate key", AT_MS, {"pid": 17, "user": "app", "database": "shop"}),
    ("2025-01-02 11:00:00.123 CET [17-1] user=app,db=shop,app=web,client=::1 LOG:  slow",
     "PostgreSQL", "info", "slow", AT_MS, {"user": "app", "database": "shop"}),
    ("2025-01-02 10:00:00 UTC:10.0.0.1(5432):app@shop:[17]:FATAL:  too many",
     "PostgreSQL", "fatal", "too many", 1735812000000, {"pid": 17}),
    ('2025-01-02 10:00:00.123 UTC,"app","shop",17,"::1:5",65a.1,1,"INSERT",2025-01-02 09:00:00 UTC,'
     '3/1,0,ERROR,23505,"duplicate key","Key (a)=(1)",,,,,"INSERT INTO a",,,"web","client backend"',
     "PostgreSQL csvlog", "error", "duplicate key", AT_MS,
     {"sqlstate": "23505", "detail": "Key (a)=(1)", "statement": "INSERT INTO a", "pid": 17}),
    ("1:M 02 Jan 2025 10:00:00.123 # WARNING overcommit", "Redis", "warn", "WARNING overcommit",
     AT_MS, {"pid": 1, "role": "primary"}),
    ('time=2025-01-02T10:00:00.123Z level=warn msg="job \\"a\\" slow" job=17', "logfmt", "warn",
     'job "a" slow', AT_MS, {"job": 17}),
    ("ts=1735812000.123 level=info msg=fine", "logfmt", "info", "fine", AT_MS, {}),
    ("2025-01-02T10:00:00.123Z\t7c9e6679\tERROR\tfailed", "plain text", "error",
     "7c9e6679\tERROR\tfailed", AT_MS, {}),
    ("[Nest] 17  - 01/02/2025, 10:00:00 AM     LOG [Router] mapped", "plain text", "info",
     "LOG [Router] mapped", 1735812000000, {}),
    ("2025/01/02 10:00:00.123000 listening", "plain text", None, "listening", AT_MS, {}),
    ("Thu Jan  2 10:00:00 2025 [pid 17] failed", "plain text", None, "[pid 17] failed",
     1735812000000, {}),
    ("ERROR 2025-01-02 10:00:00.123 failed", "plain text", "error", "failed", AT_MS, {}),
    ("1735812000.123 worker: fine", "plain text", None, "worker: fine", AT_MS, {}),
    ("[ERROR] failed", "console", "error", "failed", None, {}),
    ("warn: slow", "console", "warn", "slow", None, {}),
]  # fmt: skip


def _records(folder: Path, text: str, tally: Tally | None = None) -> list[Record]:
    path = folder / "app.log"
    path.write_text(text, encoding="utf-8")
    return list(read(log_files([path])[0], tally))


@pytest.mark.parametrize("case", [*JSON, *TEXT], ids=lambda case: f"{case[1]}: {case[0][:40]}")
def test_reads(case: Case, tmp_path: Path) -> None:
    line, name, level, message, at_ms, fields = case
    tally: Tally = {}
    (record,) = _records(tmp_path, line + "\n", tally)
    entry = record.entry
    assert (entry.level, entry.message) == (level, message)
    assert entry.at_ms == (pytest.approx(at_ms, abs=0.001) if at_ms is not None else None)
    assert entry.fields.items() >= fields.items()
    (counts,) = tally.values()
    assert set(counts.formats) == {name}
    assert not counts.broken


def test_a_sample_tells_envelopes_and_formats() -> None:
    one = detect([f"web-1  | {case[0]}" for case in JSON if case[1] == "pino"])
    assert one.only == (("compose",), "pino")
    several = detect([case[0] for case in (*JSON, *TEXT)])
    assert several.only is None
    assert {name for name, _ in several.formats} == {case[1] for case in (*JSON, *TEXT)}
    assert detect(TRACES["go_panic"].split("\n")).others > 10


def test_several_formats_in_one_file(tmp_path: Path) -> None:
    """Each line is read as if it stood alone, whatever was before it."""
    tally: Tally = {}
    cases = [*TEXT, *JSON, *reversed(TEXT), *TEXT[::3], *JSON[::2]]
    records = _records(tmp_path, "".join(f"{case[0]}\n" for case in cases), tally)
    assert [(record.entry.level, record.entry.message) for record in records] == [
        (case[2], case[3]) for case in cases
    ]


def test_details_of_the_database_belong_to_the_line_before_of_the_same_process(
    tmp_path: Path,
) -> None:
    at = "2025-01-02 10:00:00.{:03d} UTC [{}] app@shop "
    lines = [
        at.format(1, 17) + "ERROR:  duplicate key",
        at.format(2, 18) + "ERROR:  deadlock detected",
        at.format(2, 17) + "DETAIL:  Key (a)=(1) already exists.",
        at.format(3, 18) + "DETAIL:  Process 18 waits",
        "\tProcess 19 waits",
        at.format(3, 19) + "LOG:  checkpoint",
        at.format(4, 17) + "STATEMENT:  INSERT INTO a",
        "\t  VALUES (1)",
        at.format(5, 18) + "HINT:  See server log",
    ]
    records = _records(tmp_path, "\n".join(lines) + "\n")
    told = {record.entry.message: record for record in records}
    assert list(told) == ["duplicate key", "deadlock detected", "checkpoint"]
    one = told["duplicate key"]
    assert one.text.split("\n") == [lines[0], lines[2], lines[6], lines[7]]
    assert [one.line_at(index) for index in range(4)] == [1, 3, 7, 8]
    assert one.entry.fields["detail"] == "Key (a)=(1) already exists."
    assert told["deadlock detected"].text.split("\n") == [lines[1], lines[3], lines[4], lines[8]]


def test_a_row_of_the_csvlog_over_several_lines(tmp_path: Path) -> None:
    row = (
        '2025-01-02 10:00:00.123 UTC,"app","shop",17,"::1:5",65a.1,1,"INSERT",2025-01-02 09:00:00 '
        'UTC,3/1,0,ERROR,23505,"duplicate ""key""\nof two lines",,,,,,"INSERT\n\nINTO a",,,"web"\n'
    )
    first, second = _records(tmp_path, row + row)
    assert first.entry.message == 'duplicate "key"\nof two lines'
    assert first.entry.fields["statement"] == "INSERT\n\nINTO a"
    assert (first.line, second.line, second.offset) == (1, 5, len(row))


def test_times_without_a_year_are_of_when_the_file_was_written(tmp_path: Path) -> None:
    path = tmp_path / "syslog"
    path.write_text(
        "Dec 30 23:00:00 db cron[1]: a\nDec 31 23:59:59 db cron[1]: b\n"
        "Jan  1 00:00:01 db cron[1]: c\n"
    )
    os.utime(path, (1735812000, 1735812000))
    tally: Tally = {}
    records = list(read(log_files([path])[0], tally))
    assert [record.entry.at_ms for record in records] == [
        1735599600000, 1735689599000, 1735689601000,
    ]  # fmt: skip
    assert tally[str(path)].yearless == 3
    assert records[0].entry.fields["program"] == "cron"


def test_indented_messages_of_syslog_are_entries(tmp_path: Path) -> None:
    text = "".join(f"Jan  2 10:00:00 db kernel: {line}\n" for line in ("map:", " low", " high"))
    assert [record.entry.message for record in _records(tmp_path, text)] == [
        "map:",
        " low",
        " high",
    ]


def test_times_without_a_year_follow_their_neighbours(tmp_path: Path) -> None:
    text = "2019-03-01 10:00:00 INFO a\nE0301 10:00:01.500000       1 a.go:1] b\n"
    assert _records(tmp_path, text)[1].entry.at_ms == 1551434401500


def test_times_without_a_date(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text(
        "23:59:59.500 [main] INFO shop.Jobs - a\n00:00:00.500 [main] INFO shop.Jobs - b\n"
    )
    os.utime(path, (1735776001, 1735776001))
    tally: Tally = {}
    one, two = (record.entry.at_ms for record in read(log_files([path])[0], tally))
    assert (one, two) == (1735775999500, 1735776000500)
    assert tally[str(path)].dateless == 2


@pytest.mark.parametrize(
    ("line", "at_ms"),
    [
        ("1970-01-01T00:00:00.001Z INFO a", 1),
        ("2106-02-07T06:28:16Z INFO a", 4294967296000),
        ('{"time":"1970-01-01T00:00:00Z","level":30,"msg":"a"}', 0),
        ('{"time":0,"pid":1,"level":30,"msg":"a"}', 0),
        ('{"ts":1.5,"level":"info","msg":"a"}', 1500),
        ('{"time":4294967296000,"level":30,"msg":"a"}', 4294967296000),
        ('{"timestamp":4294967296,"message":"a"}', 4294967296000),
        ("2025-01-02 10:00:00 IST [17] LOG:  a", 1735812000000),
        ("2025-01-02T10:00:00-08:00 INFO a", 1735840800000),
        ("2024-02-30 10:00:00 INFO no such day", None),
    ],
)
def test_far_and_strange_times(line: str, at_ms: float | None, tmp_path: Path) -> None:
    (record,) = _records(tmp_path, line + "\n")
    assert record.entry.at_ms == at_ms


def test_lines_out_of_order_are_counted_and_kept(tmp_path: Path) -> None:
    text = "".join(f"2025-01-02 10:00:{second:02d} INFO a\n" for second in (0, 5, 3, 9))
    tally: Tally = {}
    records = _records(tmp_path, text, tally)
    assert [record.line for record in records] == [1, 2, 3, 4]
    (counts,) = tally.values()
    assert (counts.late, counts.late_ms_max) == (1, 2000)
