"""Replaces a function by one that looks the same and says first what is about to happen."""

from __future__ import annotations

import functools
from contextlib import suppress
from typing import Any


def before(owner: Any, name: str, note: Any) -> None:
    """Calls ``note`` with the arguments of ``owner.name`` before it; nothing if that is missing."""
    inner = getattr(owner, name, None)
    if inner is None or hasattr(inner, "__redhanded__"):
        return

    @functools.wraps(inner)
    def outer(*arguments: Any, **options: Any) -> Any:
        with suppress(Exception):
            note(*arguments, **options)
        return inner(*arguments, **options)

    outer.__redhanded__ = True  # type: ignore[attr-defined]
    setattr(owner, name, outer)


def before_coroutine(owner: Any, name: str, note: Any) -> None:
    """The same for a coroutine function: ``note`` is called when it begins to run."""
    inner = getattr(owner, name, None)
    if inner is None or hasattr(inner, "__redhanded__"):
        return

    @functools.wraps(inner)
    async def outer(*arguments: Any, **options: Any) -> Any:
        with suppress(Exception):
            note(*arguments, **options)
        return await inner(*arguments, **options)

    outer.__redhanded__ = True  # type: ignore[attr-defined]
    setattr(owner, name, outer)


def after(owner: Any, name: str, note: Any) -> None:
    """Calls ``note`` with the result of ``owner.name`` and its arguments."""
    inner = getattr(owner, name, None)
    if inner is None or hasattr(inner, "__redhanded__"):
        return

    @functools.wraps(inner)
    def outer(*arguments: Any, **options: Any) -> Any:
        result = inner(*arguments, **options)
        with suppress(Exception):
            note(result, *arguments, **options)
        return result

    outer.__redhanded__ = True  # type: ignore[attr-defined]
    setattr(owner, name, outer)
