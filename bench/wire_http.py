"""Whether HTTP clients behave through the lab's proxy as they do without it.

``drivers/http/server.cjs`` answers; each other program there prints what it got. It is run directly
and through the proxy, which passes everything; both outputs have to be the same, and the proxy has
to have understood every byte.

    python wire_http.py PACKAGES
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from wire_redis import Comparison, Driver, Progress, difference, markdown, run, watched

from redhanded.lab.services import find_node

PROGRAMS = Path(__file__).parent / "drivers" / "http"
DRIVERS = (
    Driver(name="Node's http, with an agent", program="node_http.cjs"),
    Driver(name="fetch, undici with pipelining", program="fetch_and_undici.cjs"),
    Driver(name="http.client, urllib, bare sockets", program="http_client.py"),
)
PROVOKED = ("a content length that is no number", "not a request")
"""One program sends these on purpose."""


def measure(
    packages: Path, *, drivers: Sequence[Driver] = DRIVERS, say: Progress
) -> tuple[Comparison, ...]:
    """Every client; ``packages`` is a folder with undici's node_modules."""
    found = []
    for driver in drivers:
        say(f"HTTP: {driver.name}")
        with _server() as direct_port, _server() as other:
            direct, direct_s = run(PROGRAMS / driver.program, (str(direct_port),), packages)
            with watched("http", other) as (port, finish):
                through, through_s = run(PROGRAMS / driver.program, (str(port),), packages)
                seen = finish()
        unlike = difference(direct, through)
        found.append(
            Comparison(
                driver=driver.name,
                server="Node",
                equal=not unlike and direct[-1] == through[-1] == "ended with 0",
                lines=len(direct),
                connections=seen["connections"],
                units=sum(seen["kinds"].values()),
                unread=tuple(
                    each
                    for each in seen["unread"]
                    if not each.startswith("TUNNEL") and not any(say in each for say in PROVOKED)
                ),
                unanswered=tuple(seen["unanswered"]),
                peak_mb=round(seen["peak_kb"] / 1024, 1),
                direct_s=round(direct_s, 2),
                through_s=round(through_s, 2),
                difference=unlike or ("" if direct[-1] == "ended with 0" else "\n".join(direct)),
            )
        )
    return tuple(found)


@contextmanager
def _server() -> Iterator[int]:
    """A server of its own for each way, since it counts requests; by its port."""
    with subprocess.Popen(
        [str(find_node()), str(PROGRAMS / "server.cjs")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("packages", type=Path, help="folder with undici's node_modules")
    rows = measure(
        parser.parse_args().packages,
        say=lambda sentence: print(sentence, file=sys.stderr, flush=True),
    )
    print(markdown(rows))
    return 0 if rows and all(row.equal and row.understood for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
