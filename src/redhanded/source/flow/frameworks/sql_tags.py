"""SQL that a library holds as a value until it is executed: tagged templates, formatted texts.

``sql-template-tag`` and ``sql-template-strings`` (``SQL`a ${b}`.append(…)``), ``pg-format``
(``format('%I = %L', …)``), ``mysql.format``; also the tags of Prisma and others that pass
fragments around, which their own tables name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from redhanded.source.flow.values import Computed, Known, Library, Made, Record, Value

TAGS = frozenset(
    ["sql-template-tag", "sql-template-strings", "pg-format", "@nearform/sql", "sqlstring"]
)

_FORMATS = re.compile(r"%(?:(\d+)\$)?([%sIL])")


def sql_text(value: Value) -> Value | None:
    """The text of a value that such a library made; None: it is none."""
    if not isinstance(value, Library) or value.package not in TAGS:
        return None
    text: Value | None = None
    for number, step in enumerate(value.steps):
        if not isinstance(step, Made) or not step.arguments:
            continue
        before = value.steps[number - 1] if number else ""
        if before == "append" and text is not None:
            text = Computed("+", (text, step.arguments[0]))
        elif before in ("raw", "glue"):
            text = step.arguments[0]
        elif value.package in ("pg-format", "sqlstring"):
            text = formatted(step.arguments)
        else:
            text = step.arguments[0]
    return text


def formatted(arguments: tuple[Value, ...]) -> Value | None:
    """``format('… %I … %L', name, value)``."""
    first = arguments[0] if arguments else None
    if not isinstance(first, Known) or not isinstance(first.value, str):
        return None
    parts: list[Value] = []
    place, taken = 0, 0
    for match in _FORMATS.finditer(first.value):
        parts.append(Known(first.value[place : match.start()]))
        place = match.end()
        if match[2] == "%":
            parts.append(Known("%"))
            continue
        taken = int(match[1]) if match[1] else taken + 1
        if taken < len(arguments):
            parts.append(arguments[taken])
    parts.append(Known(first.value[place:]))
    return Computed("text", tuple(parts))


def query_of(arguments: tuple[Value, ...]) -> tuple[Value | None, Value | None]:
    """Text and parameters of ``query(text, values)`` or ``query({text, values})``."""
    if not arguments:
        return None, None
    first = arguments[0]
    parameters = arguments[1] if len(arguments) > 1 else None
    if isinstance(first, Record):
        parts: Mapping[str, Value] = first.parts
        text = parts.get("text", parts.get("sql"))
        return text, parts.get("values", parameters)
    if isinstance(first, Library) and sql_text(first) is None:
        inner = first.steps[-1] if first.steps else None
        if isinstance(inner, Made) and inner.arguments:
            # new Cursor(text, values), new QueryStream(text, values)
            rest = inner.arguments[1] if len(inner.arguments) > 1 else parameters
            return inner.arguments[0], rest
    return first, parameters
