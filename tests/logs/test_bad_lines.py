"""Lines that are hard to read, and what they may do where they are printed: nothing."""

from __future__ import annotations

import gzip
import json
import os
import random
import tempfile
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from test_formats import JSON, TEXT
from test_traces import TRACES, WRAPPINGS

from redhanded.case import document
from redhanded.case.errors import InputError
from redhanded.hunt import observe
from redhanded.logs.fetch import shown
from redhanded.logs.files import log_files
from redhanded.logs.limits import limits_of
from redhanded.logs.read import Tally, read
from redhanded.logs.record import Record

ESCAPE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\u2066"
HTML = "<script>alert(1)</script><img src=x onerror=alert(2)>"
STEERING = {"\x1b", "\x07", "\x9b", "\u202e", "\u2066"}
NOBODY = 65534


def _records(folder: Path, data: bytes, tally: Tally | None = None) -> list[Record]:
    path = folder / "app.log"
    path.write_bytes(data)
    return list(read(log_files([path])[0], tally))


def test_a_gigabyte_through_gzip_in_bounded_memory(tmp_path: Path) -> None:
    """One line, packed: nothing of it is known before it is unpacked."""
    path = tmp_path / "one.log.gz"
    piece = gzip.compress(b"x" * (1 << 24), 1)
    with path.open("wb") as packed:
        packed.write(gzip.compress(b"2025-01-02 10:00:00 INFO first\n"))
        for _ in range(16):
            packed.write(piece)
    tally: Tally = {}
    tracemalloc.start()
    records = list(read(log_files([path])[0], tally))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [record.line for record in records][:1] == [1]
    assert peak < 64 << 20
    assert any("over 16 MiB" in limit for limit in limits_of(tally))


@pytest.mark.parametrize("opens", ['{"a":', "[", '{"a":[', '{"log":'])
def test_ten_thousand_levels(opens: str, tmp_path: Path) -> None:
    deep = opens * 10_000 + "1"
    shut = deep + "".join({"{": "}", "[": "]"}[one] for one in reversed(opens * 10_000)
                          if one in "{[")  # fmt: skip
    text = f'{{"level":30,"msg":"a"}}\n{shut}\n{deep}\n{{"level":30,"msg":"b"}}\n'
    records = _records(tmp_path, text.encode())
    assert [record.entry.message for record in (records[0], records[-1])] == ["a", "b"]
    assert sum(len(record.text) for record in records) > 2 * len(deep) // 2


def test_lone_surrogates_are_replaced(tmp_path: Path) -> None:
    text = (
        b'{"level":50,"msg":"\\ud800 half","job":"\\udc00"}\n'
        b'{"level":50,"msg":"\\ud83d\\ude00 whole \\\\ud800"}\n'
        b"2025-01-02 10:00:00 INFO \xed\xa0\x80 in bytes\n"
    )
    tally: Tally = {}
    one, two, three = _records(tmp_path, text, tally)
    assert one.entry.message == "\ufffd half"
    assert one.entry.fields["job"] == "\ufffd"
    assert two.entry.message == "\U0001f600 whole \\ud800"
    assert "\ufffd" in three.entry.message
    for record in (one, two, three):
        record.text.encode()
        record.entry.message.encode()


def test_nuls_are_taken_out_and_said(tmp_path: Path) -> None:
    text = bytes(5000) + b"2025-01-02 10:00:00 INFO a\n2025-01-02 10:00:01 INFO b\0c\n" + bytes(700)
    tally: Tally = {}
    one, two = _records(tmp_path, text, tally)
    assert (one.entry.message, two.entry.message) == ("INFO a", "INFO b\ufffdc")
    assert (one.line, one.offset, two.offset) == (1, 0, 5027)
    assert any("NUL bytes" in limit for limit in limits_of(tally))


@pytest.mark.parametrize(
    "data",
    [
        b"\x7fELF" + bytes(range(256)) * 40,
        random.Random(1).randbytes(5000),
        "text without a mark".encode("utf-16-le") * 50,
    ],
    ids=["a program", "noise", "UTF-16"],
)
def test_what_is_no_text_is_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is binary"):
        _records(tmp_path, data)


def test_what_cannot_be_read_is_left_out_if_others_can(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"\x7fELF" + bytes(range(256)) * 40)
    (tmp_path / "b.log").write_text("2025-01-02 10:00:00 INFO fine\n")
    (tmp_path / "c.log").write_text("\n\n")
    tally: Tally = {}
    assert len(list(read(log_files([tmp_path])[0], tally))) == 1
    told = "\n".join(limits_of(tally))
    assert "a.log is binary" in told
    assert "c.log holds nothing but blank lines" in told


@contextmanager
def _without_rights() -> Iterator[None]:
    """As somebody who may not read everything; root may."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_no_permission() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        path = folder / "app.log"
        path.write_text("2025-01-02 10:00:00 INFO a\n")
        path.chmod(0)
        with _without_rights(), pytest.raises(InputError, match="Permission denied") as caught:
            list(read(log_files([path])[0]))
        assert str(path) in str(caught.value)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _strings(one)


@pytest.mark.parametrize(
    "line",
    [
        f"2025-01-02 10:00:00 ERROR {ESCAPE}{HTML} job=17",
        json.dumps({"level": 50, "time": 1735812000000, "msg": f"{ESCAPE}{HTML}", "job": "17",
                    "req": {"method": "POST", "url": f"/a/{ESCAPE}"}}),
        json.dumps({"log": f"{ESCAPE}{HTML}\n", "stream": "stdout", "time": "2025-01-02T10:00Z"}),
    ],
)  # fmt: skip
def test_nothing_that_is_told_steers_a_terminal(line: str, tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text(f"{line}\n" * 3, encoding="utf-8")
    for redacted in (True, False):
        found = observe.gather([path], "alert(1)", root=None, redact=redacted)
        told = json.loads(document.encode(found))
        assert "alert(1)" in str(told["statements"])
        for text in _strings(told):
            assert not set(text) & STEERING


def test_what_is_active_is_written_out() -> None:
    assert shown("a\x1b[31mb\u202ec\ud800") == "a\\x1b[31mb\\u202ec\\ud800"
    assert shown("tab\tstays") == "tab\tstays"


LINES = (
    [case[0] for case in (*JSON, *TEXT)]
    + [line for trace in TRACES.values() for line in trace.split("\n")]
    + ["", "  ", "{", "}", "[", "]", '{"events": [', '"', "x,y", "@timestamp,@message"]
)
SPOILERS = ("\0", "\x1b[", '"', "\\ud800", "{", "9" * 30, "é", "\t", "|")


@pytest.mark.parametrize("seed", range(150))
def test_spoiled_lines_of_every_kind_in_any_order(seed: int, tmp_path: Path) -> None:
    """Whatever stands there is read, at places that exist, as text that can be written."""
    chance = random.Random(seed)
    lines = [_spoiled(chance, number) for number in range(chance.randrange(1, 60))]
    data = "\n".join(lines).encode("utf-8", "surrogatepass")
    path = tmp_path / "app.log"
    path.write_bytes(data)
    try:
        records = list(read(log_files([path])[0]))
    except InputError:
        assert not data.strip(b"\0\n\r\t ") or b"\0" in data or len(data) < 100
        return
    for record in records:
        assert 0 <= record.offset < len(data)
        for index in range(record.text.count("\n") + 1):
            assert 1 <= record.line_at(index) <= len(lines)
        for text in (shown(record.text), record.text, record.entry.message):
            text.encode()


def _spoiled(chance: random.Random, number: int) -> str:
    line = chance.choice(LINES)
    if chance.random() < 0.3:
        at = chance.randrange(len(line) + 1)
        line = line[:at] + chance.choice(("", chance.choice(SPOILERS), line)) + line[at:][::-1]
    if chance.random() < 0.4:
        line = WRAPPINGS[chance.choice(sorted(WRAPPINGS))](line, number)
    return line[: chance.randrange(len(line) + 1)] if chance.random() < 0.1 else line


@pytest.mark.parametrize("name", sorted(TRACES))
def test_no_line_is_lost_or_told_twice(name: str, tmp_path: Path) -> None:
    texts = ["up", *TRACES[name].split("\n"), *[case[0] for case in TEXT], TRACES[name], "down"]
    text = "\n".join(texts)
    found = [
        (record.line_at(index), line)
        for record in _records(tmp_path, text.encode())
        for index, line in enumerate(record.text.split("\n"))
        if line.strip()
    ]
    expected = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    assert sorted(found) == expected
