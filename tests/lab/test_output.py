"""What a process writes becomes lines, however the bytes are cut."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from redhanded.case.run import OutputLine
from redhanded.lab.output import TAIL_LINES, Output
from redhanded.lab.pump import Pump


class Written:
    """A pipe whose reading end is an ``Output``."""

    def __init__(self, *roots: Path) -> None:
        self.pump = Pump()
        reading, self.writing = os.pipe()
        self.lines: list[OutputLine] = []
        self.output = Output(self.pump, "web", reading, self.lines.append, roots=roots)

    def write(self, data: bytes) -> list[str]:
        """Writes, reads, and gives all lines so far."""
        os.write(self.writing, data)
        while self.pump.turn():
            pass
        return [line.text for line in self.lines]


def test_files_of_the_tree_are_named_as_the_project_knows_them(tmp_path: Path) -> None:
    """A lab lies in the folder of a case, which is named by the symptom."""
    tree, target = tmp_path / "cases/0001-sold-twice/tree", tmp_path / "sold-twice"
    tree.mkdir(parents=True)
    (tmp_path / "link").symlink_to(target)
    made = Written(tree, tmp_path / "link")
    shown = made.write(
        f'  File "{tree}/web.py", line 4, in hold\n'
        f"    at hold (file://{tree}/src/hold.js:4:2)\n"
        f"    at next ({target}/node_modules/express/index.js:1:1)\n"
        f"read /mnt{target}/seats.csv\n".encode()
    )
    assert shown == [
        '  File "web.py", line 4, in hold',
        "    at hold (src/hold.js:4:2)",
        "    at next (node_modules/express/index.js:1:1)",
        f"read /mnt{target}/seats.csv",
    ]
    made.output.close()
    made.pump.close()
    os.close(made.writing)


@pytest.fixture
def written() -> Iterator[Written]:
    made = Written()
    yield made
    made.output.close()
    made.pump.close()


def test_lines_come_when_they_are_whole(written: Written) -> None:
    assert written.write(b"one\ntw") == ["one"]
    assert written.write(b"o\r\n\nthree\n") == ["one", "two", "three"]
    assert {line.process for line in written.lines} == {"web"}


def test_bytes_that_are_not_utf8_are_shown_as_such(written: Written) -> None:
    assert written.write(b"caf\xe9\n") == ["caf\ufffd"]
    cut = "é".encode()
    assert written.write(b"caf" + cut[:1]) == ["caf\ufffd"]
    assert written.write(cut[1:] + b"\n")[-1] == "café"


def test_the_rest_without_line_end_is_kept_when_the_process_ends(written: Written) -> None:
    written.write(b"panic: no newline")
    assert written.lines == []
    os.close(written.writing)
    written.pump.turn()
    assert [line.text for line in written.lines] == ["panic: no newline"]
    written.output.drain()
    assert len(written.lines) == 1


def test_the_tail_holds_the_last_lines(written: Written) -> None:
    written.write(b"".join(b"%d\n" % number for number in range(TAIL_LINES + 50)))
    assert len(written.output.tail) == TAIL_LINES
    assert written.output.tail[-1] == str(TAIL_LINES + 49)


def test_draining_reads_what_is_there_without_a_turn(written: Written) -> None:
    os.write(written.writing, b"late\n")
    written.output.drain()
    assert [line.text for line in written.lines] == ["late"]


def test_lines_carry_the_time_they_are_told(written: Written) -> None:
    written.output.now_ms = lambda: 12.5
    written.write(b"now\n")
    assert written.lines[0].at_ms == 12.5
