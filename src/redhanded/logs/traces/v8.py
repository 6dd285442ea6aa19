"""Traces of V8: Node.js and browsers, with async frames, causes and AggregateError's errors."""

from __future__ import annotations

import re

_FRAME = re.compile(r"\s+at (?!\S+\((?:\S+\.(?:java|kt|scala|groovy)|Native|Unknown))\S")
_ERROR = re.compile(
    r"(?:Uncaught )?(?:\w+ )?\[?(?:[\w$]+\.)*(?:[A-Z][\w$]*)?(?:Error|Exception)\b(?: \[\w+\])?"
    r"(?::|\s*$|\s*\{$)|error: "
)
_NAMED = re.compile(r"(?:Uncaught )?\[?[A-Z][\w$]*(?: \[\w+\])?(?:: |$)")
"""Any class may be thrown; that a line is one shows only by the frame after it."""
_ERROR_WITHIN = re.compile(r"\b(?:[A-Z]\w*)?(?:Error|Exception)\b(?:\s*\[\w+\])?(?::|$)")
_INSIDE = re.compile(
    r"\s+(?:\[(?:cause|errors|stack|message)\]:|\[?\w*(?:Error|Exception)\b|[\w'\"$\[\]]+: "
    r"|\.\.\. \d+ |\[?\]|[}{])|\s*[}\])]+,?(?: \{)?\s*$|\} \{$|From previous event:|Caused by:"
)
_AFTER_FRAME = re.compile(r"\s*[}\])]+,?(?: \{)?\s*$|\} \{$|From previous event:|Caused by:")
_CODE_PLACE = re.compile(r"(?:file://)?/?[\w@./\\: -]+\.[cm]?[jt]sx?:\d+$|node:[\w/]+:\d+$")
_CARET = re.compile(r"\s*\^+\s*$")
_NODE = re.compile(r"Node\.js v\d+\.\d+")


class V8:
    """``Error: …``, frames, properties in braces, and what Node prints around a crash."""

    name = "V8"

    def begins(self, line: str) -> bool:
        return bool(_ERROR.match(line)) or bool(_CODE_PLACE.match(line))

    def alone(self, line: str) -> bool:
        return bool(_CODE_PLACE.match(line))

    def sure(self, line: str, last: str) -> bool:
        return not _CODE_PLACE.match(last)

    def follows(self, line: str, last: str, *, blank: bool, begun: bool) -> bool:
        if _FRAME.match(line):
            if _FRAME.match(last) or _ERROR_WITHIN.search(last) or _ERROR.match(last):
                return True
            return bool(_NAMED.match(last)) or (begun and bool(_INSIDE.match(last)))
        if _NODE.match(line):
            return bool(_FRAME.match(last) or _INSIDE.match(last) or _ERROR.match(last))
        if _CODE_PLACE.match(last):
            return begun and not blank
        if _CARET.match(line):
            return begun and not (_FRAME.match(last) or _ERROR.match(last) or _INSIDE.match(last))
        if _CARET.match(last):
            return begun and (bool(_ERROR.match(line)) or line.startswith("["))
        if blank:
            return False
        if _INSIDE.match(line):
            opened = last.rstrip()[-1:] in ("{", "[") and (begun or bool(_FRAME.match(last)))
            if _AFTER_FRAME.match(line):
                return begun or bool(_FRAME.match(last))
            return opened or bool(_INSIDE.match(last))
        return False
