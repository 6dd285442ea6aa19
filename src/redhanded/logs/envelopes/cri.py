"""Kubernetes' container runtime interface: time, stream, P or F, and a piece of a line."""

from __future__ import annotations

import re

from redhanded.logs.envelopes.line_envelope import TIME, Unwrapped
from redhanded.logs.times import epoch_ms

_CRI = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))"
    r" (?P<stream>stdout|stderr) (?P<tag>[FP])(?::\S*)?(?: |$)"
)


class Cri:
    """``2025-01-02T10:00:00.5Z stdout P begin`` and then ``… F end``."""

    name = "CRI"
    starts = TIME

    def unwrap(self, line: str) -> Unwrapped | None:
        match = _CRI.match(line)
        if match is None:
            return None
        moment = epoch_ms(match["time"])
        return Unwrapped(
            text=line[match.end() :],
            stream=match["stream"],
            at_ms=moment[0] if moment else None,
            partial=match["tag"] == "P",
        )
