"""The trace pipe: one line of JSON for each range of bytes that goes to a port of the lab."""

from __future__ import annotations

import json
import os
import select
from contextlib import suppress
from stat import S_ISFIFO
from typing import Any, NamedTuple

LINE_BYTES_MAX = 4000
"""A pipe keeps writes of up to 4,096 bytes of several processes apart."""
PATIENCE_S = 2.0
"""How long one message may wait for a pipe that was made non-blocking and is full."""
ANCESTORS = 8
STACKS_KEPT = 2000
UNHEARD = 0o040
"""In the mode of the pipe: the lab does not listen now."""


class Frame(NamedTuple):
    """A line of the application."""

    file: str
    line: int
    function: str | None


class Range(NamedTuple):
    """Bytes of one connection's client stream."""

    port: int
    remote: int
    socket: int
    at: int
    length: int | None
    """None: until the next record of this connection."""
    frames: tuple[Frame, ...]
    secure: bool = False
    """Counted before the bytes are encrypted."""


ports = frozenset(
    int(port) for port in os.environ.get("REDHANDED_TRACE_PORTS", "").split(",") if port.isdigit()
)
"""Those of the proxies; what goes elsewhere is not reported."""


def heard() -> bool:
    """Whether somebody listens: while nobody does, the program is to be as fast as by itself.

    That nobody does is read from a page that is shared with the lab. To ask the kernel would let
    go of the interpreter, so that another thread might go on here that does not by itself.
    """
    if _page_says_no():
        return False
    descriptor = _open()
    return descriptor is not None and not os.fstat(descriptor).st_mode & UNHEARD


def report(ranges: list[Range]) -> None:
    """Writes records, in order, before their bytes are sent."""
    if not heard():
        return
    text = b""
    for each in ranges:
        line = _line(each)
        if text and len(text) + len(line) > LINE_BYTES_MAX:
            _send(text)
            text = b""
        text += line
    if text:
        _send(text)


def _line(record: Range) -> bytes:
    length = "" if record.length is None else f'"length":{record.length},'
    secure = '"secure":true,' if record.secure else ""
    return (
        f'{{"port":{record.port},"remote":{record.remote},"socket":{record.socket},{secure}'
        f'"at":{record.at},{length}"stack":{_encoded(record.frames)}}}\n'
    ).encode()


_stacks: dict[tuple[Frame, ...], str] = {}


def _encoded(frames: tuple[Frame, ...]) -> str:
    found = _stacks.get(frames)
    if found is None:
        kept = len(frames)
        while True:
            found = json.dumps([frame._asdict() for frame in frames[:kept]], separators=(",", ":"))
            if len(found) < LINE_BYTES_MAX - 200 or kept == 0:
                break
            kept //= 2
        if len(_stacks) >= STACKS_KEPT:
            _stacks.clear()
        _stacks[frames] = found
    return found


_identity = os.environ.get("REDHANDED_TRACE_PIPE", "")
_number = os.environ.get("REDHANDED_TRACE_FD", "")
_page_file = os.environ.get("REDHANDED_TRACE_HEARD", "")
_page: Any = None
_descriptor: int | None = None
_silent = not (_number.isdigit() and ports)


def _page_says_no() -> bool:
    """False also where there is no such page; then the mode of the pipe says it alone."""
    global _page, _page_file
    if _page is None and _page_file:
        with suppress(Exception):
            import mmap

            with open(_page_file, "rb") as file:
                _page = mmap.mmap(file.fileno(), 1, prot=mmap.PROT_READ)
        _page_file = ""
    return _page is not None and _page[0] == 0


def _send(data: bytes) -> None:
    global _silent
    descriptor = _open()
    if descriptor is None:
        return
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:
            if not select.select([], [descriptor], [], PATIENCE_S)[1]:
                _silent = True
                return
        except OSError:
            _silent = True
            return


def _open() -> int | None:
    """The pipe, or None. A program may close descriptors and get their numbers for its own files,
    so it is looked at before each write; a process that was started without it takes that of an
    ancestor."""
    global _descriptor, _silent
    if _silent:
        return None
    for number in (_descriptor, int(_number)):
        if number is not None and _is_pipe(number):
            _descriptor = number
            return number
    _descriptor = _of_an_ancestor()
    _silent = _descriptor is None
    return _descriptor


def _is_pipe(number: int) -> bool:
    try:
        return _matches(os.fstat(number))
    except OSError:
        return False


def _matches(status: os.stat_result) -> bool:
    return S_ISFIFO(status.st_mode) and f"{status.st_dev}:{status.st_ino}" == _identity


def _of_an_ancestor() -> int | None:
    process = os.getppid()
    with suppress(OSError, ValueError, IndexError):
        for _ in range(ANCESTORS):
            if process <= 1:
                break
            file = f"/proc/{process}/fd/{_number}"
            with suppress(OSError):
                if _matches(os.stat(file)):  # noqa: PTH116 (pathlib is slow to load)
                    return os.open(file, os.O_WRONLY)
            with open(f"/proc/{process}/stat", "rb") as status:
                process = int(status.read().rpartition(b")")[2].split()[1])
    return None
