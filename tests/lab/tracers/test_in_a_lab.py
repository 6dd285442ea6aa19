"""A Python system in a lab: its operations have lines, also after nobody listened for a while."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from small_systems import desk, lay_out

from redhanded.lab import open_lab
from redhanded.lab.natural import run_naturally


def test_operations_of_a_python_system_have_lines(tmp_path: Path) -> None:
    with open_lab(desk(lay_out("desk", tmp_path)), folder=tmp_path / "lab") as lab:
        run_naturally(lab, name="first", trials=2, gaps_ms=(0.0,), per_second=None, seed=1)
        run = lab.serial()
    lines = {
        each.name.kind: f"{each.stack[0].path} {each.stack[0].function}"
        for each in run.operations
        if each.stack
    }
    assert lines["SELECT"] == "desk.py Desk.do_POST"
    assert lines["LPUSH"] == "desk.py Desk.do_POST"
    assert lines["INSERT"] == "clerk.py None"
    assert lines["COMMIT"] == "clerk.py None"
