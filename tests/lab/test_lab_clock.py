"""One clock for Node and Python processes, which only the test moves."""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from clocked import Clocked, eventually

from redhanded.lab.lab_clock import LabClock
from redhanded.lab.pump import Pump
from redhanded.lab.tracers import clock_environment, preloads

MACHINE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x64"
REAL_MS = ("now", "date", "subclass", "datetime", "aware", "today", "time_ns", "gettime", "utcnow")
"""Clocks that tell the time of the day, where the program has them."""
WHOLE_SECONDS = ("text", "localtime", "strftime")
APART_MS = 250.0
"""So far apart may be what two processes say one after the other, on a busy machine."""

Start = Callable[..., Clocked]


@pytest.fixture
def pump() -> Iterator[Pump]:
    opened = Pump()
    yield opened
    opened.close()


@pytest.fixture
def clock(pump: Pump, tmp_path: Path) -> Iterator[LabClock]:
    opened = LabClock(tmp_path / ("a path that is longer than that of a socket may be, " * 3), pump)
    yield opened
    opened.close()


@pytest.fixture
def start(clock: LabClock, pump: Pump) -> Iterator[Start]:
    started: list[Clocked] = []

    def begin(*command: str) -> Clocked:
        program = Clocked(clock, pump, *command)
        started.append(program)
        return program

    yield begin
    for program in started:
        program.end()


@pytest.fixture(params=["PATH", "22", "24", "26"])
def node(request: pytest.FixtureRequest, node_packages: Path) -> str:
    own = node_packages / "node_modules" / f"node{request.param}-{MACHINE}" / "bin" / "node"
    return "node" if request.param == "PATH" else str(own)


def python(start: Start) -> Clocked:
    return start(sys.executable, "timers.py")


def test_nothing_moved_is_nothing_changed(start: Start, clock: LabClock) -> None:
    for program in (start("node", "timers.js"), python(start)):
        said = clocks(program)
        assert abs(said["now"] - time.time() * 1000) < APART_MS
        assert said["same"]
        program.tell("timers")
        assert program.silent()
        assert 59_000 < (clock.next_due_ms() or 0) <= 60_000
    assert clock.offset_ns == 0
    assert len(clock.limits) == 1


def test_clocks_of_all_processes_agree_after_a_move(start: Start, clock: LabClock) -> None:
    programs = [start("node", "timers.js"), python(start), start("node", "timers.js")]
    before = [clocks(program) for program in programs]
    started = time.monotonic()
    clock.advance(3_600_000)
    assert time.monotonic() - started < 0.5
    for program, earlier in zip(programs, before, strict=True):
        said = clocks(program)
        expected = time.time() * 1000 + 3_600_000
        for name in REAL_MS:
            assert abs(said.get(name, expected) - expected) < APART_MS, name
        for name in WHOLE_SECONDS:
            assert abs(said.get(name, expected) - expected) < APART_MS + 1000, name
        assert said["same"] and said.get("given", True)
        for name in ("performance", "monotonic", "pair", "monotonic_ns", "method", "perf_counter"):
            if name in said:
                assert said[name] - earlier[name] == pytest.approx(3_600_000, abs=30_000), name
        if "day" in said:
            assert said["day_of_date"] == said["day"]


def test_timers_of_node_fire_when_they_are_due(start: Start, clock: LabClock, node: str) -> None:
    program = start(node, "timers.js")
    program.tell("timers")
    clock.advance(50_000)
    assert program.silent()
    clock.advance(20_000)
    assert program.until("by import") == [
        "one minute",
        "by module",
        "promisified",
        "promised value",
        "waited",
        "aborted",
        "by import",
    ]
    assert program.silent()
    left = clock.next_due_ms()
    assert left is not None and 500_000 < left < 530_000
    clock.advance(left)
    assert program.until("ten minutes") == ["ten minutes"]
    assert clock.next_due_ms() is None


def test_timers_of_node_stay_what_they_are(start: Start, clock: LabClock, node: str) -> None:
    program = start(node, "timers.js")
    program.tell("interval")
    for count in (1, 2, 3):
        clock.advance(20_000)
        assert program.until("interval") == [f"interval {count}"]
    program.tell("refresh")
    clock.advance(20_000)
    assert program.silent()
    due = clock.next_due_ms()
    assert due is not None and 28_000 < due <= 30_000
    clock.advance(due)
    assert program.until("refreshed")
    program.tell("again")
    clock.advance(30_000)
    assert program.until("fired 1")
    clock.advance(25_000)
    assert program.silent()
    clock.advance(5_000)
    assert program.until("fired 2")
    program.tell("steps")
    clock.advance(1_000)
    assert program.until("step")
    clock.advance(1_000)
    assert program.until("step")


def test_a_worker_thread_of_node_is_on_the_clock(start: Start, clock: LabClock, pump: Pump) -> None:
    program = start("node", "timers.js")
    program.tell("worker")
    eventually(lambda: 1 if clock.next_due_ms() else None, pump, "it set no timer")
    assert [member.pid for member in clock.members.values()] == [program.process.pid] * 2
    clock.advance(60_000)
    assert program.until("worker")


def test_waits_of_python_end_when_they_are_due(start: Start, clock: LabClock) -> None:
    program = python(start)
    program.tell("timers")
    program.tell("minutes")
    assert program.silent()
    clock.advance(50_000)
    assert program.silent()
    ended: list[str] = []
    while len(ended) < 10:
        if not program.lines:
            due = clock.next_due_ms()
            assert due is not None and due < 20_000, ended
            clock.advance(due)
        ended += program.until("")
    assert sorted(ended[:2]) == ["one minute 60", "sleep 60"]
    names = ["event", "queue", "select", "poll", "epoll", "semaphore", "barrier", "timer"]
    assert ended[2:] == [f"{name} {seconds}" for seconds, name in enumerate(names, start=61)]
    left = clock.next_due_ms()
    assert left is not None and 500_000 < left < 535_000
    clock.advance(left)
    assert program.until("ten minutes") == ["ten minutes 600"]


def test_a_loop_of_asyncio_fires_in_due_order(start: Start, clock: LabClock) -> None:
    program = python(start)
    program.tell("loop")
    assert program.silent()
    clock.advance(60_000)
    assert program.silent()
    clock.advance(5_000)
    assert program.until("third") == ["first", "second", "third"]
    clock.advance(5_000)
    assert program.until("timed out") == ["timed out"]


def test_what_is_waited_for_still_ends_a_wait(start: Start, clock: LabClock) -> None:
    program = python(start)
    said = program.tell("woken")
    assert said == ["event True", "select True", "epoll True", "done"]
    assert clock.next_due_ms() is None


def test_an_alarm_is_due_earlier(start: Start, clock: LabClock) -> None:
    program = python(start)
    assert program.tell("alarm")[0] == "left True"
    clock.advance(60_000)
    assert program.silent()
    left = clock.next_due_ms()
    assert left is not None and 8_000 < left <= 10_000
    clock.advance(left)
    assert program.until("alarm")


def test_forked_children_are_on_the_clock(start: Start, clock: LabClock, pump: Pump) -> None:
    program = python(start)
    child = int(program.tell("fork")[0].split()[1])
    both = {program.process.pid, child}
    eventually(lambda: 1 if pids(clock) == both else None, pump, "the child did not connect")
    clock.advance(60_000)
    assert program.until("child") == [f"child {child}"]
    eventually(lambda: 1 if len(clock.members) == 3 else None, pump, "nor did its own child")
    program.rest()
    clock.advance(30_000)
    said = int(program.until("grandchild")[-1].split()[1])
    assert abs(said - time.time() * 1000 - 90_000) < APART_MS
    eventually(lambda: 1 if len(clock.members) == 1 else None, pump, "they did not leave")


def test_a_process_that_starts_later_has_the_same_time(start: Start, clock: LabClock) -> None:
    clock.advance(600_000)
    for program in (start("node", "timers.js"), python(start)):
        assert abs(clocks(program)["now"] - time.time() * 1000 - 600_000) < APART_MS
        program.tell("timers")
    due = clock.next_due_ms()
    assert due is not None and 59_000 < due <= 60_000


def test_a_program_that_closes_what_it_does_not_know_stays_on_the_clock(
    start: Start, clock: LabClock
) -> None:
    program = python(start)
    program.tell("close")
    program.tell("minutes")
    clock.advance(60_000)
    assert program.until("one minute") == ["one minute 60"]
    assert abs(clocks(program)["now"] - time.time() * 1000 - 60_000) < APART_MS


def test_time_does_not_go_back(start: Start, clock: LabClock) -> None:
    python(start)
    clock.advance(1_000)
    with pytest.raises(ValueError, match="back"):
        clock.advance(-1)
    assert clock.offset_ms == 1_000


def test_a_process_that_does_not_answer_is_named_once(start: Start, clock: LabClock) -> None:
    blocked, free = start("node", "timers.js"), python(start)
    free.tell("minutes")
    blocked.ask("block")
    assert blocked.silent()
    clock.advance(60_000)
    assert free.until("one minute") == ["one minute 60"]
    (_, limit) = clock.limits
    assert "timers.js" in limit and "did not take the new time" in limit
    started = time.monotonic()
    clock.advance(1_000)
    assert time.monotonic() - started < 0.5
    blocked.until("done")
    blocked.rest()
    assert abs(clocks(blocked)["now"] - time.time() * 1000 - 61_000) < APART_MS


def test_what_is_not_on_the_clock_is_named(start: Start, clock: LabClock) -> None:
    known = python(start)
    clock.look_around({"desk": known.process.pid})
    assert not clock.has_strangers and len(clock.limits) == 1
    alone = start("sh", "-c", f"echo ready; exec {sys.executable} -I -c 'input()'")
    clock.look_around({"teller": alone.process.pid})
    assert clock.has_strangers
    assert any("teller" in limit and "-I" in limit for limit in clock.limits)


def test_loops_with_timers_of_their_own_are_named(start: Start, clock: LabClock) -> None:
    program = python(start)
    clock.advance(1_000)
    assert len(clock.limits) == 1
    program.tell("loops")
    clock.advance(1_000)
    (_, limit) = clock.limits
    assert "timers.py" in limit and "uvloop and gevent are not moved" in limit


def test_options_of_the_user_stay(tmp_path: Path) -> None:
    existing = {"NODE_OPTIONS": "--max-old-space-size=512", "PYTHONPATH": "/a", "A": "b"}
    found = clock_environment(existing, tmp_path)
    assert found["NODE_OPTIONS"] == f"--require {preloads.NODE_CLOCK} --max-old-space-size=512"
    assert found["PYTHONPATH"] == f"{preloads.PYTHON_PRELOAD}:/a"
    assert (found["A"], found["REDHANDED_CLOCK"]) == ("b", str(tmp_path))
    assert clock_environment(found, tmp_path) == found


def pids(clock: LabClock) -> set[int]:
    return {member.pid for member in clock.members.values()}


def clocks(program: Clocked) -> dict[str, float]:
    said: dict[str, float] = json.loads(program.tell("clocks")[0])
    return said
