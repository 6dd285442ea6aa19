"""Hunts: what was asked is completed from the case or the project, then the stages run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from redhanded import hunt as stages
from redhanded import store
from redhanded.case.case import Case
from redhanded.case.errors import InputError, LabError, UsageError
from redhanded.case.request import HuntRequest, Listener
from redhanded.contract import FILE_NAME, read
from redhanded.logs.files import log_files


def hunt(request: HuntRequest, listener: Listener) -> Case:
    """All stages, or those left of a case that is resumed. See ``redhanded.hunt.run``."""
    whole = completed(request)
    return stages.run(whole, listener)


def reproduce(request: HuntRequest, listener: Listener) -> Case:
    """The stages up to ``reproduce``. Raises ``LabError`` where the system could not be run."""
    whole = completed(replace(request, until="reproduce"))
    case = stages.run(whole, listener)
    if case.reproduction is None and not any(gate.decision == "stopped" for gate in case.gates):
        reasons = " ".join(case.limits) or "no reason was recorded."
        raise LabError(f"nothing was reproduced in case {case.identifier}: {reasons}")
    return case


def completed(request: HuntRequest) -> HuntRequest:
    """The request with what an earlier one or the project's contract says.

    A resumed case keeps its logs, symptom and seed; permission to pass gates is given anew. Raises
    ``UsageError`` where nothing says what fails, ``InputError`` for a log that is not there.
    """
    if request.allow_egress:
        raise UsageError(
            "--allow-egress is not supported yet: nothing outside the lab can be reached; let the "
            "lab answer for the host with [stubs.NAME] in redhanded.toml"
        )
    if request.resume:
        folder = store.find(request.target, request.case)
        asked = store.request_of(folder)
        return replace(
            asked,
            resume=True,
            case=folder.name,
            yes=request.yes,
            decided_by=request.decided_by,
            until=request.until,
            allow_remote=request.allow_remote or asked.allow_remote,
            allow_existing=request.allow_existing or asked.allow_existing,
        )
    if not request.target.is_dir():
        raise InputError(f"there is no folder {request.target}; give the path of the project")
    if request.logs:
        log_files(request.logs)
    found = request.symptom or _symptom(request.target, with_logs=bool(request.logs))
    return replace(request, symptom=found)


def _symptom(target: Path, *, with_logs: bool) -> str | None:
    """What the contract says fails; None where any of several invariants may, and where the logs
    have to show it."""
    if (target / FILE_NAME).is_file():
        system = read(target, allow_remote=True)
        pattern = system.symptom
        if pattern.log or pattern.sqlstate:
            return pattern.log or pattern.sqlstate
        if system.invariants and not pattern.status:
            names = [each.name for each in system.invariants]
            return names[0] if len(names) == 1 else None
    if with_logs:
        return None
    raise UsageError(
        "nothing says what fails; give a part of the error message with --symptom TEXT, or the "
        "logs that show it with --logs FILE, "
        f"or write it as `log` below [symptom] in {target / FILE_NAME}, or what must hold below "
        "[invariants]"
    )
