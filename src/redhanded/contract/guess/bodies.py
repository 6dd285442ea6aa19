"""What a request to a JavaScript or TypeScript program has to hold, by what the program reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from redhanded.contract.guess.shapes import example

_REQUEST = r"(?:req|request|ctx\.request|ctx|c\.req)"
_UNPACKED = re.compile(rf"\{{([^{{}}]*)\}}\s*=\s*(?:await\s+)?{_REQUEST}\.(?:body|json\(\))")
_FIELD = re.compile(rf"\b{_REQUEST}\.body\??\.(\w+)")
_TYPED = re.compile(
    r"@Body\(\s*\)\s*\w+\s*:\s*([A-Z]\w*)|\bBody\s*:\s*([A-Z]\w*)"
    rf"|\b{_REQUEST}\.body\s+as\s+([A-Z]\w*)"
)
_PARSED = re.compile(rf"\b(\w+)\.(?:safeParse|parse|parseAsync|validate\w*)\(\s*{_REQUEST}\.body")
_NUMBERS = re.compile(
    r"amount|count|total|price|cents|quantity|qty|size|score|points|number$", re.IGNORECASE
)
HANDLER_CHARACTERS = 1_500


def read_body(sources: Mapping[str, str], file: str, start: int) -> dict[str, object] | None:
    """Fields read by the handler whose route stands at ``start`` of ``file``; None: none is seen.

    A handler of another name or file is looked for by the last name in the route's call.
    """
    text = _until_next_route(sources[file], start)
    texts = [text, *_named_handlers(sources, text)]
    for part in texts:
        typed = [match[1] or match[2] or match[3] for match in _TYPED.finditer(part)]
        for name in (*typed, *(match[1] for match in _PARSED.finditer(part))):
            if fields := example(sources, name):
                return fields
        if fields := _unpacked(part):
            return fields
    return None


def _until_next_route(text: str, start: int) -> str:
    rest = text[start : start + HANDLER_CHARACTERS]
    following = re.search(
        r"\n\s*(?:\w+\.(?:get|post|put|patch|delete)\(|@(?:Get|Post|Put)\()", rest
    )
    return rest[: following.start()] if following else rest


def _named_handlers(sources: Mapping[str, str], text: str) -> Iterator[str]:
    call = text.partition(";")[0].partition("\n")[0]
    names = re.findall(r"\b(\w+)\s*\)", call)
    for name in names[-1:]:
        pattern = re.compile(
            rf"\bfunction\s+{name}\b|\b{name}\s*[=:]\s*(?:async\b|\()|async {name}\("
        )
        for other in sources.values():
            if match := pattern.search(other):
                yield other[match.start() : match.start() + HANDLER_CHARACTERS]


def _unpacked(text: str) -> dict[str, object]:
    names = [
        re.split(r"[:=]", entry)[0].strip()
        for match in _UNPACKED.finditer(text)
        for entry in match[1].split(",")
        if not entry.strip().startswith("...")
    ]
    names += [match[1] for match in _FIELD.finditer(text)]
    return {name: _value(name) for name in dict.fromkeys(names) if name}


def _value(name: str) -> object:
    return 1 if _NUMBERS.search(name) else "{unique}"
