from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from redhanded import store
from redhanded.case.case import Gate
from redhanded.case.errors import InputError, UsageError
from redhanded.case.request import HuntRequest
from redhanded.case.symptom import Symptom


def asked(folder: Path) -> HuntRequest:
    return HuntRequest(target=folder, logs=(folder / "a.log",), symptom="Seat taken!", seed=7)


def test_a_new_case_is_readable_at_once_and_ignored_by_git(tmp_path: Path) -> None:
    with store.open_case(asked(tmp_path)) as opened:
        case = opened.read()
    assert case.identifier == "0001-seat-taken"
    assert (case.target, case.seed, case.symptom.text) == (str(tmp_path), 7, "Seat taken!")
    assert case.finished == ()
    assert (tmp_path / ".redhanded" / ".gitignore").read_text() == "*\n"


def test_each_stage_adds_its_values_and_its_seconds(tmp_path: Path) -> None:
    with store.open_case(asked(tmp_path)) as opened:
        opened.append("observe", {"symptom": Symptom(text="x", lines=3)}, seconds=1.5)
        gate = Gate(number=1, name="hypothesis", decision="passed", by="ann", at="2026-01-01")
        case = opened.append("gate", {"gates": (gate,)})
    assert case.finished == ("observe",)
    assert case.timings_s == {"observe": 1.5}
    assert case.symptom.lines == 3
    assert case.gates == (gate,)
    assert store.read(opened.folder) == case


def test_a_field_that_a_case_has_not_is_refused(tmp_path: Path) -> None:
    with store.open_case(asked(tmp_path)) as opened, pytest.raises(TypeError, match="sympton"):
        opened.append("observe", {"sympton": None})


def test_a_torn_last_line_is_ignored_and_the_next_line_stands_alone(tmp_path: Path) -> None:
    with store.open_case(asked(tmp_path)) as opened:
        opened.append("observe", {"symptom": Symptom(text="x", lines=3)})
    stages = opened.folder / "stages.jsonl"
    with stages.open("ab") as stream:
        stream.write(b'{"stage":"explore","val')
    assert store.read(opened.folder).finished == ("observe",)
    with store.resume_case(tmp_path) as again:
        assert again.request == asked(tmp_path)
        case = again.append("suspect", {"summary": "later"})
    assert case.finished == ("observe", "suspect")
    assert case.summary == "later"


def test_damage_before_the_last_line_is_not_passed_over(tmp_path: Path) -> None:
    with store.open_case(asked(tmp_path)) as opened:
        stages = opened.folder / "stages.jsonl"
        stages.write_bytes(stages.read_bytes() + b"{torn\n")
        with pytest.raises(InputError, match=r"stages.jsonl:2: the case is damaged"):
            opened.read()


def test_a_finished_stage_survives_a_kill(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from redhanded import store\n"
        "from redhanded.case.request import HuntRequest\n"
        "with store.open_case(HuntRequest(target=Path(sys.argv[1]), symptom='x')) as opened:\n"
        "    opened.append('observe', {'summary': 'seen'})\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    with store.resume_case(tmp_path) as opened:
        assert opened.read().finished == ("observe",)
        assert opened.read().summary == "seen"


def test_two_hunts_do_not_share_a_case(tmp_path: Path) -> None:
    with (
        store.open_case(asked(tmp_path)),
        pytest.raises(UsageError, match=str(os.getpid())),
        store.resume_case(tmp_path),
    ):
        pass


def test_cases_are_found_by_number_by_name_and_as_the_latest(tmp_path: Path) -> None:
    folders = []
    for _ in range(3):
        with store.open_case(asked(tmp_path)) as opened:
            folders.append(opened.folder)
    assert store.all_cases(tmp_path) == tuple(folders)
    assert store.find(tmp_path) == store.latest(tmp_path) == folders[2]
    assert store.find(tmp_path, "2") == store.find(tmp_path, "0002-seat-taken") == folders[1]
    with pytest.raises(InputError, match="0003-seat-taken"):
        store.find(tmp_path, "9")


def test_without_a_case_the_command_that_opens_one_is_named(tmp_path: Path) -> None:
    assert store.latest(tmp_path) is None
    with pytest.raises(InputError, match="redhanded hunt"):
        store.find(tmp_path)


def test_an_artefact_is_written_whole(tmp_path: Path) -> None:
    path = store.artefact(tmp_path, "report/index.html", "<html>")
    assert path.read_text() == "<html>"
    assert [entry.name for entry in path.parent.iterdir()] == ["index.html"]
