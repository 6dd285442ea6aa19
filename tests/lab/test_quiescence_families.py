"""At rest while work goes from process to process: pools, forks, threads, wrappers, orphans."""

from __future__ import annotations

import os
import select
import shlex
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from redhanded.lab.embedded.processes import Launched, launch, terminate
from redhanded.lab.quiescence import Watch

WORK = "sum(range(40_000))"
"""A millisecond or two."""

POOL = f"""
    import os
    def worker(inlet, outlet):
        while os.read(inlet, 1):
            {WORK}
            os.write(outlet, b'.')
    down, up = os.pipe(), os.pipe()
    if os.fork() == 0:
        worker(down[0], up[1])
    def task():
        os.write(down[1], b'.')
        os.read(up[0], 1)
"""
SOCKETS = f"""
    import os, socket
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        while theirs.recv(1):
            {WORK}
            theirs.send(b'.')
    def task():
        ours.send(b'.')
        ours.recv(1)
"""
FORK_PER_JOB = f"""
    import os
    def task():
        child = os.fork()
        if child == 0:
            {WORK}
            os._exit(0)
        os.waitpid(child, 0)
"""
THREADS = f"""
    import queue, threading
    jobs, done = queue.SimpleQueue(), queue.SimpleQueue()
    def work():
        while jobs.get():
            {WORK}
            done.put(1)
    threading.Thread(target=work, daemon=True).start()
    def task():
        jobs.put(1)
        done.get()
"""
GARBAGE = """
    import gc
    heap = [[[]] for _ in range(30_000)]
    def task():
        gc.collect()
"""
EXECUTOR = """
    import concurrent.futures, multiprocessing
    context = multiprocessing.get_context('fork')
    pool = concurrent.futures.ProcessPoolExecutor(1, mp_context=context)
    def task():
        pool.submit(sum, range(40_000)).result()
"""
ORPHAN = f"""
    import os
    inlet, outlet = os.pipe(), os.pipe()
    if os.fork() == 0:
        if os.fork() == 0:
            while os.read(inlet[0], 1):
                {WORK}
                os.write(outlet[1], b'.')
        os._exit(0)
    os.wait()
    def task():
        os.write(inlet[1], b'.')
        os.read(outlet[0], 1)
"""
SERVE = """
    import sys
    control = int(sys.argv[1])
    task()
    print('ready', flush=True)
    while os.read(control, 1):
        task()
        print('done', flush=True)
"""
PROGRAMS = {
    "a pool that forked before": POOL,
    "a pool on unix sockets": SOCKETS,
    "a fork for each job": FORK_PER_JOB,
    "threads": THREADS,
    "garbage collection": GARBAGE,
    "an executor": EXECUTOR,
    "an orphan": ORPHAN,
}
WRAPPERS = {
    "itself": "{program}",
    "a shell": "sh -c {quoted}",
    "a shell that goes on": "{program}; true",
    "two shells": "sh -c {nested}",
    "a manager that passes lines on": "{python} relay.py {program}",
}
RELAY = """
    import subprocess, sys
    inner = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, close_fds=False)
    for line in inner.stdout:
        sys.stdout.buffer.write(line)
        sys.stdout.flush()
"""


@contextmanager
def running(program: str, folder: Path, wrapper: str = "{program}") -> Iterator[tuple[int, int]]:
    """Its process and where it is told to work; it has said that it is ready."""
    inlet, outlet = os.pipe()
    serve = "" if "sys.argv" in program else textwrap.dedent(SERVE)
    text = "import os\n" + textwrap.dedent(program) + serve
    (folder / "program.py").write_text(text)
    (folder / "relay.py").write_text(textwrap.dedent(RELAY))
    python = shlex.quote(sys.executable)
    command = f"{python} program.py {inlet}"
    line = wrapper.format(
        program=command,
        quoted=shlex.quote(command),
        nested=shlex.quote(f"sh -c {shlex.quote(command)}; true"),
        python=python,
    )
    launched = launch(
        line if ";" in line else shlex.split(line),
        cwd=folder,
        env={"PATH": os.environ.get("PATH", os.defpath)},
        extra_fds=(inlet,),
    )
    os.close(inlet)
    try:
        assert launched.stdout is not None
        assert said(launched.stdout, 20.0) == b"ready\n"
        yield launched.pid, _wired(launched, outlet)
    finally:
        os.close(outlet)
        terminate(launched, grace_s=0.0)
        os.close(launched.stdout or -1)


OUTPUTS: dict[int, int] = {}
"""The output of the program that is told what to do at a descriptor."""


def _wired(launched: Launched, control: int) -> int:
    OUTPUTS[control] = launched.stdout or -1
    return control


def said(output: int, within_s: float) -> bytes:
    """What was written by then; empty if nothing was."""
    return os.read(output, 4096) if select.select([output], [], [], within_s)[0] else b""


def assert_sound(pid: int, control: int, rounds: int) -> None:
    """Whenever it is seen at rest after a task was given to it, the task is done."""
    watch = Watch(None)
    watch.follow([pid])
    early = 0
    try:
        for _ in range(rounds):
            os.write(control, b".")
            deadline = time.monotonic() + 10
            while not watch.at_rest():
                assert time.monotonic() < deadline, "it never came to rest"
            if said(OUTPUTS[control], 0.0) != b"done\n":
                early += 1
                assert said(OUTPUTS[control], 10.0) == b"done\n"
    finally:
        watch.close()
    assert early == 0, f"{early} of {rounds} times it was taken for at rest with work left"


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_rest_comes_after_the_work_of_the_whole_family(program: str, tmp_path: Path) -> None:
    with running(program, tmp_path) as (pid, control):
        assert_sound(pid, control, rounds=30)


@pytest.mark.parametrize("wrapper", WRAPPERS.values(), ids=WRAPPERS.keys())
def test_wrappers_hide_nothing(wrapper: str, tmp_path: Path) -> None:
    with running(POOL, tmp_path, wrapper) as (pid, control):
        assert_sound(pid, control, rounds=20)


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs a processor to look from")
@pytest.mark.parametrize("program", [POOL, THREADS, FORK_PER_JOB], ids=["pool", "threads", "fork"])
def test_what_was_woken_and_waits_for_a_processor_is_not_at_rest(
    program: str, tmp_path: Path
) -> None:
    """Others use the processor of the system: between being woken and running, time goes by."""
    first, second, *_ = sorted(os.sched_getaffinity(0))
    before = os.sched_getaffinity(0)
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        os.sched_setaffinity(busy.pid, {first})
        os.sched_setaffinity(0, {second})
        with running(program, tmp_path) as (pid, control):
            for each in family(pid):
                os.sched_setaffinity(each, {first})
            assert_sound(pid, control, rounds=30)
    finally:
        os.sched_setaffinity(0, before)
        busy.kill()
        busy.wait()


def family(pid: int) -> list[int]:
    """A process, its descendants, and the threads of all."""
    found = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        found.append(int(thread.name))
        for child in (thread / "children").read_text().split():
            found += family(int(child))
    return found


HANDS_UP = """
    import os, sys
    inlet, outlet = os.pipe()
    if os.fork() == 0:
        while os.read(int(sys.argv[1]), 1):
            os.write(outlet, b'.')
    print('ready', flush=True)
    while os.read(inlet, 1):
        print('done', flush=True)
"""


class Interrupted(Watch):
    """Something happens in the middle of a look: after one thread, before the next."""

    at: tuple[int, str] | None = None
    happens: Callable[[], None]

    def _thread(self, key: tuple[int, str], seen: dict[tuple[int, str], bytes]) -> bytes | None:
        found = super()._thread(key, seen)
        self._happen(key)
        return found

    def _read(self, key: tuple[int, str], file: int, length: int) -> bytes | None:
        found = super()._read(key, file, length)
        self._happen(key)
        return found

    def _happen(self, key: tuple[int, str]) -> None:
        if key == self.at:
            self.at = None
            self.happens()


class Slow(Watch):
    """Much happens between the list of a process's threads and the look at them."""

    after: int | None = None
    before: int | None = None
    happens: Callable[[], None]

    def _listed(self, pid: int) -> list[str]:
        if pid == self.before:
            self.before = None
            self.happens()
        found = super()._listed(pid)
        if pid == self.after:
            self.after = None
            self.happens()
        return found


STARTS_A_THREAD = """
    import os, sys, threading
    go_on = threading.Event()
    def work():
        while not go_on.is_set(): pass
        print('done', flush=True)
    print('ready', flush=True)
    while word := os.read(int(sys.argv[1]), 1):
        go_on.set() if word == b'!' else threading.Thread(target=work).start()
"""
LEAVES_AN_ORPHAN = """
    import os, signal, sys
    if os.fork() == 0:
        print('ready', flush=True)
        os.read(int(sys.argv[1]), 1)
        if os.fork() == 0:
            os.set_blocking(int(sys.argv[1]), False)
            while True:
                try:
                    if os.read(int(sys.argv[1]), 1) == b'!': break
                except BlockingIOError: pass
            print('done', flush=True)
            os.read(os.pipe()[0], 1)
        os._exit(0)
    signal.pause()
"""


def test_a_thread_that_is_started_in_the_middle_of_a_look_is_seen(tmp_path: Path) -> None:
    """Its parent sleeps again when its turn comes."""
    with running(STARTS_A_THREAD, tmp_path) as (pid, control):

        def start() -> None:
            os.write(control, b".")
            wait_until(lambda: len(family(pid)) == 2 and state(pid) == "S")

        watch = Slow(None)
        watch.follow([pid])
        watch.after, watch.happens = pid, start
        assert not watch.at_rest() and watch.after is None
        assert not any(watch.at_rest() for _ in range(50))
        os.write(control, b"!")
        wait_until(watch.at_rest)
        assert said(OUTPUTS[control], 0.0) == b"done\n"
        watch.close()


def test_an_orphan_whose_parent_ends_in_the_middle_of_a_look_is_seen(tmp_path: Path) -> None:
    """Who adopts it was looked at before, and does not run for that."""
    with running(LEAVES_AN_ORPHAN, tmp_path) as (pid, control):
        watch = Slow(None)
        watch.follow([pid])
        wait_until(watch.at_rest)
        (child,) = [each for each in family(pid) if each != pid]

        def leave() -> None:
            os.write(control, b".")
            wait_until(lambda: state(child) == "Z")

        ran = turns(child)
        os.kill(child, signal.SIGSTOP)
        os.kill(child, signal.SIGCONT)
        wait_until(lambda: turns(child) > ran and state(child) == "S")
        watch.before, watch.happens = child, leave
        assert not watch.at_rest() and watch.before is None
        assert not any(watch.at_rest() for _ in range(50))
        os.write(control, b"!")
        wait_until(watch.at_rest)
        assert said(OUTPUTS[control], 0.0) == b"done\n"
        watch.close()


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs a processor to look from")
def test_what_was_woken_in_the_middle_of_a_look_is_seen(tmp_path: Path) -> None:
    """A child hands on to its parent, which was looked at before and gets no processor yet."""
    before = os.sched_getaffinity(0)
    theirs, ours, *_ = sorted(before)
    os.sched_setaffinity(0, {ours})
    try:
        with greedy(theirs) as stronger, running(HANDS_UP, tmp_path) as (pid, control):
            (child,) = [each for each in family(pid) if each != pid]
            os.sched_setaffinity(pid, {theirs})

            def hand_on() -> None:
                before = turns(child)
                stronger.send_signal(signal.SIGCONT)
                os.write(control, b".")
                wait_until(lambda: turns(child) > before and state(child) == "S")

            watch = Interrupted(None)
            watch.follow([pid])
            for _ in range(5):
                wait_until(watch.at_rest)
                watch.at, watch.happens = (pid, str(pid)), hand_on
                rested = watch.at_rest()
                done = said(OUTPUTS[control], 0.0) == b"done\n"
                stronger.send_signal(signal.SIGSTOP)
                assert done or not rested
                assert done or said(OUTPUTS[control], 10.0) == b"done\n"
            watch.close()
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def greedy(processor: int) -> Iterator[subprocess.Popen[bytes]]:
    """A stopped process that, once it goes on, leaves its processor to nobody."""
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    busy.send_signal(signal.SIGSTOP)
    try:
        os.sched_setaffinity(busy.pid, {processor})
        os.sched_setscheduler(busy.pid, os.SCHED_FIFO, os.sched_param(1))
        yield busy
    except PermissionError:
        pytest.skip("needs the right to run ahead of others")
    finally:
        busy.kill()
        busy.wait()


def turns(pid: int) -> int:
    """How often it was given a processor."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[2])


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def wait_until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not met():
        assert time.monotonic() < deadline, "it never came to pass"


WAKES_ANOTHER = """
    import os, sys, threading
    asleep, go_on = threading.Lock(), threading.Lock()
    asleep.acquire()
    def work():
        asleep.acquire()
        while not go_on.locked(): pass
        print('done', flush=True)
    threading.Thread(target=work, daemon=True).start()
    print('ready', flush=True)
    while word := os.read(int(sys.argv[1]), 1):
        go_on.acquire() if word == b'!' else asleep.release()
"""


def test_a_thread_that_only_its_own_process_can_wake_is_seen_when_it_does(tmp_path: Path) -> None:
    with running(WAKES_ANOTHER, tmp_path) as (pid, control):
        watch = Watch(None)
        watch.follow([pid])
        wait_until(watch.at_rest)
        assert all(watch.at_rest() for _ in range(1100))
        before = turns(pid)
        os.write(control, b".")
        wait_until(lambda: turns(pid) > before and state(pid) == "S")
        assert not any(watch.at_rest() for _ in range(50))
        os.write(control, b"!")
        wait_until(watch.at_rest)
        assert said(OUTPUTS[control], 0.0) == b"done\n"
        watch.close()
