"""@fastify/autoload: the files of a folder are registered as plugins.

Reference: https://github.com/fastify/fastify-autoload#readme. The prefix of a file is the folder it
is in, or its ``autoPrefix``; a folder with an ``index`` is loaded from that alone, and its
subfolders after it; ``_id`` stands for a parameter with ``routeParams``.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from redhanded.source.flow.framework import CallSite, Surroundings
from redhanded.source.flow.frameworks.reading import argument, function, is_true, members, text
from redhanded.source.flow.module import Module
from redhanded.source.flow.values import Library, Value

PACKAGE = "@fastify/autoload"
_INDEX = re.compile(r"(?:^|/)index\.[cm]?[jt]s$")
_LEFT_OUT = re.compile(r"\.(?:test|spec|d)\.[cm]?ts$|\.(?:test|spec)\.[cm]?js$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """One file that is registered."""

    path: str
    plugin: Value
    """What it gives by default, wrapped or not."""
    function: Value
    prefix: str


def is_autoload(plugin: Value | None) -> bool:
    return isinstance(plugin, Library) and plugin.package == PACKAGE


def loaded(site: CallSite, around: Surroundings) -> Iterator[Loaded]:
    """The files of the folder, those nearest to it first."""
    options = members(argument(site, 1))
    folder = text(options.get("dir"))
    if folder is None or not folder.startswith("/"):
        return
    folder = folder.strip("/")
    base = text(members(options.get("options")).get("prefix")) or ""
    found = [one for one in around.modules() if _is_in(one, folder)]
    indexed = {posixpath.dirname(one.path) for one in found if _INDEX.search(one.path)}
    for one in sorted(found, key=lambda each: (each.path.count("/"), each.path)):
        here = posixpath.dirname(one.path)
        if here in indexed and not _INDEX.search(one.path):
            continue
        plugin = _given(one, "default", around) or _given(one, "=", around)
        called = function(plugin)
        if plugin is None or called is None:
            continue
        own = text(_given(one, "autoPrefix", around))
        place = own if own is not None else here.removeprefix(folder).strip("/")
        if is_true(options.get("routeParams")):
            place = re.sub(r"(^|/)_(\w+)", r"\1:\2", place)
        prefix = posixpath.join("/", base.strip("/"), place.strip("/")).rstrip("/")
        yield Loaded(path=one.path, plugin=plugin, function=called, prefix=prefix)


def _is_in(module: Module, folder: str) -> bool:
    inside = module.path.startswith(f"{folder}/") if folder else True
    return inside and module.language != "python" and not _LEFT_OUT.search(module.path)


def _given(module: Module, name: str, around: Surroundings) -> Value | None:
    for one in module.exports:
        if one.exported == name and one.value is not None:
            return around.evaluate(one.value, module.path)
    return None
