"""The outside world: sends a workload's requests, signed as their receiver expects."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from io import BytesIO
from typing import Any, Protocol, cast

from redhanded.case.errors import InputError, WireError
from redhanded.case.system import Delivery, Signature
from redhanded.lab.clock import epoch_s
from redhanded.lab.pump import Pipe, Pump
from redhanded.lab.wire.http import HttpStream

UNIQUE = "{unique}"
NO_VALUES: Mapping[str, Any] = {}
ANSWER_BYTES_KEPT = 1 << 20


class Answering(Protocol):
    """What was sent or started, and how it was answered."""

    status: int | None
    """HTTP status or exit code; None: there was no answer."""
    on_end: Callable[[], None] | None

    @property
    def ended(self) -> bool: ...

    @property
    def body(self) -> bytes:
        """Of the answer; empty where it has none."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, ready to be sent."""

    data: bytes
    text: str
    """Method, path and body for a reader."""


def build(
    delivery: Delivery,
    unique: str,
    environment: Mapping[str, str],
    values: Mapping[str, Any] = NO_VALUES,
) -> Request:
    """The request with ``{unique}`` and ``values`` filled in and the signature made."""
    values = {**values, "unique": unique}
    body = _body(delivery, values)
    path = filled_in(delivery.path, values)
    headers = {name: filled_in(value, values) for name, value in delivery.headers.items()}
    lower = {name.lower() for name in headers}
    if body and "content-type" not in lower:
        headers["Content-Type"] = "application/json"
    if delivery.sign is not None:
        name, value = sign(delivery.sign, body, environment)
        headers[name] = value
    lines = [f"{delivery.method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join(lines).encode() + b"\r\n\r\n"
    return Request(
        data=head + body, text=f"{delivery.method} {path} {body.decode('utf-8', 'replace')}"
    )


def sign(signature: Signature, body: bytes, environment: Mapping[str, str]) -> tuple[str, str]:
    """Header name and value for a body."""
    secret = environment.get(signature.secret_env)
    if secret is None:
        raise InputError(
            f"The workload is signed with `{signature.secret_env}`, which the receiving process "
            "does not have: set it in that process's `env` in redhanded.toml."
        )
    if signature.scheme == "stripe":
        at = str(int(epoch_s()))
        digest = _hmac(secret, at.encode() + b"." + body)
        return signature.header or "Stripe-Signature", f"t={at},v1={digest}"
    if signature.scheme == "github":
        return signature.header or "X-Hub-Signature-256", f"sha256={_hmac(secret, body)}"
    if signature.scheme == "hmac-sha256":
        return signature.header or "X-Signature", _hmac(secret, body)
    raise InputError(
        f"The signature scheme `{signature.scheme}` is not known: use stripe, github or "
        "hmac-sha256 in the workload's `sign`."
    )


class Exchange:
    """One request on a connection of its own, and its answer.

    With ``wait`` only the connection is made; the request is sent by ``go``.
    """

    def __init__(
        self,
        pump: Pump,
        connection: socket.socket,
        port: int,
        request: Request,
        *,
        wait: bool = False,
    ) -> None:
        self.status: int | None = None
        self.ended = False
        self.raw = b""
        """The first bytes of the answer."""
        self.on_end: Callable[[], None] | None = None
        self._stream = HttpStream()
        self._stream.client(request.data)
        self._request = request.data
        try:
            connection.connect(("127.0.0.1", port))
        except OSError:
            connection.close()
            self.ended = True
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._pipe = Pipe(pump, connection, self._from_server, self._closed)
        if not wait:
            self.go()

    def go(self) -> None:
        """Sends the request, once."""
        if not self.ended:
            data, self._request = self._request, b""
            self._pipe.send(data)

    def close(self) -> None:
        if not self.ended:
            self._pipe.close()
            self._finish()

    @property
    def body(self) -> bytes:
        """Of the answer, without its transfer coding."""
        try:
            response = HTTPResponse(cast(socket.socket, _Recorded(self.raw)))
            response.begin()
            return response.read()
        except (HTTPException, OSError, ValueError):
            return b""

    def _from_server(self, data: bytes) -> None:
        if len(self.raw) < ANSWER_BYTES_KEPT:
            self.raw += data
        try:
            answers = self._stream.server(data)
        except WireError:
            self.close()
            return
        for answer in answers:
            self.status = answer.status or self.status
            if answer.complete and answer.serial is not None:
                self._pipe.close()
                self._finish()

    def _closed(self) -> None:
        self._stream.end()
        self._finish()

    def _finish(self) -> None:
        if not self.ended:
            self.ended = True
            if self.on_end is not None:
                self.on_end()


class _Recorded:
    """A connection whose bytes are all there."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> BytesIO:
        return BytesIO(self._data)


def filled_in(text: str, values: Mapping[str, Any]) -> str:
    """``text`` with every ``{name}`` of ``values`` replaced; other braces stay."""
    for name, value in values.items():
        text = text.replace(
            "{" + name + "}", value if isinstance(value, str) else json.dumps(value)
        )
    return text


def _body(delivery: Delivery, values: Mapping[str, Any]) -> bytes:
    if delivery.raw_body is not None:
        return filled_in(delivery.raw_body, values).encode()
    if delivery.body is None:
        return b""
    return json.dumps(_fill(delivery.body, values), separators=(",", ":")).encode()


def _fill(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        # A number stays a number where nothing stands around it.
        whole = value[1:-1] if value[:1] == "{" and value[-1:] == "}" else ""
        return values[whole] if whole in values else filled_in(value, values)
    if isinstance(value, list):
        return [_fill(item, values) for item in value]
    if isinstance(value, dict):
        return {name: _fill(item, values) for name, item in value.items()}
    return value


def _hmac(secret: str, data: bytes) -> str:
    return hmac.new(secret.encode(), data, hashlib.sha256).hexdigest()
