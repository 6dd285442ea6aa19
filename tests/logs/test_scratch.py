"""The folder for what is on disk meanwhile is there only while something is in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, sys, tempfile
from redhanded.logs.scratch import kept_folder, scratch_folder

tempfile.tempdir = sys.argv[1]
with scratch_folder() as outer:
    (outer / "kept").write_text("kept")
    with scratch_folder() as inner:
        assert inner.parent == outer.parent and inner != outer
    assert (outer / "kept").exists() and not inner.exists()
assert not os.listdir(sys.argv[1])
{last}
"""


@pytest.mark.parametrize(
    "last",
    [
        "",
        "(kept_folder() / 'pipe').write_text('x')",
        "with scratch_folder(): sys.exit()",
        "with scratch_folder(): raise KeyboardInterrupt",
        "import shutil\nremove = shutil.rmtree\ndef interrupted(*_, **__):\n"
        "    shutil.rmtree = remove\n    raise KeyboardInterrupt\n"
        "shutil.rmtree = interrupted\nwith scratch_folder(): pass",
    ],
)
def test_nothing_is_left_however_a_process_ends(tmp_path: Path, last: str) -> None:
    subprocess.run(
        [sys.executable, "-c", PROGRAM.format(last=last), str(tmp_path)],
        capture_output=True,
        check=False,
    )
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_leaves_nothing_that_it_has_done_with(tmp_path: Path) -> None:
    last = "os.kill(os.getpid(), 9)"
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(last=last), str(tmp_path)], check=False
    )
    assert ended.returncode == -9
    assert list(tmp_path.iterdir()) == []
