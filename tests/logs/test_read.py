from __future__ import annotations

import json
from pathlib import Path

import pytest

from redhanded.logs.files import log_files
from redhanded.logs.read import Tally, read
from redhanded.logs.record import Record


def _records(folder: Path, text: str, tally: Tally | None = None) -> list[Record]:
    path = folder / "app.log"
    path.write_text(text)
    return list(read(log_files([path])[0], tally))


@pytest.mark.parametrize(
    ("line", "level", "message", "at_ms"),
    [
        ({"level": 50, "time": 1735812000123, "msg": "x"}, "error", "x", 1735812000123),
        ({"level": 40, "time": "2025-01-02T10:00:00.123Z", "msg": "x"}, "warn", "x", 1735812000123),
        (
            {"level": "warn", "timestamp": "2025-01-02T10:00:00.123Z", "message": "x"},
            "warn", "x", 1735812000123,
        ),
        ({"severity": "CRITICAL", "ts": 1735812000.123, "event": "x"}, "fatal", "x", 1735812000123),
        (
            {"log.level": "info", "@timestamp": "2025-01-02T12:00:00.123+02:00", "message": "x"},
            "info", "x", 1735812000123,
        ),
        ({"text": "no level, no time"}, None, "no level, no time", None),
    ],
    ids=["pino", "bunyan", "winston", "cloud", "ecs", "bare"],
)  # fmt: skip
def test_json_of_the_usual_loggers(
    line: dict[str, object], level: str | None, message: str, at_ms: float | None, tmp_path: Path
) -> None:
    (record,) = _records(tmp_path, json.dumps(line) + "\n")
    assert (record.entry.level, record.entry.message) == (level, message)
    assert record.entry.at_ms == (pytest.approx(at_ms) if at_ms else None)


def test_nested_fields_are_flat_and_places_exact(tmp_path: Path) -> None:
    first = '{"msg":"é"}\n'
    line = '{"msg":"b","err":{"parent":{"code":"23505"},"errors":[{"path":"p"}]}}\n'
    record = _records(tmp_path, first + line)[1]
    assert record.entry.fields["err.parent.code"] == "23505"
    assert record.entry.fields["err.errors.0.path"] == "p"
    assert (record.line, record.offset) == (2, len(first.encode()))


def test_python_logging_with_traceback_is_one_entry(tmp_path: Path) -> None:
    text = (
        "2025-01-02 10:00:00,123 ERROR parcels.worker Job 17 failed\n"
        "Traceback (most recent call last):\n"
        '  File "/srv/app/parcels/store.py", line 9, in insert\n'
        "    connection.execute(statement)\n"
        "psycopg.errors.UniqueViolation: duplicate key value\n"
        "DETAIL:  Key (code)=(P-1) already exists.\n"
        "2025-01-02 10:00:01,000 INFO parcels.worker Job 18 done\n"
    )
    tally: Tally = {}
    first, second = _records(tmp_path, text, tally)
    assert first.text.count("\n") == 5
    assert first.entry.level == "error"
    assert first.entry.fields["Job"] == 17
    assert first.entry.at_ms == pytest.approx(1735812000123)
    assert second.line == 7
    assert next(iter(tally.values())).unzoned == 2


def test_untimed_console_output_joins_its_stack_trace(tmp_path: Path) -> None:
    text = "server up\nError: boom\n    at run (/app/a.js:1:2)\n    at main (/app/b.js:3:4)\nbye\n"
    assert [record.line for record in _records(tmp_path, text)] == [1, 2, 5]


def test_celery_style_brackets(tmp_path: Path) -> None:
    line = (
        "[2025-01-02 10:00:00,123: ERROR/ForkPoolWorker-1] Task parcels.tasks.ship"
        "[7c9e6679-7425-40de-944b-e07fc1f90ae7] raised unexpected: Boom()\n"
    )
    (record,) = _records(tmp_path, line)
    assert record.entry.level == "error"
    assert record.entry.fields["Task"] == "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def test_container_prefixes_are_stripped(tmp_path: Path) -> None:
    text = (
        'web-1     | {"level":30,"msg":"a"}\n'
        '\x1b[36mworker-2  |\x1b[0m {"level":50,"msg":"b"}\n'
        '2025-01-02T10:00:00.5Z stdout F {"level":30,"msg":"c"}\n'
        + json.dumps(
            {"log": '{"level":40,"msg":"d"}\n', "stream": "stdout", "time": "2025-01-02T10:00:00Z"}
        )
        + "\n"
    )
    records = _records(tmp_path, text)
    assert [record.entry.message for record in records] == ["a", "b", "c", "d"]
    assert [record.source for record in records[:2]] == ["web-1", "worker-2"]
    assert records[3].entry.level == "warn"
    assert records[3].entry.at_ms == 1735812000000


def test_a_line_cut_inside_the_file_is_counted(tmp_path: Path) -> None:
    tally: Tally = {}
    _records(tmp_path, '{"level":30,"msg":"a"\n{"level":30,"msg":"b"}\n', tally)
    counts = next(iter(tally.values()))
    assert (counts.broken, counts.cut_at) == ([1], None)
