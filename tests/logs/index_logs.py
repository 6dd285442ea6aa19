"""Logs of a made-up ferry for tests of the index."""

from __future__ import annotations

import json
from pathlib import Path

START_MS = 1_760_000_000_000


def lines(count: int, *, first: int = 0) -> list[str]:
    """JSON and plain lines with a stack trace now and then."""
    told = []
    for number in range(first, first + count):
        at_ms = START_MS + number * 250
        ids = {"requestId": f"rq-{number // 3:06d}", "berthId": f"b-{number // 3 % 50:03d}"}
        if number % 40 == 17:
            told.append(
                f"2025-10-09T08:{number // 60 % 60:02d}:{number % 60:02d}Z ERROR gate stuck"
            )
            told.append("    at open (/srv/ferry/gate.js:14:3)")
        elif number % 3 == 0:
            request = {"req": {"method": "POST", "url": "/crossings"}, "msg": "crossing asked for"}
            told.append(json.dumps({"level": 30, "time": at_ms} | ids | request))
        elif number % 97 == 1:
            told.append(json.dumps({"level": 50, "time": at_ms, "msg": "berth is taken"} | ids))
        else:
            told.append(json.dumps({"level": 30, "time": at_ms, "msg": "crossing booked"} | ids))
    return told


def write(path: Path, count: int, *, first: int = 0) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines(count, first=first)))
    return path
