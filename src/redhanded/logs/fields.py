"""Nested values to flat fields, and fields that stand in running text."""

from __future__ import annotations

import re
from collections.abc import Mapping

from redhanded.logs.record import Scalar

_FIELDS_MAX = 200
_DEPTH_MAX = 6
_ITEMS_MAX = 8
_SCALARS = frozenset((str, int, float, bool))

_PAIR = re.compile(
    r"""(?<![\w.$-])(?P<name>[A-Za-z_][\w.$-]*)\s?[=:]\s?(?![A-Za-z_][\w.$-]*\s?[=:])
        (?:"(?P<quoted>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s,;|()\[\]{}"']+))""",
    re.VERBOSE,
)
_NAMED = re.compile(
    r"(?<![\w.$-])(?P<name>[A-Za-z_][A-Za-z_]+)\s+(?:[\w.]+\[|#|id\s+|'|\")?"
    r"(?P<value>[A-Za-z0-9_-]*\d[A-Za-z0-9_-]*)(?![\w.:/])"
)
_CALL_WORDS = frozenset(
    (
        "a", "an", "the", "at", "in", "on", "of", "for", "to", "by", "from", "and", "or", "is",
        "was", "are", "with", "after", "before", "than", "took", "line", "within", "about", "over",
        "under", "only",
    )
)  # fmt: skip


def flatten(value: Mapping[str, object]) -> dict[str, Scalar]:
    """``{"err": {"code": "x"}}`` → ``{"err.code": "x"}``; arrays are numbered, nulls left out.

    At most 200 fields, six levels and eight items of an array are kept.
    """
    flat: dict[str, Scalar] = {}
    _into(flat, "", value, _DEPTH_MAX)
    return flat


def text_fields(text: str) -> dict[str, Scalar]:
    """``name=value`` pairs, and words followed by something with a digit (``Job 17 failed``).

    The first value of a name counts. Numbers become numbers where they read as such.
    """
    flat: dict[str, Scalar] = {}
    for match in _PAIR.finditer(text):
        value = match["quoted"] or match["single"] or match["bare"]
        if value and not value.startswith("//"):
            flat.setdefault(match["name"], _number(value.rstrip(".:")))
    for match in _NAMED.finditer(text):
        name = match["name"]
        if name.lower() not in _CALL_WORDS:
            flat.setdefault(name, _number(match["value"]))
    return flat


def _into(flat: dict[str, Scalar], prefix: str, value: Mapping[str, object], depth: int) -> None:
    for key, inner in value.items():
        if len(flat) >= _FIELDS_MAX:
            return
        if type(inner) in _SCALARS:
            flat[prefix + key if prefix else key] = inner  # type: ignore[assignment]
        elif depth and isinstance(inner, dict):
            _into(flat, f"{prefix}{key}.", inner, depth - 1)
        elif depth and isinstance(inner, list):
            items = {str(number): item for number, item in enumerate(inner[:_ITEMS_MAX])}
            _into(flat, f"{prefix}{key}.", items, depth - 1)


def _number(text: str) -> Scalar:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else text
