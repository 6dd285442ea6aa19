"""One walk: its recorder, its bounds, and the functions that are being run."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from redhanded.case.evidence import Location
from redhanded.source.flow.module import Function
from redhanded.source.flow.values import Value
from redhanded.source.flow.walking.recorder import Recorder, TooFar
from redhanded.source.flow.walking.scope import Scope

if TYPE_CHECKING:
    from redhanded.source.flow.program import Program

STEPS_MAX = 60_000
DEPTH_MAX = 24
NESTED_MAX = 150


class Frame:
    """A function that is being run."""

    __slots__ = (
        "arguments", "following", "function", "given", "on_yield", "passed", "path", "scope",
    )  # fmt: skip

    def __init__(
        self, path: str, function: Function, scope: Scope, arguments: tuple[Value, ...] = ()
    ) -> None:
        self.path = path
        self.function = function
        self.scope = scope
        self.arguments = arguments
        """What it was given, by place."""
        self.given: list[tuple[tuple[object, ...], Value]] = []
        """What it returns, and the guards under which it does."""
        self.on_yield: Callable[[Value], Value] | None = None
        self.following = ""
        """Of a function that runs before others: the parameter by which it calls the next one."""
        self.passed: tuple[object, ...] | None = None
        """The guards under which it did."""


class Run:
    """What every part of a walk shares."""

    def __init__(self, program: Program, record: Recorder, *, steps: int = STEPS_MAX) -> None:
        self.program = program
        self.record = record
        self.steps = steps
        self.nested = 0
        self.line = 0
        self.frames: list[Frame] = []
        self.making: list[tuple[str, int]] = []
        """Classes of which an instance is being made."""
        self.is_loading = False
        """The top of a file runs: nothing that it does is on the path of an entry."""
        self.entered: set[tuple[str, int]] = set()
        self.files: set[str] = set()
        self.bare: set[tuple[str, int]] = set()
        """Decorated functions whose decorators are being run."""
        self.injected: dict[tuple[str, int], Value] = {}
        """What dependencies gave on this path: each is made once."""
        self.is_before_others = False
        """The next entered function is one of those that run before the handler."""
        self.async_calls: set[int] = set()
        """Calls, by the identity of their form, that gave a promise or coroutine."""
        self.promised: list[list[Value]] = []
        """What ``resolve`` was called with, of each ``new Promise`` that is being made."""

    @property
    def frame(self) -> Frame:
        return self.frames[-1]

    def step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise TooFar

    def active(self, path: str, function: Function) -> int:
        """How many calls of a function are being run."""
        return sum(1 for one in self.frames if one.function is function and one.path == path)

    def limit(self, text: str) -> None:
        self.record.limits[text] = None

    def place(self, line: int, scope: Scope) -> Location:
        return location(scope.path, line, self.frame.function.name if self.frames else "")


@lru_cache(maxsize=100_000)
def location(path: str, line: int, function: str = "") -> Location:
    return Location(path=path, line=line, function=function or None)
