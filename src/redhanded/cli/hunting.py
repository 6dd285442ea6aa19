"""What ``hunt`` and ``reproduce`` share: watch, write the report, print the ending."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable

from redhanded import store
from redhanded.case import document
from redhanded.case.case import Case
from redhanded.case.request import HuntRequest, Listener
from redhanded.cli import ending
from redhanded.cli.options import Format
from redhanded.cli.terminal import console_for, watching
from redhanded.report import write


def hunted(
    action: Callable[[HuntRequest, Listener], Case],
    request: HuntRequest,
    *,
    format: Format,
    no_color: bool,
) -> int:
    """Runs ``action`` before the eyes of a person; gives the exit code of the case."""
    console = console_for(format, no_color=no_color)
    with watching(console, yes=request.yes) as listener:
        case = action(request, listener)
    page = write(case, store.find(request.target, case.identifier))
    ending.show(console, case, page)
    if format is Format.JSON:
        sys.stdout.write(document.encode(case).decode() + "\n")
    return ending.exit_code(case)


def decided_by(*, yes: bool) -> str:
    """Whose decision a passed gate is."""
    if yes:
        return "--yes"
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "a user without a name"
