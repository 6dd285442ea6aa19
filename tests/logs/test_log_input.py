"""Files that are hard to read as logs: what is there is read, and what is not is said."""

from __future__ import annotations

import gzip
import os
import re
import socket
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from redhanded.case.errors import InputError
from redhanded.logs.files import log_files
from redhanded.logs.limits import limits_of
from redhanded.logs.lines import LINE_BYTES_KEPT, LINE_BYTES_MAX, physical_lines
from redhanded.logs.read import Tally, read


def _read(*paths: Path) -> tuple[int, Tally]:
    tally: Tally = {}
    files, _ = log_files(paths)
    return sum(1 for _ in read(files, tally)), tally


def _missing(folder: Path) -> Path:
    return folder / "absent.log"


def _empty(folder: Path) -> Path:
    path = folder / "empty.log"
    path.touch()
    return path


def _blank(folder: Path) -> Path:
    path = folder / "blank.log"
    path.write_text("\n \n\n")
    return path


def _binary(folder: Path) -> Path:
    path = folder / "image.log"
    path.write_bytes(b"\x89PNG\r\n" + bytes(range(256)) * 4)
    return path


def _utf16(folder: Path) -> Path:
    path = folder / "windows.log"
    path.write_bytes("error\n".encode("utf-16"))
    return path


def _zstd(folder: Path) -> Path:
    path = folder / "packed.log"
    path.write_bytes(b"\x28\xb5\x2f\xfd" + b"x" * 100)
    return path


def _truncated_gzip(folder: Path) -> Path:
    path = folder / "cut.log.gz"
    whole = gzip.compress(os.urandom(300_000).hex().encode())
    path.write_bytes(whole[: len(whole) // 2])
    return path


def _gzip_without_content(folder: Path) -> Path:
    path = folder / "head.log.gz"
    path.write_bytes(gzip.compress(b"a line\n")[:10])
    return path


def _damaged_gzip(folder: Path) -> Path:
    path = folder / "bad.log.gz"
    whole = bytearray(gzip.compress(b"a line\n" * 1000))
    whole[-6] ^= 0xFF
    path.write_bytes(whole)
    return path


def _folder_without_logs(folder: Path) -> Path:
    inner = folder / "inner"
    inner.mkdir()
    (inner / "README.md").write_text("no log")
    return inner


def _socket(folder: Path) -> Path:
    path = folder / "s.log"
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))
    return path


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_missing, "There is no log"),
        (_empty, "is empty"),
        (_blank, "nothing but blank lines"),
        (_binary, "is binary"),
        (_utf16, "UTF-16"),
        (_zstd, "damaged zstd"),
        (_gzip_without_content, "truncated gzip"),
        (_folder_without_logs, "holds no log files"),
        (_socket, "not a regular file"),
    ],
)
def test_refuses_with_one_sentence_that_names_the_file(
    make: Callable[[Path], Path], says: str, tmp_path: Path
) -> None:
    path = make(tmp_path)
    with pytest.raises(InputError, match=says) as caught:
        _read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_refuses_no_path_at_all() -> None:
    with pytest.raises(InputError, match="--logs"):
        log_files([])


def test_a_line_without_end_is_read_in_part_and_said(tmp_path: Path) -> None:
    """It used to be refused; what else is in the log is worth more than the one line."""
    path = tmp_path / "one-line.log"
    with path.open("wb") as file:
        file.write(b"first\n")
        file.truncate(6 + (1 << 30))
        file.seek(6)
        file.write(b"x" * LINE_BYTES_MAX)
        file.seek(0, os.SEEK_END)
        file.write(b"\nlast\n")
    tally: Tally = {}
    files, _ = log_files([path])
    tracemalloc.start()
    records = [(record.line, record.offset, len(record.text)) for record in read(files, tally)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert records == [(1, 0, 5), (2, 6, LINE_BYTES_KEPT), (3, 7 + (1 << 30), 4)]
    assert peak < 3 * LINE_BYTES_MAX
    assert any("over 16 MiB (line 2)" in limit for limit in limits_of(tally))


@pytest.mark.parametrize("make", [_truncated_gzip, _damaged_gzip])
def test_what_is_there_of_packed_bytes_is_read_and_said(
    make: Callable[[Path], Path], tmp_path: Path
) -> None:
    """It used to be refused; a log that is still being packed or half fetched is common."""
    records, tally = _read(make(tmp_path))
    assert records > 0
    (limit,) = [limit for limit in limits_of(tally) if "unpacked in part" in limit]
    assert re.search(r"(truncated|damaged) gzip.* after byte \d+ of the uncompressed", limit)


def test_gzip_reads_like_plain_text(tmp_path: Path) -> None:
    text = b'{"level":"info","msg":"a"}\n{"level":"info","msg":"b"}\n'
    (tmp_path / "a.log").write_bytes(text)
    (tmp_path / "b.log.gz").write_bytes(gzip.compress(text))
    plain, packed = log_files([tmp_path])[0]
    assert list(physical_lines(plain)) == list(physical_lines(packed))


def test_a_folder_stands_for_its_logs_and_says_what_was_empty(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text("a\n")
    (tmp_path / "web.log.1").write_text("b\n")
    (tmp_path / "README.md").write_text("no log\n")
    (tmp_path / "old.log").touch()
    files, limits = log_files([tmp_path, tmp_path / "web.log"])
    assert sorted(file.path.name for file in files) == ["web.log", "web.log.1"]
    assert limits == (f"{tmp_path / 'old.log'} is empty",)


def test_undecodable_bytes_are_counted_and_read_with_replacement(tmp_path: Path) -> None:
    path = tmp_path / "latin.log"
    path.write_bytes(b"2025-01-02 10:00:00 ERROR caf\xe9 closed\n2025-01-02 10:00:01 INFO fine\n")
    records, tally = _read(path)
    assert records == 2
    assert tally[str(path)].undecodable == 1


def test_a_cut_last_line_is_counted_and_its_fields_still_read(tmp_path: Path) -> None:
    path = tmp_path / "cut.log"
    path.write_text('{"level":30,"msg":"a"}\n{"level":50,"jobId":"17","err":{"message":"bo')
    tally: Tally = {}
    records = list(read(log_files([path])[0], tally))
    assert tally[str(path)].cut_at == 2
    assert records[1].entry.fields["jobId"] == "17"
    assert not records[1].entry.whole


def test_a_whole_last_line_without_newline_is_not_cut(tmp_path: Path) -> None:
    path = tmp_path / "whole.log"
    path.write_text('{"level":30,"msg":"a"}\n{"level":30,"msg":"b"}')
    assert _read(path)[1][str(path)].cut_at is None


def test_what_is_appended_after_the_start_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "live.log"
    path.write_text("2025-01-02 10:00:00 INFO one\n")
    files, _ = log_files([path])
    with path.open("a") as file:
        file.write("2025-01-02 10:00:01 INFO two\n")
    assert len(list(read(files))) == 1
