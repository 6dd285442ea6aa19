"""Looking up records by client port and byte offset."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from redhanded.case.evidence import Location
from redhanded.lab.tracers import TraceReader

ROOT = Path("/srv/app")


def record(port: int, at: int, length: int, *places: tuple[str, int, str | None]) -> bytes:
    stack = [
        {"file": file, "line": line, "column": 1, "function": name} for file, line, name in places
    ]
    value = {"port": port, "remote": 1, "at": at, "length": length, "stack": stack}
    return json.dumps(value).encode() + b"\n"


def test_the_record_that_covers_the_offset() -> None:
    reader = TraceReader(ROOT)
    reader.feed(record(7, 0, 10))
    reader.feed(record(7, 10, 5, ("/srv/app/src/a.js", 3, "save")))
    reader.feed(record(7, 20, 5, ("/elsewhere/b.js", 4, None)))
    assert reader.stack(7, 0) == ()
    assert reader.stack(7, 12) == (Location(path="src/a.js", line=3, function="save"),)
    assert reader.stack(7, 15) == ()
    assert reader.stack(7, 20) == (Location(path="/elsewhere/b.js", line=4),)
    assert reader.stack(8, 20) == ()


def test_asking_again_gives_the_same() -> None:
    reader = TraceReader(ROOT)
    reader.feed(record(7, 0, 10, ("/srv/app/a.js", 1, None)) + record(7, 10, 10))
    assert reader.stack(7, 5) == reader.stack(7, 5) != ()


def test_a_port_used_again_starts_a_new_stream() -> None:
    reader = TraceReader(ROOT)
    reader.feed(record(7, 0, 10) + record(7, 10, 10, ("/srv/app/old.js", 1, None)))
    reader.feed(record(7, 0, 10))
    assert reader.stack(7, 12) == ()


def open_record(port: int, socket: int, at: int, file: str | None) -> bytes:
    stack = [] if file is None else [{"file": file, "line": 1, "function": None}]
    value = {"port": port, "remote": 1, "socket": socket, "at": at, "stack": stack}
    return json.dumps(value).encode() + b"\n"


def test_a_record_without_length_goes_on_until_the_next() -> None:
    reader = TraceReader(ROOT)
    reader.feed(open_record(7, 1, 10, "/srv/app/a.py") + open_record(7, 1, 30, None))
    assert reader.stack(7, 9) == ()
    assert [str(place) for place in reader.stack(7, 29)] == ["a.py:1"]
    assert reader.stack(7, 30) == ()
    assert reader.stack(7, 99) == ()


def test_another_socket_with_the_same_port_is_another_stream() -> None:
    reader = TraceReader(ROOT)
    reader.feed(open_record(7, 1, 10, "/srv/app/old.py") + open_record(7, 2, 20, "/srv/app/new.py"))
    assert reader.stack(7, 15) == ()
    assert [str(place) for place in reader.stack(7, 25)] == ["new.py:1"]


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_any_chunking(size: int) -> None:
    data = record(7, 0, 4, ("/srv/app/a.js", 1, "é")) + record(7, 4, 4, ("/srv/app/b.js", 2, None))
    reader = TraceReader(ROOT)
    for start in range(0, len(data), size):
        reader.feed(data[start : start + size])
    assert [str(place) for place in reader.stack(7, 0) + reader.stack(7, 4)] == ["a.js:1", "b.js:2"]
    assert reader.broken == 0


def test_what_is_no_record_is_counted() -> None:
    reader = TraceReader(ROOT)
    reader.feed(b'garbage\n{"port": 1}\n[]\n' + record(7, 0, 4, ("/srv/app/a.js", 1, None)))
    assert reader.broken == 3
    assert len(reader.stack(7, 0)) == 1


def test_a_root_behind_a_link(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    reader = TraceReader(tmp_path / "link")
    reader.feed(record(7, 0, 4, (str(real / "a.js"), 1, None)))
    assert reader.stack(7, 0)[0].path == "a.js"


def secure_record(port: int, socket: int, at: int, file: str) -> bytes:
    value = json.loads(open_record(port, socket, at, file)) | {"secure": True, "length": 10}
    return json.dumps(value).encode() + b"\n"


def test_in_tls_what_was_encrypted_comes_before_what_is_on_the_wire() -> None:
    reader = TraceReader(ROOT)
    reader.feed(open_record(7, 1, 500, "/srv/app/wire.py"))
    assert [str(place) for place in reader.stack(7, 0, 520)] == ["wire.py:1"]
    assert reader.stack(7, 0, -1) == ()
    reader.feed(secure_record(7, 1, 0, "/srv/app/said.py"))
    assert [str(place) for place in reader.stack(7, 0, 520)] == ["said.py:1"]
    assert reader.stack(7, 10, 520) == ()
    assert [str(place) for place in reader.stack(7, 520)] == ["wire.py:1"]


def test_another_connection_from_the_port_does_not_inherit_what_was_encrypted() -> None:
    reader = TraceReader(ROOT)
    reader.feed(secure_record(7, 1, 0, "/srv/app/said.py"))
    reader.feed(open_record(7, 1, 300, "/srv/app/wire.py"))
    assert [str(place) for place in reader.stack(7, 0, 300)] == ["said.py:1"]
    reader.feed(open_record(7, 2, 300, "/srv/app/other.py"))
    assert [str(place) for place in reader.stack(7, 0, 300)] == ["other.py:1"]


def test_what_was_known_before_nobody_listened_is_dropped() -> None:
    reader = TraceReader(ROOT)
    reader.feed(record(7, 0, 10) + record(7, 90, 10, ("/srv/app/old.js", 1, None)))
    reader.begin_anew()
    reader.feed(record(7, 20, 10, ("/srv/app/new.js", 2, None)))
    assert [str(place) for place in reader.stack(7, 20)] == ["new.js:2"]
    assert reader.stack(7, 90) == ()
