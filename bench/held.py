"""How much memory a program and all of its processes hold together."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PAUSE_S = 0.05


class Peak:
    """The most that was seen so far."""

    mib = 0.0
    """Each shared page counted once."""


@contextmanager
def watched(root: int) -> Iterator[Peak]:
    """Looks every 50 ms at process ``root`` and all that it started, until the block ends."""
    peak, over = Peak(), threading.Event()

    def watch() -> None:
        while not over.wait(PAUSE_S):
            peak.mib = max(peak.mib, sum(_held_mib(each) for each in _family(root)))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def _family(root: int) -> list[int]:
    found, waiting = [], [root]
    while waiting:
        one = waiting.pop()
        found.append(one)
        try:
            text = Path(f"/proc/{one}/task/{one}/children").read_text()
        except OSError:
            continue
        waiting += [int(each) for each in text.split()]
    return found


def _held_mib(process: int) -> float:
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    sizes = [line.split()[1] for line in text.splitlines() if line.startswith("Pss:")]
    return int(sizes[0]) / 1024 if sizes else 0.0
