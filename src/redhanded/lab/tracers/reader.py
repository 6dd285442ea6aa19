"""Finds the application stack of bytes that a proxy received."""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redhanded.case.evidence import Location


class TraceReader:
    """Collects what the tracers of one system report, and answers by client port and offset.

    A record is written before its bytes, so whoever has read the trace pipe after the socket
    knows the record of all bytes that came.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._rest = b""
        self._streams: dict[int, _Stream] = {}
        self._secure: dict[int, _Stream] = {}
        """By client port: what was sent, and what was encrypted to be sent."""
        self._paths: dict[str, str] = {}
        self.broken = 0
        """Lines that were no record, for a limit of the case: some locations may be missing."""

    def feed(self, data: bytes) -> None:
        """Takes what was read from the trace pipe, in any chunking."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line:
                self._record(line)

    def stack(self, port: int, offset: int, sealed_at: int | None = None) -> tuple[Location, ...]:
        """Application frames, innermost first, of the unit that starts at byte ``offset`` of the
        stream from client port ``port``; empty if unknown. Records before it are forgotten.

        In TLS ``offset`` counts what was encrypted, as tracers do that see it before it is; where
        there is none that does, ``sealed_at`` counts what is on the wire.
        """
        if sealed_at is None:
            return _frames(self._streams.get(port), offset)
        if port in self._secure:
            return _frames(self._secure[port], offset)
        return _frames(self._streams.get(port), sealed_at)

    def begin_anew(self) -> None:
        """Drops what is known: connections were opened and closed while nobody listened."""
        self._streams.clear()
        self._secure.clear()

    def _record(self, line: bytes) -> None:
        try:
            record = json.loads(line)
            port, start, socket = int(record["port"]), int(record["at"]), record.get("socket")
            length = int(record["length"]) if "length" in record else None
            frames = tuple(self._location(frame) for frame in record["stack"])
        except (ValueError, KeyError, TypeError):
            self.broken += 1
            return
        secure = self._secure.get(port)
        if not record.get("secure"):
            if secure is not None and (start == 0 or socket != secure.socket):
                del self._secure[port]  # Of an earlier connection from that port.
            streams = self._streams
        else:
            streams = self._secure
        stream = streams.get(port)
        if stream is None or start == 0 or socket != stream.socket:
            stream = streams[port] = _Stream(socket)
        stream.starts.append(start)
        stream.records.append((start, length, frames))

    def _location(self, frame: dict[str, Any]) -> Location:
        return Location(
            path=self._relative(str(frame["file"])),
            line=int(frame["line"]),
            function=frame.get("function"),
        )

    def _relative(self, file: str) -> str:
        """Below the root relative to it; elsewhere as it is."""
        if file not in self._paths:
            path = Path(file)
            for candidate in (path, path.resolve()):
                if candidate.is_relative_to(self._root):
                    path = candidate.relative_to(self._root)
                    break
            self._paths[file] = path.as_posix()
        return self._paths[file]


@dataclass(slots=True)
class _Stream:
    """The records of one connection, in the order of their bytes."""

    socket: int | None
    """What tells it from another one that used the port before, where the tracer says so."""
    starts: list[int] = field(default_factory=list)
    records: list[tuple[int, int | None, tuple[Location, ...]]] = field(default_factory=list)
    """Start, length (None: until the next record) and frames."""


def _frames(stream: _Stream | None, offset: int) -> tuple[Location, ...]:
    if stream is None:
        return ()
    position = bisect_right(stream.starts, offset) - 1
    if position < 0:
        return ()
    start, length, frames = stream.records[position]
    del stream.starts[:position]
    del stream.records[:position]
    return frames if length is None or offset < start + length else ()
