"""Docker's json-file driver, and what forwards its lines: the line in ``log``, in pieces of 16 KiB
if it is longer."""

from __future__ import annotations

import msgspec

from redhanded.logs.envelopes.line_envelope import Unwrapped
from redhanded.logs.times import epoch_ms

_PIECE_BYTES_MIN = 16_000
"""A line without its end is a piece if it is about as long as pieces are; forwarders (FireLens,
some of Fluentd's filters) take the ends off whole lines."""


class _Pod(msgspec.Struct):
    pod_name: str = ""
    container_name: str = ""


class _Line(msgspec.Struct):
    log: str
    time: str | float = ""
    stream: str = ""
    at: str = msgspec.field(default="", name="@timestamp")
    source: str = ""
    container_name: str = ""
    kubernetes: _Pod | None = None


class DockerJson:
    """``{"log":"…\\n","stream":"stdout","time":"…"}``; only the last piece ends with a newline."""

    name = "docker json-file"
    starts = "{"

    def __init__(self) -> None:
        self._decoder = msgspec.json.Decoder(_Line)

    def unwrap(self, line: str) -> Unwrapped | None:
        if not line.startswith('{"log"') and '"log":' not in line:
            return None
        try:
            found = self._decoder.decode(line)
        except (msgspec.MsgspecError, RecursionError):
            return None
        stream = found.stream or found.source
        if stream not in ("stdout", "stderr"):
            return None
        moment = epoch_ms(found.time or found.at)
        log = found.log
        whole = log.endswith("\n") or len(log.encode(errors="replace")) < _PIECE_BYTES_MIN
        return Unwrapped(
            text=log.rstrip("\r\n"),
            source=_source(found),
            stream=stream,
            at_ms=moment[0] if moment else None,
            partial=not whole,
        )


def _source(found: _Line) -> str | None:
    pod = found.kubernetes
    if pod is not None and pod.pod_name:
        return f"{pod.pod_name}/{pod.container_name}" if pod.container_name else pod.pod_name
    return found.container_name or None
