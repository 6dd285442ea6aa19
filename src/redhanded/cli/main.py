"""The entry ``redhanded``: which commands there are. What they need is imported when they run."""

from __future__ import annotations

import signal
import tempfile
import time
from contextlib import suppress
from types import FrameType
from typing import Annotated

import typer

from redhanded.actions import says
from redhanded.cli import (
    cases,
    doctor,
    explore,
    hunt,
    init,
    logs,
    replay,
    report,
    reproduce,
    scan,
    schema,
    stress,
)
from redhanded.cli.faults import INTERRUPTED, guarded

ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
CLEARING_S = 10.0
"""How long an interrupted command may clear up before another interrupt reaches it."""

EXIT_CODES = (
    "Exit codes: 0 nothing found or proven, 1 a failure confirmed, 2 usage, configuration or "
    "input, 3 the system could not be run, 4 undecided, 130 interrupted, 101 a fault of ours."
)

app = typer.Typer(
    help="Catch intermittent failures in the act: from production logs to a proven fix.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

COMMANDS = (
    *(hunt, reproduce, replay, stress, logs, explore, scan),
    *(report, cases, init, doctor, schema),
)

for module in COMMANDS:
    name = module.__name__.rpartition(".")[2]
    app.command(name, help=says(name))(guarded(module.command))


def _print_version(wanted: bool) -> None:
    if wanted:
        import importlib.metadata

        typer.echo(f"redhanded {importlib.metadata.version('redhanded')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Say which.")
    ] = False,
) -> None:
    """Catch intermittent failures of services in the act."""


def _find_temporary_folder() -> None:
    """Python writes a file to see whether it may, and an interrupt just then would leave it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    try:
        with suppress(OSError):
            tempfile.gettempdir()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def run() -> None:
    """What the installed script calls. To be ended politely is to be interrupted."""
    for number in ENDS:
        signal.signal(number, _interrupt)
    _find_temporary_folder()
    try:
        app(prog_name="redhanded")
    except SystemExit:
        if _interrupted_at:
            # Before and after a command typer takes an interrupt for a failure of its own.
            raise SystemExit(INTERRUPTED) from None
        raise


_interrupted_at: list[float] = []


def _interrupt(number: int, frame: FrameType | None) -> None:
    """The first one ends the command; while that clears up, a second one is not let in between."""
    now = time.monotonic()
    if not _interrupted_at or now - _interrupted_at[-1] > CLEARING_S:
        _interrupted_at.append(now)
        raise KeyboardInterrupt
