"""Failures whose refused value was said twice before: who else was there, where no line of the
failing work shares an identifier with other work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from redhanded.logs.echoes import Echo, Echoes, Refused, echoes
from redhanded.logs.files import LogFile
from redhanded.logs.search import Match

SEARCHED_BYTES = 64_000_000
"""Logs up to this size are read again for a value that the database refused."""
NOTHING = Echoes(by_failure={}, gaps_ms=())
WHAT = "one statement says the refused value, or what stands beside it, twice,"


def said_twice(files: Sequence[LogFile], failures: Mapping[str, Sequence[Match]]) -> Echoes:
    """By the identifier of the failing work; those without such a statement are left out."""
    if sum(file.size for file in files) >= SEARCHED_BYTES:
        return NOTHING
    refused = {}
    for value, matches in failures.items():
        named = {each.value for match in matches for each in match.identifiers.values()}
        times = [match.at_ms for match in matches if match.at_ms is not None]
        if times:
            refused[value] = Refused(values=tuple(sorted(named - {value})), at_ms=min(times))
    return echoes(files, refused)


def named(matches: Sequence[Match], echo: Echo) -> str:
    """Field and value that the two lines are about."""
    names = (
        each.name
        for match in matches
        for each in match.identifiers.values()
        if each.value == echo.value
    )
    return f"{next(names, 'value')}={echo.value}"


def says(echo: Echo) -> str:
    """Of the first of the two lines."""
    return f"says it too, {echo.gap_ms:,.0f} ms before the next line that does"
