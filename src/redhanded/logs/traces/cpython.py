"""Traces of CPython: chained exceptions, exception groups, notes."""

from __future__ import annotations

import re

_BAR = re.compile(r"\s+(?:\||\+-)")
_HEADING = re.compile(
    r"(?:\s*[|+]\s)?\s*(?:Exception Group )?Traceback \(most recent call (?:last|first)\):"
)
_BEGINS = re.compile(r"(?:  \+ Exception Group )?Traceback \(most recent call (?:last|first)\):")
_CHAIN = re.compile(
    r"(?:\s*\| ?)?(?:During handling of the above exception"
    r"|The above exception was the direct cause)"
)
_FILE = re.compile(r'(?:\s*\|)?\s+File "')
_INDENTED = re.compile(r"\s+\S")
_RAISED = re.compile(r"[A-Za-z_][\w.]*(?:\[[\w., ]+\])?(?:: .*|:|$)")
_FOREIGN = re.compile(r"\s+at \S")
_DETAIL = re.compile(
    r"(?:DETAIL|HINT|CONTEXT|LINE \d+|QUERY):|\[SQL: |\[parameters: |\(Background on this error"
    r"|CONTEXT: |SQL state:|\s*\^"
)


class CPython:
    """``Traceback (most recent call last):``, frames with their code, and the exception."""

    name = "CPython"

    def begins(self, line: str) -> bool:
        return bool(_BEGINS.match(line)) or self.alone(line)

    def alone(self, line: str) -> bool:
        return line.startswith(("Exception in thread ", "Exception ignored in"))

    def sure(self, line: str, last: str) -> bool:
        return bool(_FILE.match(line) or not line[:1].isspace())

    def follows(self, line: str, last: str, *, blank: bool, begun: bool) -> bool:
        if _HEADING.match(line):
            return bool(_CHAIN.match(last)) or last.startswith(
                ("Exception in thread ", "Exception ignored in", "Task exception", "ERROR:")
            )
        if _CHAIN.match(line):
            return begun
        if blank:
            return False
        if _BAR.match(line):
            return bool(_BAR.match(last) or _HEADING.match(last) or _INDENTED.match(last))
        if _FOREIGN.match(line):
            return False
        if _FILE.match(line):
            return bool(_HEADING.match(last)) or (begun and bool(_INDENTED.match(last)))
        if _INDENTED.match(line):
            return begun and bool(_INDENTED.match(last))
        if _DETAIL.match(line):
            return begun
        if _RAISED.match(line):
            return begun and bool(_INDENTED.match(last)) and not _BAR.match(last)
        return False
