"""At rest is what sleeps; what runs, forks or has bytes to read is not."""

from __future__ import annotations

import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from redhanded.lab.namespace import Namespace, open_namespace
from redhanded.lab.quiescence import Watch
from redhanded.lab.sockets import waiting_bytes


@contextmanager
def program(text: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Python program that has said ``ready`` and reads commands from its input."""
    running = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(text)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert running.stdout is not None and running.stdin is not None
    try:
        assert running.stdout.readline() == b"ready\n"
        yield running
    finally:
        running.kill()
        running.wait()
        running.stdin.close()
        running.stdout.close()


@contextmanager
def watching(running: subprocess.Popen[bytes]) -> Iterator[Watch]:
    watch = Watch(None)
    watch.follow([running.pid])
    yield watch
    watch.close()


def comes_to_rest(watch: Watch) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if watch.at_rest():
            return True
    return False


def test_a_program_that_waits_is_at_rest() -> None:
    waits = "import sys; print('ready', flush=True); sys.stdin.readline()"
    with program(waits) as running, watching(running) as watch:
        assert comes_to_rest(watch)
        assert all(watch.at_rest() for _ in range(20))


def test_a_program_that_calculates_is_not() -> None:
    busy = "print('ready', flush=True)\nwhile True: pass"
    with program(busy) as running, watching(running) as watch:
        assert not any(watch.at_rest() for _ in range(200))


def test_a_busy_thread_is_seen_beside_a_main_thread_that_sleeps() -> None:
    threads = """
        import sys, threading
        def spin():
            while True: pass
        threading.Thread(target=spin, daemon=True).start()
        print('ready', flush=True)
        sys.stdin.readline()
    """
    with program(threads) as running, watching(running) as watch:
        assert not any(watch.at_rest() for _ in range(200))


def test_children_that_are_born_later_are_seen() -> None:
    forks = """
        import os, sys
        print('ready', flush=True)
        sys.stdin.readline()
        parent, child = os.getpid(), os.fork()
        if child == 0:
            print('born', flush=True)
            while os.getppid() == parent: pass
        sys.stdin.readline()
        os.kill(child, 9)
        os.waitpid(child, 0)
        print('gone', flush=True)
        sys.stdin.readline()
    """
    with program(forks) as running, watching(running) as watch:
        assert running.stdin is not None and running.stdout is not None
        assert comes_to_rest(watch)
        running.stdin.write(b"go\n")
        running.stdin.flush()
        assert running.stdout.readline() == b"born\n"
        assert not any(watch.at_rest() for _ in range(200))
        running.stdin.write(b"enough\n")
        running.stdin.flush()
        assert running.stdout.readline() == b"gone\n"
        assert comes_to_rest(watch)


def test_work_between_two_looks_is_seen_although_it_sleeps_again() -> None:
    """A program that wakes for a moment has run, even if both looks find it asleep."""
    waits = (
        "import sys; print('ready', flush=True)\nfor line in sys.stdin: print('did', flush=True)"
    )
    with program(waits) as running, watching(running) as watch:
        assert running.stdin is not None and running.stdout is not None
        assert comes_to_rest(watch)
        before = watch._look()
        running.stdin.write(b"work\n")
        running.stdin.flush()
        assert running.stdout.readline() == b"did\n"
        assert comes_to_rest(watch)
        assert before is not None and watch._look() != before


def test_a_program_that_ended_is_at_rest() -> None:
    with program("print('ready', flush=True)") as running, watching(running) as watch:
        running.wait()
        assert watch.at_rest()


def test_bytes_that_nobody_read_are_under_way() -> None:
    with open_namespace() as namespace:
        netlink = namespace.diag()
        listener = namespace.listen()
        client = connected(namespace, listener)
        assert waiting_bytes(netlink) > 0 or not namespace.isolated
        server, _ = listener.accept()
        base = waiting_bytes(netlink)
        client.send(b"hello")
        wait_until(lambda: waiting_bytes(netlink) >= base + 5)
        assert server.recv(16) == b"hello"
        if namespace.isolated:
            wait_until(lambda: waiting_bytes(netlink) == 0)
        for each in (client, server, listener, netlink):
            each.close()


def test_what_was_read_is_not_under_way_although_it_is_not_acknowledged_yet() -> None:
    with open_namespace() as namespace:
        if not namespace.isolated:
            return
        netlink, listener = namespace.diag(), namespace.listen()
        client = connected(namespace, listener)
        server, _ = listener.accept()
        for each in (client, server):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        late = 0
        for _ in range(20):  # who answers acknowledges with the answer, and late if there is none
            for one, other in ((client, server), (server, client)):
                one.send(b"hello")
                assert waiting_bytes(netlink) >= 5
                assert other.recv(16) == b"hello"
                late += _unacknowledged(one) > 0
                assert waiting_bytes(netlink) == 0
        assert late > 0
        for each in (client, server, listener, netlink):
            each.close()


def _unacknowledged(connection: socket.socket) -> int:
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return int.from_bytes(info[24:28], sys.byteorder)


def test_bytes_that_have_not_come_to_the_other_end_are_under_way() -> None:
    with open_namespace() as namespace:
        if not namespace.isolated:
            return
        netlink, listener = namespace.diag(), namespace.listen()
        client = connected(namespace, listener)
        server, _ = listener.accept()
        client.setblocking(False)
        sent = client.send(b"x" * (1 << 24))  # more than the other end takes
        total = waiting_bytes(netlink)
        assert total >= sent
        read = 0
        while read < sent:
            read += len(server.recv(1 << 20))
            assert waiting_bytes(netlink) >= sent - read
        assert waiting_bytes(netlink) == 0
        for each in (client, server, listener, netlink):
            each.close()


def test_a_watch_with_sockets_is_not_at_rest_while_bytes_wait() -> None:
    with open_namespace() as namespace:
        if not namespace.isolated:
            return
        watch = Watch(namespace.diag())
        listener = namespace.listen()
        client = connected(namespace, listener)
        server, _ = listener.accept()
        assert comes_to_rest(watch)
        client.send(b"x")
        assert not watch.at_rest()
        server.recv(1)
        assert comes_to_rest(watch)
        watch.close()
        for each in (client, server, listener):
            each.close()


def connected(namespace: Namespace, listener: socket.socket) -> socket.socket:
    client = namespace.socket()
    client.connect(listener.getsockname())
    return client


def wait_until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not met():
        assert time.monotonic() < deadline, "it never came to pass"
