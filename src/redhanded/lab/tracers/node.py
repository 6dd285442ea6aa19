"""The environment that makes a Node process report the application line of each message."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

PRELOAD = Path(__file__).with_name("node.cjs")
"""Loaded by ``node --require`` into every Node process of the system."""


def environment(
    existing: Mapping[str, str], *, trace_fd: int, ports: Iterable[int]
) -> dict[str, str]:
    """``existing`` with the tracer added; ``NODE_OPTIONS`` of the user are kept.

    ``trace_fd`` is the writing end of a pipe, open here, that the caller lets the process inherit
    under the same number (``pass_fds``); ``ports`` are those of the proxies. The pipe has to be
    read all the time: a process waits when it is full. Its identity is passed on, so that no
    process ever writes to another file that has the same number.
    """
    status = os.fstat(trace_fd)
    option = f"--require {_quoted(str(PRELOAD))}"
    options = existing.get("NODE_OPTIONS", "")
    if option not in options:
        options = f"{options} {option}".strip()
    return {
        **existing,
        "NODE_OPTIONS": options,
        "REDHANDED_TRACE_FD": str(trace_fd),
        "REDHANDED_TRACE_PIPE": f"{status.st_dev}:{status.st_ino}",
        "REDHANDED_TRACE_PORTS": ",".join(str(port) for port in ports),
    }


def _quoted(path: str) -> str:
    """As ``NODE_OPTIONS`` wants it: double quotes, with backslashes before quotes."""
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if " " in path or escaped != path else path
