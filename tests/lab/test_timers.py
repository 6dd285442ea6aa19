"""A thread that waits for a timer tells when it wakes; one that waits for a message does not."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from redhanded.lab.quiescence import FRUITLESS, POLLS, SOON_S, Watch
from redhanded.lab.timers import readable, wait

WAITS = {
    "time.sleep": "import time; print('ready', flush=True); time.sleep({s})",
    "an asyncio sleep": (
        "import asyncio\nasync def main():\n print('ready', flush=True)\n"
        " await asyncio.sleep({s})\nasyncio.run(main())"
    ),
    "an event": (
        "import threading; print('ready', flush=True); threading.Event().wait({s} or None)"
    ),
    "a select": (
        "import select; print('ready', flush=True); select.select([], [], [], {s} or None)"
    ),
    "a poll": ("import select; print('ready', flush=True); select.poll().poll({s} * 1000 or None)"),
}
NODE = "setTimeout(() => {{}}, {s} * 1000); console.log('ready')"

pytestmark = pytest.mark.skipif(not readable(), reason="this kernel hides what a thread waits in")


def waiting(command: list[str]) -> subprocess.Popen[bytes]:
    started = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert started.stdout is not None
    assert started.stdout.readline() == b"ready\n"
    return started


def end(started: subprocess.Popen[bytes]) -> None:
    started.kill()
    started.wait()
    if started.stdout is not None:
        started.stdout.close()


def eventually(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not met():
        assert time.monotonic() < deadline, "it never came to pass"
        os.sched_yield()


@pytest.mark.parametrize("name", [*WAITS, "node"])
def test_the_time_left_is_read(name: str) -> None:
    command = (
        ["node", "-e", NODE.format(s=60)]
        if name == "node"
        else [sys.executable, "-c", WAITS[name].format(s=60)]
    )
    started = waiting(command)
    try:
        eventually(lambda: math.isfinite(wait(started.pid, str(started.pid)).wakes_at))
        left = wait(started.pid, str(started.pid)).wakes_at - time.monotonic()
        assert 40 < left <= 60.1
    finally:
        end(started)


@pytest.mark.parametrize("name", ["an event", "a select", "a poll"])
def test_a_wait_for_ever_has_no_end(name: str) -> None:
    started = waiting([sys.executable, "-c", WAITS[name].format(s=0)])
    try:
        watch = Watch(None)
        watch.follow([started.pid])
        eventually(watch.at_rest)
        assert wait(started.pid, str(started.pid)).wakes_at == math.inf
        assert watch.next_timer(3600) is None
        watch.close()
    finally:
        end(started)


def test_a_process_that_is_gone_has_no_timer() -> None:
    started = waiting([sys.executable, "-c", "print('ready', flush=True)"])
    end(started)
    assert wait(started.pid, str(started.pid)).wakes_at == math.inf


def test_a_timer_that_is_set_in_a_step_is_told_from_an_older_one() -> None:
    naps = (
        "import sys, time; print('ready', flush=True)\n"
        "for line in sys.stdin: time.sleep(60 if line == 'long\\n' else 0.2)"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", naps], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert started.stdin is not None and started.stdout is not None
    try:
        assert started.stdout.readline() == b"ready\n"
        watch = Watch(None)
        watch.follow([started.pid])
        eventually(watch.at_rest)
        watch.begin_step()
        started.stdin.write(b"short\n")
        started.stdin.flush()
        eventually(lambda: watch.at_rest() and watch.next_timer(0.2) is not None)
        eventually(lambda: watch.next_timer(SOON_S) is not None)
        assert watch.wait_for_timers() == {started.pid}
        assert not watch.fired(started.pid)
        watch.begin_step()
        assert watch.wait_for_timers() == set()
        eventually(lambda: watch.fired(started.pid))
        watch.close()
    finally:
        started.stdin.close()
        end(started)


def test_a_timer_that_was_looked_at_late_may_fire_before_the_look_says_so() -> None:
    guard = (
        "import select, sys, time\nprint('ready', flush=True)\ndue = time.monotonic() + 1\n"
        "poll = select.poll()\npoll.register(0, select.POLLIN)\n"
        "while (left := due - time.monotonic()) > 0:\n"
        " if poll.poll(left * 1000): sys.stdin.buffer.raw.read(1); print('read', flush=True)\n"
        "time.sleep(60)"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", guard], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert started.stdin is not None and started.stdout is not None
    late_s = 0.2
    try:
        assert started.stdout.readline() == b"ready\n"
        watch = Watch(None)
        watch.follow([started.pid])
        eventually(lambda: watch.at_rest() and watch.next_timer(2) is not None)
        seen_due: list[float] = []
        for looked_after_s in (late_s, 0.0):
            watch.begin_step()
            started.stdin.write(b"x")
            started.stdin.flush()
            assert started.stdout.readline() == b"read\n"
            time.sleep(looked_after_s)
            eventually(lambda: watch.at_rest() and watch.next_timer(2) is not None)
            seen_due.append(min(watch.waking(2).values()))
        eventually(lambda: watch.next_timer(SOON_S) is not None)
        assert watch.wait_for_timers() == set(), "it is the timer that was set long before"
        eventually(lambda: watch.fired(started.pid))
        assert time.monotonic() <= seen_due[0] - late_s / 2
        watch.close()
    finally:
        started.stdin.close()
        end(started)


def test_a_process_that_polls_is_found_out_and_not_waited_for() -> None:
    polls = "import time\nprint('ready', flush=True)\nwhile True: time.sleep(0.002)"
    started = waiting([sys.executable, "-c", polls])
    try:
        watch = Watch(None)
        watch.follow([started.pid])
        waits = []
        for _ in range(POLLS):
            watch.begin_step()
            count = 0
            eventually(watch.at_rest)
            while watch.next_timer(SOON_S) is not None:
                watch.wait_for_timers()
                time.sleep(0.003)
                eventually(watch.at_rest)
                count += 1
                assert count < 100 * FRUITLESS
            waits.append(count)
        assert all(waits)
        assert watch.pollers == (started.pid,)
        watch.begin_step()
        eventually(watch.at_rest)
        assert watch.next_timer(SOON_S) is None
        watch.close()
    finally:
        end(started)


WITHIN = {
    "a lock": (True, "import threading; l = threading.Lock(); l.acquire(); {ready}; l.acquire()"),
    "a lock, for a time": (
        False,
        "import threading; l = threading.Lock(); l.acquire(); {ready}; l.acquire(timeout=60)",
    ),
    "a lock of several processes": (
        False,
        "import multiprocessing as m; l = m.Lock(); l.acquire(); {ready}; l.acquire()",
    ),
    "a message": (False, "import os; r, _ = os.pipe(); {ready}; os.read(r, 1)"),
}


@pytest.mark.parametrize("name", WITHIN)
def test_who_can_wake_it_is_read(name: str) -> None:
    within, text = WITHIN[name]
    started = waiting([sys.executable, "-c", text.format(ready="print('ready', flush=True)")])
    thread = (started.pid, str(started.pid))
    watch = Watch(None)
    watch.follow([started.pid])
    try:
        eventually(watch.at_rest)
        eventually(lambda: wait(*thread).within == within)
        assert wait(*thread).within == within
    finally:
        watch.close()
        end(started)
