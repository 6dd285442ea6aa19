"""Docker's json-file driver: the line in ``log``, in pieces of 16 KiB if it is longer."""

from __future__ import annotations

import msgspec

from redhanded.logs.envelopes.line_envelope import Unwrapped
from redhanded.logs.times import epoch_ms


class _Line(msgspec.Struct):
    log: str
    time: str = ""
    stream: str = ""


class DockerJson:
    """``{"log":"…\\n","stream":"stdout","time":"…"}``; only the last piece ends with a newline."""

    name = "docker json-file"
    starts = "{"

    def __init__(self) -> None:
        self._decoder = msgspec.json.Decoder(_Line)

    def unwrap(self, line: str) -> Unwrapped | None:
        if not line.startswith('{"log"') and '"stream":' not in line:
            return None
        try:
            found = self._decoder.decode(line)
        except (msgspec.MsgspecError, RecursionError):
            return None
        if not found.stream or not found.time:
            return None
        moment = epoch_ms(found.time)
        return Unwrapped(
            text=found.log.rstrip("\r\n"),
            stream=found.stream,
            at_ms=moment[0] if moment else None,
            partial=not found.log.endswith("\n"),
        )
