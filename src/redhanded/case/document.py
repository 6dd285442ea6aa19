"""Values to JSON and back, and their published schema.

Every value of this package is a frozen dataclass; msgspec reads and writes them without code of
ours. Keys are the field names, tuples are arrays, an absent value is ``null``.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

Value = TypeVar("Value")


def encode(value: object) -> bytes:
    """One JSON document, UTF-8, keys in field order."""
    return msgspec.json.encode(value)


def decode(data: bytes | str, kind: type[Value]) -> Value:
    """The value that ``encode`` wrote; raises ``msgspec.ValidationError`` on another shape."""
    return msgspec.json.decode(data, type=kind)


def plain(value: object) -> Any:
    """The same value as dictionaries, lists, strings and numbers."""
    return msgspec.to_builtins(value)


def schema(kind: type[object], *, identifier: str) -> dict[str, Any]:
    """JSON schema (2020-12) of ``kind`` under the published ``identifier``."""
    document = msgspec.json.schema(kind)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": identifier} | document
