"""PostgreSQL parameters in binary format, as the text a person would write.

Formats: the ``*_send`` functions of the server (``src/backend/utils/adt``). What is not known, or
does not have the length its type says, is shown as ``0x…``: never guessed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID


def binary_as_text(oid: int, value: bytes) -> str:
    """``value`` of the type ``oid`` (0: unknown) as text."""
    decode = _DECODERS.get(oid)
    if decode is None:
        return _hex(value)
    try:
        return decode(value)
    except (ValueError, KeyError, OverflowError, struct.error):
        return _hex(value)


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _boolean(value: bytes) -> str:
    return "true" if struct.unpack("?", value)[0] else "false"


def _number(layout: str) -> Callable[[bytes], str]:
    unpack = struct.Struct(layout).unpack

    def decode(value: bytes) -> str:
        return str(unpack(value)[0])

    return decode


def _float4(value: bytes) -> str:
    return format(struct.unpack(">f", value)[0], ".9g")


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _jsonb(value: bytes) -> str:
    if value[:1] != b"\x01":
        raise ValueError("unknown version of jsonb")
    return _text(value[1:])


def _uuid(value: bytes) -> str:
    return str(UUID(bytes=value))


def _date(value: bytes) -> str:
    days = struct.unpack(">i", value)[0]
    return _infinite(days, 31) or (date(2000, 1, 1) + timedelta(days=days)).isoformat()


def _timestamp(value: bytes) -> str:
    microseconds = struct.unpack(">q", value)[0]
    return _infinite(microseconds, 63) or str(
        datetime(2000, 1, 1) + timedelta(microseconds=microseconds)
    )


def _timestamp_with_zone(value: bytes) -> str:
    text = _timestamp(value)
    return text if text.endswith("infinity") else text + "+00"


def _time(value: bytes) -> str:
    microseconds = struct.unpack(">q", value)[0]
    return str((datetime(2000, 1, 1) + timedelta(microseconds=microseconds)).time())


def _infinite(number: int, bits: int) -> str:
    if number == 2**bits - 1:
        return "infinity"
    return "-infinity" if number == -(2**bits) else ""


def _numeric(value: bytes) -> str:
    """Digits in base 10000: count, weight of the first, sign, digits after the point, digits."""
    count, weight, sign, scale = struct.unpack_from(">hhHh", value)
    if sign not in (0x0000, 0x4000):
        return _NUMERIC_WORDS[sign]
    if count < 0 or scale < 0 or len(value) != 8 + 2 * count or abs(weight) > 4096:
        raise ValueError("not a numeric")
    groups = struct.unpack_from(f">{count}h", value, 8)
    whole = "".join(
        f"{groups[place] if place < count else 0:04d}" for place in range(weight + 1)
    ).lstrip("0")
    after = "".join(
        f"{groups[place] if 0 <= place < count else 0:04d}"
        for place in range(weight + 1, weight + 1 + (scale + 3) // 4)
    )[:scale]
    return ("-" if sign == 0x4000 else "") + (whole or "0") + ("." + after if after else "")


_NUMERIC_WORDS = {0xC000: "NaN", 0xD000: "Infinity", 0xF000: "-Infinity"}
_DECODERS: dict[int, Callable[[bytes], str]] = {
    16: _boolean,
    17: _hex,
    18: _text,  # "char"
    19: _text,  # name
    20: _number(">q"),  # int8
    21: _number(">h"),  # int2
    23: _number(">i"),  # int4
    25: _text,
    26: _number(">I"),  # oid
    114: _text,  # json
    700: _float4,
    701: _number(">d"),
    705: _text,  # unknown
    1042: _text,  # char(n)
    1043: _text,  # varchar
    1082: _date,
    1083: _time,
    1114: _timestamp,
    1184: _timestamp_with_zone,
    1700: _numeric,
    2950: _uuid,
    3802: _jsonb,
}
