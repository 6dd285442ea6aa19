"""``journalctl -o json``: the line in MESSAGE, as text or as an array of bytes."""

from __future__ import annotations

import msgspec

from redhanded.logs.envelopes.line_envelope import Unwrapped
from redhanded.logs.levels import syslog_level
from redhanded.logs.record import Scalar

_MARKS = ('"__REALTIME_TIMESTAMP"', '"_SOURCE_REALTIME_TIMESTAMP"')
_FIELDS = (
    ("_PID", "pid"), ("_HOSTNAME", "hostname"), ("_SYSTEMD_UNIT", "unit"),
    ("SYSLOG_IDENTIFIER", "program"), ("CONTAINER_NAME", "container"),
    ("CODE_FILE", "code.file.path"), ("CODE_LINE", "code.line.number"),
)  # fmt: skip
_SOURCES = ("CONTAINER_NAME", "_SYSTEMD_UNIT", "SYSLOG_IDENTIFIER", "_COMM")


class Journald:
    """One object per entry; bytes that are no text are written as arrays of numbers."""

    name = "journald JSON"
    starts = "{"

    def __init__(self) -> None:
        self._decoder = msgspec.json.Decoder(dict[str, object])

    def unwrap(self, line: str) -> Unwrapped | None:
        if not any(mark in line for mark in _MARKS):
            return None
        try:
            value = self._decoder.decode(line)
        except (msgspec.MsgspecError, RecursionError):
            return None
        if "MESSAGE" not in value:
            return None
        fields: dict[str, Scalar] = {
            ours: found for name, ours in _FIELDS if isinstance(found := value.get(name), str)
        }
        source = next((str(value[name]) for name in _SOURCES if value.get(name)), None)
        own_level = value.get("_TRANSPORT") != "stdout"
        return Unwrapped(
            text=_text(value["MESSAGE"]).rstrip("\r\n"),
            source=source,
            stream=str(value.get("_PID", "")),
            at_ms=_at_ms(value),
            level=syslog_level(value.get("PRIORITY")) if own_level else None,
            partial=value.get("CONTAINER_PARTIAL_MESSAGE") == "true",
            fields=fields,
            apart=own_level,
        )


def _text(message: object) -> str:
    if isinstance(message, str):
        return message
    if isinstance(message, list) and message and all(type(one) is int for one in message):
        try:
            return bytes(message).decode(errors="replace")
        except ValueError:
            return ""
    if isinstance(message, list):
        return "\n".join(_text(one) for one in message)
    return ""


def _at_ms(value: dict[str, object]) -> float | None:
    for name in ("_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP"):
        text = str(value.get(name, ""))
        if text.isdigit() and text.isascii():
            return int(text) / 1000
    return None
