"""HTTP requests in logs: their route and how long they took."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from redhanded.case.inert import inert
from redhanded.logs.record import Record, Scalar

_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE"))
_METHOD_NAMES = (
    "req.method", "request.method", "method", "http.method", "http.request.method",
    "httpRequest.requestMethod", "http_method", "request_method", "verb",
)  # fmt: skip
_PATH_NAMES = (
    "req.url", "req.originalUrl", "request.url", "request.path", "url", "originalUrl", "path",
    "http.url", "http.target", "http.route", "url.path", "httpRequest.requestUrl", "request_path",
    "uri", "request_uri", "route",
)  # fmt: skip
_IN_TEXT = re.compile(
    r"\b(?P<method>GET|POST|PUT|PATCH|DELETE)\s+(?:https?://[^/\s]+)?(?P<path>/[^\s\"'?,;]*)"
)
_VARIABLE_PART = re.compile(r"\d|^[0-9a-f]{8,}$|@|%")
_VERSION_PART = re.compile(r"^v\d{1,2}$")
_DURATION_NAME = re.compile(
    r"(?:duration|responsetime|response_time|elapsed|latency|took|request_time)"
    r"(?P<unit>_?(?:ms|millis|s|sec|secs|seconds|us|ns))?$",
    re.IGNORECASE,
)
_UNIT_MS = {"": 1.0, "ms": 1.0, "millis": 1.0, "us": 1e-3, "ns": 1e-6}


def route_of(record: Record) -> str | None:
    """Method and path with its variable parts as ``:id``, e.g. ``POST /things/:id``; None if the
    entry is not about an HTTP request."""
    fields = record.entry.fields
    method_name, path_name, _ = _shape(tuple(fields))
    if method_name is not None and path_name is not None:
        method, path = fields[method_name], fields[path_name]
        known = isinstance(method, str) and method.upper() in _METHODS
        if known and isinstance(path, str) and "/" in path:
            return f"{str(method).upper()} {path_template(path)}"
    if "/" not in record.entry.message:
        return None
    match = _IN_TEXT.search(record.entry.message)
    return f"{match['method']} {path_template(match['path'])}" if match else None


@lru_cache(maxsize=4096)
def path_template(url: str) -> str:
    """The path of ``url`` without its query; parts with digits (but ``v1``) become ``:id``."""
    path = re.sub(r"^https?://[^/]+", "", inert(url)).partition("?")[0].partition("#")[0]
    parts = [
        ":id" if _VARIABLE_PART.search(part) and not _VERSION_PART.match(part) else part
        for part in path.split("/")
    ]
    return "/".join(parts).rstrip("/") or "/"


def duration_ms(fields: Mapping[str, Scalar]) -> float | None:
    """How long the entry says something took; names without a unit count as milliseconds."""
    for name, unit_ms in _shape(tuple(fields))[2]:
        value = fields[name]
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value * unit_ms
    return None


@lru_cache(maxsize=2048)
def _shape(
    names: tuple[str, ...],
) -> tuple[str | None, str | None, tuple[tuple[str, float], ...]]:
    """The names of method and path, and those of durations with their unit in milliseconds."""
    durations = []
    for name in names:
        match = _DURATION_NAME.search(name)
        if match:
            unit = (match["unit"] or "").lstrip("_").lower()
            durations.append((name, _UNIT_MS.get(unit, 1000.0)))
    return _first(names, _METHOD_NAMES), _first(names, _PATH_NAMES), tuple(durations)


def _first(names: tuple[str, ...], wanted: tuple[str, ...]) -> str | None:
    return next((name for name in wanted if name in names), None)
