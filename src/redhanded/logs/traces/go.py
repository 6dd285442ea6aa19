"""Crashes of Go: the panic, then every goroutine, with blank lines between."""

from __future__ import annotations

import re

_PANIC = re.compile(r"(?:panic: |fatal error: |runtime: |SIG[A-Z]+: |unexpected fault address)")
_GOROUTINE = re.compile(
    r"goroutine \d+(?: gp=\S+ m=\S+(?: mp=\S+)?)? \[|runtime stack:|goroutine running"
)
_CALL = re.compile(
    r"[\w./*()\[\]…·{}%~+-]+\.[\w.()*\[\]…·{}-]+\((?:.*)\)$|panic\(.*\)$|main\.main\(\)"
)
_CREATED = re.compile(
    r"created by \S+|\.\.\.(?:additional|\d+) frames|\[originating from goroutine"
)
_SIGNAL = re.compile(r"\[signal |\[recovered|exit status \d|r?\w{1,4}\s+0x[0-9a-f]+$|PC=0x|SIG")
_PLACE = re.compile(r"\t(?!at )\S| +(?:panic: |goroutine running)")


class Go:
    """``panic: …``, ``[signal …]``, ``goroutine 1 [running]:``, calls and their places."""

    name = "Go"

    def begins(self, line: str) -> bool:
        return bool(_PANIC.match(line) or _GOROUTINE.match(line))

    def alone(self, line: str) -> bool:
        return bool(_PANIC.match(line))

    def sure(self, line: str, last: str) -> bool:
        return True

    def follows(self, line: str, last: str, *, blank: bool, begun: bool) -> bool:
        if _GOROUTINE.match(line):
            return _is_part(last)
        if _SIGNAL.match(line):
            return _is_part(last)
        if line.startswith(("panic: ", "fatal error: ")):
            return bool(_PANIC.match(last)) and not blank
        if _PANIC.match(last):
            return not blank and bool(_PLACE.match(line))
        if blank:
            return bool(_CREATED.match(line))
        if _CALL.match(line) or _CREATED.match(line):
            return bool(_GOROUTINE.match(last) or _PLACE.match(last))
        if _PLACE.match(line):
            return bool(_CALL.match(last) or _CREATED.match(last) or _PLACE.match(last))
        return False


def _is_part(last: str) -> bool:
    return bool(
        _PANIC.match(last) or _SIGNAL.match(last) or _PLACE.match(last) or _CREATED.match(last)
        or _CALL.match(last) or "panic" in last
    )  # fmt: skip
