"""How much memory the idle proxy needs for one long message of PostgreSQL.

Rows and the data of COPY are passed on in pieces. A statement with its values is one unit, which
somebody may want to hold and to read, so it is put together first.

    python wire_postgres_memory.py [--long-bytes 67108864]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wire_postgres import LONG_BYTES, Driver, Progress, compare

from redhanded.lab.services import PostgresServer, start_postgres

PROGRAM = "long_messages.py"
SHORT_BYTES = 1000
WAYS = {
    "row": "one row",
    "slow-row": "one row, the client reads when the server has stopped",
    "copy-out": "one line of COPY to the client",
    "copy-in": "one line of COPY from the client",
    "value": "one value sent with a statement",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """One message, long and short."""

    message: str
    bytes: int
    equal: bool
    """The client got the same as directly, both times."""
    short_mb: float
    """The most memory that the proxy's process had for a short message of that kind."""
    long_mb: float

    @property
    def grown_mb(self) -> float:
        return self.long_mb - self.short_mb


def measure(
    server: PostgresServer, *, long_bytes: int = LONG_BYTES, say: Progress
) -> tuple[Memory, ...]:
    """Every kind of message, each through a proxy of its own."""
    found = []
    for word, name in WAYS.items():
        say(f"{long_bytes:,} bytes: {name}")
        driver = Driver(name=name, program=PROGRAM, words=(word,))
        short, long = (
            compare(server, driver, Path(), long_bytes=size) for size in (SHORT_BYTES, long_bytes)
        )
        found.append(
            Memory(
                message=name,
                bytes=long_bytes,
                equal=short.equal and long.equal,
                short_mb=short.peak_mb,
                long_mb=long.peak_mb,
            )
        )
    return tuple(found)


def markdown(rows: Sequence[Memory]) -> str:
    lines = ["| message | MB | equal | proxy's memory grew by, MB |", "| --- | ---: | --- | ---: |"]
    lines += [
        f"| {row.message} | {row.bytes / 2**20:.0f} | {'yes' if row.equal else '**no**'} | "
        f"{row.grown_mb:.1f} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--long-bytes", type=int, default=LONG_BYTES)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="redhanded-wire-") as folder,
        start_postgres(Path(folder), version=18) as server,
    ):
        rows = measure(
            server,
            long_bytes=arguments.long_bytes,
            say=lambda sentence: print(sentence, file=sys.stderr, flush=True),
        )
    print(markdown(rows))
    return 0 if all(row.equal for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
