"""Trees on a terminal and elsewhere."""

from __future__ import annotations

import pytest

from redhanded.case.evidence import Location
from redhanded.case.journey import Hop, Journeys
from redhanded.cli.explore_screen import _Places, lines

READ = Hop(
    kind="read",
    says="SELECT FROM seats WHERE number",
    location=Location(path="src/seats.js", line=7),
    marks=("in a transaction",),
)
ENTRY = Hop(kind="entry", says="POST /seats", location=Location(path="a.js", line=1), hops=(READ,))


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (None, ["└─ SELECT FROM seats WHERE number  src/seats.js:7  (in a transaction)"]),
        (80, ["└─ SELECT FROM seats WHERE number  src/seats.js:7  (in a transaction)"]),
        (45, ["└─ SELECT FROM seats WHERE number", "        src/seats.js:7  (in a transaction)"]),
        (
            33,
            [
                "└─ SELECT FROM seats WHERE number",
                "        src/seats.js:7",
                "        (in a transaction)",
            ],
        ),
    ],
)
def test_a_hop_is_one_line_unless_a_terminal_is_narrow(
    width: int | None, expected: list[str]
) -> None:
    here = _Places(Journeys(root="/", files=1, entries=()))
    here.root = str(here.here)
    drawn = [line.plain for line in lines(ENTRY, here, width=width)]
    assert drawn == ["POST /seats  a.js:1", *expected]
