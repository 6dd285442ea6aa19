"""Heads and bodies of HTTP/1 messages (RFC 9112), read without holding a body whole."""

from __future__ import annotations

from typing import Literal

HEAD_BYTES_MAX = 256 * 1024
BLANKS_MAX = 1024
"""Line ends before a request."""
LINE_BYTES_MAX = 64 * 1024
"""Of a chunk's size with its extensions, or of a trailer."""

Headers = tuple[tuple[str, str], ...]
Framing = Literal["none", "length", "chunked", "until close"]

_TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class MalformedMessage(ValueError):
    """At ``position`` there is no HTTP."""

    def __init__(self, position: int, what: str) -> None:
        super().__init__(what)
        self.position = position


def is_token(word: bytes) -> bool:
    """RFC 9110, section 5.6.2."""
    return bool(word) and _TOKEN.issuperset(word)


def head_end(data: bytes, position: int) -> int:
    """Where the body begins; -1 while the empty line has not come. Bare line feeds are taken."""
    strict = data.find(b"\r\n\r\n", position)
    lenient = data.find(b"\n\n", position, strict if strict >= 0 else len(data))
    if lenient >= 0:
        return lenient + 2
    if strict >= 0:
        return strict + 4
    if len(data) - position > HEAD_BYTES_MAX:
        raise MalformedMessage(position, "a head without end")
    return -1


def read_head(data: bytes, position: int, end: int) -> tuple[bytes, Headers]:
    """The first line, and the header fields with names in lower case."""
    lines = data[position:end].strip(b"\r\n").split(b"\n")
    fields: list[tuple[str, list[str]]] = []
    for line in lines[1:]:
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1][1].append(line.strip().decode("latin-1"))
            continue
        raw_name, colon, raw_value = line.partition(b":")
        if not colon or not is_token(raw_name):
            raise MalformedMessage(position, "a header field without a name")
        fields.append((raw_name.decode("ascii").lower(), [raw_value.strip().decode("latin-1")]))
    return lines[0].rstrip(b"\r"), tuple((name, " ".join(parts)) for name, parts in fields)


def values_of(headers: Headers, name: str) -> list[str]:
    """The comma-separated values of all fields of that name, in lower case."""
    return [
        value.strip().lower()
        for key, values in headers
        if key == name
        for value in values.split(",")
        if value.strip()
    ]


def framing_of(headers: Headers, position: int, *, otherwise: Framing) -> tuple[Framing, int]:
    """How the body ends, and its length where that is said (RFC 9112, section 6.3)."""
    codings = values_of(headers, "transfer-encoding")
    if codings:
        if codings[-1] == "chunked":
            return "chunked", 0
        if otherwise == "none":
            raise MalformedMessage(position, "a request whose transfer coding has no end")
        return "until close", 0
    lengths = set(values_of(headers, "content-length"))
    if not lengths:
        return otherwise, 0
    length = lengths.pop()
    if lengths or not (length.isascii() and length.isdigit()) or len(length) > 18:
        raise MalformedMessage(position, "a content length that is no number, or two of them")
    return "length", int(length)


class BodyReader:
    """Finds the end of one body and keeps its beginning."""

    def __init__(self, framing: Framing, length: int, *, kept_max: int) -> None:
        self.framing: Framing = framing
        self.kept = bytearray()
        """The first ``kept_max`` bytes, chunks joined."""
        self.need = 1
        """After ``read`` gave false: bytes needed from the position that it gave, to go on."""
        self._kept_max = kept_max
        self._rest = length
        self._part: Literal["size", "data", "data end", "trailer"] = "size"

    @property
    def kept_all_it_may(self) -> bool:
        return len(self.kept) >= self._kept_max

    def read(self, data: bytes, position: int) -> tuple[bool, int]:
        """Reads on; gives whether the body is complete, and up to where it was read."""
        if self.framing == "none":
            return True, position
        if self.framing == "until close":
            self._keep(data, position, len(data))
            return False, len(data)
        if self.framing == "length":
            position = self._pass_data(data, position)
            self.need = 1
            return self._rest == 0, position
        return self._read_chunks(data, position)

    def _read_chunks(self, data: bytes, position: int) -> tuple[bool, int]:
        while True:
            if self._part == "data":
                position = self._pass_data(data, position)
                if self._rest:
                    self.need = 1
                    return False, position
                self._part = "data end"
            line_end = data.find(b"\n", position)
            if line_end < 0:
                if len(data) - position > LINE_BYTES_MAX:
                    raise MalformedMessage(position, "a chunk whose first line has no end")
                self.need = len(data) - position + 1
                return False, position
            line = data[position:line_end].rstrip(b"\r")
            if self._part == "size":
                self._rest = _chunk_size(line, position)
                self._part = "data" if self._rest else "trailer"
            elif self._part == "data end":
                if line:
                    raise MalformedMessage(position, "a chunk longer than it says")
                self._part = "size"
            elif not line:
                return True, line_end + 1
            position = line_end + 1

    def _pass_data(self, data: bytes, position: int) -> int:
        end = min(position + self._rest, len(data))
        self._keep(data, position, end)
        self._rest -= end - position
        return end

    def _keep(self, data: bytes, position: int, end: int) -> None:
        room = self._kept_max - len(self.kept)
        if room > 0:
            self.kept += data[position : min(end, position + room)]


def _chunk_size(line: bytes, position: int) -> int:
    digits = line.partition(b";")[0].strip()
    if not digits or len(digits) > 15 or digits.strip(b"0123456789abcdefABCDEF"):
        raise MalformedMessage(position, "a chunk size that is no number")
    return int(digits, 16)
