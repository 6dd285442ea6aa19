"""What can be read without running anything: logs, code, cases, the schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from redhanded import store
from redhanded.case import document
from redhanded.case.case import CASE_SCHEMA, Case
from redhanded.case.codemap import CodeMap
from redhanded.case.errors import UsageError
from redhanded.case.journey import JOURNEYS_SCHEMA, Journeys
from redhanded.case.log_analysis import LOGS_SCHEMA, LogAnalysis
from redhanded.case.scan import SCAN_SCHEMA, Scan
from redhanded.case.schedule import SCHEDULE_SCHEMA, Schedule
from redhanded.case.symptom import Symptom

SCHEMAS: dict[str, tuple[type[object], str]] = {
    "case": (Case, CASE_SCHEMA),
    "explore": (Journeys, JOURNEYS_SCHEMA),
    "logs": (LogAnalysis, LOGS_SCHEMA),
    "scan": (Scan, SCAN_SCHEMA),
    "schedule": (Schedule, SCHEDULE_SCHEMA),
}


def cases(target: Path) -> tuple[Case, ...]:
    """All cases of ``target``, oldest first."""
    return tuple(store.read(folder) for folder in store.all_cases(target))


def find(target: Path, identifier: str | None) -> tuple[Case, Path]:
    """A case (the latest without ``identifier``) and its folder."""
    folder = store.find(target, identifier)
    return store.read(folder), folder


def schema(value: str = "case") -> dict[str, Any]:
    """JSON schema of what ``--format json`` prints, of ``logs`` too, or of a ``schedule`` file."""
    if value not in SCHEMAS:
        raise UsageError(f"There is no schema of {value!r}; there is {', '.join(SCHEMAS)}.")
    kind, identifier = SCHEMAS[value]
    return document.schema(kind, identifier=identifier)


def explore(target: Path, *, table: str | None) -> CodeMap:
    """The program as read, paths to ``table`` first."""
    from redhanded.contract import FILE_NAME, read
    from redhanded.hunt import explore as stage
    from redhanded.hunt.program import usual_folder

    source: tuple[str, ...] = ("src",)
    if (target / FILE_NAME).is_file():
        source = read(target, allow_remote=True).source
    elif not (target / "src").is_dir():
        source = (".",)
    symptom = Symptom(text=table or "", table=table)
    return stage.chart(target, source=source, symptom=symptom, cache=usual_folder())
