"""Lets PostgreSQL itself refuse a statement with a given SQLSTATE, as it may at any time.

The unit is replaced by one that raises the error in the same session, so that its transaction is
really in the state that such an error leaves: aborted, or after COMMIT ended.
"""

from __future__ import annotations

import struct

from redhanded.lab.faults.fault import Place, miss, record

_QUERY = b"Q"
_COMMAND_COMPLETE = ord("C")
_SYNC_END = b"S\x00\x00\x00\x04"
RAISE = "DO $redhanded$ BEGIN RAISE SQLSTATE '{code}' USING MESSAGE = '{message}'; END $redhanded$"


def refusable(raw: bytes) -> bool:
    """Whether a unit can be replaced: a simple Query, or what ends with Sync."""
    return raw[:1] == _QUERY or raw.endswith(_SYNC_END)


def refuse(place: Place, code: str, message: str) -> None:
    """Sends the statement that fails in the place of the unit."""
    held = place.held
    if held.unit is None or held.channel is None or not refusable(held.unit.raw):
        miss(place, f"{held.kind} is part of a pipeline, where it cannot be refused")
        return
    statement = RAISE.format(code=code, message=message)
    if held.kind == "COMMIT":
        statement = f"ROLLBACK; {statement}"
    held.withheld = True
    held.channel.instead = _query(statement)
    record(place, held.target, f"PostgreSQL refused {held.kind} {held.target}: {code} {message}")
    place.release(held)


def deliver(place: Place) -> None:
    """Gives the process the error, without the answer to the ROLLBACK that it did not send."""
    held = place.held
    held.withheld = False
    if held.failure is not None:
        # The lab's own doing is no sign of what goes wrong in the system.
        place.running.traffic.wire_failures.remove((held.process, held.failure))
    whole, held.kept = b"".join(held.kept), []
    held.kept = [b"".join(part for part in _messages(whole) if part[0] != _COMMAND_COMPLETE)]
    place.running.traffic.deliver_kept(held)
    place.running.traffic.causes.delivered(held)


def _query(text: str) -> bytes:
    body = text.encode() + b"\x00"
    return _QUERY + struct.pack(">I", len(body) + 4) + body


def _messages(data: bytes) -> list[bytes]:
    """Messages of a server, whole."""
    parts, start = [], 0
    while start + 5 <= len(data):
        (length,) = struct.unpack_from(">I", data, start + 1)
        parts.append(data[start : start + 1 + length])
        start += 1 + length
    return parts
