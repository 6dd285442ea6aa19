"""Patches what the program imports, when it imports it; a module that it does not use costs
nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from . import libpq, pipelines, secure, sockets, tasks, uv

PATCHES: dict[str, Callable[[Any], None]] = {
    "socket": sockets.patch_socket,
    "ssl": secure.patch_socket,
    "asyncio.sslproto": secure.patch_transport,
    "asyncio.base_events": tasks.patch_loop,
    "asyncio.selector_events": sockets.patch_transport,
    "concurrent.futures.thread": tasks.patch_executor,
    "asgiref.current_thread_executor": tasks.patch_asgiref,
    "uvloop": tasks.patch_uvloop,
    "asyncio.streams": uv.patch_streams,
    "asyncpg.protocol": uv.patch_asyncpg,
    "psycopg.connection": libpq.patch_connection,
    "psycopg.connection_async": libpq.patch_async_connection,
    "psycopg._pipeline_base": libpq.patch_pipeline,
    "psycopg._pipeline": libpq.patch_pipeline,
    "psycopg2": libpq.patch_psycopg2,
    "redis.client": pipelines.patch_client,
    "redis.asyncio.client": pipelines.patch_client,
    "valkey.client": pipelines.patch_client,
    "valkey.asyncio.client": pipelines.patch_client,
}
"""Module → what is done to it once it is loaded."""


def install() -> None:
    """For what is imported from now on, and for what is there already."""
    sys.meta_path.insert(0, _Finder())
    for name, patch in PATCHES.items():
        module = sys.modules.get(name)
        if module is not None:
            with suppress(Exception):
                patch(module)


class _Finder:
    """Finds what the other finders find, and patches it after it was loaded."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        patch = PATCHES.get(name)
        if patch is None:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if finder is self or find is None:
                continue
            spec = find(name, path, target)
            if spec is not None:
                with suppress(Exception):
                    _patch_when_loaded(spec.loader, patch)
                return spec
        return None


def _patch_when_loaded(loader: Any, patch: Callable[[Any], None]) -> None:
    """The loader is the program's again as soon as the module is loaded."""
    inner = loader.exec_module

    def exec_module(module: Any) -> None:
        with suppress(AttributeError):
            del loader.exec_module
        inner(module)
        with suppress(Exception):
            patch(module)

    loader.exec_module = exec_module
