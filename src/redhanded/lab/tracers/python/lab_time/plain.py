"""Puts functions where the interpreter has some that are written in C."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Any


class Plain:
    """A function that is no method where a class keeps it, as those in C are not."""

    def __init__(self, function: Callable[..., Any], like: Any) -> None:
        name: str = like.__name__
        self.__name__ = self.__qualname__ = self._name = name
        self.__doc__ = like.__doc__
        self.__module__ = like.__module__
        self._function = function

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return self._function(*arguments, **options)

    def __repr__(self) -> str:
        return f"<function {self.__module__}.{self.__name__} on the lab's clock>"

    def __reduce__(self) -> str:
        return self._name


def replace(module: Any, name: str, function: Callable[..., Any]) -> None:
    """Replaces a function of a module written in C; nothing where there is none."""
    inner = getattr(module, name, None)
    if inner is not None:
        setattr(module, name, Plain(function, inner))


def replace_method(kind: type, name: str, method: Any) -> None:
    """Replaces a method of a type written in C, which remains the type that C code knows.

    Such a type lets no attribute be set, but its dictionary can be reached; what the interpreter
    remembers of the type is then forgotten. RuntimeError where that changes nothing.
    """
    for names in gc.get_referents(kind.__dict__):
        if isinstance(names, dict) and name in names:
            names[name] = method
    try:
        import ctypes

        ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))
    except (ImportError, AttributeError):
        sys._clear_type_cache()
    function = getattr(method, "__func__", method)
    found = getattr(kind, name)
    if getattr(found, "__func__", found) is not function:
        raise RuntimeError(f"{kind.__name__}.{name} cannot be replaced")
