"""What a lab started, on disk, so that a later run can end what a killed one left behind.

One JSON line per start in ``started.jsonl`` of the lab's folder: a process with its start time (a
process id alone may have been given to another since), or a folder that is to be removed.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redhanded.case.errors import LabError
from redhanded.lab.embedded.interrupts import uninterrupted
from redhanded.lab.embedded.process_table import all_pids, is_alive, start_ticks, wait_for_exit

LAB_VARIABLE = "REDHANDED_LAB"
"""In the environment of every process of the system under test: the folder of its lab."""

TEMPORARY_MARK = ".redhanded-temporary"
"""A file in each folder that `reap` may remove with what is in it."""

RECORD_NAME = "started.jsonl"
LOCK_NAME = "lab.lock"
TREE_NAME = "tree"
"""The copy of the source in a lab's folder; no other lab is looked for in it."""

END_TIMEOUT_S = 5.0


@contextmanager
def claimed(folder: Path) -> Iterator[Path]:
    """``folder`` as the place of one lab: what an earlier one left there is gone when the block
    begins, and what this one left is gone when it ends, however it ends.

    LabError if another process runs a lab there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK_NAME).open("a") as lock:
        if not _locks(lock.fileno()):
            raise LabError(f"another process runs a lab in {folder}; wait for it or end it")
        reap(folder)
        try:
            yield folder
        finally:
            reap(folder)


@contextmanager
def temporary_folder(parent: Path, name: str) -> Iterator[Path]:
    """A new folder for one lab, removed when the block ends, or by `reap_abandoned` after it."""
    parent.mkdir(parents=True, exist_ok=True)
    made: Path | None = None
    try:
        with uninterrupted():
            made = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=parent))
            (made / TEMPORARY_MARK).touch()
        yield made
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)


def reap_abandoned(folder: Path) -> tuple[str, ...]:
    """End what killed labs in or below ``folder`` left; labs that still run are not touched."""
    done: list[str] = []
    for place, folders, names in os.walk(folder):
        if TREE_NAME in folders:
            folders.remove(TREE_NAME)
        if LOCK_NAME not in names:
            continue
        with (Path(place) / LOCK_NAME).open("a") as lock:
            if not _locks(lock.fileno()):
                continue
            done += reap(Path(place))
            if TEMPORARY_MARK in names:
                shutil.rmtree(place, ignore_errors=True)
                folders.clear()
    return tuple(done)


def record(
    folder: Path,
    *,
    what: str,
    pid: int = 0,
    ends_with: int = signal.SIGKILL,
    removes: Path | None = None,
) -> None:
    """Append one line to the record in ``folder`` (made if missing), in one write."""
    line = {
        "pid": pid,
        "start_ticks": start_ticks(pid) if pid else None,
        "boot": _boot(),
        "ends_with": int(ends_with),
        "what": what,
        "removes": str(removes) if removes else None,
    }
    folder.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    descriptor = os.open(folder / RECORD_NAME, flags, 0o600)
    try:
        os.write(descriptor, json.dumps(line).encode() + b"\n")
    finally:
        os.close(descriptor)


def reap(folder: Path) -> tuple[str, ...]:
    """End what an earlier lab in ``folder`` left, remove its temporary folders; what it was.

    A process is ended if its start time is the recorded one, or if its environment names this lab's
    folder. Call it before a lab is opened in the folder, never while one runs there.
    """
    path = folder / RECORD_NAME
    if not path.exists():
        return ()
    done: list[str] = []
    removals: list[Path] = []
    for line in path.read_text().splitlines():
        with contextlib.suppress(json.JSONDecodeError):
            entry = json.loads(line)
            if _is_same(entry) and _end(entry["pid"], entry["ends_with"]):
                done.append(f"{entry['what']} (process {entry['pid']})")
            if entry["removes"]:
                removals.append(Path(entry["removes"]))
    for pid in _marked(folder):
        if _end(pid, signal.SIGKILL):
            done.append(f"a descendant (process {pid})")
    for removal in removals:
        if _removed(removal):
            done.append(f"temporary folder {removal}")
    path.unlink()
    return tuple(done)


def _removed(folder: Path) -> bool:
    """Whether a folder with our mark, or one in which there is nothing yet, was removed."""
    if (folder / TEMPORARY_MARK).is_file():
        shutil.rmtree(folder, ignore_errors=True)
        return True
    with contextlib.suppress(OSError):
        folder.rmdir()
        return True
    return False


def _locks(descriptor: int) -> bool:
    """Whether the lock is ours now; the system lets go of it when we end, however we end."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_same(entry: dict[str, object]) -> bool:
    pid = entry["pid"]
    if not isinstance(pid, int) or not pid or entry["boot"] != _boot():
        return False
    return start_ticks(pid) == entry["start_ticks"]


def _marked(folder: Path) -> list[int]:
    mark = f"{LAB_VARIABLE}={folder.resolve()}".encode()
    return [pid for pid in all_pids() if pid != os.getpid() and mark in _environment(pid)]


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _end(pid: int, with_signal: int) -> bool:
    """Whether there was something to end. Returns once it is gone; SIGKILL if it takes too long."""
    if not is_alive(pid):
        return False
    for number in (with_signal, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
        if wait_for_exit(pid, timeout_s=END_TIMEOUT_S):
            return True
    return False


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
