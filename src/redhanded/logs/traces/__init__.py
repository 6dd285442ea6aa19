"""Stack traces, one language per file. To add one: write its file and put it into ``TRACES``."""

from __future__ import annotations

import re

from redhanded.logs.traces.cpython import CPython
from redhanded.logs.traces.go import Go
from redhanded.logs.traces.java import Java
from redhanded.logs.traces.others import Others
from redhanded.logs.traces.trace_format import TraceFormat
from redhanded.logs.traces.v8 import V8

TRACES: tuple[TraceFormat, ...] = (Go(), CPython(), Java(), V8(), Others())

_FRAME = re.compile(r"\s+at \S+|\s+File \"|\tfrom ")

_CHAIN = re.compile(r"During handling of the above exception|The above exception was the direct")


def begun(line: str) -> TraceFormat | None:
    """The language whose trace may begin on ``line``."""
    return next((one for one in TRACES if one.begins(line)), None)


def going_on(line: str, last: str, *, blank: bool, known: TraceFormat | None) -> TraceFormat | None:
    """The language in which ``line`` goes on with a trace whose last line was ``last``.

    ``known`` is the language that the trace has shown so far; ``blank`` says whether blank lines
    stand between.
    """
    if known is not None and known.follows(line, last, blank=blank, begun=True):
        return known
    for one in TRACES:
        if one is not known and one.follows(line, last, blank=blank, begun=False):
            return one
    return None


def is_crash(line: str) -> bool:
    """Whether ``line`` begins a trace that is no part of a logger's entry."""
    return any(one.alone(line) for one in TRACES)


def is_chain(line: str) -> bool:
    """Whether ``line`` stands between an exception and the one that was raised from it."""
    return bool(_CHAIN.match(line))


def is_frame(line: str) -> bool:
    """Whether ``line`` is a frame, which never stands alone."""
    return bool(_FRAME.match(line))
