"""psycopg and psycopg2: libpq sends by itself, so a call says whose bytes are to come."""

from __future__ import annotations

import sys
from collections import deque
from contextlib import suppress
from typing import Any

from .pipe import Frame, heard
from .stacks import capture
from .streams import report_descriptor
from .wrapping import after, before, before_coroutine


def patch_connection(module: Any) -> None:
    """``psycopg.connection``: everything that is sent is sent in ``wait``."""
    before(module.Connection, "wait", _announce)
    before(module.Connection, "close", _announce)


def patch_async_connection(module: Any) -> None:
    """``psycopg.connection_async``."""
    before_coroutine(module.AsyncConnection, "wait", _announce)
    before_coroutine(module.AsyncConnection, "close", _announce)


def patch_pipeline(module: Any) -> None:
    """``psycopg._pipeline_base`` (``psycopg._pipeline`` before 3.3): a command is sent in a later
    ``wait`` than the one that belongs to its line."""
    owner = getattr(module, "BasePipeline", None)
    if owner is not None:
        after(owner, "__init__", _replace_queue)


def _announce(connection: Any, *_: Any, **__: Any) -> None:
    if not heard():
        return
    descriptor = connection.pgconn.socket
    if descriptor >= 0:
        report_descriptor(descriptor, capture(sys._getframe(1)))


def _replace_queue(_result: Any, pipeline: Any, *_: Any, **__: Any) -> None:
    pipeline.command_queue = _Queue(pipeline.command_queue, pipeline.pgconn)


class _Queue(deque):  # type: ignore[type-arg]
    """Commands that report the line that queued them when they are sent.

    psycopg flushes what is unsent before it calls the next one.
    """

    def __init__(self, commands: Any, pgconn: Any) -> None:
        super().__init__(commands)
        self.pgconn = pgconn

    def append(self, command: Any) -> None:
        with suppress(Exception):
            command = _traced(command, self.pgconn, capture(sys._getframe(1)))
        super().append(command)


def _traced(command: Any, pgconn: Any, stack: tuple[Frame, ...]) -> Any:
    def call() -> Any:
        with suppress(Exception):
            report_descriptor(pgconn.socket, stack)
        return command()

    return call


def patch_psycopg2(module: Any) -> None:
    """``psycopg2``: its types are closed, so ``connect`` makes connections of a type below them."""
    traced = _traced_connection(module.extensions)
    inner = module.connect

    def connect(
        dsn: Any = None, connection_factory: Any = None, cursor_factory: Any = None, **options: Any
    ) -> Any:
        factory = connection_factory or traced
        return inner(dsn, connection_factory=factory, cursor_factory=cursor_factory, **options)

    connect.__doc__ = inner.__doc__
    module.connect = connect


def _traced_connection(extensions: Any) -> Any:
    def announce(connection: Any) -> None:
        if not heard():
            return
        with suppress(Exception):
            report_descriptor(connection.fileno(), capture(sys._getframe(2)))

    class connection(extensions.connection):  # type: ignore[misc]
        def cursor(self, *arguments: Any, **options: Any) -> Any:
            if len(arguments) < 2:
                factory = options.get("cursor_factory") or self.cursor_factory
                factory = factory or extensions.cursor
                options["cursor_factory"] = _traced_cursor(factory, announce)
            return super().cursor(*arguments, **options)

        def commit(self) -> Any:
            announce(self)
            return super().commit()

        def rollback(self) -> Any:
            announce(self)
            return super().rollback()

    connection.__module__ = extensions.connection.__module__
    return connection


_cursors: dict[Any, Any] = {}


def _traced_cursor(factory: Any, announce: Any) -> Any:
    if not isinstance(factory, type):
        return factory
    if factory not in _cursors:
        methods = {"__module__": factory.__module__, "__doc__": factory.__doc__}
        for name in _CURSOR_CALLS + _NAMED_CURSOR_CALLS:
            if hasattr(factory, name):
                methods[name] = _cursor_call(factory, name, announce)
        _cursors[factory] = type(factory.__name__, (factory,), methods)
    return _cursors[factory]


_CURSOR_CALLS = ("execute", "executemany", "callproc", "copy_expert", "copy_from", "copy_to")
_NAMED_CURSOR_CALLS = (
    "fetchone",
    "fetchmany",
    "fetchall",
    "__next__",
    "scroll",
    "close",
    "__exit__",
)
"""With these only a named cursor asks the server for something."""


def _cursor_call(factory: Any, name: str, announce: Any) -> Any:
    inner = getattr(factory, name)

    def call(self: Any, *arguments: Any, **options: Any) -> Any:
        if name in _CURSOR_CALLS or self.name is not None:
            announce(self.connection)
        return inner(self, *arguments, **options)

    call.__name__, call.__doc__ = name, inner.__doc__
    return call
