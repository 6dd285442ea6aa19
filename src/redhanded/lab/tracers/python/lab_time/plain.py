"""Puts functions where the interpreter has some that are written in C."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Any

_OWN = __name__.rpartition(".")[0]
_replaced: list[tuple[Any, Any]] = []


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
        outer = Plain(function, inner)
        setattr(module, name, outer)
        _replaced.append((inner, outer))


def hand_out() -> None:
    """Replaces them too where a module has taken them under a name of its own by now."""
    for module in list(sys.modules.values()):
        names = getattr(module, "__dict__", None)
        if not isinstance(names, dict) or str(names.get("__name__")).startswith(_OWN):
            continue
        for name, value in list(names.items()):
            for inner, outer in _replaced:
                if value is inner:
                    names[name] = outer


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
