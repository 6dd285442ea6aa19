"""Precedence is the calling thread's alone and ends with its block."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from redhanded.lab.precedence import precedence


def test_it_is_inherited_by_nobody_and_given_back() -> None:
    before = os.sched_getscheduler(0)
    with precedence() as granted:
        if not granted:
            pytest.skip("needs the right to run ahead of others")
        assert os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK == os.SCHED_FIFO
        asked = [sys.executable, "-c", "import os; print(os.sched_getscheduler(0))"]
        assert int(subprocess.check_output(asked)) == os.SCHED_OTHER
    assert os.sched_getscheduler(0) == before


def test_without_the_right_to_it_everything_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    with precedence() as granted:
        assert not granted
