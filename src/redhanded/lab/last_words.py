"""What is said of a process that ended by itself: how, its last lines, and whose matter it is."""

from __future__ import annotations

import re
from collections.abc import Iterable

from redhanded.case.errors import InputError

LINES_SHOWN = 12
PORT_TAKEN = re.compile(r"EADDRINUSE|address (?:is )?already in use", re.IGNORECASE)


def last_words(name: str, code: int, tail: Iterable[str]) -> str:
    """How the process ``name`` ended, with its last lines.

    InputError for one that found its port taken: that is a matter of the contract.
    """
    refuse_taken_port(name, tail)
    how = f"exit code {code}" if code >= 0 else f"signal {-code}"
    return f"The process {name} ended with {how}. Its last lines:\n  {shown(tail)}"


def refuse_taken_port(name: str, tail: Iterable[str]) -> None:
    """InputError if a line says that the process could not listen."""
    line = next((line for line in tail if PORT_TAKEN.search(line)), None)
    if line is not None:
        raise InputError(
            f"The process {name} could not listen, its port is in use: {line.strip()}. "
            'Give each process a port of its own with "{port}" in its `env` or `command` in '
            "redhanded.toml."
        )


def shown(tail: Iterable[str]) -> str:
    """The last lines, to be put behind a sentence."""
    return "\n  ".join(list(tail)[-LINES_SHOWN:]) or "(it wrote nothing)"
