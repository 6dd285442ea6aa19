"""Traces of other languages, by the lines that only they have: Ruby, PHP, .NET, Rust, Elixir."""

from __future__ import annotations

import re

_FOLLOWS = re.compile(
    r"\s+from \S+:\d+|\t+\d+: from |#\d+ |Stack trace:|  thrown in |\s+at .* in \S+:line \d+"
    r"|\s*---> |\s*--- End of |note: run with `RUST_BACKTRACE|note: Some details are omitted"
    r"|stack backtrace:|\s+\d+: \S|\s+\(\w+ [\d.]+\) \S+:\d+:"
)
_BEGINS = re.compile(
    r"PHP (?:Fatal error|Warning|Notice)|Fatal error: |thread '.*' (?:\(\d+\) )?panicked at "
    r"|Unhandled exception\. |\*\* \(\w+"
    r"|\S+\.rb:\d+:in "
)


class Others:
    """Lines that go on with whatever came before them."""

    name = "other"

    def begins(self, line: str) -> bool:
        return bool(_BEGINS.match(line))

    def alone(self, line: str) -> bool:
        return bool(_BEGINS.match(line))

    def sure(self, line: str, last: str) -> bool:
        return True

    def follows(self, line: str, last: str, *, blank: bool, begun: bool) -> bool:
        if blank:
            return False
        if last.startswith("thread '") and "panicked at" in last:
            return True
        return bool(_FOLLOWS.match(line))
