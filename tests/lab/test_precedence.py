"""Precedence is the calling thread's alone and ends with its block."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from redhanded.lab.precedence import precedence, uninterrupted

ASKED = "import os; print(os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0))"


def scheduled() -> tuple[int, int]:
    return os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0)


def of_a_child() -> list[int]:
    return [int(word) for word in subprocess.check_output([sys.executable, "-c", ASKED]).split()]


def test_precedence_is_inherited_by_nobody_and_given_back() -> None:
    before = scheduled()
    with precedence() as granted:
        if not granted:
            pytest.skip("needs the right to run ahead of others")
        assert scheduled() == (os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, -20)
        assert of_a_child() == [os.SCHED_OTHER, 0]
    assert scheduled() == before


def test_uninterrupted_is_inherited_by_nobody_and_gives_precedence_back() -> None:
    with precedence() as ahead:
        before = scheduled()
        with uninterrupted() as granted:
            if not (ahead and granted):
                pytest.skip("needs the right to run ahead of others")
            assert scheduled()[0] == os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
            assert of_a_child() == [os.SCHED_OTHER, 0]
        assert scheduled() == before


def test_without_the_right_to_it_everything_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    with uninterrupted() as granted:
        assert not granted


def test_without_the_right_to_a_weight_everything_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuse)
    before = scheduled()
    with precedence() as granted:
        assert not granted
        assert scheduled() == before
