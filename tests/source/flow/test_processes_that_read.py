"""Work in several processes: none outlives the call, and one that dies costs one item."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from redhanded.source.flow.sharing import shared

ITEMS = [str(one) for one in range(200)]


def children() -> set[str]:
    path = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    return set(path.read_text().split())


@pytest.fixture
def others() -> set[str]:
    """Processes that tests before this one left running, to share them."""
    return children()


@pytest.mark.parametrize("processes", [1, 2, 5])
def test_all_items_are_worked_on_once(processes: int, others: set[str]) -> None:
    found = dict(shared(ITEMS, lambda one: one.encode() * 3, processes=processes))
    assert found == {one: one.encode() * 3 for one in ITEMS}
    assert children() <= others


def test_few_items_stay_in_this_process() -> None:
    found = dict(shared(["a"], lambda one: str(os.getpid()).encode(), processes=4))
    assert found == {"a": str(os.getpid()).encode()}


def test_what_is_shared_is_not_looked_through_for_garbage(others: set[str]) -> None:
    """That would write to it, and each process would get its own copy."""
    before = gc.get_freeze_count()

    def work(_: str) -> bytes:
        return f"{os.getpid()} {gc.get_freeze_count()}".encode()

    given = [one or b"" for one in dict(shared(ITEMS, work, processes=2)).values()]
    frozen = {int(process): int(count) for process, count in (one.split() for one in given)}
    assert frozen.pop(os.getpid()) == before
    assert len(frozen) == 1
    assert all(count > 10_000 for count in frozen.values())
    assert gc.get_freeze_count() == before


def test_a_process_that_dies_costs_one_item(others: set[str]) -> None:
    here = os.getpid()

    def work(one: str) -> bytes:
        if one in ("51", "151") and os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return b"done"

    found = dict(shared(ITEMS, work, processes=2))
    assert {one for one, result in found.items() if result is None} == {"51", "151"}
    assert len(found) == len(ITEMS)
    assert children() <= others


def test_processes_that_always_die_end() -> None:
    here = os.getpid()

    def work(one: str) -> bytes:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return b"done"

    found = dict(shared(ITEMS, work, processes=2))
    assert len(found) == len(ITEMS)
    assert sum(result is None for result in found.values()) == 100


def test_a_fault_in_this_process_ends_the_others(others: set[str]) -> None:
    here = os.getpid()

    def work(one: str) -> bytes:
        if os.getpid() == here:
            raise KeyboardInterrupt
        time.sleep(60)
        return b""

    with pytest.raises(KeyboardInterrupt):
        dict(shared(ITEMS, work, processes=3))
    assert children() <= others


PROGRAM = """
import os, signal, time
from redhanded.source.flow.sharing import shared
# A suite that was started in the background was told to ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
def work(one):
    os.write(1, f"{os.getpid()}\\n".encode())
    time.sleep(60)
dict(shared([str(one) for one in range(200)], work, processes=3))
"""


def test_an_interrupt_leaves_no_process() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    started = [int(process.stdout.readline()) for _ in range(3)]
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=30) != 0
    assert [one for one in started if Path(f"/proc/{one}").exists()] == []
