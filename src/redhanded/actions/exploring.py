"""What happens from an entry on, and what touches a table, from the source alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path

from redhanded.case.errors import InputError
from redhanded.case.journey import Journeys
from redhanded.hunt.scan.reading import Source, read
from redhanded.source.flow.journeys import matching, tree, use_of
from redhanded.source.project import project_of

JOURNEYS_MAX = 20
NAMED_MAX = 12


def journeys(
    target: Path, *, entry: str | None, table: str | None, say: Callable[[str], None]
) -> Journeys:
    """The entries whose name is, or holds, ``entry``, as trees; or all that touches ``table``.

    Raises ``InputError`` for a name that is not there, with those that are.
    """
    project = project_of([target])
    source = read(project, say, keeps=True)
    paths, schema = source.reading.paths, source.reading.schema
    names = tuple(dict.fromkeys(one.entry.name for one in paths))
    limits = list(source.limits)
    places: tuple[int, ...] = ()
    if entry is not None:
        places = matching(entry, paths)
        if not places:
            raise InputError(_unknown("entry", entry, names))
        if len(places) > JOURNEYS_MAX:
            limits.append(f"{len(places)} entries have {entry} in their name, {JOURNEYS_MAX} shown")
    use = use_of(table, paths, schema) if table is not None else None
    if table is not None and use is None:
        raise InputError(_unknown("table", table, _tables(source)))
    return Journeys(
        root=str(project.root),
        files=source.files,
        entries=names,
        journeys=tuple(tree(paths, place, schema) for place in places[:JOURNEYS_MAX]),
        table=use,
        limits=tuple(limits),
    )


def _tables(source: Source) -> tuple[str, ...]:
    read_or_written = {
        event.effect.subject
        for path in source.reading.paths
        for event in path.events
        if event.effect is not None and event.effect.store == "database" and event.effect.subject
    }
    return tuple(sorted({*source.reading.schema.tables, *read_or_written} - {"?"}))


def _unknown(what: str, name: str, known: Sequence[str]) -> str:
    if not known:
        return f"there is no {what} {name}: none was found in what was read"
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    if near:
        return f"there is no {what} {name}; near are {', '.join(near)}"
    more = f" and {len(known) - NAMED_MAX} more" if len(known) > NAMED_MAX else ""
    return f"there is no {what} {name}; there are {', '.join(known[:NAMED_MAX])}{more}"
