"""Which files are the application's, and where a walk along the stack has to end."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from typing import NamedTuple

LOOPS = (
    ("asyncio/events.py", "_run"),
    ("asyncio/runners.py", "run"),
    ("asyncio/base_events.py", "run_until_complete run_forever"),
    ("socketserver.py", "serve_forever process_request_thread"),
    ("multiprocessing/process.py", "_bootstrap"),
    ("billiard/process.py", "_bootstrap"),
    ("rq/worker.py", "work"),
    ("rq/worker/base.py", "work"),
    ("rq/worker_pool.py", "start"),
    ("celery/app/base.py", "worker_main start"),
    ("celery/apps/worker.py", "start"),
    ("celery/worker/worker.py", "start"),
    ("django/core/management/__init__.py", "execute_from_command_line"),
    ("uvicorn/main.py", "run main"),
    ("gunicorn/app/base.py", "run"),
    ("hypercorn/run.py", "run"),
    ("waitress/__init__.py", "serve"),
    ("werkzeug/serving.py", "run_simple serve_forever"),
    ("dramatiq/worker.py", "start run"),
    ("huey/consumer.py", "run"),
    ("arq/worker.py", "run run_worker"),
    ("aiohttp/web.py", "run_app"),
)
"""Library functions that run until the program ends: whoever started them is not the caller of what
they do."""

WAITING = frozenset({"wait_for", "shield", "gather", "wait", "as_completed"})
"""Functions of asyncio that make a task in order to wait for it."""

ON_BEHALF = re.compile(r"[\\/](anyio|asgiref|aiohttp|httpcore|async_timeout|asyncpg)[\\/]")
"""Libraries whose tasks do what their caller asked for, not housekeeping of their own."""

_LIBRARY = re.compile(r"[\\/](site-packages|dist-packages)[\\/]")
_ASYNCIO = re.compile(r"[\\/]asyncio[\\/]\w+\.py$")


class Place(NamedTuple):
    """What is known of a source file."""

    path: str
    """Absolute; empty for anything but the application."""
    ends: frozenset[str]
    """Functions at which a walk ends."""
    spawns: bool
    """A part of asyncio."""
    greenlets: bool
    """SQLAlchemy's, which runs synchronous code in a greenlet."""


_places: dict[str, Place] = {}
_start = os.getcwd()  # noqa: PTH109 (pathlib is slow to load)


def place_of(filename: str) -> Place:
    """Of a file by its name in a code object."""
    found = _places.get(filename)
    if found is None:
        found = _places[filename] = _find(filename)
    return found


def _find(filename: str) -> Place:
    if filename.startswith("<"):
        return Place("", frozenset(), False, False)
    path = os.path.normpath(os.path.join(_start, filename))  # noqa: PTH118
    plain = path.replace("\\", "/")
    ends = [names for tail, names in LOOPS if plain.endswith("/" + tail)]
    return Place(
        path="" if _is_foreign(path) else path,
        ends=frozenset(" ".join(ends).split()),
        spawns=bool(_ASYNCIO.search(path)) and path.startswith(_standard),
        greenlets="/sqlalchemy/util/" in plain and "concurrency" in plain,
    )


def _is_foreign(path: str) -> bool:
    return bool(_LIBRARY.search(path)) or path.startswith((*_roots, _OWN))


def _library_roots() -> tuple[str, ...]:
    """Folders of the interpreter, its environment's scripts included, as they are and resolved."""
    names = ("stdlib", "platstdlib", "purelib", "platlib", "scripts")
    found = {sysconfig.get_path(name) for name in names}
    found |= {os.path.join(sys.prefix, name) for name in ("lib", "lib64", "bin")}  # noqa: PTH118
    kept = {path for path in found if path and path not in (os.sep, sys.prefix)}
    kept |= {os.path.realpath(path) for path in kept}
    return tuple(sorted(path.rstrip(os.sep) + os.sep for path in kept))


_roots = _library_roots()
_standard = str(os.path.dirname(os.__file__)) + os.sep + "asyncio"  # noqa: PTH120
_OWN = os.path.dirname(os.path.abspath(__file__)) + os.sep  # noqa: PTH100, PTH120
