"""What happens from an entry on, and what touches a table, from the source alone; and its past."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from redhanded import store
from redhanded.case.errors import InputError
from redhanded.case.journey import History, Hop, Journeys, TableUse
from redhanded.case.symptom import Symptom
from redhanded.hunt.scan.reading import Source, read
from redhanded.source.flow.journeys import matching, tree, use_of
from redhanded.source.project import Project, project_of

JOURNEYS_MAX = 20
NAMED_MAX = 12

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastAsked:
    """What is wanted of the past."""

    logs: tuple[Path, ...] = ()
    """Logs that show a failure; without any the newest case of the project is taken."""
    symptom: str | None = None
    """A part of the failure's message; found by itself without it."""


def journeys(
    target: Path, *, entry: str | None, table: str | None, say: Say, past: PastAsked | None = None
) -> Journeys:
    """The entries whose name is, or holds, ``entry``, as trees; or all that touches ``table``.

    With ``past`` also who changed it, and what came before the failure that logs show. Raises
    ``InputError`` for a name that is not there, with those that are, and for logs that cannot be
    read or show no failure.
    """
    project = project_of([target])
    limits: list[str] = []
    failure = _failure(project, past, say, limits) if past is not None else None
    source = read(project, say, keeps=True)
    paths, schema = source.reading.paths, source.reading.schema
    names = tuple(dict.fromkeys(one.entry.name for one in paths))
    limits += source.limits
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
    drawn = tuple(tree(paths, place, schema) for place in places[:JOURNEYS_MAX])
    return Journeys(
        root=str(project.root),
        files=source.files,
        entries=names,
        journeys=drawn,
        table=use,
        history=_past(project, source, drawn, use, failure, say) if past is not None else None,
        limits=tuple(limits),
    )


def _failure(
    project: Project, asked: PastAsked, say: Say, limits: list[str]
) -> tuple[Symptom, str] | None:
    """What logs show, and which; without logs what the newest case has, if its logs have times."""
    if not asked.logs:
        return _of_newest_case(project, limits)
    from redhanded.hunt import observe
    from redhanded.logs.index.place import usual_folder

    found = observe.gather(
        asked.logs, asked.symptom, root=project.root, folder=usual_folder(), on_progress=say
    )
    return found, ", ".join(str(one) for one in asked.logs)


def _of_newest_case(project: Project, limits: list[str]) -> tuple[Symptom, str] | None:
    folder = store.latest(project.root)
    if folder is None:
        return None
    try:
        symptom = store.read(folder).symptom
    except InputError as error:
        limits.append(f"case {folder.name} was not taken into account: {error}")
        return None
    if symptom.onset is None and symptom.first_ms is None:
        return None
    return symptom, f"case {folder.name}"


def _past(
    project: Project,
    source: Source,
    drawn: Sequence[Hop],
    use: TableUse | None,
    failure: tuple[Symptom, str] | None,
    say: Say,
) -> History:
    from redhanded.hunt.scan.past import past

    say("asking git who changed it")
    return past(project.root, source, drawn, use.accesses if use else (), failure=failure)


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
