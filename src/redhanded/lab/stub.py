"""Answers for an outside service from recorded routes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from redhanded.case.errors import InputError
from redhanded.lab.proxy import Channel, Upstream
from redhanded.lab.pump import Pump
from redhanded.lab.wire.unit import HttpRequest, Unit


class RecordedRoute(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One route of a routes file."""

    method: str
    path: str
    """Segments that begin with ``:`` match anything and fill ``{path.name}`` in the answer."""
    status: int = 200
    headers: dict[str, str] = {}
    json: Any = None
    body: str | None = None
    delay_ms: float = 0.0
    """How long the real service took; honoured in natural runs only."""


class RoutesFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole file."""

    routes: list[RecordedRoute]


@dataclass(frozen=True, slots=True, kw_only=True)
class StubAnswer:
    """What goes back, and how long the real service would have taken."""

    data: bytes
    delay_ms: float


def read_routes(path: Path) -> tuple[RecordedRoute, ...]:
    """The routes of a file; ``InputError`` names the file and what is wrong with it."""
    try:
        return tuple(msgspec.json.decode(path.read_bytes(), type=RoutesFile).routes)
    except OSError as error:
        raise InputError(
            f"The stub's routes file {path} cannot be read ({error.strerror}): "
            "create it, or correct `routes` in redhanded.toml."
        ) from error
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise InputError(
            f'The stub\'s routes file {path} is not of the form {{"routes": [{{"method", "path", '
            f'"status", "json"}}]}}: {error}.'
        ) from error


def respond(routes: tuple[RecordedRoute, ...], request: HttpRequest) -> StubAnswer:
    """The recorded answer; 404 that names the request where none matches."""
    path = request.target.partition("?")[0]
    for route in routes:
        values = _match(route, request.method, path)
        if values is not None:
            body = route.body if route.body is not None else json.dumps(route.json)
            return StubAnswer(
                data=_response(route.status, route.headers, _fill(body, values), request.method),
                delay_ms=route.delay_ms,
            )
    missing = json.dumps({"error": f"no recorded route for {request.method} {path}"})
    return StubAnswer(data=_response(404, {}, missing, request.method), delay_ms=0.0)


class StubUpstream:
    """The stub's end of a channel."""

    def __init__(
        self,
        pump: Pump,
        channel: Channel,
        routes: tuple[RecordedRoute, ...],
        natural: Callable[[], bool],
    ) -> None:
        self._pump = pump
        self._channel = channel
        self._routes = routes
        self._natural = natural
        self._open = True

    def forward(self, unit: Unit) -> None:
        if unit.request is None:
            return
        answer = respond(self._routes, unit.request)
        if self._natural() and answer.delay_ms:
            self._pump.after(answer.delay_ms / 1000.0, lambda: self._send(answer.data))
        else:
            self._pump.after(0.0, lambda: self._send(answer.data))

    def send(self, data: bytes) -> None:
        """What is no HTTP has no recorded answer."""

    def finish(self) -> None:
        self.close()

    def close(self) -> None:
        self._open = False

    def _send(self, data: bytes) -> None:
        if self._open:
            self._channel.from_server(data)


def stub_upstream(
    pump: Pump, routes: tuple[RecordedRoute, ...], natural: Callable[[], bool]
) -> Callable[[Channel], Upstream]:
    """Connects a channel to a stub."""

    def connect(channel: Channel) -> Upstream:
        return StubUpstream(pump, channel, routes, natural)

    return connect


def _match(route: RecordedRoute, method: str, path: str) -> dict[str, str] | None:
    if route.method.upper() != method.upper():
        return None
    pattern = "/".join(
        f"(?P<{segment[1:]}>[^/]+)" if segment.startswith(":") else re.escape(segment)
        for segment in route.path.split("/")
    )
    found = re.fullmatch(pattern, path)
    return found.groupdict() if found else None


def _fill(body: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        body = body.replace("{path." + name + "}", value)
    return body


def _response(status: int, headers: dict[str, str], body: str, method: str) -> bytes:
    data = body.encode()
    names = {name.lower() for name in headers}
    lines = [f"HTTP/1.1 {status} Recorded"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if "content-type" not in names:
        lines.append("content-type: application/json")
    lines.append(f"content-length: {len(data)}")
    head = ("\r\n".join(lines) + "\r\n\r\n").encode()
    return head if method.upper() == "HEAD" else head + data
