"""redis-py's pipelines: each command belongs to the line that queued it, not to ``execute()``."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any
from weakref import WeakKeyDictionary

from .pipe import Frame, Range, report
from .stacks import capture, current_task, tasks
from .streams import position, stream_of
from .wrapping import after

FRAMES_LOOKED_AT = 12
SENDING = frozenset({"_execute_transaction", "_execute_pipeline"})

_queued: WeakKeyDictionary[Any, list[tuple[Any, tuple[Frame, ...]]]] = WeakKeyDictionary()
"""Pipeline → the arguments of its commands, with the stack that queued them."""


def patch_client(module: Any) -> None:
    """``redis.client`` and ``redis.asyncio.client``."""
    after(module.Pipeline, "pipeline_execute_command", _remember)


def _remember(_result: Any, pipeline: Any, *_: Any, **__: Any) -> None:
    stack = pipeline.command_stack
    known = _queued.setdefault(pipeline, [])
    del known[len(stack) - 1 :]
    if len(known) == len(stack) - 1:
        known.append((stack[-1][0], capture(sys._getframe(1))))


def sending(frame: FrameType | None) -> tuple[Any, Any] | None:
    """The pipeline that sends in the frames behind ``frame``, with its commands."""
    if not _queued:
        return None
    for _ in range(FRAMES_LOOKED_AT):
        if frame is None:
            break
        if frame.f_code.co_name in SENDING:
            values = frame.f_locals
            pipeline, commands = values.get("self"), values.get("commands")
            return (pipeline, commands) if commands else None
        frame = frame.f_back
    task = current_task()
    known = tasks.get(task) if task is not None else None
    return known[1] if known else None


def report_pipeline(
    sock: Any, data: Any, frame: FrameType, buffered: int = 0, secure_at: int | None = None
) -> bool:
    """Reports the commands of a pipeline one by one; False if it is no pipeline that is sent."""
    found = sending(frame)
    stream = stream_of(sock)
    if found is None or stream is None:
        return False
    whole = _whole(data, frame)
    if whole is None:
        return True
    lengths = split_commands(whole)
    if lengths is None:
        return False
    at = position(sock) if secure_at is None else secure_at
    if at is None:
        return True
    at += buffered
    ranges = []
    stacks = _stacks(found[0], found[1], len(lengths), capture(frame))
    for number, length in enumerate(lengths):
        ranges.append(Range(*stream, at, length, stacks[number], secure_at is not None))
        at += length
    report(ranges)
    return True


def _whole(data: Any, frame: FrameType) -> bytes | None:
    """Everything that is being sent if ``data`` is its first piece; None for a later one."""
    looked: FrameType | None = frame
    for _ in range(FRAMES_LOOKED_AT):
        if looked is None:
            break
        if looked.f_code.co_name == "send_packed_command":
            pieces = looked.f_locals.get("command")
            if isinstance(pieces, list) and any(data is piece for piece in pieces):
                return b"".join(pieces) if data is pieces[0] else None
            break
        looked = looked.f_back
    return bytes(data)


def _stacks(
    pipeline: Any, commands: Any, count: int, own: tuple[Frame, ...]
) -> list[tuple[Frame, ...]]:
    """One for each of ``count`` commands: those around the queued ones are ``execute()``'s."""
    known = _queued.get(pipeline, [])
    by_arguments = {id(arguments): stack for arguments, stack in known}
    queued = [by_arguments.get(id(command[0]), ()) for command in commands]
    if count == len(queued) + 2:
        return [own, *queued, own]
    if count >= len(queued):
        return [own] * (count - len(queued)) + queued
    return [()] * count


def split_commands(data: bytes) -> list[int] | None:
    """The length of each command of a RESP request; None if it is no sequence of whole arrays."""
    lengths = []
    at = 0
    try:
        while at < len(data):
            start = at
            if data[at : at + 1] != b"*":
                return None
            end = data.index(b"\r\n", at)
            count, at = int(data[at + 1 : end]), end + 2
            for _ in range(count):
                end = data.index(b"\r\n", at)
                at = end + 2 + int(data[at + 1 : end]) + 2
            lengths.append(at - start)
    except ValueError:
        return None
    return lengths if at == len(data) else None
