"""The environment that makes a process report the line of each message, and follow a clock."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

NODE_PRELOAD = Path(__file__).with_name("node.cjs")
"""Loaded by ``node --require`` into every Node process of the system."""
NODE_CLOCK = Path(__file__).with_name("clock.cjs")
"""The same, for a process that is to follow the lab's clock."""
PYTHON_PRELOAD = Path(__file__).with_name("python") / "preload"
"""Comes first in ``PYTHONPATH``; its ``sitecustomize`` loads the clock and the tracer, then the
user's own."""


def environment(
    existing: Mapping[str, str], *, trace_fd: int, ports: Iterable[int], heard: Path | None = None
) -> dict[str, str]:
    """``existing`` with the tracers added; the user's NODE_OPTIONS and PYTHONPATH are kept.

    ``trace_fd`` is the writing end of a pipe, open here, that the caller lets the process inherit
    under the same number (``pass_fds``); ``ports`` are those of the proxies. The pipe has to be
    read all the time: a process waits when it is full. Its identity is passed on, so that no
    process ever writes to another file that has the same number. ``heard`` is a file of one byte,
    0 while nobody listens, for those who cannot ask the pipe without being slower for it.
    """
    status = os.fstat(trace_fd)
    return {
        **existing,
        "NODE_OPTIONS": _node_options(existing.get("NODE_OPTIONS", "")),
        "PYTHONPATH": _python_path(existing.get("PYTHONPATH", "")),
        "REDHANDED_TRACE_FD": str(trace_fd),
        "REDHANDED_TRACE_PIPE": f"{status.st_dev}:{status.st_ino}",
        "REDHANDED_TRACE_PORTS": ",".join(str(port) for port in ports),
        **({} if heard is None else {"REDHANDED_TRACE_HEARD": str(heard.resolve())}),
    }


def clock_environment(existing: Mapping[str, str], folder: Path) -> dict[str, str]:
    """``existing`` with the clock of the lab in ``folder`` added; the user's options are kept.

    It comes before the user's own preloads, which may keep a timer's function for later.
    """
    options, clock = existing.get("NODE_OPTIONS", ""), _required(NODE_CLOCK)
    return {
        **existing,
        "NODE_OPTIONS": options if clock in options else f"{clock} {options}".strip(),
        "PYTHONPATH": _python_path(existing.get("PYTHONPATH", "")),
        "REDHANDED_CLOCK": str(folder.resolve()),
    }


def _node_options(options: str) -> str:
    option = _required(NODE_PRELOAD)
    return options if option in options else f"{options} {option}".strip()


def _required(preload: Path) -> str:
    return f"--require {_quoted(str(preload))}"


def _python_path(path: str) -> str:
    entries = path.split(os.pathsep) if path else []
    if str(PYTHON_PRELOAD) not in entries:
        entries.insert(0, str(PYTHON_PRELOAD))
    return os.pathsep.join(entries)


def _quoted(path: str) -> str:
    """As ``NODE_OPTIONS`` wants it: double quotes, with backslashes before quotes."""
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if " " in path or escaped != path else path
