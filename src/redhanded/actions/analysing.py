"""What log files say alone, without a system to run."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from redhanded.case.errors import UsageError
from redhanded.case.log_analysis import LogAnalysis
from redhanded.case.symptom import Symptom
from redhanded.hunt import observe
from redhanded.logs.cluster.fan_out import connected, count_on, shards_of
from redhanded.logs.index.place import usual_folder
from redhanded.logs.inputs import Inputs, inputs

Progress = Callable[[str], None]

_QUIET_BYTES_MAX = 20_000_000
"""Logs of this size are read before anybody asks what takes so long."""


def logs(
    paths: Sequence[Path],
    symptom: str | None,
    *,
    target: Path | None,
    redact: bool,
    keep: bool = True,
    on_progress: Progress | None = None,
) -> LogAnalysis:
    """What the logs say about ``symptom``, or about the failure that they show by themselves.

    With ``keep`` what was read is kept for the next question, in the user's cache. ``symptom`` of
    the result is None where none was asked for and nothing looks like a failure. Raises
    ``InputError`` for logs that cannot be read and for a symptom that does not occur.
    """
    given = inputs(paths)
    found = observe.examine(
        given,
        symptom,
        root=target,
        redact=redact,
        say=_when_large(on_progress, given),
        folder=usual_folder() if keep else None,
        compared=True,
    )
    return replace(found, next_command=_next(paths, found.symptom, target))


def logs_on(
    address: str,
    paths: Sequence[Path],
    symptom: str | None,
    *,
    redact: bool,
    on_progress: Progress | None = None,
) -> LogAnalysis:
    """As ``logs``, counted on the workers of the Dask scheduler at ``address``, in windows of time.

    Raises ``UsageError`` where no cluster can be reached, ``InputError`` as ``logs`` does.
    """
    say = on_progress or (lambda sentence: None)
    given = inputs(paths)
    with connected(address) as client:
        shards = shards_of(given.files)
        say(f"counting {len(given.files):,} files in {len(shards):,} shards at {address}")
        counts = count_on(client, shards, say)
    found = observe.counted(counts, symptom, redact=redact)
    return replace(
        found,
        files=tuple(file.name for file in given.files),
        limits=(*given.limits, *found.limits),
        next_command=_next(paths, found.symptom, None),
    )


def runs(
    good: Sequence[Path],
    bad: Sequence[Path],
    *,
    also: Sequence[Path] = (),
    redact: bool,
    keep: bool = True,
    on_progress: Progress | None = None,
) -> LogAnalysis:
    """What a run that was bad has and one that was good has not, and the other way round.

    Raises ``InputError`` for logs that cannot be read, ``UsageError`` where one of the two is
    missing or logs are named that belong to neither.
    """
    if not good or not bad:
        missing = "--bad" if good else "--good"
        raise UsageError(
            f"to compare two runs name both: {missing} FILE is missing; a folder or a quoted "
            "pattern stands for several files"
        )
    if also:
        raise UsageError(
            f"{also[0]} belongs neither to the good run nor to the bad one: put --good or --bad "
            "before it, or leave both out to look at one run"
        )
    passed, failed = inputs(good), inputs(bad)
    found = observe.compared(
        passed,
        failed,
        redact=redact,
        say=_when_large(on_progress, passed, failed),
        folder=usual_folder() if keep else None,
    )
    return replace(found, next_command=shlex.join(["redhanded", "logs", *map(str, bad)]))


def _when_large(say: Progress | None, *several: Inputs) -> Progress:
    if say is None or sum(given.size_bytes for given in several) <= _QUIET_BYTES_MAX:
        return lambda sentence: None
    return say


def _next(paths: Sequence[Path], symptom: Symptom | None, target: Path | None) -> str:
    """A hunt for the symptom; without one, another question about the same logs."""
    named = [str(path) for path in paths]
    if symptom is None:
        return shlex.join(["redhanded", "logs", *named, "--symptom", "TEXT"])
    root = str(target or Path())
    return shlex.join(["redhanded", "hunt", root, "--logs", *named, "--symptom", symptom.text])
