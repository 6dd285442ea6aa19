"""What a request has to hold, by what the function that takes it reads."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SIGNATURE = re.compile(r"\b(\w+)\s*:\s*([A-Z]\w+)\b")
_FIELD = re.compile(r"^ {4}(\w+)\s*:\s*([^=\n]+?)(?:\s*=\s*(.+))?$", re.MULTILINE)
_ITEM = re.compile(
    r"\b(?:data|body|payload|event|request\.data|request\.POST|json)\w*"
    r"(?:\[\s*['\"](\w+)['\"]\s*\]|\.get\(\s*['\"](\w+)['\"])"
)


def read_body(texts: Mapping[str, str], file: str, function: str) -> dict[str, object] | None:
    """A body with each field that is read; None where nothing is seen of it."""
    text = _function(texts.get(file, ""), function)
    for _, model in _SIGNATURE.findall(text.partition(":\n")[0]):
        for other in texts.values():
            fields = _model(other, model)
            if fields:
                return fields
    names = [first or second for first, second in _ITEM.findall(text)]
    return dict.fromkeys(names, "{unique}") or None


def _function(text: str, name: str) -> str:
    pattern = rf"^(?:async def|def|class) {re.escape(name)}\b.*\n(?:[ \t)].*\n|\n)*"
    match = re.search(pattern, text + "\n", re.MULTILINE)
    return match[0] if match else ""


def _model(text: str, name: str) -> dict[str, object] | None:
    """Fields of a pydantic model that have no default."""
    pattern = rf"^class {name}\([^)]*(?:BaseModel|Schema|Model)[^)]*\):\n((?:(?: {{4}}.*)?\n)+)"
    match = re.search(pattern, text + "\n", re.MULTILINE)
    if match is None:
        return None
    fields: dict[str, object] = {}
    for field, annotation, default in _FIELD.findall(match[1]):
        required = not default or (default.startswith("Field(") and "default" not in default)
        if required and not re.match(r"Field\(\s*(?:['\"]|None|\d)", default):
            fields[field] = _value(field, annotation)
    return fields


def _value(field: str, annotation: str) -> object:
    if re.match(r"int|float|Decimal|Positive", annotation):
        return 1
    if annotation.startswith("bool"):
        return True
    if re.match(r"list|List|tuple", annotation):
        return []
    if re.match(r"dict|Dict", annotation):
        return {}
    return "{unique}"
