"""Identifiers in log entries: values that name one job, request or thing.

Which field is one is read from the values; names only help to rank. Fields of the same meaning in
different spellings (``jobId``, ``job_id``, ``job.id``, the ``17`` of ``Job 17 failed``) are one.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from redhanded.logs.fields import text_fields
from redhanded.logs.record import Record, Scalar


class Identifier(NamedTuple):
    """A value under the name that the log uses for it."""

    name: str
    value: str


_LENGTH_MAX = 128
_MEASURE = re.compile(
    r"""(?:^|_)(?:ms|time|timestamp|ts|date|duration|elapsed|took|latency|lag|age|ttl|timeout
        |delay|count|size|bytes|length|total|amount|cents|price|sum|qty|quantity|currency|percent
        |attempts?|retry|retries|tries|level|severity|pid|tid|thread|port|status|line|lineno
        |col|column|offset|version|priority|index|limit|rate|score|hostname|host|host_?ip|ip
        |remote_?address|user_?agent|url|uri|path|route|method|msg|message|stack|logger|service
        |env|environment|region|(?:status|error|exit|country|language|http|response|currency)_code|zone|at|v|hint|detail|concurrency|uptime|memory|rss|cpu
        |process|program|unit|role|referer|virtual_transaction)$|^code$""",
    re.VERBOSE,
)
_ERROR_PART = re.compile(r"^(?:err|error|exc|exception|exc_info|cause|reason)\.", re.IGNORECASE)
_WORD_BREAK = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OPAQUE = re.compile(r"\d|^[0-9a-f]{8,}$")
_DATE_LIKE = re.compile(r"^\d{4}-\d\d-\d\d(?:$|[T ])|^\d+\.\d*$|^\d+(?:ms|s|m|h|%)$")
_DIGIT = re.compile(r"\d")
_KEY_DETAIL = re.compile(r"Key \\?\"?\((?P<columns>[^)]*)\)=\((?P<values>[^)]*)\)")


def identifiers(record: Record) -> dict[str, Identifier]:
    """Canonical field name to the identifier that the entry has there.

    Looks at the entry's fields, at ``Job 17`` in its message, and at the key that a database names
    in the detail of an error. Other parts of an error object are left out: they describe the
    attempt, not the work.
    """
    found: dict[str, Identifier] = {}
    entry = record.entry
    _take(found, entry.fields)
    named = record.text.startswith("{") or "msg" in entry.fields
    if named and _DIGIT.search(entry.message):
        _take(found, text_fields(entry.message))
    if "Key (" in record.text and (match := _KEY_DETAIL.search(record.text)):
        columns = [column.strip(' "\\') for column in match["columns"].split(",")]
        _take(found, dict(zip(columns, match["values"].split(", "), strict=False)))
    return found


@lru_cache(maxsize=4096)
def canonical(name: str) -> str | None:
    """``req.id``, ``requestId``, ``x-request-id`` → ``req``; None for names of measures."""
    if _ERROR_PART.match(name):
        return None
    parts = name.split(".")
    leaf = parts[-1]
    if leaf.lower() in ("id", "uuid", "key") and len(parts) > 1:
        leaf = f"{parts[-2]}_id"
    spelled = _WORD_BREAK.sub("_", leaf).lower().replace("-", "_")
    if _MEASURE.search(spelled):
        return None
    words = [word for word in spelled.split("_") if word and word != "x"]
    if len(words) > 1 and words[-1] in ("id", "uuid", "ref", "key"):
        words = words[:-1]
    joined = "".join(words)
    if joined.endswith("id") and len(joined) > 4 and joined[:-2] in ("job", "task", "req", "trace"):
        joined = joined[:-2]
    return joined.replace("request", "req") or None


def is_identifier(value: Scalar) -> bool:
    """Whether a value may name a thing: a whole number, or one word with a digit or ``@`` in it."""
    if not isinstance(value, str):
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if value.isdigit() and len(value) <= _LENGTH_MAX:
        return True
    if not 0 < len(value) <= _LENGTH_MAX or "/" in value or not value.isprintable():
        return False
    if " " in value or _DATE_LIKE.match(value):
        return False
    return bool(_OPAQUE.search(value)) or "@" in value


def _take(found: dict[str, Identifier], fields: dict[str, Scalar]) -> None:
    for name, key in _named(tuple(fields)):
        if key not in found:
            value = fields[name]
            if is_identifier(value):
                found[key] = Identifier(name, str(value))


@lru_cache(maxsize=2048)
def _named(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The names that may be identifiers, with their canonical ones; entries repeat few shapes."""
    return tuple((name, key) for name in names if (key := canonical(name)) is not None)
