"""How every command ends: an exit code, and one sentence where something went wrong."""

from __future__ import annotations

import functools
import sys
import tempfile
import traceback
from collections.abc import Callable
from typing import NoReturn, ParamSpec

import typer

from redhanded.case.errors import RedhandedError

INTERRUPTED = 130
OUR_FAULT = 101

Parameters = ParamSpec("Parameters")


def guarded(command: Callable[Parameters, int]) -> Callable[Parameters, NoReturn]:
    """``command``, ending with the exit code that it gives or that its error stands for."""

    @functools.wraps(command)
    def ending(*arguments: Parameters.args, **options: Parameters.kwargs) -> NoReturn:
        try:
            code = command(*arguments, **options)
        except RedhandedError as error:
            code = error.exit_code
            _say(str(error))
        except KeyboardInterrupt:
            code = INTERRUPTED
            _say("interrupted; what was finished is kept, and --resume goes on after it")
        except BrokenPipeError:
            # Whoever read our output has gone; Python would complain when it flushes stdout.
            sys.stdout = None
            code = 0
        except Exception as error:  # noqa: BLE001  the one place that no traceback may pass
            code = OUR_FAULT
            _say(_fault(error))
        raise typer.Exit(code)

    return ending


def _say(sentence: str) -> None:
    sys.stderr.write(f"redhanded: {sentence}\n")


def _fault(error: Exception) -> str:
    with tempfile.NamedTemporaryFile(
        "w", prefix="redhanded-fault-", suffix=".txt", delete=False, encoding="utf-8"
    ) as details:
        details.write("".join(traceback.format_exception(error)))
    summary = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return (
        f"a fault of ours, not of your system: {summary}; "
        f"the details are in {details.name}, please report them"
    )
