"""Tasks and threads that work on behalf of a call keep the line of that call."""

from __future__ import annotations

import functools
import sys
from contextlib import suppress
from typing import Any

from .pipe import Frame, heard
from .pipelines import sending
from .stacks import ORIGIN_DEPTH, behalf_of, capture, tasks, thread


def patch_loop(module: Any) -> None:
    """``asyncio.base_events``."""
    _patch_create_task(module.BaseEventLoop)


def patch_uvloop(module: Any) -> None:
    """``uvloop``."""
    _patch_create_task(module.Loop)


def patch_executor(module: Any) -> None:
    """``concurrent.futures.thread``."""
    _patch_submit(module.ThreadPoolExecutor)


def patch_asgiref(module: Any) -> None:
    """``asgiref.current_thread_executor``."""
    owner = getattr(module, "_CurrentThreadExecutor", None) or module.CurrentThreadExecutor
    _patch_submit(owner)


def _patch_create_task(owner: Any) -> None:
    inner = owner.create_task

    @functools.wraps(inner)
    def create_task(self: Any, coro: Any, *arguments: Any, **options: Any) -> Any:
        if not heard():
            if sys.get_coroutine_origin_tracking_depth() == ORIGIN_DEPTH:
                sys.set_coroutine_origin_tracking_depth(0)
            return inner(self, coro, *arguments, **options)
        known = None
        with suppress(Exception):
            if sys.get_coroutine_origin_tracking_depth() < ORIGIN_DEPTH:
                sys.set_coroutine_origin_tracking_depth(ORIGIN_DEPTH)
            frame = sys._getframe(1)
            stack = behalf_of(coro, frame)
            pipeline = sending(frame)
            known = (stack, pipeline) if stack or pipeline else None
        task = inner(self, coro, *arguments, **options)
        if known is not None:
            with suppress(Exception):
                tasks[task] = known
        return task

    owner.create_task = create_task


def _patch_submit(owner: Any) -> None:
    inner = owner.submit

    @functools.wraps(inner)
    def submit(self: Any, fn: Any, *arguments: Any, **options: Any) -> Any:
        stack: tuple[Frame, ...] = ()
        with suppress(Exception):
            stack = capture(sys._getframe(1))
        if not stack:
            return inner(self, fn, *arguments, **options)
        return inner(self, _on_behalf(fn, stack), *arguments, **options)

    owner.submit = submit


def _on_behalf(fn: Any, stack: Any) -> Any:
    @functools.wraps(fn, updated=())
    def work(*arguments: Any, **options: Any) -> Any:
        outer = getattr(thread, "stack", ())
        thread.stack = stack
        try:
            return fn(*arguments, **options)
        finally:
            thread.stack = outer

    return work
