"""The application's frames of the call that is under way, through tasks, threads and greenlets."""

from __future__ import annotations

import sys
from _thread import _local
from types import CodeType, FrameType
from typing import Any
from weakref import WeakKeyDictionary

from .pipe import Frame, heard
from .places import ON_BEHALF, WAITING, place_of

FRAMES_MAX = 24
WALK_MAX = 400
ORIGIN_DEPTH = 8
"""Frames that the interpreter keeps of the place where a coroutine was made."""

tasks: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
"""What tasks do on whose behalf: task → (stack, redis pipeline)."""
thread: Any = _local()
"""``stack``: of the call that gave this thread its work."""


def capture(frame: FrameType | None = None) -> tuple[Frame, ...]:
    """Innermost first; empty where no line of the application stands behind the call, or where
    nobody wants to know."""
    if not heard():
        return ()
    found: list[Frame] = []
    _walk(frame or sys._getframe(1), found)
    return tuple(found) or inherited()


def inherited() -> tuple[Frame, ...]:
    """Of the call on whose behalf this task or thread works."""
    task = current_task()
    if task is not None:
        known = tasks.get(task)
        return known[0] if known else ()
    stack: tuple[Frame, ...] = getattr(thread, "stack", ())
    return stack


def current_task() -> Any:
    """The asyncio task that runs in this thread, or None."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return None
    try:
        return asyncio.current_task()
    except (RuntimeError, AttributeError):
        return None


def _walk(frame: FrameType | None, found: list[Frame]) -> None:
    for _ in range(WALK_MAX):
        if frame is None or len(found) >= FRAMES_MAX:
            return
        code = frame.f_code
        place = place_of(code.co_filename)
        if place.path:
            found.append(Frame(place.path, frame.f_lineno or code.co_firstlineno, _name(code)))
        elif place.ends and code.co_name in place.ends:
            return
        elif place.greenlets and code.co_name == "greenlet_spawn":
            inner = getattr(frame.f_locals.get("context"), "gr_frame", None)
            if inner is not None:
                _walk(inner, found)
        frame = frame.f_back


def _name(code: CodeType) -> str | None:
    if code.co_name == "<module>":
        return None
    name = getattr(code, "co_qualname", code.co_name)
    return str(name).rpartition("<locals>.")[2]


def behalf_of(coroutine: Any, frame: FrameType) -> tuple[Frame, ...]:
    """The stack for a task that ``frame`` is about to make; empty if it keeps house for a library.

    Where the coroutine was made comes first: ``gather(a(), b())`` makes tasks on one line of what
    was called on several.
    """
    helper = False
    asking: FrameType | None = frame
    while asking is not None:
        code = asking.f_code
        place = place_of(code.co_filename)
        if not place.spawns:
            break
        if place.ends and code.co_name in place.ends:
            return (_origin(coroutine) or inherited()) if helper else ()
        helper = helper or code.co_name in WAITING
        asking = asking.f_back
    if asking is None:
        return ()
    if not (helper or place.path or ON_BEHALF.search(code.co_filename)):
        return ()
    return _origin(coroutine) or capture(asking)


def _origin(coroutine: Any) -> tuple[Frame, ...]:
    found = []
    for filename, line, name in getattr(coroutine, "cr_origin", None) or ():
        place = place_of(filename)
        if place.path:
            found.append(Frame(place.path, line, None if name == "<module>" else name))
        elif place.ends and name in place.ends:
            break
    return tuple(found)
