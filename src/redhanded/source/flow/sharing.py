"""Work on many files in several processes, which are forked, finite, and never outlive the call.

Each child takes a share and writes its results to a file without a name; so there is nothing to
wait for in turns, and a child that dies costs the one item it died of. Ctrl-C ends the children
with the parent.
"""

from __future__ import annotations

import gc
import os
import signal
import struct
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

PROCESSES_MAX = 8
FEW = 48
"""Items that are not worth a second process."""
DEATHS_MAX = 20
HEAD = struct.Struct("<II")

Work = Callable[[str], bytes]


def processes_here() -> int:
    """Cores that this process may use."""
    return max(1, min(PROCESSES_MAX, len(os.sched_getaffinity(0))))


def shared(
    items: Sequence[str], work: Work, *, processes: int | None = None, few: int = FEW
) -> Iterator[tuple[str, bytes | None]]:
    """The result of ``work`` for each item, in any order; None where a process died of it."""
    count = processes_here() if processes is None else processes
    if len(items) < few or count < 2:
        for one in items:
            yield one, work(one)
        return
    shares = [list(items[start::count]) for start in range(count)]
    children: list[tuple[int, BinaryIO, list[str]]] = []
    try:
        for share in shares[1:]:
            children.append((*_start(share, work), share))
        for one in shares[0]:
            yield one, work(one)
        while children:
            process, stream, share = children[0]
            os.waitpid(process, 0)
            children.pop(0)
            done = 0
            for index, result in _results(stream):
                yield share[index], result
                done = index + 1
            stream.close()
            yield from _after_death(share[done:], work)
    finally:
        for process, stream, _ in children:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            stream.close()


def _after_death(left: list[str], work: Work) -> Iterator[tuple[str, bytes | None]]:
    """What a child did not get to: it died of the first of these, the others are tried again."""
    deaths = 0
    while left and deaths < DEATHS_MAX:
        yield left[0], None
        deaths += 1
        left = left[1:]
        if not left:
            return
        process, stream = _start(left, work)
        try:
            os.waitpid(process, 0)
            process = 0
            done = 0
            for index, result in _results(stream):
                yield left[index], result
                done = index + 1
            left = left[done:]
        finally:
            if process:
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)
            stream.close()
    for one in left:
        yield one, None


def _start(share: list[str], work: Work) -> tuple[int, BinaryIO]:
    # Not buffered: what was done before a child is killed counts. The parent closes it.
    stream = tempfile.TemporaryFile(prefix="redhanded-", buffering=0)  # noqa: SIM115
    parent = os.getpid()
    gc.freeze()  # a child that looks through what it shares for garbage gets a copy of it
    process = os.fork()
    if process:
        gc.unfreeze()
        return process, stream
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for index, one in enumerate(share):
            result = work(one)
            stream.write(HEAD.pack(index, len(result)) + result)
            if os.getppid() != parent:
                break
    finally:
        # Nothing of the parent's is run twice: no handlers, no buffers.
        os._exit(0)


def _results(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    stream.seek(0)
    while len(head := stream.read(HEAD.size)) == HEAD.size:
        index, size = HEAD.unpack(head)
        result = stream.read(size)
        if len(result) < size:
            return
        yield index, result
