"""Opening a lab: the system in a copy of its tree, up and warmed, and gone afterwards."""

from __future__ import annotations

import select
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import valkey

from redhanded.case.errors import LabError
from redhanded.case.system import SymptomPattern, System
from redhanded.lab.commands import Command, Finished, run_command
from redhanded.lab.looking import Rhythm
from redhanded.lab.reset import Baseline
from redhanded.lab.running import RunningSystem
from redhanded.lab.services import claimed
from redhanded.lab.starting import start
from redhanded.lab.trees import materialise
from redhanded.lab.trial import Lab

Say = Callable[[str], None]
COMMAND_TIMEOUT_S = 120.0


@contextmanager
def open_lab(
    system: System,
    *,
    folder: Path | None = None,
    root: Path | None = None,
    files: Mapping[str, str] | None = None,
    symptom: SymptomPattern | None = None,
    seed: int = 0,
    strict: bool = False,
    allow_existing: bool = False,
    direct: bool = False,
    rhythm: Rhythm | None = None,
    say: Say | None = None,
) -> Iterator[Lab]:
    """Starts the system in a lab, warmed up; everything it started is gone afterwards.

    It runs in a copy of ``root`` (another state of the source than ``system.root``, if given) with
    ``files`` (path to content) put over it; without a ``folder`` its logs go to a temporary one.
    With ``strict``, error lines that serial runs do not write are failures as well as the symptom.
    Raises ``LabError`` if the system cannot be run, and ``InputError`` for a server by URL that
    holds something, unless ``allow_existing``.

    With the ``rhythm`` of an earlier lab of nearly the same system, the first trial does not wait
    to learn it.

    With ``direct`` nothing of ours is between processes and servers, so nothing can be held and no
    message is seen: only ``run_naturally`` makes sense then, to measure what the lab changes.
    """
    tell = say or (lambda _sentence: None)
    with ExitStack() as undo:
        place = folder or Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="lab-")))
        running = undo.enter_context(
            _running(system, place, root, files, allow_existing, tell, direct=direct)
        )
        lab = Lab(running, symptom or system.symptom, seed)
        lab.strict = strict
        if rhythm is not None:
            lab.stage.rhythm, lab.stage.pause_ms = rhythm, rhythm.pause_ms
        tell("first trials, to fill pools and caches")
        lab.warm_up()
        yield lab


@contextmanager
def open_services(
    system: System,
    *,
    folder: Path,
    root: Path | None = None,
    files: Mapping[str, str] | None = None,
    allow_existing: bool = False,
    say: Say | None = None,
) -> Iterator[Services]:
    """The system's servers, migrated, without its processes: for commands such as tests."""
    tell = say or (lambda _sentence: None)
    alone = replace(system, processes=())
    with _running(alone, folder, root, files, allow_existing, tell, told=system) as running:
        yield Services(running)


@contextmanager
def _running(
    system: System,
    folder: Path,
    root: Path | None,
    files: Mapping[str, str] | None,
    allow_existing: bool,
    tell: Say,
    *,
    direct: bool = False,
    told: System | None = None,
) -> Iterator[RunningSystem]:
    with claimed(folder):
        tree = materialise(
            system, root or Path(system.root), folder / "tree", files=files, say=tell
        )
        running = start(
            system,
            root=tree,
            folder=folder,
            allow_existing=allow_existing,
            direct=direct,
            told=told,
            say=tell,
        )
        try:
            yield running
        except (psycopg.OperationalError, valkey.ConnectionError) as error:
            raise LabError(
                f"A server of the lab stopped answering: {str(error).strip()}. Its log is in "
                f"{folder}."
            ) from error
        finally:
            running.close()
            shutil.rmtree(tree, ignore_errors=True)


class Services:
    """Servers that are up, for commands; made by ``open_services``."""

    def __init__(self, running: RunningSystem) -> None:
        self._running = running
        self._baseline = Baseline(running)

    def run(self, command: str, *, timeout_s: float = COMMAND_TIMEOUT_S) -> Finished:
        """Runs a shell command in the tree, on rows and keys as they were after migration."""
        self._baseline.restore()
        return run_command(self._running, command, timeout_s=timeout_s)

    def begin(self, command: str, *, timeout_s: float = COMMAND_TIMEOUT_S) -> Command:
        """The same without waiting: ``turn`` until ``look`` of the command says how it ended."""
        self._baseline.restore()
        return Command(self._running, command, timeout_s=timeout_s)

    def turn(self) -> None:
        """Moves what is ready."""
        self._running.pump.turn(0.0)

    def fileno(self) -> int:
        """Readable while something is ready: wait for several with ``select``."""
        return self._running.pump.fileno()


def wait_for_any(services: Sequence[Services], wait_s: float) -> None:
    """Until one of several has something to move, at most so long."""
    select.select(services, (), (), wait_s)
