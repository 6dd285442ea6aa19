"""Traces as real programs wrote them, put together again: alone, wrapped, and between others."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from pathlib import Path

import pytest

from redhanded.logs.files import log_files
from redhanded.logs.read import read

TRACES = {
    path.stem: path.read_text(encoding="utf-8").rstrip("\n")
    for path in sorted((Path(__file__).parent / "traces").glob("*.txt"))
}
ALONE = sorted(TRACES)
SECOND_LINE = "\nsecond line of the message"
"""Free text, which without a name may be anybody's."""
STAMP = "2025-01-02T10:00:00.{:06d}"


def _docker(line: str, number: int) -> str:
    at = STAMP.format(number) + "789Z"
    return json.dumps({"log": line + "\n", "stream": "stderr", "time": at})


def _journald(line: str, number: int) -> str:
    found: dict[str, object] = {
        "__REALTIME_TIMESTAMP": str(1735812000000000 + number), "_PID": "17", "_HOSTNAME": "db",
        "_SYSTEMD_UNIT": "shop.service", "MESSAGE": line,
    }  # fmt: skip
    if number % 2:
        found["MESSAGE"] = list(line.encode())
    return json.dumps(found)


WRAPPINGS: dict[str, Callable[[str, int], str]] = {
    "plain": lambda line, number: line,
    "docker": _docker,
    "cri": lambda line, number: f"{STAMP.format(number)}789Z stderr F {line}",
    "journald": _journald,
    "compose": lambda line, number: f"web-1  | {line}",
    "compose in colour": lambda line, number: f"\x1b[36mweb-1  | \x1b[0m{line}",
    "kubectl": lambda line, number: f"[pod/web-7d9f5/app] {line}",
    "docker logs -t": lambda line, number: f"{STAMP.format(number)}789Z {line}",
    "github": lambda line, number: f"{STAMP.format(number)}7Z {line}",
    "gh run view": lambda line, number: f"test\tRun tests\t{STAMP.format(number)}7Z {line}",
    "gitlab": lambda line, number: f"{STAMP.format(number)}Z 01E {line}",
    "syslog 3164": lambda line, number: f"Jan  2 10:00:00 db shop[17]: {line}",
    "syslog 5424": lambda line, number: f"<27>1 {STAMP.format(number)}Z db shop 17 - - {line}",
    "rsyslog": lambda line, number: f"{STAMP.format(number)}+00:00 db shop[17]: {line}",
    "heroku": lambda line, number: f"{STAMP.format(number)}+00:00 app[web.1]: {line}",
}
NESTINGS = (
    ("compose", "docker"),
    ("cri", "compose"),
    ("journald", "compose"),
    ("syslog 5424", "github"),
    ("docker", "kubectl", "compose"),
)


def _texts(folder: Path, lines: Iterable[str]) -> list[str]:
    path = folder / "app.log"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return [record.text for record in read(log_files([path])[0])]


def _wrapped(events: Iterable[str], *names: str) -> Iterator[str]:
    lines = [line for event in events for line in event.split("\n")]
    for number, line in enumerate(lines):
        text = line
        for name in reversed(names):
            text = WRAPPINGS[name](text, number)
        yield text


def _same(found: list[str], events: list[str]) -> None:
    assert [_bare(text) for text in found] == [_bare(event) for event in events]


def _bare(text: str) -> str:
    """Ends of lines and blank lines at the ends are no part of what happened."""
    return "\n".join(line.rstrip() for line in text.split("\n")).strip()


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("name", ALONE)
def test_a_trace_on_a_console_is_one_entry(name: str, wrapping: str, tmp_path: Path) -> None:
    events = ["server listens", "job 17 begins", TRACES[name], "server listens again", "job 18"]
    _same(_texts(tmp_path, _wrapped(events, wrapping)), events)


@pytest.mark.parametrize("names", NESTINGS, ids=" in ".join)
@pytest.mark.parametrize("name", ALONE)
def test_envelopes_in_envelopes(name: str, names: tuple[str, ...], tmp_path: Path) -> None:
    events = ["server listens", TRACES[name], "server listens again"]
    _same(_texts(tmp_path, _wrapped(events, *names)), events)


HEADERS = {
    "python": "2025-01-02 10:00:00,{:03d} {level} shop.jobs job failed",
    "log4j": "2025-01-02 10:00:00,{:03d} [main] {level} shop.Jobs - job failed",
    "console": "[2025-01-02T10:00:00.{:03d}Z] {level}: job failed",
}


@pytest.mark.parametrize("wrapping", ["plain", "docker", "cri", "compose", "kubectl", "github"])
@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("name", ALONE)
def test_a_trace_below_its_loggers_line_belongs_to_it(
    name: str, header: str, wrapping: str, tmp_path: Path
) -> None:
    line = HEADERS[header]
    crash = name in ("v8_crash", "v8_throw", "jvm_crash", "cpython_thread") or "go_" in name
    told = line.format(1, level="ERROR")
    events = [
        line.format(0, level="INFO"),
        *([told, TRACES[name]] if crash else [f"{told}\n{TRACES[name]}"]),
        line.format(2, level="INFO"),
    ]
    _same(_texts(tmp_path, _wrapped(events, wrapping)), events)


@pytest.mark.parametrize("other", ALONE)
@pytest.mark.parametrize("name", ALONE)
def test_two_writers_with_names_between_each_other(name: str, other: str, tmp_path: Path) -> None:
    one = list(_wrapped(["up", TRACES[name], "down"], "compose"))
    two = [
        line.replace("web-1", "jobs") for line in _wrapped(["in", TRACES[other], "out"], "compose")
    ]
    mixed = [line for pair in zip_longest(one, two) for line in pair if line is not None]
    found = _texts(tmp_path, mixed)
    expected = ["up", TRACES[name], "down", "in", TRACES[other], "out"]
    assert sorted(map(_bare, found)) == sorted(map(_bare, expected))


@pytest.mark.parametrize("name", ALONE)
def test_whole_lines_of_another_writer_within_a_trace(name: str, tmp_path: Path) -> None:
    """Nothing names the writers here; what an object is, the other lines are not."""
    mixed, objects = [], []
    for number, line in enumerate(["up", *TRACES[name].split("\n")]):
        one = json.dumps({"level": 30, "time": 1735812000000 + number, "msg": f"request {number}"})
        mixed += [line, one]
        objects.append(one)
    found = _texts(tmp_path, [*mixed, "down"])
    assert sorted(map(_lines, found)) == sorted(map(_lines, ["up", TRACES[name], "down", *objects]))


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("v8_stack", "cpython_deep"),
        ("cpython_handling", "v8_stack"),
        ("jvm_plain", "cpython_deep"),
        ("go_panic", "v8_stack"),
        ("go_signal", "jvm_plain"),
    ],
)
def test_two_languages_without_names_between_each_other(
    name: str, other: str, tmp_path: Path
) -> None:
    known = {
        **TRACES,
        "jvm_plain": TRACES["jvm_caused"].replace(SECOND_LINE, ""),
        "v8_stack": TRACES["v8_throw"].partition("\n\n")[2].partition("\n\n")[0],
    }
    one, two = known[name].split("\n"), known[other].split("\n")
    mixed = [line for pair in zip_longest(one, two) for line in pair if line is not None]
    found = _texts(tmp_path, mixed)
    assert sorted(map(_lines, found)) == sorted(map(_lines, [known[name], known[other]]))


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.split("\n") if line.strip()]


def test_every_line_of_a_trace_keeps_its_place(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    trace = TRACES["go_panic"]
    path.write_text(f"up\n\n{trace}\ndown\n", encoding="utf-8")
    physical = path.read_text(encoding="utf-8").split("\n")
    for record in read(log_files([path])[0]):
        for index, line in enumerate(record.text.split("\n")):
            assert physical[record.line_at(index) - 1] == line
        assert path.read_bytes()[record.offset :].startswith(record.text.split("\n")[0].encode())


def test_base64_is_no_trace(tmp_path: Path) -> None:
    lines = [base64.b64encode(bytes([number] * 40)).decode() for number in range(5)]
    assert _texts(tmp_path, lines) == lines
